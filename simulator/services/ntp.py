"""A time server that goes by this machine's clock: it answers NTP's clients, and no others (RFC 5905)."""

from __future__ import annotations

from struct import Struct

from simulator.services.counts import Counts

PACKET = Struct(">4sII4s8s8s8s8s")
"""Leap indicator, version, mode, stratum, poll and precision in a word; root delay, root dispersion, reference id; the
reference, origin, receive and transmit timestamps (RFC 5905 figure 8)."""
VERSIONS = range(1, 5)
CLIENT, SERVER = 3, 4
"""Modes (RFC 5905 figure 10)."""
PRECISION = -20
"""As a power of two: the microsecond that a clock of Python's is good for."""
ROOT_DELAY, ROOT_DISPERSION = 33, 66
"""In parts of 2**16 of a second: half a millisecond, and one."""
UPSTREAM = bytes((192, 0, 2, 123))
"""The server that it says it follows, at an address of documentation (RFC 5737)."""
BESIDE = b"GPS\0"
"""The reference clock of one that follows no server (RFC 5905 figure 12)."""
ERA = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905 figure 4)."""


class Ntp:
    """`stratum`: how far it says it is from a reference clock, 1 to 15. Raises ValueError for others."""

    def __init__(self, stratum: int = 2) -> None:
        if not 1 <= stratum <= 15:
            raise ValueError(f"stratum {stratum} is none of a clock that follows another: write 1 to 15")
        self.counts = Counts()
        self._stratum = stratum
        self._reference = BESIDE if stratum == 1 else UPSTREAM

    def answer(self, packet: bytes, wall: float) -> bytes | None:
        """The answer to a packet that came at Unix time `wall`; None: none."""
        self.counts.bytes += len(packet)
        if len(packet) < PACKET.size:
            self.counts.wrong["too short"] += 1
            return None
        head, *_, transmitted = PACKET.unpack_from(packet)
        version, mode = head[0] >> 3 & 7, head[0] & 7
        if mode != CLIENT or version not in VERSIONS:
            self.counts.wrong["no client's packet"] += 1
            return None
        self.counts.said["client"] += 1
        now = _stamp(wall)
        return PACKET.pack(
            bytes((version << 3 | SERVER, self._stratum, head[2], PRECISION & 0xFF)),
            ROOT_DELAY, ROOT_DISPERSION, self._reference, now, transmitted, now, now,
        )  # fmt: skip


def _stamp(wall: float) -> bytes:
    """A Unix time as a timestamp: seconds since 1900 and their fraction, 32 bits each (RFC 5905 section 6)."""
    return ((int(wall * 2**32) + (ERA << 32)) % 2**64).to_bytes(8, "big")
