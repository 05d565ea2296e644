"""Targets of one device that are asked together, and how; and how this machine is asked."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Sequence
from functools import partial
from types import coroutine
from typing import Any, cast

from collector.model import Column, Edge, Reading, Sociable, Target


def company(target: Target) -> str:
    """The word that targets have in common which are asked together (`model.Sociable`); empty: asked by itself."""
    return getattr(target.collector, "company", "")


def parties(targets: Sequence[Target]) -> Sequence[Sequence[Target]]:
    """Targets by conversation, each where the first of its party stands."""
    if len(targets) == 1:
        return (targets,)
    found: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        word = company(target)
        found.setdefault((word, "" if word else target.module), []).append(target)
    return tuple(found.values())


async def poll(party: Sequence[Target], edge: Edge) -> Sequence[Reading]:
    """Ask for one party. Raises the `PollError` that is that of all."""
    if len(party) > 1:
        return await cast(Sociable, party[0].collector).poll_together(party, edge)
    columns: Sequence[Column] = await party[0].collector.poll(party[0], edge)
    return (lambda: columns,)


class Rest:
    """A poll from where it has to wait."""

    __slots__ = ("_poll", "_waits_for")

    def __init__(self, poll: Coroutine[Any, Any, Sequence[Column]], waits_for: Any) -> None:
        self._poll = poll
        self._waits_for = waits_for

    async def readings(self) -> Sequence[Reading]:
        """As those of `poll`."""
        columns = await _resumed(self._poll, self._waits_for)
        return (lambda: columns,)


def first(poll: Coroutine[Any, Any, Sequence[Column]]) -> Reading | Rest:
    """As far as a poll comes without waiting: to its end, or to where it waits. A task would cost more than most polls
    of this machine do. It may go on in another task than it began in: what belongs to one, such as `asyncio.timeout`,
    is only for after its first wait."""
    try:
        waits_for = poll.send(None)
    except StopIteration as ended:
        columns: Sequence[Column] = ended.value
        return lambda: columns
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the reading raises
        return partial(raising, error)
    return Rest(poll, waits_for)


def raising(error: Exception) -> Sequence[Column]:
    """The reading of a poll that failed."""
    raise error


@coroutine
def _resumed(poll: Coroutine[Any, Any, Sequence[Column]], waits_for: Any) -> Generator[Any, Any, Sequence[Column]]:
    """What `await poll` does, for one that waits already."""
    while True:
        try:
            answer = yield waits_for
        except BaseException as error:  # noqa: BLE001 - a cancellation, mostly: it is the poll's
            step = partial(poll.throw, error)
        else:
            step = partial(poll.send, answer)
        try:
            waits_for = step()
        except StopIteration as ended:
            columns: Sequence[Column] = ended.value
            return columns
