"""Who may hold a connection, and for how long (RELIABILITY part 3, D1, D2, D9).

A connection takes a seat when it is accepted, before any TLS handshake. Where seats run out the one goes that has
been waiting longest for its client, so that many slow clients cannot keep a quick one out; never one whose answer is
being made. Every deadline ends in `abort`: `close` would wait for a client that does not read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final, Generic, Literal, TypeVar

LOOKS: Final = 5
"""Rounds of the event loop that a client gets after its deadline. Where the loop itself stood still, the request waits
in the socket: one round reads it, one begins to answer; the others are to spare."""
LOOK: Final = 0.01
"""Seconds that such a round takes at least."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, connections and bytes (RELIABILITY part 3, "slow clients")."""

    header: float = 5.0
    """From the first byte of a request, or the connection's beginning, to the end of its headers; also the handshake's
    and a body's deadline."""
    idle: float = 15.0
    """Between two requests of a connection."""
    write: float = 30.0
    """For a whole answer to be taken."""
    per_address: int = 64
    """Connections of one address that ask, idle or take their answer; those that wait for us do not count."""
    total: int = 512
    line: int = 8190
    """Longest request line and header field in bytes."""
    held: int = 16 * 1024 * 1024
    """Bytes of answers in memory because clients have not taken all of them yet, over all connections."""
    waiting_per_device: int = 16
    """Requests that may wait for one device; more get 429."""


class Queues(Generic[K]):
    """Requests that wait for the same thing, at most so many for each."""

    __slots__ = ("_most", "_waiting", "total")

    def __init__(self, most: int) -> None:
        self.total = 0
        """Requests that wait, over all."""
        self._most = most
        self._waiting: dict[K, int] = {}

    def enter(self, what: K) -> bool:
        """Whether one more may wait for it, which then must `leave`."""
        waiting = self._waiting.get(what, 0)
        if waiting >= self._most:
            return False
        self._waiting[what] = waiting + 1
        self.total += 1
        return True

    def leave(self, what: K) -> None:
        left = self._waiting[what] = self._waiting[what] - 1
        self.total -= 1
        if not left:
            del self._waiting[what]


State = Literal["reading", "idle", "handling", "writing"]


class Seat:
    """One connection, from accept to its end. Create through `Seats.take`."""

    __slots__ = (
        "_deadline",
        "_gone",
        "_looks",
        "_seats",
        "_timer",
        "address",
        "greeting",
        "held",
        "since",
        "state",
        "transport",
    )

    def __init__(self, seats: Seats, address: str, now: float) -> None:
        self._seats = seats
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = float("inf")
        self._looks = 0
        self._gone = False
        self.address = address
        self.state: State = "reading"
        self.since = now
        """When this state began; when writing, when the client last took something."""
        self.transport: asyncio.Transport | None = None
        self.greeting: asyncio.Task[None] | None = None
        """The TLS handshake, until there is a transport."""
        self.held = 0

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """To ask for the running one is a call to the kernel."""
        return self._seats.loop

    @property
    def limits(self) -> Limits:
        return self._seats.limits

    def admit(self, size: int) -> None:
        self._seats.admit(self, size)

    def wait(self, state: State, seconds: float) -> None:
        """The client's turn: it has `seconds`."""
        if self._gone:  # it left while its answer was being made
            return
        self.state = state
        self.since = self._seats.loop.time()
        self._deadline = self.since + seconds
        self._looks = 0
        if self._timer is None:
            self._timer = self._seats.loop.call_at(self._deadline, self._check)
        elif self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = self._seats.loop.call_at(self._deadline, self._check)

    def handle(self) -> None:
        """Our turn."""
        self.state = "handling"
        self._deadline = float("inf")

    def progressed(self) -> None:
        """The client took some."""
        self.since = self._seats.loop.time()

    def hold(self, size: int) -> None:
        """An answer of `size` bytes is in memory for the client; 0: no longer."""
        self._seats.held += size - self.held
        self.held = size

    def end(self, reason: str) -> None:
        """Cut the connection off now, counted under `reason`."""
        if self._gone:
            return
        self._seats.ended[reason] += 1
        if self.transport is not None:
            self.transport.abort()
        elif self.greeting is not None:
            self.greeting.cancel()
        self.leave()

    def leave(self) -> None:
        """Give the seat up. May be called twice."""
        self._gone = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deadline = float("inf")
        self.hold(0)
        self._seats.left(self)

    def _check(self) -> None:
        self._timer = None
        if self._deadline == float("inf"):
            return
        now = self._seats.loop.time()
        if now < self._deadline:
            self._timer = self._seats.loop.call_at(self._deadline, self._check)
        elif self._looks < LOOKS:
            self._looks += 1
            self._timer = self._seats.loop.call_at(now + LOOK, self._check)
        else:
            self.end(f"slow_{self.state}")


class Seats:
    """All connections. Create it inside the event loop."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.held = 0
        self.ended: Counter[str] = Counter()
        """Connections cut off, by reason."""
        self._taken: dict[str, dict[Seat, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def take(self, address: str) -> Seat | None:
        """A seat for a connection just accepted from `address`; None: there is none to be had."""
        key = _key(address)
        # A request in the making is our slowness, not the client's: one Prometheus may wait for many dead devices.
        mine = [seat for seat in self._taken.get(key, {}) if seat.state != "handling"]
        if len(mine) >= self.limits.per_address and not _make_room(mine):
            self.ended["refused"] += 1
            return None
        if self._count >= self.limits.total and not _make_room([s for each in self._taken.values() for s in each]):
            self.ended["refused"] += 1
            return None
        seat = Seat(self, key, self.loop.time())
        self._taken.setdefault(key, {})[seat] = None
        self._count += 1
        return seat

    def left(self, seat: Seat) -> None:
        mine = self._taken.get(seat.address, {})
        if seat in mine:
            del mine[seat]
            self._count -= 1
            if not mine:
                del self._taken[seat.address]

    def make_room(self) -> bool:
        """Cut off the connection that waits longest for its client, if there is one."""
        return _make_room([s for each in self._taken.values() for s in each])

    def admit(self, seat: Seat, size: int) -> None:
        """Begin to send `size` bytes. Whoever takes its answer most slowly makes room where memory runs short."""
        while self.held and self.held + size > self.limits.held:
            slowest = min(
                (s for each in self._taken.values() for s in each if s.held and s is not seat),
                key=lambda s: s.since,
                default=None,
            )
            if slowest is None:
                break
            slowest.end("evicted")
        seat.wait("writing", self.limits.write)
        seat.hold(size)

    def end_all(self, *, waiting: bool = False) -> None:
        """Cut all off; `waiting`: only those from whom nothing but a request is waited for."""
        for each in list(self._taken.values()):
            for seat in list(each):
                if not waiting or seat.state in ("reading", "idle"):
                    seat.end("shutdown")


_EVICTION: Final[dict[State, int]] = {"reading": 0, "idle": 0, "writing": 1}


def _make_room(seats: list[Seat]) -> bool:
    """End the seat that waits longest for its client to ask, else for its client to take an answer."""
    waiting = [s for s in seats if s.state in _EVICTION]
    if not waiting:
        return False
    min(waiting, key=lambda s: (_EVICTION[s.state], s.since)).end("evicted")
    return True


def _key(address: str) -> str:
    """What counts as one address: an IPv6 client owns a whole /64."""
    if ":" not in address:
        return address
    packed = IPv6Address(address.partition("%")[0])
    return str(packed.ipv4_mapped or int(packed) >> 64)
