"""MLLP, the minimal lower layer protocol of HL7: a message between 0x0B and 0x1C 0x0D. It does not look into one.

From HL7's Transport Specification: MLLP, Release 1 (2003), section 1.2.
"""

from __future__ import annotations

from typing import Final

from collector.errors import Malformed

START: Final = b"\x0b"
END: Final = b"\x1c\r"

LONGEST: Final = 65_536
"""Bytes of one message; an acknowledgement has some 200."""


def frame(message: bytes) -> bytes:
    """A message as it is sent. ValueError where it is empty or holds a byte that begins or ends one."""
    if not message or START in message or END[:1] in message:
        raise ValueError("not a message that MLLP can carry")
    return START + message + END


class Frames:
    """Cuts what a peer sends into messages. Holds back less than one, and never more than `LONGEST` bytes and a few.

    Once `next` has raised, nothing says where another message would begin.
    """

    __slots__ = ("_held", "_seen")

    def __init__(self) -> None:
        self._held = bytearray()
        self._seen = 1

    def feed(self, data: bytes) -> None:
        """More bytes from the peer. Afterwards call `next`, until it gives None if one message is not enough."""
        self._held += data

    def next(self) -> bytes | None:
        """The next message; None: more bytes, please. Each byte is looked at once, however they come.

        Raises Malformed for a byte that is outside a message or may not be in one, for a message that is empty, and
        for one that is too long.
        """
        held = self._held
        if not held:
            return None
        if held[0] != START[0]:
            raise Malformed("a byte outside a message")
        end = held.find(END[0], self._seen)
        stop = len(held) if end < 0 else end
        if stop - 1 > LONGEST:
            raise Malformed(f"a message of more than {LONGEST} bytes")
        if held.find(START[0], self._seen, stop) >= 0:
            raise Malformed("the beginning of a message within one")
        if end == 1:
            raise Malformed("a message with nothing in it")
        if end < 0 or len(held) == end + 1:
            self._seen = stop
            return None
        if held[end + 1] != END[1]:
            raise Malformed("the end of a message, and no carriage return")
        message = bytes(held[1:end])
        del held[: end + 2]
        self._seen = 1
        return message
