"""`inventory/*.yml`: what is written about devices, layer over layer, made into devices and their targets.

What a device's own entry says goes before its file's `defaults:`, those before the including file's, those before its
kind, and that before the settings. A module's own interval and timeout go before all of them. Labels are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from collector.config.addresses import UNICAST_QUIRK, endpoint, literal
from collector.config.document import Document
from collector.config.equipment import equipment, texts
from collector.config.inventory import MOST_LABELS, DefaultsFile, DeviceFile, InventoryFile, KindFile
from collector.config.register import Register
from collector.config.scalars import shown, suggestion
from collector.config.targets import Catalogue, Entry, Layer, known_uses, make_targets
from collector.config.typed import Findings, part, sound, top
from collector.model import NO_QUIRKS, Device, DeviceClass, Target
from collector.privacy import Screen

LOCAL = "localhost"
"""The name of the machine this runs on."""

Resolve = Callable[[str], str]
"""The address of a DNS name. Raises OSError."""

OF_A_REGISTER = DefaultsFile.model_validate({"class": "clinical"})
"""What devices of a `.csv` file are where neither the row, nor its file's parents, nor the kind say a class."""

_RESOLVERS = 16


class NameRefused(OSError):
    """A DNS name that leads somewhere, and may not be used; the message says why, behind the name."""


def read_entries(
    document: Document,
    kinds: Mapping[str, KindFile | None],
    unread: Collection[str],
    below: tuple[Layer, ...],
    findings: Findings,
) -> tuple[list[Entry], tuple[Layer, ...]]:
    """The entries of one file, and the layers for the files that it includes.

    `below` are the defaults of the files that include it, nearest first.
    """
    data = top(document, InventoryFile, findings)
    defaults = data.get("defaults")
    common = part(document, ["defaults"], defaults, DefaultsFile, findings)
    sure = common is not None
    if common is None:
        common = sound(DefaultsFile, defaults) or DefaultsFile()
    layers = (Layer(common, document, ("defaults",)), *below)
    found: list[Entry] = []
    devices = data.get("devices")
    if devices is not None and not isinstance(devices, list):
        findings.problem(document, ["devices"], "is no list: write each device as '- name: ...'")
        devices = None
    for index, written in enumerate(devices or ()):
        model = part(document, ["devices", index], written, DeviceFile, findings)
        unsure = model is None or not sure
        if model is None and (model := _rest(index, written)) is None:
            continue
        own = Layer(model, document, ("devices", index))
        entry = Entry(document, index, model, (own, *layers), unsure=unsure)
        name, level = entry.pick("kind")
        if name is not None:
            kind = kinds.get(name)
            if kind is None:
                entry = Entry(document, index, model, entry.layers, unsure=True)
            if name not in kinds and "kinds" not in unread:
                hint = suggestion(name, kinds)
                what = f"there is no kind {shown(name)}.{hint} Kinds are written in wardwatch.yml"
                findings.problem(*entry.spot("kind", level), what)
            elif kind is not None:
                entry = Entry(document, index, model, (*entry.layers, Layer(kind)), unsure=unsure)
        if isinstance(document, Register):
            entry = replace(entry, layers=(*entry.layers, Layer(OF_A_REGISTER)))
        found.append(entry)
    return found, layers


def _rest(index: int, written: object) -> DeviceFile | None:
    """What is left of an entry without the keys that are wrong, so that all its other problems are told as well."""
    model = sound(DeviceFile, written, {"name": f"nameless-{index}"})
    if model is None or not isinstance(written, dict):
        return None
    lost = {key for key in ("address", "agent", "mac") if key in written and getattr(model, key) is None}
    if lost - {"mac"} or (lost and model.address is None):
        return None  # without them there is nothing to say that would not be untrue
    return model


