"""NTP version 4 as a client that asks once (RFC 5905): one question, and what its answer says of the two clocks.

A timestamp of NTP's has 64 bits: seconds in the upper half, their fraction in the lower. It does not say in which era
of 136 years it is; differences are taken modulo 2^64 and are right while the clocks are less than 68 years apart
(RFC 5905 section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct
from typing import Final

from collector.errors import Malformed

COOKIE: Final = 8
"""Bytes of the random number that is our transmit timestamp and comes back as the origin."""

KISSES: Final = frozenset((
    "ACST", "AUTH", "AUTO", "BCST", "CRYP", "DENY", "DROP", "RSTR", "INIT", "MCST", "NKEY", "RATE", "RMOT", "STEP",
    "NTSN",
))  # fmt: skip
"""Kiss codes (RFC 5905 figure 13; RFC 8915 section 5.7)."""
OTHER_KISS: Final = "other"

NOT_SYNCHRONISED: Final = 3
"""Leap indicator: the clock's alarm condition (RFC 5905 figure 9)."""
LAST_STRATUM: Final = 15
"""16 says unsynchronised, more is reserved, 0 is a kiss of death (RFC 5905 figure 11)."""

_PACKET = Struct(">BBbbII4s8s8sQQ")
"""Leap, version and mode; stratum, poll, precision, root delay, root dispersion, reference id; the reference, origin,
receive and transmit timestamps (RFC 5905 figure 8)."""
_VERSION, _CLIENT, _SERVER = 4, 3, 4
_UNIX = 2_208_988_800
"""Seconds from NTP's era 0, 1900, to 1970 (RFC 5905 figure 4)."""
_TURN = 1 << 64
_SHORT = 1 << 16
"""Root delay and root dispersion are in this part of a second (RFC 5905 section 6)."""


def request(cookie: bytes) -> bytes:
    """A question, 48 bytes. `cookie`: 8 random bytes, not all zero, new for each question. ValueError for others.

    It says nothing of our clock: everything but version, mode and the cookie is zero.
    """
    if len(cookie) != COOKIE or not any(cookie):
        raise ValueError(f"a cookie is {COOKIE} bytes, not all of them zero")
    first = _VERSION << 3 | _CLIENT
    return _PACKET.pack(first, 0, 0, 0, 0, 0, bytes(4), bytes(8), bytes(8), 0, 0)[:-COOKIE] + cookie


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered. Durations in seconds; `received` and `transmitted` are NTP timestamps as integers.

    `reference` is at most 15 printable characters: a stratum 1 server's source (`GPS`), the address of another's
    server, or something that looks like one where that is IPv6 (RFC 5905 section 7.3). The server's own word.
    `kiss`: why we are to ask less or not at all, of `KISSES` or `OTHER_KISS`; empty: it is an answer.
    """

    leap: int
    version: int
    stratum: int
    root_delay: float
    root_dispersion: float
    reference: str
    kiss: str
    received: int
    transmitted: int

    @property
    def synchronised(self) -> bool:
        """Whether the server says that its clock follows another."""
        return self.leap != NOT_SYNCHRONISED and 1 <= self.stratum <= LAST_STRATUM

    def offset(self, sent: float, arrived: float) -> float:
        """Seconds that the server's clock is ahead of ours. Our Unix times of the question and of this answer."""
        return (_apart(self.received, _stamp(sent)) + _apart(self.transmitted, _stamp(arrived))) / 2

    def delay(self, sent: float, arrived: float) -> float:
        """Seconds on the way, there and back, without the server's own. Below zero where a clock was stepped."""
        return arrived - sent - _apart(self.transmitted, self.received)


def _stamp(moment: float) -> int:
    """A Unix time as an NTP timestamp, exactly; a double of today tells quarters of a microsecond apart."""
    return (int(moment * 2**32) + (_UNIX << 32)) % _TURN


def _apart(later: int, earlier: int) -> float:
    """Seconds between two timestamps, whatever their eras (RFC 5905 section 6)."""
    turned = (later - earlier) % _TURN
    return (turned - _TURN if turned >= _TURN // 2 else turned) / 2**32


def read(packet: bytes, cookie: bytes) -> Reply | None:
    """The answer to the question with this cookie; None: an answer to another question, or nobody's.

    Malformed where it is no server's packet. Extension fields and what else follows are not looked at.
    """
    if len(packet) < _PACKET.size:
        raise Malformed("shorter than an NTP packet")
    first, stratum, _, _, delay, dispersion, identity, _, origin, received, transmitted = _PACKET.unpack_from(packet)
    if origin != cookie:
        return None
    leap, version, mode = first >> 6, first >> 3 & 7, first & 7
    if mode != _SERVER or version not in (3, _VERSION):
        raise Malformed("not an NTP server's packet, or of another version")
    kiss = _kiss(identity) if stratum == 0 else ""
    if not kiss and not (received and transmitted):
        raise Malformed("an answer without the server's time")  # RFC 4330 section 5, point 4
    return Reply(
        leap, version, stratum, delay / _SHORT, dispersion / _SHORT, _reference(identity, stratum), kiss,
        received, transmitted,
    )  # fmt: skip


def _kiss(identity: bytes) -> str:
    """A code is of letters (RFC 5905 section 7.4); chrony says stratum 0 and no code where it knows no time."""
    if not any(identity):
        return ""
    word = identity.decode("latin-1")
    return word if word in KISSES else OTHER_KISS


def _reference(identity: bytes, stratum: int) -> str:
    """Four characters, zeros at the end, or else an address (RFC 5905 section 7.3, figure 12)."""
    name = identity.rstrip(b"\x00 ")
    if stratum <= 1 and name.isascii():
        text = name.decode("ascii")
        if text.isprintable():
            return text
    return str(IPv4Address(identity))
