"""What a poll has read, as columns (CONTRACTS 3, "type to output")."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import inf

from collector.model import Column, Family
from collector.privacy import Screen
from collector.wire.snmp import ber, clock, labels, said
from collector.wire.snmp.labels import Kept, Pool, Table, Values, keep
from collector.wire.snmp.numbers import alike, floats, integers
from collector.wire.snmp.plan import Labels, Plan, Series
from collector.wire.snmp.text import COMBINED, display, render, screened
from collector.wire.snmp.walk import Harvest, Run

_NONE: Mapping[int, tuple[int, ...]] = {}


class Interned:
    """Rows kept from poll to poll; a poll leaves only those that it used.

    `epoch` is when their names were read: the device's (`signs.Signs.epoch`), and `read_at` in monotonic seconds.
    """

    __slots__ = ("_hesitant", "_wait", "epoch", "read_at", "rows", "steady")

    def __init__(self) -> None:
        self.rows: dict[tuple[int, ...], Kept] = {}
        self.steady: dict[int, tuple[tuple[int, ...], tuple[Column, ...], int]] = {}
        """Columns of metrics, by number, that are not read in each poll, which of `rows` they stand on, and which rows
        their table had."""
        self.epoch = -1
        self.read_at = 0.0
        self._wait = self._hesitant = 0

    def hesitate(self, most: int) -> None:
        """Rows came that were not known: read names for so many polls, twice as many each time."""
        self._hesitant = min(2 * self._hesitant or 1, most)
        self._wait = self._hesitant

    def trusted(self) -> bool:
        """Whether rows have stood still long enough for names to be left out in the poll that begins."""
        if self._wait:
            self._wait -= 1
            return False
        return True


_keys: Pool[tuple[int, ...]] = Pool()


@lru_cache(maxsize=4096)
def _with(names: Values, name: str) -> Values:
    """Label names and one more, in order; the same object for all devices."""
    return tuple(sorted((*names, name)))


INVALID = ("value", "index", "bits")
"""Why a value is left out: it, or all of its varbind, is no SNMP; its index is no OID; it is no string of bits."""

_LEFT_OUT = keep((), (None, None), ())
"""No rows: of a table that is too large."""


class Sheet:
    """One poll's cells on their way to columns. `duplicates`: rows left out, by the table's first metric (F13).
    `invalid`: cells left out, by metric and one of `INVALID`; `told`: what a peer says of some of both, by metric.

    Labels are made of tables with at most `room` series, for they are what takes time and memory (F24: 100,000 rows
    held the event loop for seconds); `dropped` counts the series of larger ones.
    """

    def __init__(
        self, plan: Plan, harvest: Harvest, interned: Interned,
        skipped: frozenset[int] = frozenset(), steady: Mapping[int, tuple[int, ...]] = _NONE, room: float = inf,
        screen: Screen | None = None,
    ) -> None:  # fmt: skip
        self.duplicates: dict[str, int] = {}
        self.invalid: dict[tuple[str, str], int] = {}
        self.told: list[tuple[str, str]] = []
        self.dropped = 0
        self._room = room
        self.stale = False
        """A row came or went of which something was not read (`skipped`): nothing here is to be used."""
        self._skipped = skipped
        self._steady = steady
        self._screen = screen or Screen()
        self._key: tuple[int, ...] = ()
        """The rows that were used last."""
        self._rules: Labels | None = None
        self._indexes: Sequence[bytes] = ()
        self._last: tuple[tuple[int, ...], Kept] = (), _LEFT_OUT
        """The rows that `_rows` gave last, and of what."""
        self._plan = plan
        self.harvest = harvest
        self._interned = interned
        self._table = Table(harvest)
        self._used: dict[tuple[int, ...], Kept] = {}
        self._read: dict[tuple[int, int], list[Values | None]] = {}
        self._names: dict[int, str] = {}
        self._rowsets: dict[tuple[int, ...], int] = {}

    def columns(self) -> list[Column]:
        """All columns that have a value."""
        made: list[Column] = []
        for series in self._plan.series:
            runs = self.harvest.runs.get(series.column)
            if not runs:
                if series.column in self._skipped:
                    self._recall(made, series)
                else:
                    self._interned.steady.pop(series.number, None)
                continue
            self._names.setdefault(series.labels.number, series.family.name)
            before = len(made)
            if series.read == "number":
                cells = len(runs[0].indexes) if len(runs) == 1 else sum([len(run.indexes) for run in runs])
                if cells > self._room:
                    self._leave_out(cells)
                else:
                    indexes, values = floats(runs)
                    self._add(made, series, series.family, self._rows(series.labels, indexes), _scaled(series, values))
            else:
                _MAKERS[series.read](self, made, series, runs)
            if series.column in self._steady:
                (key,) = _keys(self._key)
                self._interned.steady[series.number] = key, tuple(made[before:]), self._standing(series.column)
        if not self.stale and self._interned.rows != self._used:  # mostly they are: then nothing moves
            keys = _keys(*self._used)
            self._interned.rows = dict(zip(keys, self._used.values(), strict=True))
        return made

    # Rows, from memory where nothing has changed.

    def _rows(self, rules: Labels, indexes: Sequence[bytes]) -> Kept:
        """The rows of a table over these indexes, shared by all columns that have the same ones."""
        if rules is self._rules and indexes == self._indexes:  # as in the column before
            self._key = self._last[0]
            return self._last[1]
        if len(indexes) > self._room:
            return self._leave_out(len(indexes))
        place = hash(tuple(indexes))
        key = (rules.number, place)
        kept = self._used.get(key)
        if kept is None:
            kept = self._interned.rows.get(key)
            if self._nameless(rules):
                if kept is None:
                    self.stale = True
                    return keep(rules.names, [None] * len(indexes), (0,))
            elif kept is None or kept.stamp != (self._table.stamp(rules.columns),):
                values = self._values(rules, indexes, place)
                kept = keep(rules.names, values, (self._table.stamp(rules.columns),), values.count(None))
            self._used[key] = kept
        self._key = key
        self._rules, self._indexes, self._last = rules, indexes, (key, kept)
        return kept

    def _nameless(self, rules: Labels) -> bool:
        """Whether cells that these labels are made of were left out."""
        return not self._skipped.isdisjoint(rules.columns)

    def _own(
        self, series: Series, indexes: Sequence[bytes], what: object, words: Callable[[], Iterable[Sequence[str]]],
        each: int = 1,
    ) -> Kept:  # fmt: skip
        """Rows with one more label, the metric's own name: `words` are its values for each index in turn.

        `what` is what the words are made from; `words` is only called when that has changed. `each` is how many there
        are for an index, at least.
        """
        if len(indexes) * each > self._room:
            return self._leave_out(len(indexes) * each)
        rules = series.labels
        place = hash(tuple(indexes))
        key = (-1 - series.number, place)
        kept = self._interned.rows.get(key)
        if not self._nameless(rules):
            stamp = (self._table.stamp(rules.columns), hash(what))
        else:  # names are as they were, if the words are not
            source = kept or self._interned.rows.get((rules.number, place))
            stamp = (source.stamp[0] if source is not None else 0, hash(what))
        if kept is None or kept.stamp != stamp:
            name = series.metric.name
            names = _with(rules.names, name)
            at = names.index(name)
            values: list[Values | None] = []
            bases = self._values(rules, indexes, place)
            for base, several in zip(bases, words(), strict=True):
                values += [None if base is None else (*base[:at], word, *base[at:]) for word in several]
            kept = keep(names, values, stamp, bases.count(None))
        self._used[key] = kept
        self._key = key
        return kept

    def _values(self, rules: Labels, indexes: Sequence[bytes], place: int) -> list[Values | None]:
        key = (rules.number, place)
        known = self._read.get(key)
        if known is None and self._nameless(rules):
            base = self._interned.rows.get(key)
            if base is None or base.take is not None:
                self.stale = True
                known = [None] * len(indexes)
            else:
                known = list(base.rows.values)
            self._read[key] = known
        elif known is None:
            known = self._read[key] = [labels.read(rules, index, self._table, self._screen) for index in indexes]
        return known

    def _leave_out(self, series: int) -> Kept:
        self.dropped += series
        self._key = ()
        return _LEFT_OUT

    def _recall(self, made: list[Column], series: Series) -> None:
        """A metric whose column was left out, as it was."""
        known = self._interned.steady.get(series.number)
        if known is None:
            return  # the device has no such column
        key, columns, standing = known
        kept = self._interned.rows.get(key)
        if standing != self._standing(series.column):
            self.stale = True
        if kept is not None:
            self._used[key] = kept
            self._names.setdefault(series.labels.number, series.family.name)
            self._count(series, kept)
            made.extend(columns)

    def _standing(self, column: int) -> int:
        """A number that is another one when rows of a slow column's table came or went, by the rest of the table."""
        beside = self._steady[column]
        known = self._rowsets.get(beside)
        if known is None:
            found: set[bytes] = set()
            before: list[bytes] = []
            for each in beside:
                for run in self.harvest.runs.get(each, ()):
                    if run.indexes != before:  # mostly they are alike
                        found.update(run.indexes)
                    before = run.indexes
            known = self._rowsets[beside] = hash(frozenset(found))
        return known

    def _count(self, series: Series, kept: Kept) -> None:
        if kept.duplicates:
            table = self._names[series.labels.number]
            self.duplicates[table] = max(self.duplicates.get(table, 0), kept.duplicates)
        if kept.unreadable:
            key = self._names[series.labels.number], "index"
            self.invalid[key] = max(self.invalid.get(key, 0), kept.unreadable)

    def _add(self, made: list[Column], series: Series, family: Family, kept: Kept, values: array[float]) -> None:
        if kept.again:
            for place, row in kept.again[: said.MOST - len(self.told)]:
                words = said.twice(family, kept.rows.names, kept.rows.values[row], values[place])
                self.told.append((self._names[series.labels.number], words))
        if kept.duplicates or kept.unreadable:
            self._count(series, kept)
        if kept.take is not None:
            values = array("d", [values[place] for place in kept.take])
        if values:
            made.append(Column(family, kept.rows, values))

    # One maker for each way to read a column.

    def _times(self, made: list[Column], series: Series, runs: Sequence[Run]) -> None:
        """Unix time; what can't be read is left out, as in peers."""
        moments = [
            (index, moment)
            for run in runs
            for index, value in zip(run.indexes, run.values, strict=True)
            if (moment := _moment(series, run.tag, value)) is not None
        ]
        values = array("d", [moment for _, moment in moments])
        kept = self._rows(series.labels, [index for index, _ in moments])
        self._add(made, series, series.family, kept, _scaled(series, values))

    def _info(self, made: list[Column], series: Series, runs: Sequence[Run]) -> None:
        """`NAME_info{NAME="state"} 1`."""
        if not series.own:
            return
        indexes, states = _enumerated(runs)
        enum = series.metric.enum_values
        kept = self._own(series, indexes, tuple(states), lambda: [(enum.get(state, str(state)),) for state in states])
        self._add(made, series, series.family, kept, alike(1.0, len(indexes)))

    def _states(self, made: list[Column], series: Series, runs: Sequence[Run]) -> None:
        """`NAME{NAME="state"}` 1 or 0 for each state, and one more for a state that nobody knows."""
        if not series.own:
            return
        indexes, states = _enumerated(runs)
        enum = series.metric.enum_values
        words = tuple(enum.values())
        unknown = tuple(state if state not in enum else None for state in states)
        kept = self._own(
            series, indexes, unknown, lambda: [words if u is None else (*words, str(u)) for u in unknown], len(words)
        )
        if kept is _LEFT_OUT:
            return
        values = array("d")
        for state in states:
            values.extend([float(state == each) for each in enum] if state in enum else [0.0] * len(enum) + [1.0])
        self._add(made, series, series.family, kept, values)

    def _bits(self, made: list[Column], series: Series, runs: Sequence[Run]) -> None:
        """`NAME{NAME="bit"}` 1 or 0; bit 0 is the highest of the first byte, what is missing is 0."""
        if not series.own:
            return
        enum = series.metric.enum_values
        words = tuple(enum.values())
        indexes: list[bytes] = []
        values = array("d")
        for run in runs:
            if run.tag != ber.OCTET_STRING:
                self._no_bits(series, run)
                continue
            indexes += run.indexes
            for value in run.values:
                values.extend(float(bit >> 3 < len(value) and value[bit >> 3] & 0x80 >> (bit & 7) > 0) for bit in enum)
        kept = self._own(series, indexes, 0, lambda: [words] * len(indexes), len(words))
        self._add(made, series, series.family, kept, values)

    def _no_bits(self, series: Series, run: Run) -> None:
        key = series.metric.name, "bits"
        self.invalid[key] = self.invalid.get(key, 0) + len(run.indexes)
        for index in run.indexes[: said.MOST - len(self.told)]:
            values = labels.read(series.labels, index, self._table, self._screen)
            self.told.append((series.metric.name, said.no_bits(series.metric.name, values or (), run.tag)))

    def _text(self, made: list[Column], series: Series, runs: Sequence[Run]) -> None:
        """A gauge of 1 with the text in a label of the metric's name, where the table has no such label."""
        indexes = [index for run in runs for index in run.indexes]
        if series.own:
            raw = tuple((run.tag, tuple(run.values)) for run in runs)
            kins = self._table.stamp((series.kin,)) if series.kin >= 0 else 0
            kept = self._own(series, indexes, (raw, kins), lambda: [(text,) for text in self._shown(series, runs)])
            count = len(kept.rows) if kept.take is None else len(indexes)
        else:
            kept = self._rows(series.labels, indexes)
            count = len(indexes)
        one = _scaled(series, array("d", (1.0,)))[0]
        self._add(made, series, series.family, kept, alike(one, count))

    def _extract(self, made: list[Column], series: Series, runs: Sequence[Run]) -> None:
        """One gauge for each suffix, of the rows whose text gives a number: the first expression that does wins."""
        indexes = [index for run in runs for index in run.indexes]
        texts = list(self._texts(series, runs))
        for family, expressions in series.extracts:
            found: list[bytes] = []
            values = array("d")
            for index, text in zip(indexes, texts, strict=True):
                number = next((n for each in expressions if (n := each.number(text)) is not None), None)
                if number is not None:
                    found.append(index)
                    values.append(number)
            if found:
                self._add(made, series, family, self._rows(series.labels, found), values)

    def _shown(self, series: Series, runs: Sequence[Run]) -> Iterable[str]:
        """Texts as labels have them. Numbers are taken out of texts as they came: a number that happens to look like a
        patient's must not be missing."""
        cells = ((run.tag, value) for run in runs for value in run.values)
        column = self._plan.columns.prefixes[series.column]
        for cell, text in zip(cells, self._texts(series, runs), strict=True):
            yield screened(self._screen, *cell, text, column)

    def _texts(self, series: Series, runs: Sequence[Run]) -> Iterable[str]:
        metric = series.metric
        kind = metric.type
        for run in runs:
            for index, value in zip(run.indexes, run.values, strict=True):
                if metric.type in COMBINED:
                    kind = self._kind(series, index)
                yield render(run.tag, value, kind, metric.display_hint)

    def _kind(self, series: Series, index: bytes) -> str:
        """What a combined type is in this row: the column before says it."""
        cell = self._table.cell(series.kin, index) if series.kin >= 0 else None
        number = ber.number(*cell) if cell else None
        return COMBINED[series.metric.type].get(int(number) if isinstance(number, int) else -1, "OctetString")


_MAKERS: dict[str, Callable[[Sheet, list[Column], Series, Sequence[Run]], None]] = {
    "time": Sheet._times, "info": Sheet._info, "states": Sheet._states, "bits": Sheet._bits, "text": Sheet._text,
    "extract": Sheet._extract,
}  # fmt: skip


def _moment(series: Series, tag: int, value: bytes) -> float | None:
    kind = series.metric.type
    if kind == "ParseDateAndTime":
        return clock.parsed(display(tag, value), series.metric.datetime_pattern)
    if tag != ber.OCTET_STRING:
        return None
    return clock.date_and_time(value) if kind == "DateAndTime" else clock.ntp(value)


def _enumerated(runs: Sequence[Run]) -> tuple[list[bytes], list[int]]:
    return [index for run in runs for index in run.indexes], [state for run in runs for state in integers(run)]


def _scaled(series: Series, values: array[float]) -> array[float]:
    scale, offset = series.metric.scale, series.metric.offset
    if not scale and not offset:
        return values
    scale = scale or 1.0
    return array("d", [value * scale + offset for value in values])