def make_devices(
    written: Sequence[Entry], catalogue: Catalogue, resolve: Resolve, findings: Findings
) -> list[tuple[Device, tuple[Target, ...]]]:
    """Devices and their targets, in file order; those with problems are left out."""
    addresses = _resolved(written, resolve)
    made: list[tuple[Device, tuple[Target, ...]]] = []
    names: dict[str, Entry] = {}
    once: dict[str, dict[str, Entry]] = {"asset": {}, "mac": {}}
    screen = Screen(catalogue.privacy)
    places: dict[tuple[str, int], str] = {}
    for entry in written:
        name = entry.written.name
        if name == LOCAL:
            findings.problem(entry.document, [*entry.where, "name"], f"{LOCAL} is the machine this runs on")
            continue
        for key, taken in once.items():
            said = getattr(entry.written, key)
            if said is not None and (first := taken.setdefault(said, entry)) is not entry:
                what = f"{shown(said)} is also that of {first.written.name}: see {_line(first)}"
                findings.problem(entry.document, [*entry.where, key], what)
        if name in names:
            if names[name] is not once["asset"].get(entry.written.asset or ""):  # or else it was just said
                what = f"{shown(name)} is taken: see {_line(names[name])}"
                findings.problem(entry.document, [*entry.where, "name"], what)
            continue
        names[name] = entry
        device = _device(entry, catalogue, addresses, screen, findings)
        if device is None:
            known_uses(entry, catalogue, findings)
            continue
        place = (device.agent or device.address, 0 if device.agent else device.port)
        if place[0] and place in places:
            findings.warn(
                entry.document, entry.where, f"{places[place]} has the same address and port: they share polls"
            )
        places.setdefault(place, name)
        made.append((device, make_targets(entry, device, catalogue, findings)))
    return made


def _line(entry: Entry) -> str:
    return f"{entry.document.path}:{entry.document.line(entry.where)}"


def _resolved(written: Sequence[Entry], resolve: Resolve) -> Mapping[str, str | OSError]:
    """Each DNS name once, several at a time, so that a slow resolver costs its time once."""
    names: dict[str, None] = {}
    for entry in written:
        text = entry.written.address
        if text is not None and entry.written.agent is None:
            try:
                if literal(text, any_ending=True) is None:
                    names[text] = None
            except ValueError:
                pass  # said where the device is made

    def ask(name: str) -> str | OSError:
        try:
            return resolve(name)
        except OSError as error:
            return error

    if not names:
        return {}
    with ThreadPoolExecutor(min(_RESOLVERS, len(names))) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def _address(entry: Entry, addresses: Mapping[str, str | OSError], quirks: frozenset[str]) -> str:
    """Raises ValueError."""
    text = entry.written.address
    if text is None:
        what = "is missing: write an IPv4 or IPv6 address or a DNS name, or agent: host:port"
        raise ValueError(f"{what}; a clinical device that is not polled may have a mac instead")
    any_ending = UNICAST_QUIRK in quirks
    try:
        found = literal(text, any_ending=any_ending)
    except ValueError as error:
        raise ValueError(f"{shown(text)} {error}") from None
    if found is not None:
        return found
    answer = addresses[text]
    if isinstance(answer, NameRefused):
        raise ValueError(f"{shown(text)} {answer}")
    if isinstance(answer, OSError):
        raise ValueError(f"the name {shown(text)} has no address now: {answer.strerror or answer}")
    try:
        found = literal(answer, any_ending=any_ending)
    except ValueError as error:
        raise ValueError(f"the name {shown(text)} leads to {answer}, which {error}") from None
    if found is None:
        raise ValueError(f"the name {shown(text)} leads to no address")
    return found


def _asked_nowhere(entry: Entry, device_class: DeviceClass | None) -> str:
    """Why its MAC address is not enough for a device; nothing where it is. Who only looks for it needs no other."""
    written = entry.written
    if device_class not in (None, "clinical"):
        return f"write it; its mac alone is enough for class clinical only, and this is {device_class}"
    if written.active is not None:
        return "write it, or leave active out: a device that is known by its mac alone cannot be polled"
    if entry.pick("modules")[0]:
        return "write it, or modules: []; a device that is known by its mac alone cannot be asked for them"
    if written.reply_from:
        return "write it, or leave reply_from out, which are further addresses"
    return ""


