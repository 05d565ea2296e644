"""The GETs of a conversation: how many names go into one, and what an answer means for each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from operator import lt

from collector.errors import Malformed
from collector.wire.snmp import ber, message, outcome, question, said
from collector.wire.snmp.agenda import Agenda
from collector.wire.snmp.habits import AROUND, SPARE, Learned, Limits
from collector.wire.snmp.question import Asked
from collector.wire.snmp.speech import Speech
from collector.wire.snmp.walk import Harvest

Value = tuple[bytes, int, bytes]
"""Raw OID, tag and content."""


class Singles:
    """Asks for `agenda.names`. `malformed` counts bodies that made no sense, `refused` is the last error status.

    `early_signs` and `signs` are what `agenda`'s signs were before all was read, and after.
    """

    __slots__ = (
        "_agenda", "_leaf", "_learned", "_limits", "_lone_answers", "_most", "_narrowed", "_speech", "early_signs",
        "malformed", "refused", "signs",
    )  # fmt: skip

    def __init__(self, agenda: Agenda, speech: Speech, limits: Limits, learned: Learned, repetitions: int) -> None:
        self.malformed = self.refused = 0
        self.early_signs: dict[bytes, int] = {}
        self.signs: dict[bytes, int] = {}
        self._agenda = agenda
        self._speech = speech
        self._limits = limits
        self._learned = learned
        self._most = min(limits.varbinds, max(repetitions, 1))
        self._narrowed = 0
        self._lone_answers = 0
        self._leaf = False
        """Names are walks' roots in which there was nothing: perhaps values themselves (CONTRACTS 3), perhaps not."""

    def try_leaves(self, names: Iterable[bytes]) -> None:
        """Ask for these too; it is no loss if they are not there."""
        self._agenda.names.extend(names)
        self._leaf = bool(self._agenda.names)

    def batch(self, lone: bool) -> tuple[bytes, ...]:
        """Names for the next GET: as many as class, module, version and experience allow, or one alone."""
        if lone or not self._speech.bulk or self._learned.lone_gets or self._leaf:
            return (self._agenda.names[0],)
        most = min(self._most, self._narrowed or self._most)
        return question.batch(self._agenda.ahead(), most, self._limits.request_bytes - self._speech.overhead)

    def along(self, names: Sequence[bytes], roots: Collection[bytes], varbinds: int) -> tuple[bytes, ...]:
        """What is to be asked for at the end, as the non-repeaters of a GETBULK for `names`, with whose answer the walk
        of `roots` is thought to be over: then it costs no question of its own. Nothing where other walks are still to
        come, or where it does not fit into `varbinds`, or may not be borne.

        A non-repeater asks for what comes after a name, so only values whose names end in 0 can be asked for so.
        """
        last = self._agenda.last(roots)
        if not last or self._narrowed or self._learned.lone_gets or self._learned.lone_rows:
            return ()
        along, size = _non_repeaters(tuple(last), tuple(names))
        fits = (
            len(last) <= min(self._most, varbinds)
            and len(last) + len(names) <= self._limits.varbinds
            and size <= self._limits.request_bytes - self._speech.overhead
        )
        return along if fits else ()

    def come(self, found: Sequence[Value], harvest: Harvest) -> None:
        """All else is read, and what went along with the last question came, as `sound` has it."""
        self._agenda.finish()
        for name, tag, content in found:
            if name in self._agenda.names:
                self._keep(name, tag, content, harvest)
        self._drop(set(self._agenda.names))

    def take(self, packet: bytes, head: message.Head, asked: Asked, harvest: Harvest) -> bool:
        """Whether the answer could be taken into `harvest`."""
        if head.error_status:
            self._error(head, asked)
            return True
        found, stray = set(), False
        try:
            for name, tag, content in message.varbinds(packet, head):
                # Never stored under the name that was asked for (F6): only an exact match counts.
                if name not in asked.names:
                    stray = True
                elif name not in found:
                    found.add(name)
                    if tag not in ber.ABSENT:
                        self._keep(name, tag, content, harvest)
        except Malformed:
            self.malformed += 1
        if not found and not stray:
            return False
        if stray:
            self._agenda.lose(asked.names, "wrong_oid")
            found.update(asked.names)
        alone = asked.attempt and len(asked.names) == 1 < len(self._agenda.names)
        if alone and not self._learned.lone_gets and self._speech.bulk:
            # One varbind was answered where several were not (F5). Twice is a habit, once may be loss.
            self._lone_answers += 1
            if self._lone_answers > 1:
                self._learned.doubt_gets()
        self._drop(found)
        return True

    def _keep(self, name: bytes, tag: int, content: bytes, harvest: Harvest) -> None:
        if self._agenda.is_sign(name):
            seen = self.signs if self._agenda.ending else self.early_signs
            if isinstance(number := ber.number(tag, content), int):
                seen[name] = number
            if not self._agenda.is_value(name):
                return
        harvest.add(name, tag, content)

    def _error(self, head: message.Head, asked: Asked) -> None:
        """An error status: what it points at is left out, the rest is asked again."""
        if head.error_status == message.TOO_BIG and len(asked.names) > 1:
            self._narrowed = len(asked.names) // 2
            return
        culprit = question.culprit(head, asked)
        if culprit is None:
            self._narrowed = 1
            return
        if head.error_status != message.NO_SUCH_NAME and not self._leaf:
            self._agenda.lose((culprit,), outcome.word(head.error_status), said.status(head.error_status))
            if head.error_status != message.TOO_BIG:
                self.refused = head.error_status
        self._drop({culprit})

    def give_up(self, reason: str) -> None:
        """No answer: what was asked for in this turn is left, or the first name alone where it can't be asked."""
        names = self._agenda.company() if reason == "timeout" else {self._agenda.names[0]}
        if not self._leaf:
            self._agenda.lose(names, reason)
        self._drop(names)

    def end_turn(self) -> None:
        """There is no more time for the names of this turn."""
        if self._agenda.names:
            self.give_up("timeout")

    def _drop(self, names: set[bytes]) -> None:
        self._agenda.drop(names)
        self._leaf = self._leaf and bool(self._agenda.names)


