"""What is read abreast in a conversation, and how much at a time: what the device has shown that it bears."""

from __future__ import annotations

from collector.wire.snmp.abreast import Abreast
from collector.wire.snmp.agenda import Agenda
from collector.wire.snmp.habits import FRAME, Learned, most_repetitions
from collector.wire.snmp.joint import Joint
from collector.wire.snmp.lean import Diet
from collector.wire.snmp.plan import Plan
from collector.wire.snmp.units import Unit


class Breadth:
    """`room` is for how many bytes of reply is asked: no more than a frame where nothing is read abreast."""

    __slots__ = ("_agenda", "_learned", "_less", "_plan", "room")

    def __init__(self, plan: Plan | Joint, diet: Diet, agenda: Agenda, learned: Learned, room: int) -> None:
        self.room = room
        self._plan = plan
        self._less = diet.roots
        self._agenda = agenda
        self._learned = learned

    def unit(self, root: bytes) -> Unit | None:
        """What is read in one go with what is below `root`, of what is still to be read; None: it is walked."""
        unit = (self._less.get(root) or self._plan.units.get(root)) if self._bears(root) else None
        if unit is None or len(unit.roots) == 1:
            return unit
        together = self._agenda.beside(frozenset(filter(self._bears, unit.roots))) | {root}
        return unit.only([each for each in unit.roots if each in together], self._plan.columns)

    def _bears(self, root: bytes) -> bool:
        return self.room > FRAME and root not in self._learned.lone_walks and not self._plan.any_order(root)

    def wish(self, unit: Unit) -> int:
        """Most repetitions for a unit: of several subtrees' the least."""
        return min(most_repetitions(self._plan.wish(root)) for root in unit.roots)

    def varbinds(self, walk: Abreast) -> int:
        """How many varbinds the next reply may hold."""
        return self._learned.varbinds(self.room, walk.unit.first, walk.size)

    def done(self, walk: Abreast) -> None:
        """All of it was read: its size is known for the next poll."""
        self._learned.sizes[walk.unit.first] = walk.size

    def step_back(self) -> bool:
        """No more large replies: remembered of the device. False where they were no larger already."""
        was, self.room = self.room, FRAME
        if was > FRAME:
            self._learned.set_back()
        return was > FRAME
