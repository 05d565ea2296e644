"""The GETs of a conversation: how many names go into one, and what an answer means for each of them."""

from __future__ import annotations

from collections.abc import Iterable

from collector.errors import Malformed
from collector.wire.snmp import ber, message, outcome, question, said
from collector.wire.snmp.agenda import Agenda
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.question import Asked
from collector.wire.snmp.speech import Speech
from collector.wire.snmp.walk import Harvest


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

    def batch(self, tries: int) -> tuple[bytes, ...]:
        """Names for the next GET: as many as class, module, version and experience allow."""
        if not self._speech.bulk or tries or self._learned.lone_gets or self._leaf:
            return (self._agenda.names[0],)
        most = min(self._most, self._narrowed or self._most)
        return question.batch(self._agenda.ahead(), most, self._limits.request_bytes - self._speech.overhead)

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
        if asked.attempt and len(self._agenda.names) > 1 and not self._learned.lone_gets and self._speech.bulk:
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
