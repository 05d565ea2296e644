"""Where one device is, out of what every box said. Pure functions of sheets: no clock, no memory of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from collector.network.equipment.sheet import Row, Sheet

State = Literal["seen", "quiet", "moved", "unseen", "unknown"]

STATES: Final[tuple[State, ...]] = ("seen", "quiet", "moved", "unseen", "unknown")
"""Seen within the window at the ward it belongs to; not heard of, but the port it was last seen at is up; seen or quiet
in another ward; not there; and nobody can say, for the box that it was last seen at was not read."""


class Spot(NamedTuple):
    """Where a device is by one box: a port that leads to no other box, or an access point."""

    box: str
    port: str
    vlans: tuple[int, ...]
    at: float
    """Monotonic seconds."""
    medium: Literal["wire", "radio"] = "wire"
    company: int = 1
    """Addresses behind the port, its own included."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The last that was seen of a device. `at` is Unix time: it is kept over restarts. `box` empty: it was seen beyond
    an uplink, nobody knows where."""

    box: str
    port: str
    vlan: int
    medium: str
    at: float

    def saved(self) -> Mapping[str, Any]:
        return {"box": self.box, "port": self.port, "vlan": self.vlan, "medium": self.medium, "at": self.at}

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> Sighting:
        """What `saved` gave. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(str(saved["box"]), str(saved["port"]), int(saved["vlan"]), str(saved["medium"]), float(saved["at"]))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is and how it is there. None: nobody can say."""

    state: State
    mac: int = 0
    box: str = ""
    port: str = ""
    vlan: int = 0
    ward: str = ""
    recent: bool = False
    """Seen within the window, and its port not down since."""
    last: float | None = None
    """Unix time."""
    moved: bool | None = None
    wrong_vlan: bool | None = None
    half: bool | None = None
    ports: int | None = None
    """Ports at which its address is learned now."""
    company: int | None = None
    """Addresses behind its port, its own included."""


def spots(mac: int, seen: Iterable[tuple[Sheet, Sequence[Row]]]) -> Iterator[Spot]:
    """Where boxes have seen an address, by their rows of it at ports that lead nowhere."""
    for sheet, rows in seen:
        if (client := sheet.clients.get(mac)) is not None:
            yield Spot(sheet.box, client.access_point, (client.vlan,) if client.vlan else (), sheet.at, "radio")
        for index in sorted({row.port for row in rows}):
            if (port := sheet.ports.get(index)) is not None:
                vlans = tuple(row.vlan for row in rows if row.port == index and row.vlan)
                yield Spot(sheet.box, port.name, vlans, sheet.at, "wire", sheet.fdb.behind[index])


def choose(found: Sequence[Spot], last: Sighting | None) -> tuple[Spot | None, int]:
    """The spot to believe, and how many there are.

    The controller's word on its client goes before that of the switch behind the access point, which sees the client
    too where access points bridge. Among several wired spots the one that is known stays until its own switch no
    longer shows it, so that an address that is truly twice does not make its place change with every poll.
    """
    radio = [spot for spot in found if spot.medium == "radio"]
    found = radio[:1] or found
    for spot in found:
        if last is not None and (spot.box, spot.port) == (last.box, last.port):
            return spot, len(found)
    return (found[0] if found else None), len(found)


def vlan_of(vlans: Sequence[int], expected: str, names: Mapping[int, str]) -> int:
    """The VLAN to show of those a device was seen in: the one where it belongs if that is among them."""
    return next((vlan for vlan in vlans if is_vlan(vlan, expected, names)), vlans[0] if vlans else 0)


def is_vlan(vlan: int, expected: str, names: Mapping[int, str]) -> bool | None:
    """Whether a VLAN is the one that the inventory names by its number or its name; None: nobody tells its name."""
    if expected.isdecimal():
        return vlan == int(expected)
    return names[vlan].casefold() == expected.casefold() if names.get(vlan) else None


def judged(last: Sighting | None, sheet: Sheet | None, *, window: float, now: float, wall: float) -> tuple[State, bool]:
    """The state of a device that was last seen at `sheet`'s box, its ward left aside, and whether it is recent.

    `sheet` is None where the box was not read lately.
    """
    if last is None:
        return "unseen", False
    recent = max(wall - last.at, 0.0) <= window
    if not last.box:
        return ("seen" if recent else "unseen"), recent
    if sheet is None or not sheet.fresh(now):
        return ("seen" if recent else "unknown"), recent
    port = sheet.named(last.port)
    up = port.up if port is not None else False
    if last.medium == "radio":
        up = False if not recent else None
    elif up is False:
        recent = False
    if recent:
        return "seen", True
    if not sheet.whole and up is not False:
        return "unknown", False
    return ("quiet" if up else "unseen"), False
