"""Reading one subtree, reply by reply. The loop in `Walk.take` is the hot one (HOUSE 5): bench/snmp_decode.py times it.

What makes it fast: an OID is never decoded. Columns are told by their raw prefix, a row is keyed by the raw bytes
behind it, values stay raw until the walk is over. Within a column replies repeat one shape, so that one comparison of
bytes checks tag, length and prefix of a varbind at once; whatever is different goes the plain way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collector.errors import Malformed
from collector.wire.snmp import ber, message, said


@dataclass(frozen=True, slots=True)
class Caps:
    """Where one walk is cut off (RELIABILITY F2): no peer limits rows, and some agents never come to an end."""

    varbinds: int = 100_000
    bytes: int = 16 << 20
    packets: int = 10_000


class Columns:
    """The columns worth keeping, by raw prefix; a column's number is its place in `prefixes`.

    `first` many of them are metrics' own: those win over the rest, the shortest wins among its like (CONTRACTS 3).
    """

    __slots__ = ("_lengths", "_numbers", "prefixes")

    def __init__(self, metrics: Iterable[bytes], others: Iterable[bytes] = ()) -> None:
        own = dict.fromkeys(metrics)
        rest = [prefix for prefix in dict.fromkeys(others) if prefix not in own]
        self.prefixes: tuple[bytes, ...] = (*own, *rest)
        self._numbers = {prefix: number for number, prefix in enumerate(self.prefixes)}
        spans = [(len(p), 0, len(own)) for p in own] + [(len(p), len(own), len(self.prefixes)) for p in rest]
        self._lengths = sorted(set(spans), key=lambda span: (span[1], span[0]))

    def number(self, prefix: bytes) -> int:
        """The number of the column that has this very prefix. Raises KeyError."""
        return self._numbers[prefix]

    def find(self, oid: bytes) -> int:
        """The number of the column that `oid` belongs to, -1 where nobody wants it."""
        numbers = self._numbers
        for length, low, high in self._lengths:
            number = numbers.get(oid[:length], -1)
            if low <= number < high:
                return number
        return -1


class Run:
    """Consecutive cells of one column and one type: raw indexes, raw values, in step."""

    __slots__ = ("indexes", "tag", "values")

    def __init__(self, tag: int, indexes: list[bytes], values: list[bytes]) -> None:
        self.tag = tag
        self.indexes = indexes
        self.values = values


Place = tuple[int, int, list[bytes], slice]
"""A column's number, its type and indexes, and which values of an answer are its own."""


class Laid(NamedTuple):
    """How what was read lies in one answer, of which `values` are all. Answers alike have the same `places`."""

    places: Sequence[Place]
    values: Sequence[bytes]

    def runs(self) -> dict[int, list[Run]]:
        return {number: [Run(tag, indexes, list(self.values[cut]))] for number, tag, indexes, cut in self.places}


class Harvest:
    """What a poll has read: runs by column number. Where it is `laid`, they are made when somebody wants them."""

    __slots__ = ("_runs", "cells", "columns", "laid")

    def __init__(self, columns: Columns, laid: Laid | None = None) -> None:
        self.columns = columns
        self.laid = laid
        self._runs: dict[int, list[Run]] | None = {} if laid is None else None
        self.cells = 0

    @property
    def runs(self) -> dict[int, list[Run]]:
        if self._runs is None:
            assert self.laid is not None
            self._runs = self.laid.runs()
        return self._runs

    @runs.setter
    def runs(self, runs: dict[int, list[Run]]) -> None:
        self._runs = runs

    @property
    def numbers(self) -> Iterable[int]:
        """The columns of which there are runs."""
        return self.runs if self.laid is None else [place[0] for place in self.laid.places]

    def add(self, oid: bytes, tag: int, content: bytes) -> None:
        """One value from anywhere; what nobody wants is dropped."""
        column = self.columns.find(oid)
        if column >= 0:
            run = self.open(column, tag)
            run.indexes.append(oid[len(self.columns.prefixes[column]) :])
            run.values.append(content)
            self.cells += 1

    def forget(self, root: bytes) -> None:
        """Drop what was read below `root`: it will be read again."""
        for column, prefix in enumerate(self.columns.prefixes):
            if prefix.startswith(root):
                self.runs.pop(column, None)

    def open(self, column: int, tag: int) -> Run:
        """The run that a next cell of this column and type belongs to."""
        runs = self.runs.setdefault(column, [])
        if not runs or runs[-1].tag != tag:
            runs.append(Run(tag, [], []))
        return runs[-1]


SPOILT = 1000
"""Varbinds that make no sense after which the rest of a reply is not read: 64 KB of zeros would be 30,000 of them, and
45 ms of the event loop. A bad varbind among good ones costs no other (RELIABILITY F10); this is no reply any more."""

ENDS = (
    "not_increasing", "row_cap", "byte_cap", "packet_cap", "too_big", "gen_err", "refused", "wrong_oid", "malformed",
    "timeout", "over_budget", "paused", "breaker_open", "changed",
)  # fmt: skip
"""Why a table was read only in part: the bounded words of `INCOMPLETE`'s label `reason`."""

COMPLETE = "complete"
LEAF = "leaf"
"""The very first answer lay outside: the root may be a single value, which a GET brings (CONTRACTS 3)."""


