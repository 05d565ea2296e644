"""The sheets of all boxes, who is who among them, and where each address that is looked for was learned.

What follows from sheets is kept until one of them changes it: thousands of pages ask for it each minute.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collector.network.equipment.sheet import Row, Sheet
from collector.network.equipment.uplinks import Boxes, Why, plain, uplinks


class Ledger:
    """Sheets by box. `wanted` are the addresses that are looked for."""

    def __init__(self) -> None:
        self.sheets: dict[str, Sheet] = {}
        self._addresses: Mapping[str, str] = {}
        self._boxes: Boxes | None = None
        self._wanted: AbstractSet[int] = frozenset()
        self._uplinks: dict[str, Mapping[int, Why]] = {}
        self._rows: dict[int, dict[str, Sequence[Row]]] | None = None
        """By address and box that shows it, the rows at ports that lead nowhere; None: to be made anew."""
        self._mine: dict[str, AbstractSet[int]] = {}
        """The addresses for which each box stands there."""
        self._radio: set[str] = set()
        """Boxes that have wireless clients."""
        self._unread: frozenset[str] = frozenset()
        """Boxes that were never read."""
        self._since: float | None = None
        """Monotonic seconds at which the first box was read while others were not."""
        self._patience = 0.0
        """Seconds from then on for which the others are waited for: one interval."""

    def load(self, addresses: Mapping[str, str], boxes: Collection[str]) -> None:
        """The inventory from now on: IP addresses by name, and the names of those that are asked for sightings."""
        self._addresses = addresses
        self.sheets = {box: sheet for box, sheet in self.sheets.items() if box in addresses}
        self._radio &= self.sheets.keys()
        self._unread, self._since = frozenset(boxes) - self.sheets.keys(), None
        self._forget()

    def want(self, wanted: AbstractSet[int]) -> None:
        """Look for these addresses from now on."""
        if wanted != self._wanted:
            self._wanted, self._rows = wanted, None

    def put(self, sheet: Sheet) -> None:
        """What a box said just now, instead of what it said before."""
        before, self.sheets[sheet.box] = self.sheets.get(sheet.box), sheet
        self._unread -= {sheet.box}
        (self._radio.add if sheet.clients else self._radio.discard)(sheet.box)
        if self._since is None:
            self._since, self._patience = sheet.at, sheet.good_for / 2
        if before is None or (before.own, before.name) != (sheet.own, sheet.name):
            self._forget()
        self._uplinks.pop(sheet.box, None)
        if self._rows is not None:
            self._note(self._rows, sheet)

    def settling(self, now: float) -> bool:
        """Whether it is too early to say where anything is: as long as a core was read and the switch at the edge was
        not, everything seems to hang on the core."""
        return bool(self._unread) and (self._since is None or now - self._since < self._patience)

    @property
    def boxes(self) -> Boxes:
        """Who is who."""
        if self._boxes is None:
            self._boxes = Boxes()
            for box, sheet in self.sheets.items():
                self._boxes.macs |= dict.fromkeys(sheet.own, box)
                self._boxes.names |= {plain(name): box for name in (box, sheet.name) if name}
                if box in self._addresses:
                    self._boxes.addresses[self._addresses[box]] = box
        return self._boxes

    def uplinks(self, sheet: Sheet) -> Mapping[int, Why]:
        """The ports of a box that lead to others."""
        found = self._uplinks.get(sheet.box)
        if found is None:
            found = self._uplinks[sheet.box] = uplinks(sheet, self.boxes)
        return found

    def seen(self, mac: int, now: float) -> Sequence[tuple[Sheet, Sequence[Row]]]:
        """Who shows an address at ports that lead nowhere, with those rows, or as its client: of boxes that were read
        lately, the newest first."""
        here = self._noted(mac)
        boxes = {box for box, rows in here.items() if rows}
        boxes |= {box for box in self._radio if mac in self.sheets[box].clients}
        sheets = sorted((self.sheets[box] for box in boxes), key=lambda sheet: -sheet.at)
        return [(sheet, here.get(sheet.box, ())) for sheet in sheets if sheet.fresh(now)]

    def heard(self, mac: int, now: float) -> float | None:
        """Monotonic seconds at which a box that was read lately has shown an address, be it beyond an uplink."""
        sheets = (self.sheets[box] for box in self._noted(mac))
        return max((sheet.at for sheet in sheets if sheet.fresh(now)), default=None)

    def _noted(self, mac: int) -> Mapping[str, Sequence[Row]]:
        if self._rows is None:
            self._rows, self._mine = {}, {}
            for sheet in self.sheets.values():
                self._note(self._rows, sheet)
        return self._rows.get(mac, {})

    def _note(self, into: dict[int, dict[str, Sequence[Row]]], sheet: Sheet) -> None:
        there = sheet.fdb.among(self._wanted)
        for gone in self._mine.get(sheet.box, frozenset()) - there:
            into[gone].pop(sheet.box, None)
        beyond = self.uplinks(sheet).keys()
        for mac in there:
            rows = tuple(row for row in sheet.fdb.of(mac) if row.port not in beyond)
            into.setdefault(mac, {})[sheet.box] = rows
        self._mine[sheet.box] = there

    def _forget(self) -> None:
        """Boxes are not who they were: nothing that was derived from that holds."""
        self._boxes = self._rows = None
        self._uplinks.clear()
