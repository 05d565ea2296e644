"""A poll that reads as the one before did, but for its numbers: then only numbers are made (HOUSE 5).

A small device says the same 100 things at each poll, and of most of what it costs to make columns of them the outcome
is known: which rows there are, what they are called, which column stands where. Where the same columns have the same
types over the same indexes, and every cell that is more than a number holds what it held, all of that is as it was. So
the numbers go straight into their places. Whatever is different is made the plain way (`columns.Sheet`), which also
has the last word on what is put where: a pattern that does not give what it gave is not kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

from collector.compact import SMALL, Compact, Layout, laid, size
from collector.model import Aside, Column
from collector.wire.snmp import ber, wraps
from collector.wire.snmp.module import Module
from collector.wire.snmp.numbers import decoded
from collector.wire.snmp.plan import Series, compile
from collector.wire.snmp.walk import Harvest, Place

Way = tuple[frozenset[int], str]
"""Columns that were left out, by number, and which counters are refused."""

_Places = tuple[int, ...]
_Pick = Callable[[Sequence[Any]], Sequence[Any]]
_Groups = Sequence[tuple[int, _Pick]]
"""By type, how to pick the cells that have it, in the order in which their numbers lie."""

KNOWN: Final = 16
"""Ways in which what makes a pattern lies in answers: by what else is asked with it."""

_READ_AS: Final = dict.fromkeys(ber.UNSIGNED - {ber.COUNTER64}, ber.GAUGE32)
"""Types whose numbers are read in the same way, together."""


class _Uses(NamedTuple):
    """What a module makes of its columns: of `words`, by number, more than a number; `numbers` are the others' series,
    by the identity of their family."""

    words: frozenset[int]
    numbers: Mapping[int, Series]


@lru_cache(maxsize=512)
def _uses(module: Module) -> _Uses:
    plan = compile(module)
    numbers = {id(series.family): series for series in plan.series if series.read == "number"}
    named = {column for series in plan.series for column in (*series.labels.columns, series.kin)}
    plain = {series.column for series in numbers.values()} - named - wraps.speeds(module)
    return _Uses(frozenset(range(len(plan.columns.prefixes))) - plain, numbers)


class _Shape(NamedTuple):
    """What makes patterns the same, beside their layout."""

    columns: _Places
    """Those that were read, by number, in order; of each its one type and its indexes."""
    tags: _Places
    indexes: tuple[tuple[bytes, ...], ...]
    way: Way
    words: _Places
    """Which of the columns that were read are more than numbers."""
    groups: tuple[tuple[int, _Places], ...]
    """By type, which of all cells that were read it has, in the order in which their numbers lie."""
    scaled: tuple[tuple[int, int, float, float], ...]
    """From where to where numbers lie that are scaled, and how."""


class _Straight(NamedTuple):
    """How what lies in an answer in such `places` becomes columns, with nothing made of it in between."""

    places: Sequence[Place]
    words: _Pick
    """Of the answer's values, column by column, those that are more than numbers."""
    groups: _Groups


class _Pattern:
    """How what is read becomes columns, the same object for devices that are alike: a shape made ready for use."""

    __slots__ = ("__weakref__", "_straight", "groups", "indexes", "layout", "live", "shape", "tags", "words")

    def __init__(self, shape: _Shape, layout: Layout) -> None:
        self.shape = shape
        self.layout = layout
        # As runs have them: what is compared in each poll is not made into something else first.
        self.tags = list(shape.tags)
        self.indexes = [list(each) for each in shape.indexes]
        self.words = _picking(shape.words)
        self.groups: _Groups = [(tag, _picking(places)) for tag, places in shape.groups]
        self.live = sum([len(places) for _, places in shape.groups])
        """How many numbers are read. Behind them lie those that stay."""
        self._straight: dict[int, _Straight] = {}
        """By the identity of the places, which they hold."""

    def straight(self, places: Sequence[Place]) -> _Straight:
        """The same object for the same places."""
        found = self._straight.get(id(places))
        if found is None:
            if len(self._straight) >= KNOWN:
                self._straight.clear()
            cuts = [cut for *_, cut in places]
            cells = [cell for cut in cuts for cell in range(cut.start, cut.stop, cut.step)]
            words = _cutting([cuts[word] for word in self.shape.words])
            groups = [(tag, _picking(tuple([cells[place] for place in each]))) for tag, each in self.shape.groups]
            found = self._straight[id(places)] = _Straight(places, words, groups)
        return found


