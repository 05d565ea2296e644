"""One attempt at a question, and how many names go into a GET."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import NamedTuple

from collector.wire.snmp.habits import SPARE
from collector.wire.snmp.message import Question

_RANDOM = random.SystemRandom()


class Asked(NamedTuple):
    """One attempt: an answer to any attempt of the question under way is welcome (F7)."""

    kind: Question
    names: tuple[bytes, ...]
    repetitions: int
    attempt: int
    at: float


def request_id() -> int:
    """Whoever can't see our packets shall not guess their ids (F8)."""
    return _RANDOM.getrandbits(31) or 1


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
