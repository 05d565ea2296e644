"""DICOM's protocol data units out of a stream (PS3.8 section 9.3.1): a type, a reserved byte, a length, a body."""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.errors import Malformed

ASSOCIATE_AC: Final = 0x02
ASSOCIATE_RJ: Final = 0x03
DATA: Final = 0x04
RELEASE_RQ: Final = 0x05
RELEASE_RP: Final = 0x06
ABORT: Final = 0x07

ASSOCIATE_RQ: Final = 0x01
"""Known here so that it can be written; who is asked has no business sending one."""

LONGEST: Final = 65_536
"""All that a peer may send in one conversation, in bytes: a verification takes some 400."""

_FIXED = frozenset((ASSOCIATE_RJ, RELEASE_RQ, RELEASE_RP, ABORT))
"""Their bodies have four bytes (PS3.8 sections 9.3.4, 9.3.6, 9.3.7, 9.3.8)."""
_READ = _FIXED | {ASSOCIATE_AC, DATA}


class Unit(NamedTuple):
    """A protocol data unit: its type, and what follows its length."""

    type: int
    body: bytes


class Stream:
    """Cuts what a peer sends into units. Holds back less than one unit, and never more than `LONGEST` bytes."""

    __slots__ = ("_held", "_left")

    def __init__(self) -> None:
        self._held = bytearray()
        self._left = LONGEST

    def feed(self, data: bytes) -> None:
        """More bytes from the peer. Afterwards call `next` until it gives None."""
        self._held += data

    def next(self) -> Unit | None:
        """The next unit; None: more bytes, please.

        Raises Malformed as early as can be told: at the first byte for a type that a client is never sent, at the
        sixth for a length that is too long or not that of its type.
        """
        held = self._held
        if not held:
            return None
        if held[0] not in _READ:
            raise Malformed(f"a PDU of type {held[0]:#04x}")
        if len(held) < 6:
            return None
        length = int.from_bytes(held[2:6], "big")
        if held[0] in _FIXED and length != 4:
            raise Malformed(f"a PDU of type {held[0]:#04x} and {length} bytes")
        stop = 6 + length
        if stop > self._left:
            raise Malformed(f"more than {LONGEST} bytes")
        if len(held) < stop:
            return None
        unit = Unit(held[0], bytes(held[6:stop]))
        del held[:stop]
        self._left -= stop
        return unit
