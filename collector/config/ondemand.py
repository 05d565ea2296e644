"""`on_demand:` and `snmp:` of `wardwatch.yml`: what `/snmp` may ask beyond the inventory, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final

from pydantic import Field

from collector.config.addresses import network
from collector.config.document import Document, Step
from collector.config.scalars import Age, Count, Duration, Flag, Line, Listed, Name, Port, shown, suggestion
from collector.config.typed import Findings, Strict
from collector.model import Auth

TIMEOUT: Final = 120.0
"""Seconds. Peers have no limit of their own for a walk; an asker who says how long it waits is answered by then."""


class AllowFile(Strict):
    """Addresses that need no inventory entry. They are of class it."""

    addresses: Annotated[
        tuple[Line, ...], Field(min_length=1, description="subnets such as 10.20.0.0/22, and single addresses")
    ]
    auths: Annotated[tuple[Name, ...], Listed, Field(description="credentials that `/snmp` may use there")] = ()
    port: Annotated[Port, Field(description="the UDP port of SNMP, and no other")] = 161
    probes: Annotated[tuple[Name, ...], Listed, Field(description="modules that `/probe` may use there")] = ()
    ports: Annotated[tuple[Port, ...], Listed, Field(description="the ports that probes may go to")] = ()


class OnDemandFile(Strict):
    allow: Annotated[
        tuple[AllowFile, ...], Listed, Field(description="addresses that may be asked without an inventory entry")
    ] = ()
    timeout: Annotated[Duration, Field(description="how long a poll may take that nothing but `/snmp` asks for")] = (
        TIMEOUT
    )
    devices: Annotated[Count, Field(description="most addresses and credentials that are remembered at a time")] = 1000


class SnmpSettingsFile(Strict):
    strict: Annotated[
        Flag, Field(description="`/snmp` answers 500 wherever snmp_exporter does, as with `?strict=1`")
    ] = False
    lookup_ttl: Annotated[
        Age,
        Field(
            description="how long names and other slow columns are known before they are read again; `0s`: not at all"
        ),
    ] = 900.0


@dataclass(frozen=True, slots=True)
class Allow:
    """Which addresses may be asked at `port`, with which credentials, and probed at `ports` by which modules."""

    networks: tuple[IPv4Network | IPv6Network, ...]
    auths: frozenset[str]
    port: int = 161
    probes: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class OnDemandSettings:
    """What `/snmp` may do beyond the inventory. `timeout` in seconds."""

    allow: tuple[Allow, ...] = ()
    timeout: float = TIMEOUT
    devices: int = 1000
    strict: bool = False


def on_demand(
    document: Document | None, written: OnDemandFile, snmp: SnmpSettingsFile, findings: Findings
) -> OnDemandSettings:
    """The settings; entries with problems are left out."""
    allow = []
    for place, entry in enumerate(written.allow):
        networks = []
        for at, text in enumerate(entry.addresses):
            try:
                networks.append(network(text))
            except ValueError as error:
                assert document is not None
                where: list[Step] = ["on_demand", "allow", place, "addresses", at]
                findings.problem(document, where, f"{shown(text)} {error}")
        if not entry.auths and not entry.probes:
            assert document is not None
            what = "allows nothing: write auths for `/snmp`, or probes for `/probe`"
            findings.problem(document, ["on_demand", "allow", place], what)
        allow.append(
            Allow(tuple(networks), frozenset(entry.auths), entry.port, frozenset(entry.probes), frozenset(entry.ports))
        )
    return OnDemandSettings(tuple(allow), written.timeout, written.devices, snmp.strict)


def check_probes(document: Document, allow: Sequence[Allow], modules: Mapping[str, object], findings: Findings) -> None:
    """Modules that are allowed must be there. `modules` are those that probe."""
    for place, entry in enumerate(allow):
        for name in sorted(entry.probes):
            if name not in modules:
                what = f"there is no probe {shown(name)}.{suggestion(name, modules)} They are written in probes/"
                findings.problem(document, ["on_demand", "allow", place, "probes"], what)


def check_auths(
    document: Document, allow: Sequence[Allow], known: Mapping[str, Auth | None], findings: Findings
) -> None:
    """What may be used must be there, and be meant for these addresses."""
    for place, entry in enumerate(allow):
        where: list[Step] = ["on_demand", "allow", place, "auths"]
        for name in sorted(entry.auths):
            if name not in known:
                what = f"there are no credentials {shown(name)}.{suggestion(name, known)} They are written in auths.yml"
                findings.problem(document, where, what)
                continue
            auth = known[name]
            elsewhere = [] if auth is None else [str(each) for each in entry.networks if not auth.serves(each)]
            if auth is not None and elsewhere:
                places = ", ".join(map(str, auth.addresses))
                what = f"the credentials {shown(name)} are not for {elsewhere[0]}: auths.yml keeps them to {places}"
                findings.problem(document, where, what)
