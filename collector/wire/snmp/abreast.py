"""Reading the columns of a table side by side: several names in one GETBULK, rows of several columns in each reply.

Only for a device whose walks were sound so far (`habits.Learned.room`), and only while it does nothing unusual: at
anything else `ended` is `UNSOUND`, what was read here is dropped, and `walk.Walk` reads the subtree with its rules.
So this is a quicker way to read what is in order, never another judgement of what is not.

`Abreast.take` is hot as `Walk.take` is. Rows that look like the one before are read by `row.Row`; what is left is cut
into varbinds, and each column takes those at its place in the rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from functools import lru_cache
from operator import lt

from collector.errors import Malformed
from collector.wire.snmp import ber, message, row
from collector.wire.snmp.habits import Limits
from collector.wire.snmp.units import Unit, named
from collector.wire.snmp.walk import COMPLETE, Caps, Columns, Harvest, Run

UNSOUND = "unsound"
"""Not a device to be read like this: the subtree is walked instead."""

_SHOWING = 2
"""Rows that show what the others look like: in the first a single value stands beside the table's."""


def fit(columns: Collection[bytes], rows: int, repetitions: int, varbinds: int, limits: Limits) -> bool:
    """Whether so many rows of all columns fit into one question, which names no index, and its answer."""
    count = len(columns)
    return rows <= repetitions and count * rows <= varbinds and count <= limits.names(max(map(len, columns)))


