"""The attempts at a question, what belongs to them, and how many names go into a GET."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from collector.wire.snmp.habits import SPARE
from collector.wire.snmp.message import REPORT, Head, Question
from collector.wire.snmp.speech import Speech

_DRAWN = 256
"""Request ids that are drawn with one call of the system."""


class Asked(NamedTuple):
    """One attempt: an answer to any attempt of the question under way is welcome (F7)."""

    kind: Question
    names: tuple[bytes, ...]
    repetitions: int
    attempt: int
    at: float
    non_repeaters: int = 0
    """The first names of a GETBULK that are asked for once (`singles.Singles.along`)."""


Heard = tuple[bytes, Head, Asked | None]
"""The bytes in which an answer lies, its head, and the attempt that it answers; None: it is a report, from which the
speech has learned what it lacked, and the same question may be asked again."""

_drawn = array("I")


def request_id() -> int:
    """A request id: whoever can't see our packets shall not guess it (F8). For whichever thread asks."""
    while True:
        try:
            return _drawn.pop() & 0x7FFFFFFF or 1
        except IndexError:
            _drawn.frombytes(os.urandom(4 * _DRAWN))


class Attempts:
    """The attempts at the question under way."""

    __slots__ = ("_asked", "_speech", "last")

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self.last: Asked | None = None
        """What was asked last, in the clear."""
        self._asked: dict[int, Asked] = {}

    def packet(self, asked: Asked, longest: int) -> bytes | None:
        """One more attempt; None: its packet would be longer than `longest` bytes."""
        number = request_id()
        packet = self._speech.request(asked.kind, number, asked.names, asked.repetitions, asked.non_repeaters)
        if len(packet) > longest:
            return None
        self._asked[number] = self.last = asked
        return packet

    def alike(self, others: Attempts) -> bool:
        """Whether the latest attempts ask for the same."""
        mine, other = self.last, others.last
        return mine is not None and other is not None and mine._replace(attempt=other.attempt, at=other.at) == other

    def hear(self, packet: bytes) -> Heard | None:
        """What answers an attempt; None: it answers none. Raises Malformed."""
        heard = self._speech.read(packet)
        if heard is None:
            return None
        body, head = heard
        if head.pdu == REPORT:
            return body, head, None
        asked = self._asked.get(head.request_id)
        return None if asked is None else (body, head, asked)

    def clear(self) -> None:
        """The question is answered, or given up."""
        self._asked.clear()


def culprit(head: Head, asked: Asked) -> bytes | None:
    """The name at which an error status points; None: nobody knows."""
    if 0 < head.error_index <= len(asked.names):
        return asked.names[head.error_index - 1]
    return asked.names[0] if len(asked.names) == 1 else None


def batch(names: Iterable[bytes], most: int, room: int) -> tuple[bytes, ...]:
    """The first names that fit into one GET of `room` bytes; one always does."""
    found: list[bytes] = []
    size = SPARE
    for name in names:
        size += len(name) + 8
        if found and (len(found) >= most or size > room):
            break
        found.append(name)
    return tuple(found)
