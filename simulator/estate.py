"""Which devices are played, and as what: the inventory's loopback addresses, and `simulator.yml` for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from collector.config.document import Document, read
from collector.config.scalars import Count, Keyed, Line, Listed, Name, Whole, is_name
from collector.config.typed import Findings, Strict, typed
from collector.model import Auth, Device
from simulator import ber, recording, synthetic, values
from simulator.fleets import fleet, fleet_address
from simulator.image import Image
from simulator.player import LOOPBACK, Fault, Player, fault
from simulator.services import spoken
from simulator.services.server import Station
from simulator.synthetic.cabling import Way, cabled
from simulator.synthetic.sheet import SYS_LOCATION, SYS_NAME
from simulator.topology import Network, NetworkFile
from simulator.usm import Engine, User

PORT = 10816

WINDOWS = {"it": (1.0, 1.0), "fragile": (1.0, 5.0), "clinical": (5.0, 5.0)}
"""Per class: the span in which packets are counted together, and how long a poller waits for an answer, in seconds
(RELIABILITY S4; the waits are those of `collector.budget.RULES`)."""


def _plays(kind: str) -> str:
    if kind not in synthetic.KINDS:
        raise ValueError(f"'{kind}' is not made up here: write one of {', '.join(synthetic.KINDS)}")
    return kind


def _fault(written: dict[str, str]) -> dict[str, str]:
    if "mode" not in written:
        raise ValueError("a fault needs its 'mode'")
    _made(written)
    return written


def _made(written: Mapping[str, str]) -> Fault:
    return fault(written["mode"], **{key: value for key, value in written.items() if key != "mode"})


def _service(written: dict[str, str]) -> dict[str, str]:
    if "speaks" not in written:
        raise ValueError("a service needs what it 'speaks'")
    spoken(**written)
    return written


class Part(Strict):
    """What a device, or every device of a kind, plays."""

    plays: Annotated[Line | None, AfterValidator(_plays), Field(description="a device that is made up, by kind")] = None
    recording: Annotated[Line | None, Field(description="a recording instead, by its path without suffix")] = None
    ports: Annotated[Count | None, Field(description="ports, access points or phases of a made-up device")] = None
    fdb: Annotated[
        Way | None,
        Field(description="how a switch shows its forwarding database: q_bridge, bridge, or by_vlan as Cisco IOS does"),
    ] = None
    steady: Annotated[
        Count | None, Field(description="every counter but for errors and discards grows by exactly so much a second")
    ] = None
    faults: Annotated[
        tuple[Annotated[dict[str, str], AfterValidator(_fault)], ...] | None,
        Listed,
        Field(description="what is wrong with it: a mode and its options each"),
    ] = None
    service: Annotated[
        Annotated[dict[str, str], AfterValidator(_service)] | None,
        Field(description="what it answers beside SNMP, at the simulator's port: what it speaks, and options"),
    ] = None


class SimulatorFile(Strict):
    """`simulator.yml`. Entries for devices add to those for their kinds, key by key."""

    seed: Annotated[Whole, Field(description="another number makes other counters and other random faults")] = 1
    kinds: Annotated[dict[Name, Part], Keyed, Field(description="by kind of device")] = Field(default_factory=dict)
    devices: Annotated[dict[Name, Part], Keyed, Field(description="by name of device")] = Field(default_factory=dict)
    network: Annotated[NetworkFile, Keyed, Field(description="how switches are cabled, and what hangs on them")] = (
        NetworkFile()
    )


@dataclass(frozen=True, slots=True)
class Estate:
    """The players, why other devices of the inventory are not played, and what is answered beside SNMP."""

    players: tuple[Player, ...]
    left_out: tuple[str, ...]
    stations: tuple[Station, ...] = ()


def read_file(path: Path) -> tuple[Document, SimulatorFile]:
    """A `simulator.yml`. Raises ConfigError."""
    document = read(path)
    made = typed(document, SimulatorFile)
    findings = Findings()
    for section, parts in (("kinds", made.kinds), ("devices", made.devices)):
        for name, part in parts.items():
            if part.plays and part.recording:
                findings.problem(document, [section, name], "plays and recording exclude each other: keep one")
            if not is_name(name):
                findings.problem(document, [section, name], "is not a name of a device or a kind")
    findings.raise_any()
    return document, made


def build(devices: Iterable[Device], path: Path, only: Sequence[str] = ()) -> Estate:
    """Players for those devices that have a loopback address. They started when the monotonic clock was 0: one that is
    played anew goes on where it would be, as its counters would look to have run over otherwise.

    `only` names devices, all where it is empty. Raises ConfigError for a mistake in the file at `path`, for entries of
    devices that the inventory does not have, and for names in `only` that are not played.
    """
    document, file = read_file(path)
    findings = Findings()
    known = {device.name: device for device in devices}
    for name in file.devices:
        if name not in known:
            findings.problem(document, ["devices", name], "is not in the inventory")
    players, left_out, stations = [], [], []
    network = _network(file, document, known, findings)
    for device in known.values():
        if device.agent:
            left_out.append(f"{device.name}: it runs an agent of its own")
        elif not device.address:
            continue  # nobody can ask it; what switches know of it, `network` says
        elif ip_address(device.address) not in LOOPBACK:
            left_out.append(f"{device.name}: its address is not in {LOOPBACK}")
        elif not only or device.name in only:
            try:
                part = _part(device, file)
                players.append(_player(device, part, file.seed, network))
                if part.service:
                    stations.append(Station(device.name, device.address, spoken(**part.service)))
            except (ValueError, recording.NoRecording) as error:
                section = "devices" if device.name in file.devices else "kinds"
                where = device.name if section == "devices" else device.kind
                findings.problem(document, [section, where], str(error))
    for name in set(only) - {player.name for player in players}:
        findings.problem(document, [], f"there is no device {name} to play")
    findings.raise_any()
    return Estate(tuple(players), tuple(left_out), tuple(stations))


def load(directory: Path, only: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Estate:
    """The estate of a configuration directory: its inventory and its `simulator.yml`. Raises ConfigError."""
    import os

    from collector.config import load as load_config

    config = load_config(directory, environ=os.environ if environ is None else environ, resolve=_resolve)
    return build(config.devices, directory / "simulator.yml", only)


def _resolve(name: str) -> str:
    raise OSError(f"{name}: the simulator looks up no names")


def _network(
    file: SimulatorFile, document: Document, known: Mapping[str, Device], findings: Findings
) -> Network | None:
    try:
        return Network(file.network, known)
    except ValueError as error:
        findings.problem(document, ["network"], str(error))
        return None


def _part(device: Device, file: SimulatorFile) -> Part:
    """Its kind's, with what its own entry says."""
    merged: dict[str, Any] = {}
    for part in (file.kinds.get(device.kind), file.devices.get(device.name)):
        if part is not None:
            written = {key: getattr(part, key) for key in part.model_fields_set}
            if written.keys() & {"plays", "recording"}:
                merged = {key: value for key, value in merged.items() if key not in ("plays", "recording", "ports")}
            merged |= written
    return Part.model_construct(**merged)


