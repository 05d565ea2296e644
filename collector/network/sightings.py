"""Who is seen at which port: forwarding databases, neighbours, ARP and wireless clients, to tell where equipment is.

What is read becomes no series, for there may be 100,000 rows and an address is no label: it goes to `Whereabouts`,
which all polls share, and only counts are shown. For class `it` only: fragile devices are not walked (RELIABILITY S11).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from collector.errors import NoData
from collector.model import (
    INCOMPLETE,
    Auth,
    Column,
    Device,
    Edge,
    Family,
    Seconds,
    Secret,
    Target,
    column,
    interned,
    rows,
)
from collector.network import introduction
from collector.network.equipment import learned, reading
from collector.network.equipment.asking import COLUMNS, Group, module
from collector.network.equipment.interfaces import Interfaces
from collector.network.equipment.sheet import Sheet
from collector.network.equipment.uplinks import WAYS
from collector.network.equipment.whereabouts import WINDOW, Whereabouts
from collector.network.snmp import ANY_ORDER, limits_of
from collector.privacy import Screen
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.plan import compile
from collector.wire.snmp.walk import Harvest

ENTRIES = Family("wardwatch_equipment_entries", "Rows of the device's tables from which equipment is told.")
UPLINKS = Family("wardwatch_equipment_uplinks", "Ports that lead to other switches, by what tells that they do.")
UPLINK = Family("wardwatch_equipment_uplink_info", "1: a port that leads to another switch, and what tells that.")
STRANGERS = Family(
    "wardwatch_equipment_unknown_macs", "Addresses on a clinical VLAN of this switch that the inventory does not have."
)

LEFT_OUT: Final = 12
"""Polls in which a group that a box never had anything of is not asked for: an hour, at five minutes."""

MUTE: Final = 2
"""Conversations without an answer after which the rest is not tried in this poll."""

BY_NUMBER: Final = "bridge by vlan"
"""What is left out of a box that lists VLANs and shows none of them."""

APART: Final = 4000
"""Cells beyond which what was read is made sense of in a thread: some 10 ms, for which others would have to wait."""


class Memory:
    """What is kept of a box from poll to poll: its ways, group by group, and what it has nothing of."""

    __slots__ = ("had", "learned", "left_out")

    def __init__(self) -> None:
        self.learned: dict[str, Learned] = {}
        self.had: set[str] = set()
        """Groups that the box had something of: at night a controller has no clients, and is one all the same."""
        self.left_out: dict[str, int] = {}
        """Polls for which a group is still left out."""

    def saved(self) -> Mapping[str, Any]:
        return {"ways": {group: ways.saved() for group, ways in self.learned.items()}, "had": sorted(self.had)}

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> Memory:
        """What `saved` gave in an earlier run."""
        memory = cls()
        memory.learned = {group: Learned.restored(each) for group, each in saved["ways"].items()}
        memory.had = set(saved["had"])
        return memory


@dataclass(frozen=True, slots=True)
class Sightings:
    """Looks who is seen at the ports of a switch, in the tables of a router, at a wireless controller."""

    name: ClassVar[str] = "sightings"
    walks: ClassVar[bool] = True
    by_itself: ClassVar[bool] = True
    """Its name is a module's too, with the options as they are by default."""

    window: Seconds = WINDOW
    """For which a device counts as seen after it was last seen here."""
    most_macs: int = 16
    """Addresses behind a port beyond which it leads to another switch."""

    def __post_init__(self) -> None:
        if self.window < 60:
            raise ValueError("window is shorter than 1m: a bridge forgets nobody that soon")
        if self.most_macs < 2:
            raise ValueError("most_macs is below 2: a telephone with a computer behind it has two addresses")

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """Counts of what was read. Raises PollError where nothing was."""
        asking = _Asking(target.device, edge, edge.memory(Memory))
        await asking.run()
        if not any(harvest.runs for harvest in asking.said.values()):
            raise NoData(f"{target.device.name}: nothing that tells who is where")
        whereabouts = edge.common(Whereabouts)
        good_for = 2 * target.schedule.interval
        if sum(harvest.cells for harvest in asking.harvests) > APART:
            left = max(edge.deadline - edge.now(), 0.0)
            item = f"sightings of {target.device.name}"
            sheet = await edge.host.apart(item, self._sheet, target.device, asking, good_for, timeout=left)
        else:
            sheet = self._sheet(target.device, asking, good_for)
        sheet = _screened(sheet, edge.common(Screen))
        counts = reading.counts(sheet.fdb, sheet.neighbours, sheet.arp, sheet.clients, sheet.vlans)
        whereabouts.put(sheet)
        return [*_columns(counts, whereabouts, sheet, edge.now()), *_incomplete(asking.incomplete)]

    def _sheet(self, device: Device, asking: _Asking, good_for: float) -> Sheet:
        said = asking.said
        interfaces = Interfaces(said)
        fdb, own = learned.database(said, asking.by_vlan, interfaces)
        return Sheet(
            box=device.name,
            at=asking.began,
            good_for=good_for,
            window=self.window,
            most_macs=self.most_macs,
            name=interfaces.name,
            own=frozenset(interfaces.own | own),
            ports=interfaces.ports,
            fdb=fdb,
            vlans=learned.vlan_names(said),
            neighbours=tuple(reading.neighbours(said, interfaces)),
            arp=reading.arp(said),
            clients=reading.clients(said),
            whole=not asking.incomplete,
        )