class Walk:
    """One subtree under way.

    `last` is the raw OID to ask on from, `ended` the word for why it is over: `complete`, `leaf`, or one of `ENDS`;
    empty while it goes on; `said` says so in a peer's words. `bad` counts varbinds that made no sense; `lost` are those
    of them that the walk has passed: it asked on from a name behind them.
    """

    __slots__ = (
        "_caps", "_doubtful", "_first", "_head", "_last", "_prefix", "_run", "_seen", "_spoilt", "bad",
        "bytes", "ended", "harvest", "last", "lost", "packets", "root", "said", "varbinds",
    )  # fmt: skip

    def __init__(self, root: bytes, harvest: Harvest, caps: Caps, *, any_order: bool = False) -> None:
        self.root = root
        self.last = root
        self.ended = self.said = ""
        self.varbinds = self.bytes = self.packets = self.bad = self.lost = 0
        self._doubtful = 0
        """Bad varbinds of the reply under way, with no good one behind them so far: they may be asked for again."""
        self.harvest = harvest
        self._caps = caps
        self._first = True
        # Only where a device is known to need it, for it costs memory and time: every OID so far.
        self._seen: set[bytes] | None = set() if any_order else None
        self._run: Run | None = None
        self._prefix = self._head = self._last = b""

    def take(self, packet: bytes, at: int, end: int) -> int:
        """Take the varbinds in `at:end` of a reply. Returns how many were new; see `ended` and `last`."""
        count = 0
        self._spoilt = self.bad + SPOILT
        self._doubtful = 0
        previous = self.last
        run = self._run
        prefix, head, last = self._prefix, self._head, self._last
        while at < end:
            if run is not None:
                # Hot. `head` is the OID's tag, its length and the column: what does not begin so is another column,
                # another length of index, or no short varbind, and leaves the loop. `name` is where the OID begins.
                tag = run.tag
                keep_index, keep_value = run.indexes.append, run.values.append
                start, middle = len(head), head[1] + 2
                begun = count
                name = at + 2
                try:
                    while packet.startswith(head, name):
                        stop = name + packet[name - 1]
                        value = name + middle
                        index = packet[name + start : value]
                        # Bytes order as arcs do, but for arcs of different lengths in indexes of one length: the end
                        # of each reply is compared arc by arc below, so that a walk goes forward for certain.
                        if (
                            stop > end
                            or packet[value] != tag
                            or value + 2 + packet[value + 1] != stop
                            or index <= last
                            or packet[name - 2] != 0x30
                        ):
                            break
                        keep_index(index)
                        keep_value(packet[value + 2 : stop])
                        last = index
                        count += 1
                        name = stop + 2
                except IndexError:
                    pass  # an OID that says it is longer than its varbind; the plain way below tells
                at = name - 2
                if count != begun:
                    previous = prefix + last
                if at < end:
                    run = None
                continue
            try:
                oid, tag, content, after = message.varbind(packet, at, end)
                goes_on = self._inside(oid, tag, previous)
            except Malformed:
                at = self._skip(packet, at, end)
                continue
            at = after
            self.lost += self._doubtful
            self._doubtful = 0
            if not goes_on:
                break
            if self._seen is not None:
                if oid in self._seen:
                    continue
                self._seen.add(oid)
            count += 1
            previous = oid
            column = self.harvest.columns.find(oid)
            if column < 0 or tag in ber.ABSENT:
                continue
            found = self.harvest.open(column, tag)
            prefix = self.harvest.columns.prefixes[column]
            last = oid[len(prefix) :]
            found.indexes.append(last)
            found.values.append(content)
            # A root within a column is no place to hurry: the column goes on behind it.
            if self._seen is None and len(oid) < 0x80 and len(prefix) >= len(self.root):
                run = found
                head = bytes((ber.OID, len(oid))) + prefix
        self._run, self._prefix, self._head, self._last = run, prefix, head, last
        self._settle(count, previous, len(packet))
        return count

    def _skip(self, packet: bytes, at: int, end: int) -> int:
        """Where the varbind behind a bad one begins: a bad one never discards the others (RELIABILITY F10)."""
        self.bad += 1
        self._doubtful += 1
        if self.bad > self._spoilt:
            return end
        try:
            return ber.header(packet, at, end)[2]
        except Malformed:
            return end  # nothing says where the next one would begin

    def _inside(self, oid: bytes, tag: int, previous: bytes) -> bool:
        """Whether the walk goes on with this OID; if not, `ended` says why."""
        first, self._first = self._first, False
        if tag == ber.END_OF_MIB_VIEW or not oid.startswith(self.root) or oid == self.root:
            self.ended = LEAF if first else COMPLETE
        elif self._seen is None and not ber.after(oid, previous):
            self._goes_back(previous if ber.after(oid, self.last) else self.last, oid)
        return not self.ended

    def _goes_back(self, asked: bytes, oid: bytes) -> None:
        self.ended, self.said = "not_increasing", said.increasing(asked, oid)

    def _settle(self, count: int, previous: bytes, size: int) -> None:
        """The end of a reply: has the walk gone forward, and may it go on?"""
        begun, self.last = self.last, previous
        self.varbinds += count
        self.harvest.cells += count
        self.bytes += size
        self.packets += 1
        if self.ended:
            return
        if self._seen is not None:
            if not count:
                self.ended = "not_increasing"  # nothing but what came before
        elif count:
            try:
                if not ber.after(previous, begun):
                    self._goes_back(begun, previous)
            except Malformed:
                self.ended = "malformed"  # never asked on from what is no OID (RELIABILITY S12)
        if self.varbinds >= self._caps.varbinds:
            self.ended = "row_cap"
        elif self.bytes >= self._caps.bytes:
            self.ended = "byte_cap"
        elif self.packets >= self._caps.packets:
            self.ended = "packet_cap"


def minimal(roots: Sequence[bytes]) -> tuple[bytes, ...]:
    """Roots that lie in no other root, in their order: what overlaps is walked once."""
    wanted = set(roots)
    return tuple(
        root for root in dict.fromkeys(roots) if not any(root[:size] in wanted for size in range(1, len(root)))
    )
