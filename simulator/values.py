"""What stands behind an object: a fixed value, or one that moves as a function of time.

A moving value is a pure function of the device's clock: it costs nothing while nobody asks, two questions at the same
instant get the same answer, and a run can be repeated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from simulator import ber


class Moment(NamedTuple):
    """When a device is asked: `up` seconds since it started, and `grown`, the same at the device's own pace."""

    up: float
    grown: float


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that stays: its tag and content."""

    tag: int
    body: bytes


class Moving(Protocol):
    """A value that moves."""

    @property
    def tag(self) -> int: ...

    def body(self, moment: Moment) -> bytes:
        """The content at `moment`."""


@dataclass(frozen=True, slots=True)
class Grow:
    """A counter: `start` plus `rate` a second, wrapping as its type does."""

    tag: int
    start: float
    rate: float

    @property
    def mask(self) -> int:
        return (1 << 64) - 1 if self.tag == ber.COUNTER64 else (1 << 32) - 1

    def body(self, moment: Moment) -> bytes:
        value = int(self.start + self.rate * moment.grown) & self.mask
        return value.to_bytes((value.bit_length() >> 3) + 1, "big")


@dataclass(frozen=True, slots=True)
class Wander:
    """A gauge or an INTEGER that goes up and down by `swing` around `middle`, once in `period` seconds."""

    tag: int
    middle: float
    swing: float
    period: float
    phase: float = 0.0

    def body(self, moment: Moment) -> bytes:
        value = round(self.middle + self.swing * math.sin(moment.up * math.tau / self.period + self.phase))
        return ber.signed(value) if self.tag == ber.INTEGER else ber.unsigned(max(0, value))


@dataclass(frozen=True, slots=True)
class Clock:
    """TimeTicks since the device started, from `start` hundredths on; they wrap after 497.1 days."""

    start: int = 0
    tag: int = ber.TICKS

    def body(self, moment: Moment) -> bytes:
        return ber.unsigned((self.start + int(moment.up * 100)) & 0xFFFFFFFF)


Value = Fixed | Grow | Wander | Clock


def text(value: str | bytes) -> Fixed:
    """An OCTET STRING; text is sent as UTF-8."""
    return Fixed(ber.OCTETS, value.encode() if isinstance(value, str) else value)


def number(value: int) -> Fixed:
    """An INTEGER."""
    return Fixed(ber.INTEGER, ber.signed(value))


def gauge(value: int) -> Fixed:
    """A Gauge32."""
    return Fixed(ber.GAUGE32, ber.unsigned(value))


def counter(value: int) -> Fixed:
    """A Counter32 that stands still."""
    return Fixed(ber.COUNTER32, ber.unsigned(value))


def ticks(value: int) -> Fixed:
    """TimeTicks that stand still."""
    return Fixed(ber.TICKS, ber.unsigned(value))


def name(oid: str) -> Fixed:
    """An OBJECT IDENTIFIER."""
    return Fixed(ber.IDENTIFIER, ber.identifier(ber.dotted(oid)))


def address(dotted: str) -> Fixed:
    """An IpAddress."""
    return Fixed(ber.ADDRESS, ber.address(dotted))
