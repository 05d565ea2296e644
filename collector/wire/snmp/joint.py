"""Several modules of one device, asked at once: the union of what they need, nothing of it twice.

Compiled once for each combination of modules and shared by every device that has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from collector.wire.snmp.habits import DEFAULT_REPETITIONS, most_repetitions
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import Plan, Turn, compile
from collector.wire.snmp.sieve import Sieve
from collector.wire.snmp.units import Unit, units
from collector.wire.snmp.walk import Columns, Harvest, minimal

_ASUNDER = -1
"""A column that holds several of a module's."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What to ask for several plans, in their order. `columns` are the widest of theirs.

    `inner` are, by root, narrower roots of other plans within it; `wishes` the most repetitions by root.
    """

    plans: tuple[Plan, ...]
    columns: Columns
    gets: tuple[bytes, ...]
    roots: tuple[bytes, ...]
    turns: tuple[Turn, ...]
    units: Mapping[bytes, Unit]
    scalars: frozenset[bytes]
    inner: Mapping[bytes, tuple[bytes, ...]]
    wishes: Mapping[bytes, int]
    disordered: tuple[bytes, ...]
    """Roots in which a plan expects OIDs that do not increase."""
    max_repetitions: int
    """For GETs, and for a root that is in no plan."""
    places: tuple[Mapping[int, int], ...]
    """By plan: the number of its column for one here, `_ASUNDER` where there are several."""
    asunder: tuple[Sequence[int], ...]
    """By plan: the columns here that hold several of its own."""
    filters: tuple[Sieve, ...] = ()
    """None: what a filter finds decides what is asked, so such a module is asked by itself."""

    def wish(self, root: bytes) -> int:
        """Most repetitions below `root`: of several plans the least, for there is a device behind it."""
        return self.wishes.get(root, self.max_repetitions)

    def any_order(self, root: bytes) -> bool:
        return root.startswith(self.disordered)

    def own(self, number: int, columns: Collection[int]) -> frozenset[int]:
        """The plan's numbers for columns here; those that hold several of its columns are left out."""
        places = self.places[number]
        return frozenset([places[column] for column in columns if column in places]) - {_ASUNDER}

    def share(self, number: int, harvest: Harvest) -> Harvest:
        """What of a harvest is the plan's with that number, as if it had been asked alone."""
        plan, places, read = self.plans[number], self.places[number], harvest.runs
        mine = Harvest(plan.columns)
        # Hot: for each device in each poll.
        mine.runs = {place: read[column] for column, place in places.items() if column in read and place != _ASUNDER}
        for column in self.asunder[number]:
            prefix = self.columns.prefixes[column]
            for run in read.get(column, ()):
                for index, value in zip(run.indexes, run.values, strict=True):
                    mine.add(prefix + index, run.tag, value)
        return mine


@lru_cache(maxsize=512)
def join(modules: tuple[Module, ...]) -> Joint:
    """The union of several modules' plans; the same object for the same modules in the same order."""
    plans = tuple(map(compile, modules))
    columns = Columns(minimal(list(dict.fromkeys(prefix for plan in plans for prefix in plan.columns.prefixes))))
    roots = minimal([root for plan in plans for root in plan.roots])
    gets = tuple(dict.fromkeys(get for plan in plans for get in plan.gets if not get.startswith(roots)))
    within = {root: [plan for plan in plans if _inside(plan, root)] for root in roots}
    places = tuple(_places(plan, columns) for plan in plans)
    disordered = [root for root, several in within.items() if any(plan.any_order(root) for plan in several)]
    return Joint(
        plans=plans,
        columns=columns,
        gets=gets,
        roots=roots,
        turns=_turns(plans, roots, gets),
        units=units(roots, columns),
        scalars=frozenset().union(*(plan.scalars for plan in plans)),
        inner={root: inner for root, several in within.items() if (inner := _inner(root, several))},
        wishes={root: _least(several) for root, several in within.items()},
        disordered=tuple(disordered),
        max_repetitions=_least(plans),
        places=places,
        asunder=tuple([n for n, place in each.items() if place == _ASUNDER] for each in places),
    )


def _least(plans: Sequence[Plan]) -> int:
    return min((plan.max_repetitions for plan in plans), key=most_repetitions, default=DEFAULT_REPETITIONS)


def _inside(plan: Plan, root: bytes) -> bool:
    return any(own.startswith(root) for own in plan.roots)


def _inner(root: bytes, plans: Sequence[Plan]) -> tuple[bytes, ...]:
    return minimal([own for plan in plans for own in plan.roots if own.startswith(root) and own != root])


def _turns(plans: Sequence[Plan], roots: Sequence[bytes], wanted: Sequence[bytes]) -> tuple[Turn, ...]:
    """Each plan's turn: what it needs and none before it does. A root may take as long as any plan that it serves."""
    asked: set[bytes] = set()
    turns = []
    for number, plan in enumerate(plans):
        wide = [root for root in roots if _inside(plan, root) and root not in asked]
        gets = [get for get in plan.gets if get in wanted and get not in asked]
        asked.update(wide, gets)
        served = {number} | {n for n, other in enumerate(plans) if any(_inside(other, root) for root in wide)}
        turns.append(Turn(tuple(gets), tuple(wide), tuple(sorted(served))))
    return tuple(turns)


def _places(plan: Plan, columns: Columns) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for number, prefix in enumerate(plan.columns.prefixes):
        place = columns.find(prefix)
        same = columns.prefixes[place] == prefix and place not in found
        found[place] = number if same else _ASUNDER
    return found
