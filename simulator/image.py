"""What a device has to tell: its objects in order, encoded once, shared by all devices that are alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

from simulator import ber
from simulator.ber import Arcs
from simulator.message import Request
from simulator.values import Fixed, Grow, Moment, Moving, Value

FLAWS = {(*ber.dotted("1.3.6.1.2.1.2.2.1"), column) for column in (13, 14, 19, 20)}
"""IF-MIB's columns of errors and discards."""

AFTERS = 5000
"""Names between objects whose place is remembered: the roots of columns, which every walk begins with."""


class Kept(NamedTuple):
    """A reply ready to be sent again: all but the request-id, and what there is to know of its question."""

    head: bytes
    tail: bytes
    kind: str
    version: int
    community: bytes
    varbinds: int
    repetitions: int


@dataclass(slots=True)
class _Hot:
    """A moving value as the hot loop wants it: a counter's numbers (`mask` 0: none), and the heads by width."""

    start: float
    rate: float
    mask: int
    value: Moving
    heads: list[bytes]

    @classmethod
    def of(cls, value: Moving) -> _Hot:
        heads = [b""] * 10
        return (
            cls(value.start, value.rate, value.mask, value, heads)
            if isinstance(value, Grow)
            else cls(0.0, 0.0, 0, value, heads)
        )


class Image:
    """Objects sorted by name. Position `i` is the i-th object; `len(image)` is one past the last.

    Fixed objects are kept as whole variable bindings. Of moving ones all but the content is kept, per width of the
    content, so that a counter costs one `to_bytes` and one concatenation when it is asked for.
    """

    __slots__ = (
        "_afters",
        "_hot",
        "_keys",
        "_positions",
        "_still",
        "claimed",
        "moving",
        "oids",
        "questions",
        "replies",
        "values",
        "varbinds",
    )

    def __init__(self, cells: Mapping[Arcs, Value] | Iterable[tuple[Arcs, Value]]) -> None:
        ordered = sorted(dict(cells).items())
        self._keys: list[Arcs] = [arcs for arcs, _ in ordered]
        self.values: list[Value] = [value for _, value in ordered]
        self.oids: list[bytes] = [ber.identifier(arcs) for arcs in self._keys]
        self.moving: list[Moving | None] = [None if isinstance(v, Fixed) else v for v in self.values]
        self.varbinds: list[bytes] = [
            ber.varbind(oid, v.tag, v.body) if isinstance(v, Fixed) else b""
            for oid, v in zip(self.oids, self.values, strict=True)
        ]
        self._positions = {oid: at for at, oid in enumerate(self.oids)}
        self._hot = [None if value is None else _Hot.of(value) for value in self.moving]
        self._still = list(accumulate((value is not None for value in self.moving), initial=0))
        self.claimed: set[int] = set()
        """Positions where some device has a value of its own: replies with them are not for all."""
        self.replies: dict[bytes, Kept] = {}
        """Replies made of fixed objects only, by packet without request-id: see `player`."""
        self.questions: dict[bytes, Request] = {}
        """Requests that were parsed before, by the same; their request-ids are of no meaning."""
        self._afters: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self.oids)

    def find(self, oid: bytes) -> int:
        """The position of exactly this object, or -1."""
        return self._positions.get(oid, -1)

    def after(self, oid: bytes) -> int:
        """The position of the first object after `oid`. Raises ValueError where `oid` is no identifier."""
        at = self._positions.get(oid)
        if at is not None:
            return at + 1
        at = self._afters.get(oid)
        if at is None:
            at = bisect_right(self._keys, ber.arcs_of(oid))
            if len(self._afters) < AFTERS:
                self._afters[oid] = at
        return at

    def arcs(self, at: int) -> Arcs:
        """The name at a position."""
        return self._keys[at]

    def body(self, at: int, moment: Moment) -> tuple[int, bytes]:
        """Tag and content of the value at a position."""
        value = self.values[at]
        return value.tag, value.body if isinstance(value, Fixed) else value.body(moment)

    def slice(self, start: int, stop: int, moment: Moment) -> list[bytes]:
        """The variable bindings of positions `start` to `stop`, encoded as they are at `moment`."""
        found = self.varbinds[start:stop]
        if self.still(start, stop):
            return found
        grown = moment.grown
        for offset, hot in enumerate(self._hot[start:stop]):
            if hot is None:
                continue
            if hot.mask:  # a counter: the same as its `body`, without the call
                value = int(hot.start + hot.rate * grown) & hot.mask
                width = (value.bit_length() >> 3) + 1
                body = value.to_bytes(width, "big")
            else:
                body = hot.value.body(moment)
                width = len(body)
            found[offset] = (hot.heads[width] or self._head(start + offset, hot, width)) + body
        return found

    def claim(self, positions: Iterable[int]) -> None:
        """A device has values of its own at these positions."""
        new = set(positions) - self.claimed
        if new:
            self.claimed |= new
            self.replies.clear()

    def still(self, start: int, stop: int) -> bool:
        """Whether nothing moves between two positions."""
        last = len(self.moving)
        return self._still[min(stop, last)] == self._still[min(start, last)]

    def steady(self, rate: float) -> Image:
        """The same with every counter growing by exactly `rate` a second, for tests of `rate()`: but for what counts
        errors and discards, which stays, or nearly half of its packets would be lost."""
        return Image(
            (arcs, replace(v, rate=0 if arcs[:-1] in FLAWS else rate) if isinstance(v, Grow) else v)
            for arcs, v in zip(self._keys, self.values, strict=True)
        )

    def over(self, cells: Mapping[Arcs, Value], without: Iterable[str] = ()) -> Image:
        """The same with other objects over and beside its own, and without those below some OIDs."""
        gone = tuple(ber.dotted(oid) for oid in without)
        own = zip(self._keys, self.values, strict=True)
        kept = {arcs: value for arcs, value in own if not any(arcs[: len(root)] == root for root in gone)}
        return Image(kept | dict(cells))

    def column(self, oid: str) -> Iterator[tuple[Arcs, Fixed]]:
        """The cells of a column that stay as they are, by name."""
        root = ber.dotted(oid)
        for arcs, value in zip(self._keys, self.values, strict=True):
            if arcs[: len(root)] == root and isinstance(value, Fixed):
                yield arcs, value

    def number(self, oid: str, *index: int) -> int:
        """A number that stays as it is; -1 where there is none."""
        at = self.find(ber.identifier((*ber.dotted(oid), *index)))
        value = self.values[at] if at >= 0 else None
        return int.from_bytes(value.body, "big") if isinstance(value, Fixed) else -1

    def _head(self, at: int, hot: _Hot, width: int) -> bytes:
        inner = ber.tlv(ber.IDENTIFIER, self.oids[at]) + bytes((hot.value.tag,)) + ber.length(width)
        hot.heads[width] = head = bytes((ber.SEQUENCE,)) + ber.length(len(inner) + width) + inner
        return head