@lru_cache(maxsize=1024)
def _non_repeaters(values: tuple[bytes, ...], names: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], int]:
    """What to ask for to get these values beside rows of `names`, and the bytes of such a question; nothing to ask for
    where the answer would not tell. Devices alike are asked for the same in each poll."""
    along = tuple(sorted([name[:-1] for name in values]))
    size = SPARE + sum([len(name) + AROUND for name in (*values, *names)])
    return along if all(map(_sole, values)) and _tells(along, names) else (), size


def _sole(name: bytes) -> bool:
    """Whether a raw OID ends in the arc 0."""
    return name[-1] == 0 and name[-2] < 0x80


def _tells(along: Sequence[bytes], names: Sequence[bytes]) -> bool:
    """Whether an agent that repeats everything gives itself away: in the second row, where `names` are looked for, come
    what is behind the first non-repeaters, and the first names behind the last ones. One of them has to go back."""
    count = len(along)
    return any(map(lt, along, names)) or (len(names) > count and names[0] < names[count])


def sound(asked: Asked, packet: bytes, head: message.Head) -> tuple[list[Value], int]:
    """The values that came for non-repeaters, each under its own name, and where the rows begin. What comes after a
    name and is not its value 0 says that there is none. Raises Malformed for what does not come after it, and for an
    error status."""
    if head.error_status:
        raise Malformed("refused, perhaps for the non-repeaters")
    oids, tags, contents, at = message.several(packet, head.start, head.stop, asked.non_repeaters)
    if len(oids) < asked.non_repeaters:
        raise Malformed("a non-repeater without an answer")
    found = []
    for name, oid, tag, content in zip(asked.names, oids, tags, contents, strict=False):
        if tag == ber.END_OF_MIB_VIEW:
            continue
        if not ber.after(oid, name):
            raise Malformed("back from a non-repeater")
        if oid == name + b"\0" and tag not in ber.ABSENT:
            found.append((oid, tag, content))
    return found, at
