"""Other worlds for the agent: a loop whose clock runs as fast as its tasks, and devices that do as a test says."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from collector.edge import Terms
from collector.errors import PollError, TimedOut
from collector.model import Column, Device, Dialogue, Edge, Family, Schedule, Target, column, rows, single

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Instead of waiting, moves the clock to where the wait would have ended."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        elif not ready and timeout is None:
            raise AssertionError("the test waits for something that nobody will do")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which an hour passes in milliseconds."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class Wall:
    """A host that knows the time of day and nothing else: 1 January 2026 plus the loop's time, plus `jump`."""

    system = "linux"
    jump = 0.0

    def wall(self) -> float:
        return 1767225600.0 + asyncio.get_running_loop().time() + self.jump


@dataclass
class Packet:
    at: float
    address: str
    data: bytes


class FakeWorld:
    """Carries dialogues to functions instead of wires. `answer(packet)` gives (delay in seconds, reply), or None."""

    def __init__(self, answer: Callable[[Packet], tuple[float, bytes] | None] = lambda p: (0.01, b"ok")) -> None:
        self.answer = answer
        self.host: Any = Wall()
        self.packets: list[Packet] = []
        self.outstanding: dict[tuple[str, int], int] = {}
        self.worst = 0

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def clock(self) -> float:
        return self.now()

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        key = (peers[0], port)
        self.outstanding[key] = self.outstanding.get(key, 0) + 1
        self.worst = max(self.worst, self.outstanding[key])
        try:
            while (packet := dialogue.send()) is not None:
                try:
                    while (delay := terms.pace.wait(self.now(), terms.deadline)) > 0:
                        await asyncio.sleep(delay)
                except PollError as error:
                    dialogue.expire(error.reason)
                    return
                sent = Packet(self.now(), peers[0], packet)
                self.packets.append(sent)
                terms.tally.count(dialogue.kind)
                reply = self.answer(sent)
                patience = min(dialogue.patience, terms.deadline - self.now())
                if reply is not None and reply[0] <= patience:
                    await asyncio.sleep(reply[0])
                    if dialogue.receive(reply[1]):
                        terms.tally.received += 1
                        terms.tally.waited += reply[0]
                        terms.pace.answered()
                        continue
                    patience -= reply[0]
                await asyncio.sleep(max(patience, 0))
                if self.now() >= terms.deadline:
                    dialogue.expire("timeout")
                    return
                dialogue.silence()
        finally:
            self.outstanding[key] -= 1


VALUE = Family("test_value", "What the device said.")
READ_AT = Family("test_read_at_seconds", "When it was read.")


@dataclass
class Questions:
    """A dialogue of `count` questions, each asked `tries` times at most."""

    count: int
    tries: int
    patience: float = 1.0
    answers: list[bytes] = field(default_factory=list)
    ended: str = ""
    kind: str = "get"
    _try: int = 0

    def send(self) -> bytes | None:
        if self.ended or len(self.answers) == self.count:
            return None
        return f"question {len(self.answers)}".encode()

    def receive(self, packet: bytes) -> bool:
        self.answers.append(packet)
        self._try = 0
        return True

    def silence(self) -> None:
        self._try += 1
        if self._try >= self.tries:
            self.ended = "timeout"

    def expire(self, reason: str) -> None:
        self.ended = reason


@dataclass(frozen=True)
class Asks:
    """A collector that asks `questions` and returns how many were answered, and when."""

    name: ClassVar[str] = "asks"
    questions: int = 1
    tries: int = 1

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        began = edge.now()
        dialogue = Questions(self.questions, self.tries)
        await edge.udp(dialogue)
        if not dialogue.answers:
            raise _error(dialogue.ended)
        labels = rows(("of",), [(target.module,)])
        return [column(VALUE, labels, (len(dialogue.answers),)), column(READ_AT, labels, (began,))]


class _Whisper(Questions):
    """Questions that no test device understands."""

    def send(self) -> bytes | None:
        return None if super().send() is None else b"?"


@dataclass(frozen=True)
class Mute:
    """A collector whose questions the device never answers."""

    name: ClassVar[str] = "mute"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        dialogue = _Whisper(1, 2)
        await edge.udp(dialogue)
        raise _error(dialogue.ended)


@dataclass(frozen=True)
class Does:
    """A collector that does what `function(target, edge)` does."""

    name: ClassVar[str] = "does"
    function: Callable[[Target, Edge], Any]

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        result = self.function(target, edge)
        if asyncio.iscoroutine(result):
            result = await result
        return result if isinstance(result, Sequence) else [single(VALUE, float(result))]


def _error(reason: str) -> PollError:
    for kind in PollError.__subclasses__():
        if kind.reason == reason:
            return kind(reason)
    return TimedOut(reason)


def device(name: str = "sw", address: str = "127.9.0.1", **fields: Any) -> Device:
    return Device(name, address, **fields)


def target(of: Device, module: str, collector: Any, interval: float = 60.0, timeout: float = 10.0) -> Target:
    return Target(of, module, collector, Schedule(interval, timeout, offset=7.0))


def value(columns: Sequence[Column], name: str, **labels: str) -> float | None:
    """The one sample of that name whose labels include `labels`; None where there is none."""
    found = [
        number
        for c in columns
        if c.family.name == name
        for values, number in zip(c.rows.values, c.values, strict=True)
        if labels.items() <= dict(zip(c.rows.names, values, strict=True)).items()
    ]
    assert len(found) <= 1, f"{name}{labels}: {found}"
    return found[0] if found else None


def labels(columns: Sequence[Column], name: str) -> Sequence[Mapping[str, str]]:
    return [dict(zip(c.rows.names, v, strict=True)) for c in columns if c.family.name == name for v in c.rows.values]