def _screened(sheet: Sheet, screen: Screen) -> Sheet:
    """The same without patients' data in what becomes a label: names of ports and access points (RELIABILITY S22)."""
    ports = {number: port._replace(name=screen(port.name)) for number, port in sheet.ports.items()}
    clients = {mac: client._replace(access_point=screen(client.access_point)) for mac, client in sheet.clients.items()}
    return replace(sheet, ports=ports, clients=clients)


class _Asking:
    """The conversations of one poll, one after the other."""

    def __init__(self, device: Device, edge: Edge, memory: Memory) -> None:
        self.began = edge.now()
        self.said: dict[Group, Harvest] = {}
        self.by_vlan: dict[int, Harvest] = {}
        self.incomplete: dict[str, str] = {}
        self._device = device
        self._edge = edge
        self._memory = memory
        self._silent = 0

    @property
    def harvests(self) -> Sequence[Harvest]:
        return (*self.said.values(), *self.by_vlan.values())

    async def run(self) -> None:
        """Ask for every group that the box has. Raises the PollError of the first, which every box has."""
        memory = self._memory
        memory.left_out = {group: left - 1 for group, left in memory.left_out.items() if left > 1}
        for group in COLUMNS:
            if group in memory.left_out or (group == "bridge" and learned.qualified(self.said)):
                continue
            if self._silent >= MUTE or self._edge.now() >= self._edge.deadline:
                self.incomplete.setdefault(group, "timeout")
                continue
            survey = await self._survey(group, self._device, limits_of(self._device.device_class))
            if group == "interfaces" and (problem := survey.problem()) is not None:
                raise problem
            if survey.harvest.runs:
                self.said[group] = survey.harvest
                memory.had.add(group)
            elif survey.answered and not survey.incomplete and group not in memory.had:
                memory.left_out[group] = LEFT_OUT
        await self._vlans()

    async def _vlans(self) -> None:
        """Cisco IOS shows the forwarding database of one VLAN at a time: to `community@vlan`, or in SNMPv3's context
        `vlan-N`. Each attempt may be repeated once: a VLAN that is not configured for it is met with silence."""
        auth, vlans = self._device.auth, learned.vlans_to_ask(self.said)
        if auth is None or not vlans:
            return
        if BY_NUMBER in self._memory.left_out:
            self.incomplete.setdefault("bridge", "timeout")
            return
        silent = 0
        limits = replace(limits_of(self._device.device_class), retries=1)
        for vlan in vlans:
            if silent >= MUTE or self._edge.now() >= self._edge.deadline:
                self.incomplete.setdefault("bridge", "timeout")
                break
            device = replace(self._device, auth=inside(auth, vlan))
            survey = await self._survey("bridge", device, limits, f"vlan {vlan}")
            silent = 0 if survey.answered else silent + 1
            if survey.harvest.runs:
                self.by_vlan[vlan] = survey.harvest
        if silent >= MUTE and not self.by_vlan:
            # It lists VLANs and speaks of none: asked again in an hour, for each attempt costs seconds.
            self.incomplete.setdefault("bridge", "timeout")
            self._memory.left_out[BY_NUMBER] = LEFT_OUT

    async def _survey(self, group: Group, device: Device, limits: Limits, word: str = "") -> Survey:
        plan, edge = compile(module(group)), self._edge
        ways = self._memory.learned.setdefault(group, Learned())
        any_order = ANY_ORDER in device.quirks
        survey = await introduction.survey(
            device, edge, limits, ways,
            lambda speech: Survey(plan, speech, limits, ways, edge.now, any_order=any_order),
        )  # fmt: skip
        if not word:
            self._silent = 0 if survey.answered else self._silent + 1
        if survey.incomplete and (survey.answered or not word):
            self.incomplete.setdefault(group, next(iter(survey.incomplete.values())))
        return survey


def inside(auth: Auth, vlan: int) -> Auth:
    """The same credentials for the forwarding database of one VLAN."""
    if auth.version == 3:
        return replace(auth, context_name=f"vlan-{vlan}")
    return replace(auth, community=Secret(f"{auth.community.reveal()}@{vlan}"))


def _columns(counts: Mapping[str, int], whereabouts: Whereabouts, sheet: Sheet, now: float) -> Sequence[Column]:
    found = [column(ENTRIES, interned(("table",), tuple((table,) for table in counts)), counts.values())]
    if sheet.fdb and not whereabouts.ledger.settling(now):
        uplinks = whereabouts.ledger.uplinks(sheet)
        reasons = Counter(uplinks.values())
        found.append(column(UPLINKS, interned(("by",), tuple((way,) for way in WAYS)), (reasons[way] for way in WAYS)))
        # What is crowded may be a desk, or a host of virtual machines, today and not tomorrow: only what is known.
        known = [
            (str(port), sheet.ports[port].name, way)
            for port, way in sorted(uplinks.items())
            if way != "crowded" and port in sheet.ports
        ]
        if known:
            found.append(column(UPLINK, rows(("ifIndex", "ifName", "by"), known), [1.0] * len(known)))
    strangers = whereabouts.strangers(sheet.box, now)
    if strangers:
        found.append(column(STRANGERS, rows(("vlan",), [(str(vlan),) for vlan in strangers]), strangers.values()))
    return found


def _incomplete(reasons: Mapping[str, str]) -> Sequence[Column]:
    marks = sorted(reasons.items())
    return [column(INCOMPLETE, rows(("table", "reason"), marks), [1.0] * len(marks))] if marks else []