_patterns: WeakValueDictionary[tuple[_Shape, int], _Pattern] = WeakValueDictionary()
"""By shape and the identity of the layout, which the pattern holds."""


class Again:
    """What is kept of a module's last poll for the one that comes."""

    __slots__ = ("_last", "_pattern", "_print", "_straight")

    def __init__(self) -> None:
        self._last: Compact | None = None
        self._pattern: _Pattern | None = None
        self._straight: _Straight | None = None
        """How the last answer was read, if it was as a whole."""
        self._print = 0

    def columns(self, harvest: Harvest, way: Way, room: float) -> Compact | None:
        """The columns; None where something is not as it was. A poll that has not asked here must `lapse`."""
        pattern, last = self._pattern, self._last
        if pattern is None or last is None:
            return None
        if way != pattern.shape.way or room < pattern.layout.size:
            return None
        straight, laid = self._straight, harvest.laid
        if laid is not None and straight is not None and laid.places is straight.places:
            words, groups, cells = straight.words(laid.values), straight.groups, laid.values
        else:
            if tuple(harvest.runs) != pattern.shape.columns:
                return None
            try:
                runs = [run for (run,) in harvest.runs.values()]
            except ValueError:
                return None  # a column of several types
            if [run.tag for run in runs] != pattern.tags or [run.indexes for run in runs] != pattern.indexes:
                return None
            raw = [run.values for run in runs]
            words, groups, cells = pattern.words(raw), pattern.groups, list(chain.from_iterable(raw))
            straight = None if laid is None else pattern.straight(laid.places)
        if _print(words) != self._print:
            return None
        numbers = _numbers(pattern, groups, cells, last.values[pattern.live :])
        self._straight, self._last = straight, Compact(pattern.layout, last.tables, numbers)
        return self._last

    def lapse(self) -> None:
        """Columns are made anew, and rows may be others then."""
        self._pattern = self._last = self._straight = None

    def learn(
        self, module: Module, harvest: Harvest, left: Harvest, way: Way, columns: Sequence[Column]
    ) -> Sequence[Column]:
        """The columns that were made the plain way of `left`, which is what was left of a harvest after refusals.

        What is neither read nor one of the module's must follow from the indexes and words that were. It takes two
        polls that read alike to be worth a pattern.
        """
        self.lapse()
        if size(columns) > SMALL or max(map(len, harvest.runs.values())) > 1:
            return columns
        uses, before = _uses(module), self._print
        self._print = _print([runs[0].values for column, runs in harvest.runs.items() if column in uses.words])
        if self._print != before:
            return columns
        drawn = _drawn(uses, harvest, left, way, columns)
        if drawn is None:
            return columns
        self._pattern, self._last = drawn
        return self._last


def _print(words: Iterable[Sequence[bytes]]) -> int:
    """A number that is another one when any of these cells is."""
    return hash(tuple(map(tuple, words)))


def _numbers(pattern: _Pattern, groups: _Groups, cells: Sequence[bytes], fixed: array[float]) -> array[float]:
    read = [decoded(pick(cells), tag) for tag, pick in groups]
    values = array("d", b"".join([*read, fixed]))
    for start, stop, scale, offset in pattern.shape.scaled:
        values[start:stop] = array("d", [value * scale + offset for value in values[start:stop]])
    return values


def _picking(places: _Places) -> _Pick:
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1)) if places else itemgetter(slice(0))


