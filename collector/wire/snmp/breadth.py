"""What is read abreast in a conversation, and how much at a time: what the device has shown that it bears."""

from __future__ import annotations

from collections.abc import Sequence

from collector.wire.snmp.abreast import Abreast, fit
from collector.wire.snmp.agenda import Agenda
from collector.wire.snmp.habits import FRAME, Learned, Limits, most_repetitions
from collector.wire.snmp.joint import Joint
from collector.wire.snmp.lean import Diet
from collector.wire.snmp.plan import Plan
from collector.wire.snmp.row import FEW
from collector.wire.snmp.units import Unit, named, together
from collector.wire.snmp.walk import Harvest


class Breadth:
    """`room` is for how many bytes of reply is asked; 0: nothing is read abreast."""

    __slots__ = ("_agenda", "_learned", "_less", "_limits", "_plan", "_several", "_together", "room")

    def __init__(
        self, plan: Plan | Joint, diet: Diet, agenda: Agenda, learned: Learned, limits: Limits, room: int
    ) -> None:
        self.room = room
        self._plan = plan
        self._less = diet.roots
        self._agenda = agenda
        self._several: Sequence[Unit] = ()
        self._together: Unit | None = None
        """What was last read together."""
        self._learned = learned
        self._limits = limits

    def unit(self, root: bytes) -> Unit | None:
        """What is read in one go with what is below `root`, of what is still to be read; None: it is walked.

        Tables of few rows are read together, wherever they are: a question costs a device, and us, more than rows do.
        """
        planned = self._planned(root)
        if planned is None:
            return None
        unit = self._left(root, planned)
        if not (rows := self._few(unit)):
            return unit
        several = [unit]
        varbinds = self._learned.varbinds(self.room, unit.first)
        columns = [column for table in unit.tables for column in table]
        for other in [each for each in self._agenda.coming() if each not in unit.roots]:
            found = self._planned(other)
            if found is None or not (more := self._few(found)) or any(other in each.roots for each in several):
                continue
            wider = columns + [column for table in found.tables for column in table]
            wish = min(self.wish(unit), self.wish(found))
            if fit(wider, max(rows, more), wish, varbinds, self._limits):
                several.append(self._left(other, found))
                columns, rows = wider, max(rows, more)
        if len(several) == 1:
            return unit
        self._several, self._together = several, together(tuple(several))
        self._learned.rows[named(*self._together.tables)] = rows - 1
        return self._together

    def _few(self, unit: Unit) -> int:
        """Rows to ask for where all tables of a unit are known to have few: one more than they have. Else 0."""
        known = [self._learned.rows.get(named(table), FEW) for table in unit.tables]
        return max(known) + 1 if known and max(known) < FEW else 0

    def _planned(self, root: bytes) -> Unit | None:
        return (self._less.get(root) or self._plan.units.get(root)) if self._bears(root) else None

    def _left(self, root: bytes, unit: Unit) -> Unit:
        """What is still to be read of what is planned for `root`."""
        beside = self._agenda.beside(frozenset(filter(self._bears, unit.roots))) | {root}
        return unit.only([each for each in unit.roots if each in beside], self._plan.columns)

    def _bears(self, root: bytes) -> bool:
        return self.room > 0 and root not in self._learned.lone_walks and not self._plan.any_order(root)

    def wish(self, unit: Unit) -> int:
        """Most repetitions for a unit: of several subtrees' the least."""
        return min(most_repetitions(self._plan.wish(root)) for root in unit.roots)

    def varbinds(self, walk: Abreast) -> int:
        """How many varbinds the next reply may hold."""
        return self._learned.varbinds(self.room, walk.unit.first, walk.size)

    def done(self, walk: Abreast) -> None:
        """All of it was read: its size is known for the next poll."""
        self._learned.sizes[walk.unit.first] = walk.size
        rows = self._learned.rows
        if walk.unit is self._together and (found := rows[named(*walk.unit.tables)]) >= FEW:
            # One of the tables has grown. Which one shows when each is asked for by itself.
            rows.update({named(table): found for unit in self._several for table in unit.tables})

    def walked(self, harvest: Harvest) -> None:
        """Everything was walked, and nothing went wrong: it shows how many rows there are to be read abreast."""
        numbers, runs = self._plan.columns, harvest.runs
        for table in [table for unit in self._plan.units.values() for table in unit.tables]:
            if named(table) not in self._learned.rows:
                cells = [sum([len(run.indexes) for run in runs.get(numbers.number(column), ())]) for column in table]
                self._learned.rows[named(table)] = max(cells)

    def step_back(self) -> bool:
        """Replies of one frame at most: remembered of the device. False where they were no larger already."""
        was, self.room = self.room, min(self.room, FRAME)
        if was and self._learned.clean > 0:  # once a poll, though it may be met again in a frame
            self._learned.set_back()
        return was > FRAME
