"""Who may send, and how much. Decided by address alone: nothing of a datagram is read for it.

One device's storm must not drown another's trap (RELIABILITY G5): each has its own bucket, and devices take turns.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from collector.model import Auth
from collector.network.traps.notice import Refused

LONGEST: Final = 8192
"""Bytes of the longest datagram that is read. A trap should fit into one frame; RFC 3417 asks for 484 at least."""
PORTION: Final = 512
"""Bytes for which one token pays: what a datagram costs to read grows with its length."""
MOST_WAITING: Final = 20_000
"""Datagrams that wait to be read, of all devices. Some 10 s of work at most."""
MOST_BYTES: Final = 32 << 20
"""And how long they are together."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A device that may send traps, from any of `addresses` (literal). `auth` None: it has no credentials."""

    name: str
    addresses: tuple[str, ...]
    auth: Auth | None


@dataclass(frozen=True, slots=True)
class Limits:
    """`rate`: datagrams a second, for ever; `burst`: at once. Of one address; a long datagram counts as several."""

    rate: float = 100.0
    burst: float = 1000.0


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came, whence (as the socket gave it), and who has that address."""

    data: bytes
    source: tuple[object, ...]
    senders: Sequence[Sender]


class _Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at


class Queue:
    """Datagrams from listed addresses, within their limits, in turns."""

    def __init__(self) -> None:
        self.limits = Limits()
        self._senders: Mapping[str, Sequence[Sender]] = {}
        self._buckets: dict[str, _Bucket] = {}
        self._waiting: OrderedDict[str, deque[Datagram]] = OrderedDict()
        self._count = 0
        self._bytes = 0

    def __len__(self) -> int:
        return self._count

    def load(self, senders: Iterable[Sender], limits: Limits) -> None:
        """Listen to these from now on. What waits stays; who is no longer listed is not read any more."""
        self.limits = limits
        by_address: dict[str, list[Sender]] = {}
        for sender in senders:
            for address in dict.fromkeys(sender.addresses):
                by_address.setdefault(address, []).append(sender)
        self._senders = by_address
        self._buckets = {address: bucket for address, bucket in self._buckets.items() if address in by_address}

    def put(self, data: bytes, source: tuple[object, ...], now: float) -> None:
        """Take a datagram in. Raises Refused. `now` in monotonic seconds."""
        address = str(source[0])
        senders = self._senders.get(address)
        if senders is None:
            address = plain(address)
            senders = self._senders.get(address)
            if senders is None:
                raise Refused("unknown_source")
        if len(data) > LONGEST:
            raise Refused("too_long")
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = _Bucket(self.limits.burst, now)
        tokens = min(bucket.tokens + (now - bucket.at) * self.limits.rate, self.limits.burst)
        price = 1 + len(data) // PORTION
        bucket.at = now
        bucket.tokens = tokens
        if tokens < price:
            raise Refused("rate")
        if self._count >= MOST_WAITING or self._bytes + len(data) > MOST_BYTES:
            raise Refused("queue_full")
        bucket.tokens = tokens - price
        self._waiting.setdefault(address, deque()).append(Datagram(data, source, senders))
        self._count += 1
        self._bytes += len(data)

    def take(self) -> Datagram | None:
        """The next to be read: of the address whose turn it is."""
        if not self._waiting:
            return None
        address, waiting = next(iter(self._waiting.items()))
        datagram = waiting.popleft()
        self._count -= 1
        self._bytes -= len(datagram.data)
        if waiting:
            self._waiting.move_to_end(address)
        else:
            del self._waiting[address]
        return datagram


def plain(address: str) -> str:
    """An address as the inventory writes it: an IPv4 one that came in through an IPv6 socket is IPv4, no zone."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
