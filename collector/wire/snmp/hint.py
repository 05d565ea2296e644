"""DISPLAY-HINT for strings of bytes (RFC 2579 section 3.1): `1x:`, `255a`, `2d-1d-1d,1d:1d:1d.1d`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SPEC = re.compile(r"(\*?)(\d+)([dxoat])([^\d*]?)([^\d*]?)", re.ASCII)


class _Spec(NamedTuple):
    repeated: bool
    length: int
    form: str
    separator: str
    terminator: str


@lru_cache(maxsize=256)
def _specs(hint: str) -> tuple[_Spec, ...]:
    """A hint's parts, none where it can't be read. A terminator has a meaning only behind a repeat count."""
    specs = []
    at = 0
    while at < len(hint):
        match = _SPEC.match(hint, at)
        if match is None:
            return ()
        star, length, form, separator, terminator = match.groups()
        if not star:
            terminator = ""
        spec = _Spec(bool(star), int(length), form, separator, terminator)
        if spec.length == 0 and not spec.repeated:
            return ()  # it would never get anywhere
        specs.append(spec)
        at = match.start(5) if not star else match.end()
    return tuple(specs)


def hinted(content: bytes, hint: str) -> bytes | None:
    """Bytes as the hint shows them; None where the hint can't be read, then they are shown as hex."""
    specs = _specs(hint)
    if not specs:
        return None
    out: list[bytes] = []
    at = number = 0
    while at < len(content):
        spec = specs[min(number, len(specs) - 1)]
        number += 1
        count = 1
        if spec.repeated:
            count = content[at]
            at += 1
        begun = at
        for left in range(count, 0, -1):
            if at >= len(content):
                break
            piece = content[at : at + spec.length]
            at += spec.length
            out.append(_formed(piece, spec.form))
            if at < len(content) and spec.separator and not (spec.terminator and left == 1):
                out.append(spec.separator.encode())
        if spec.terminator and at < len(content):
            out.append(spec.terminator.encode())
        if at == begun and not spec.repeated:
            return None
    return b"".join(out)


def _formed(piece: bytes, form: str) -> bytes:
    if form in "at":
        return piece
    if form == "x":
        return piece.hex().upper().encode()
    value = int.from_bytes(piece, "big")
    return (f"{value:o}" if form == "o" else str(value)).encode()