def _device(
    entry: Entry, catalogue: Catalogue, addresses: Mapping[str, str | OSError], screen: Screen, findings: Findings
) -> Device | None:
    document, written = entry.document, entry.written
    quirks = frozenset(entry.pick("quirks")[0] or ()) or NO_QUIRKS
    device_class: DeviceClass | None = entry.pick("class_")[0]
    if device_class is None and not entry.unsure:
        what = "is missing: say how gently it must be treated: it, fragile or clinical"
        findings.problem(document, [*entry.where, "class"], what)
    address = ""
    if written.agent is not None:
        for key in ("address", "port", "auth", "modules", "interval", "timeout", "active", "quirks"):
            if getattr(written, key) is not None:
                findings.problem(document, [*entry.where, key], "has no place beside agent: that one polls for itself")
        try:
            address = endpoint(written.agent).rpartition(":")[0].strip("[]")
        except ValueError as error:
            findings.problem(document, [*entry.where, "agent"], f"{shown(written.agent)}: {error}")
    elif written.address is None and written.mac is not None:
        if what := _asked_nowhere(entry, device_class):
            findings.problem(document, [*entry.where, "address"], f"is missing: {what}")
    else:
        try:
            address = _address(entry, addresses, quirks)
        except ValueError as error:
            findings.problem(document, [*entry.where, "address"], str(error))
    if written.active is not None and device_class not in (None, "clinical"):
        findings.problem(document, [*entry.where, "active"], f"is for class clinical only; this is {device_class}")
    answers = _reply_from(entry, findings)
    auth_name, level = entry.pick("auth")
    auth = catalogue.auths.get(auth_name) if auth_name else None
    sure = "auths" not in catalogue.unread and not entry.of_kind(level)
    if auth_name and auth_name not in catalogue.auths and sure:
        what = f"there are no credentials {shown(auth_name)}.{suggestion(auth_name, catalogue.auths)}"
        findings.problem(*entry.spot("auth", level), f"{what} They are written in auths.yml")
    if auth is not None and address and written.agent is None and not auth.serves(address):
        places = ", ".join(map(str, auth.addresses))
        what = f"the credentials {shown(auth.name)} are not for {address}: auths.yml keeps them to {places}"
        findings.problem(*entry.own("auth", level), what)
        auth = None
    said = texts(entry, screen, findings)
    labels: dict[str, str] = {}
    for layer in reversed(entry.layers):
        labels |= layer.keys.labels
    if len(labels) > MOST_LABELS:
        findings.problem(
            document, [*entry.where, "labels"], f"are {len(labels)} with the defaults': at most {MOST_LABELS}"
        )
    if device_class is None:
        return None
    return Device(
        name=written.name,
        address=address,
        device_class=device_class,
        kind=entry.pick("kind")[0] or "",
        site=said["site"],
        location=said["location"],
        port=entry.pick("port")[0] or 161,
        auth=auth,
        labels=tuple(labels.items()),
        passive=device_class == "clinical" and written.active is None,
        agent=written.agent or "",
        reply_from=answers,
        quirks=quirks,
        mac=written.mac or "",
        ward=said["ward"],
        vlan=_vlan(entry, findings),
        wards=tuple(written.wards.items()),
        equipment=equipment(entry, said, device_class),
        parents=entry.pick("parents")[0] or (),
        team=entry.pick("team")[0] or "",
    )


def _vlan(entry: Entry, findings: Findings) -> str:
    """A number in the range that there is (IEEE 802.1Q), or a name."""
    text, level = entry.pick("vlan")
    if text and text.isdecimal() and not 1 <= int(text) <= 4094:
        findings.problem(*entry.spot("vlan", level), f"{shown(text)} is no VLAN: write 1 to 4094")
    return text or ""


def _reply_from(entry: Entry, findings: Findings) -> tuple[str, ...]:
    """The further addresses of a device, in canonical form (RELIABILITY F8)."""
    answers: list[str] = []
    for index, text in enumerate(entry.written.reply_from):
        try:
            address = literal(text, any_ending=True)
            if address is None:
                raise ValueError("is a name: write the address")
            answers.append(address)
        except ValueError as error:
            findings.problem(entry.document, [*entry.where, "reply_from", index], f"{shown(text)} {error}")
    return tuple(answers)
