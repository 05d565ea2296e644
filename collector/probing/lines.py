"""A connection read line by line, bounded."""

from __future__ import annotations

from typing import Final

from collector.errors import Malformed
from collector.model import Stream

LONGEST: Final = 65_536
"""Bytes of a line: where Go's scanner gives up too."""


class Lines:
    """The lines that come over a connection. Not beyond what is asked for: TLS may begin after any of them."""

    __slots__ = ("_buffer", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""

    async def next(self) -> str | None:
        """A line without its end; None: no more come. Raises `Malformed` for one that is too long, and as the stream
        does."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST:
                raise Malformed(f"a line of more than {LONGEST} bytes", word="line_too_long")
            if not (more := await self._stream.receive()):
                rest, self._buffer = self._buffer, b""
                return _text(rest) if rest else None
            self._buffer += more
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return _text(line)

    async def reach(self, wanted: bytes) -> bool:
        """Read until `wanted` has come, and no further than `LONGEST` bytes; whether it has."""
        while (at := self._buffer.find(wanted)) < 0:
            if len(self._buffer) > LONGEST or not (more := await self._stream.receive()):
                return False
            self._buffer += more
        self._buffer = self._buffer[at + len(wanted) :]
        return True


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
