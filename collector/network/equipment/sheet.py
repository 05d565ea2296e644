"""What one switch, router or wireless controller said in one poll, in as few bytes as will do.

A forwarding database has thousands of rows and a site a thousand switches: rows are three arrays, 14 bytes each.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple


class Row(NamedTuple):
    """Where a MAC address was learned: a port by its ifIndex, and a VLAN, 0 where the table does not say."""

    port: int
    vlan: int


class Fdb:
    """A forwarding database: which address was learned at which port. Sorted by address."""

    __slots__ = ("_macs", "_ports", "_vlans", "behind")

    def __init__(self, rows: Iterable[tuple[int, int, int]] = ()) -> None:
        ordered = sorted(set(rows))
        self._macs = array("Q", (mac for mac, _, _ in ordered))
        self._ports = array("I", (port for _, port, _ in ordered))
        self._vlans = array("H", (vlan for _, _, vlan in ordered))
        self.behind: Mapping[int, int] = Counter(port for _, port in {(mac, port) for mac, port, _ in ordered})
        """How many addresses there are behind each port, whatever their VLANs."""

    def __len__(self) -> int:
        return len(self._macs)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return zip(self._macs, self._ports, self._vlans, strict=True)

    def of(self, mac: int) -> Sequence[Row]:
        """Where an address was learned; nothing where it was not."""
        macs = self._macs
        at = bisect_left(macs, mac)
        if at == len(macs) or macs[at] != mac:
            return ()
        end = bisect_right(macs, mac, at)
        return tuple(Row(self._ports[i], self._vlans[i]) for i in range(at, end))

    def among(self, wanted: AbstractSet[int]) -> AbstractSet[int]:
        """Those of some addresses that were learned anywhere."""
        return wanted & set(self._macs)

    @property
    def vlans(self) -> AbstractSet[int]:
        """The VLANs in which anything was learned."""
        return set(self._vlans) - {0}

    def within(self, vlans: Collection[int]) -> Iterator[tuple[int, int, int]]:
        """The rows of some VLANs."""
        for i in [i for i, vlan in enumerate(self._vlans) if vlan in vlans]:
            yield self._macs[i], self._ports[i], self._vlans[i]


class Port(NamedTuple):
    """An interface. `up` and `half` (duplex) are None where the box does not say."""

    name: str
    up: bool | None = None
    half: bool | None = None


class Neighbour(NamedTuple):
    """Who says, by LLDP or CDP, that it is at the other end of a port. Empty and 0: it does not say."""

    port: int
    name: str = ""
    mac: int = 0
    address: str = ""


class Client(NamedTuple):
    """A client of a wireless controller: its access point, and its VLAN, 0 where that is not told."""

    access_point: str
    vlan: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """`box` is the inventory's name of what was asked, `at` the monotonic seconds at which that began."""

    box: str
    at: float
    good_for: float
    """Seconds after which it is too old to say anything."""
    window: float = 900.0
    """Seconds for which a device counts as seen after it was last seen here."""
    most_macs: int = 16
    """Addresses behind a port beyond which it leads to another switch."""
    name: str = ""
    """sysName."""
    own: frozenset[int] = frozenset()
    """The box's own addresses."""
    ports: Mapping[int, Port] = field(default_factory=dict)
    """By ifIndex. Members of an aggregate stand here too; what was learned at them stands under the aggregate."""
    fdb: Fdb = field(default_factory=Fdb)
    vlans: Mapping[int, str] = field(default_factory=dict)
    """Names of VLANs."""
    neighbours: tuple[Neighbour, ...] = ()
    arp: Mapping[str, int] = field(default_factory=dict)
    """Addresses of devices by their IP address."""
    clients: Mapping[int, Client] = field(default_factory=dict)
    whole: bool = True
    """Whether tables were read to their ends: what is missing in half a table may be in the other half."""

    def fresh(self, now: float) -> bool:
        return now - self.at <= self.good_for

    def named(self, name: str) -> Port | None:
        """The port of a name, which lasts where its ifIndex may not."""
        return next((port for port in self.ports.values() if port.name == name), None)