def _cutting(cuts: Sequence[slice]) -> _Pick:
    """Of each of these the values, as a sequence of its own."""
    if len(cuts) > 1:
        return itemgetter(*cuts)
    return lambda values: [values[cut] for cut in cuts]


def _drawn(
    uses: _Uses, harvest: Harvest, left: Harvest, way: Way, columns: Sequence[Column]
) -> tuple[_Pattern, Compact] | None:
    """A pattern, and the columns as it gives them. None where it does not give these columns."""
    asides = sum([type(column) is Aside for column in columns])
    if any(type(column) is Aside for column in columns[: len(columns) - asides]):
        return None
    sources = _sources(uses, harvest, left, columns)
    if sources is None:
        return None
    groups: dict[int, list[int]] = {}
    for source in sources:
        if source is not None:
            groups.setdefault(source.tag, []).extend(source.cells)
    # Group by group lie the numbers that are read, in the order of the columns; behind them those that stay.
    ends = dict(zip(groups, accumulate(map(len, groups.values()), initial=0), strict=False))
    end = sum(map(len, groups.values()))
    slices: list[slice] = []
    scaled: list[tuple[int, int, float, float]] = []
    fixed = array("d")
    for column, source in zip(columns, sources, strict=True):
        start = end + len(fixed) if source is None else ends[source.tag]
        slices.append(slice(start, start + len(column.values)))
        if source is None:
            fixed += column.values
            continue
        ends[source.tag] = slices[-1].stop
        if source.scale or source.offset:
            scaled.append((start, slices[-1].stop, source.scale or 1.0, source.offset))
    runs = [run for (run,) in harvest.runs.values()]
    shape = _Shape(
        tuple(harvest.runs),
        tuple([run.tag for run in runs]),
        tuple([tuple(run.indexes) for run in runs]),
        way,
        tuple([place for place, number in enumerate(harvest.runs) if number in uses.words]),
        tuple([(tag, tuple(group)) for tag, group in groups.items()]),
        tuple(scaled),
    )
    frame = laid(columns, fixed, slices, asides)
    pattern = _patterns.get((shape, id(frame.layout)))
    if pattern is None:
        pattern = _patterns[shape, id(frame.layout)] = _Pattern(shape, frame.layout)
    cells = [value for run in runs for value in run.values]
    made = Compact(frame.layout, frame.tables, _numbers(pattern, pattern.groups, cells, fixed))
    if [each.values.tobytes() for each in made] != [each.values.tobytes() for each in columns]:
        return None
    return pattern, made


class _Source(NamedTuple):
    """Where a column's numbers come from: which cells of all that were read, their type, and what is made of them."""

    tag: int
    cells: Sequence[int]
    scale: float
    offset: float


def _sources(
    uses: _Uses, harvest: Harvest, left: Harvest, columns: Sequence[Column]
) -> Sequence[_Source | None] | None:
    """Of each column; None for one that stays as it is. None at all where a column has other rows than were read."""
    places: dict[int, dict[bytes, int]] = {}
    end = 0
    for number, (run,) in harvest.runs.items():
        places[number] = dict(zip(run.indexes, range(end, end + len(run.indexes)), strict=True))
        end += len(run.indexes)
    found: list[_Source | None] = []
    for column in columns:
        series = uses.numbers.get(id(column.family))
        if series is None or series.column not in harvest.runs:
            found.append(None)
            continue
        at = places[series.column]
        wanted = [index for run in left.runs.get(series.column, ()) for index in run.indexes]
        if type(column) is Aside:
            served = frozenset(wanted)
            wanted = [index for index in at if index not in served]
        if len(wanted) != len(column.values):
            return None
        tag = harvest.runs[series.column][0].tag
        cells = [at[index] for index in wanted]
        found.append(_Source(_READ_AS.get(tag, tag), cells, series.metric.scale, series.metric.offset))
    return found