def _player(device: Device, part: Part, seed: int, network: Network | None) -> Player:
    if not part.plays and not part.recording:
        raise ValueError(
            f"nothing says what {device.name} plays: give it, or its kind {device.kind}, plays or recording"
        )
    image = _recorded(part.recording) if part.recording else synthetic.image(part.plays or "", part.ports)
    others: Mapping[bytes, Image] = {}
    contexts: Mapping[bytes, bytes] = {}
    if network is not None and device.name in network.boxes:
        cabling = cabled(image, device.name, network, part.fdb or "q_bridge")
        image = cabling.image
        others, contexts = _alone(device.auth, cabling.by_vlan)
    own = {SYS_NAME: values.text(device.name), SYS_LOCATION: values.text(device.location or device.site)}
    window, patience = WINDOWS[device.device_class]
    return Player(
        device.name,
        device.address,
        _steady(image, part.steady) if part.steady else image,
        own={arcs: value for arcs, value in own.items() if image.find(ber.identifier(arcs)) >= 0},
        faults=[_made(written) for written in part.faults or ()],
        seed=seed,
        communities=_communities(device.auth),
        versions=_versions(device.auth),
        age=0.0 if part.recording else None,
        pace=1.0 if part.recording or part.steady else None,
        window=window,
        patience=patience,
        engine=engine(device, contexts) if device.auth is not None and device.auth.version == 3 else None,
        others=others,
    )


def _alone(auth: Auth | None, by_vlan: Mapping[int, Image]) -> tuple[Mapping[bytes, Image], Mapping[bytes, bytes]]:
    """What is shown of single VLANs: by community, and the communities by SNMPv3 context."""
    community = b"" if auth is None or auth.version == 3 else auth.community.reveal().encode()
    others = {community + f"@{vlan}".encode(): image for vlan, image in by_vlan.items()}
    return others, {f"vlan-{vlan}".encode(): community + f"@{vlan}".encode() for vlan in by_vlan}


def engine(device: Device, others: Mapping[bytes, bytes] | None = None) -> Engine:
    """The SNMPv3 engine of a device, with the one user that its auth names. Its id is made of the address."""
    auth = device.auth
    assert auth is not None
    user = User(
        auth.username.encode(),
        auth.security_level,
        auth.auth_protocol,
        auth.password.reveal().encode(),
        auth.priv_protocol,
        auth.priv_password.reveal().encode(),
    )
    contexts = frozenset({b"", auth.context_name.encode()})
    return Engine(
        bytes.fromhex("80001f8801") + ip_address(device.address).packed,
        (user,),
        contexts=contexts,
        others=others or {},
    )


def _communities(auth: Auth | None) -> list[bytes] | None:
    return None if auth is None or auth.version == 3 else [auth.community.reveal().encode()]


def _versions(auth: Auth | None) -> tuple[int, ...]:
    """An agent set to v2c answers v1 too, as most do; one of v1 answers nothing else (F28)."""
    return (0,) if auth is not None and auth.version == 1 else (0, 1)


@lru_cache(maxsize=64)
def _recorded(name: str) -> Image:
    return recording.load(recording.find(name))


@lru_cache(maxsize=8)
def _steady(image: Image, rate: int) -> Image:
    return image.steady(rate)


__all__ = ["PORT", "Estate", "SimulatorFile", "build", "fleet", "fleet_address", "load", "read_file"]