@lru_cache(maxsize=1024)
def at_once(most: int, columns: int, rows: int, repetitions: int, varbinds: int) -> int:
    """How many of `columns`, at most so many, to ask together so that `rows` of each take the fewest packets.

    A reply holds so many `varbinds`, of each column at most `repetitions`.
    """

    def packets(together: int) -> int:
        each = max(1, min(rows, repetitions, varbinds // together))
        return -(-columns // together) * -(-rows // each)

    return min(range(1, most + 1), key=packets)


class _Strand:
    """One column under way. `beyond` is the first OID behind it (empty: the end of all), None while it goes on."""

    __slots__ = ("beyond", "last", "prefix", "run", "taken")

    def __init__(self, prefix: bytes) -> None:
        self.prefix = prefix
        self.run: Run | None = None
        self.last = b""
        self.taken = 0
        self.beyond: bytes | None = None

    def inside(self, oids: Sequence[bytes], tags: Sequence[int]) -> list[bytes]:
        """The indexes of those that belong to the column, up to the first that is behind it. Raises Malformed."""
        indexes = []
        prefix, size = self.prefix, len(self.prefix)
        for oid, tag in zip(oids, tags, strict=True):
            if tag == ber.END_OF_MIB_VIEW or not oid.startswith(prefix) or len(oid) == size:
                self.beyond = b"" if tag == ber.END_OF_MIB_VIEW else oid
                break
            if len(oid) >= 0x80:
                raise Malformed("too long a name")
            indexes.append(oid[size:])
        return indexes

    @property
    def tag(self) -> int:
        if self.beyond is not None:
            return row.PASSED
        return self.run.tag if self.run else row.UNKNOWN


class Abreast:
    """A unit under way, as `walk.Walk` is a subtree: `root`, `ended`, `names` to ask on from, `packets`, `bad`.

    `root` is the subtree of it that is walked first where it can't be read like this. `rows` remembers from poll to
    poll how many rows each table has, by its entry. `harvest` is what was read; `leaves` are columns without a
    cell, `short` says whether the last reply held less than was asked for, `closing` whether all will be read with the
    answer to what is asked now, if the tables are as they were; `size` is how many bytes a varbind took in the reply
    where it took most.
    """

    def __init__(self, root: bytes, unit: Unit, columns: Columns, caps: Caps, rows: dict[bytes, int]) -> None:
        self.root = root
        self.unit = unit
        self.harvest = Harvest(columns)
        self.ended = ""
        self.bad = self.packets = self.varbinds = self.bytes = 0
        self.size = 1.0
        self.leaves: list[bytes] = []
        self.short = self.closing = False
        self._tables = deque(unit.tables)
        self._columns: deque[bytes] = deque()
        self._strands: list[_Strand] = []
        self._caps = caps
        self._share = len(unit.roots)
        """How many subtrees have `caps` each."""
        self._rows = rows
        self._known = 0
        self._taken = 0
        """Varbinds of the reply under way that are settled."""
        self._table = b""

    @property
    def names(self) -> tuple[bytes, ...]:
        return tuple([strand.prefix + strand.last for strand in self._strands])

    @property
    def unfinished(self) -> tuple[bytes, ...]:
        """The subtrees of which something is left to read."""
        left = [strand.prefix for strand in self._strands]
        left += [*self._columns, *(column for table in self._tables for column in table)]
        return tuple(root for root in self.unit.roots if any(column.startswith(root) for column in left))

    def ask(self, repetitions: int, varbinds: int, limits: Limits) -> int:
        """Choose what is asked next where that is open. Returns repetitions."""
        if not self._strands:
            if not self._columns:
                table = self._tables.popleft()
                self._columns.extend(table)
                self._table = named(table)
                self._known = self._rows.pop(self._table, repetitions - 1)
            left, rows, few = len(self._columns), self._known + 1, self._known < row.FEW
            if few and fit(self._columns, rows, repetitions, varbinds, limits):
                together = left
            else:
                most = min(limits.names(), left, left if few else row.COLUMNS)
                together = at_once(most, left, rows, repetitions, varbinds)
            self._strands = [_Strand(self._columns.popleft()) for _ in range(together)]
        left = self._known + 1 - max(strand.taken for strand in self._strands)
        asked = max(1, min(repetitions, varbinds // len(self._strands), left if left > 0 else repetitions))
        self.closing = 0 < left <= asked and not self._columns and not self._tables
        return asked

    def take(self, packet: bytes, at: int, end: int, repetitions: int) -> int:
        """Take the varbinds in `at:end` of a reply. Returns how many there were; see `ended`."""
        self._taken, start = 0, at
        try:
            if self._known >= row.FEW and len(self._strands) <= row.COLUMNS:
                at = self._alike(packet, at, end)
                for _ in range(_SHOWING):
                    if at < end:
                        at = self._alike(packet, self._one_by_one(packet, at, end, 1), end)
            if at < end:
                self._one_by_one(packet, at, end)
            return self._settle(repetitions, end - start)
        except Malformed:
            self.ended = UNSOUND
            return 0

    def _alike(self, packet: bytes, at: int, end: int) -> int:
        """Take rows that look as they did last time. Returns where one does not."""
        strands = self._strands
        if at >= end:
            return at
        look = row.look(tuple([strand.prefix for strand in strands]))
        tags = tuple([strand.tag for strand in strands])
        going = [strand for strand in strands if strand.beyond is None]
        if row.UNKNOWN not in tags and going:
            look.take(tags, len(going[0].last))
        elif set(tags) != {row.UNKNOWN}:
            return at
        latest = look.latest
        if latest is None or (row.UNKNOWN in tags and row.PASSED in latest.tags):
            return at
        at, indexes, columns = latest.read(packet, at, end)
        if not indexes:
            return at
        before = None
        for strand, tag, values in zip(going, latest.types, columns, strict=True):
            run = strand.run
            if run is None:
                run = strand.run = self._open(strand.prefix, tag)
            if strand.last != before:
                before = strand.last
                _check_order(before, indexes)
            run.indexes += indexes
            run.values += values
            strand.last, strand.taken = indexes[-1], len(run.indexes)
        self._taken += len(strands) * len(indexes)
        return at

    def _one_by_one(self, packet: bytes, at: int, end: int, rows: int = 0) -> int:
        """Take so many `rows`, or all there are. Returns where the next one begins. Raises Malformed."""
        oids, tags, contents, at = message.several(packet, at, end, rows * len(self._strands))
        self._divide(oids, tags, contents)
        return at

    def _divide(self, oids: Sequence[bytes], tags: Sequence[int], contents: Sequence[bytes]) -> None:
        """Give each column what is its own. Raises Malformed."""
        places = len(self._strands)
        before: tuple[bytes, list[bytes]] = b"", []
        for place, strand in enumerate(self._strands):
            if strand.beyond is not None:
                continue
            indexes = strand.inside(oids[place::places], tags[place::places])
            if not indexes:
                continue
            count = len(indexes)
            tag = tags[place]
            if strand.run is None and tag not in ber.ABSENT:
                strand.run = self._open(strand.prefix, tag)
            run = strand.run
            if run is None or tags[place : place + count * places : places].count(run.tag) < count:
                raise Malformed("no column of one kind")
            if (strand.last, indexes) != before:  # mostly the rows of the column beside it
                before = strand.last, indexes
                _check_order(*before)
            run.indexes += indexes
            run.values += contents[place : place + count * places : places]
            strand.last, strand.taken = indexes[-1], len(run.indexes)
        self._taken += len(oids)

    def _open(self, prefix: bytes, tag: int) -> Run:
        return self.harvest.open(self.harvest.columns.number(prefix), tag)

    def _settle(self, repetitions: int, size: int) -> int:
        """The end of a reply: was all of it in order, and what is left to ask? Malformed where it was not.

        Returns how many varbinds there were.
        """
        going = [strand for strand in self._strands if strand.beyond is None]
        done = [strand for strand in self._strands if strand.beyond is not None]
        first = None  # of the columns behind
        for strand in reversed(self._strands) if done else ():
            if strand.beyond and not ber.after(strand.beyond, strand.prefix + strand.last):
                raise Malformed("back from the end of a column")
            if strand.beyond is not None and first and (not strand.beyond or ber.after(strand.beyond, first)):
                raise Malformed("beyond a column that is there")  # names are not answered one by one
            if strand.run:
                first = strand.prefix + strand.run.indexes[0]
        self.packets += 1
        self.varbinds += self._taken
        self.bytes += size
        self.size = max(size / max(self._taken, 1), self.size)
        known, taken = self._rows.get(self._table, 0), max([strand.taken for strand in self._strands])
        rows = self._rows[self._table] = max(known, taken)
        asked = len(self._strands) * repetitions
        self.leaves += [strand.prefix for strand in done if strand.run is None]
        self._strands = going
        self.short = bool(going) and self._taken < asked
        if not going and not self._columns and not self._tables:
            self.ended = COMPLETE
        elif self.varbinds >= self._caps.varbinds * self._share or rows >= self._caps.varbinds:
            self.ended = "row_cap"
        elif self.bytes >= self._caps.bytes * self._share:
            self.ended = "byte_cap"
        elif self.packets >= self._caps.packets * self._share:
            self.ended = "packet_cap"
        return self._taken


_CONTINUES = bytes(0x80) + b"\x80" * 0x80
"""Leaves of each byte whether its arc goes on."""


def _check_order(before: bytes, indexes: Sequence[bytes]) -> None:
    """Raises Malformed where an index does not come after the one before it, or the last one is none."""
    joined = b"".join(indexes)
    # Where arcs take as many bytes in every index, bytes order as arcs do.
    alike = joined.isascii() or joined.translate(_CONTINUES) == indexes[0].translate(_CONTINUES) * len(indexes)
    rising = all(map(lt, indexes, indexes[1:])) if alike else all(map(ber.after, indexes[1:], indexes))
    if not (rising and ber.after(indexes[0], before) and ber.after(indexes[-1], before)):
        raise Malformed("a column that goes back")
