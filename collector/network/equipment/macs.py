"""MAC addresses: as numbers where they are compared, as text where people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

SIZE: Final = 6
"""Bytes (EUI-48)."""

_WRITTEN = re.compile(
    r"(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}"
)


def number(text: str) -> int:
    """An address as any maker writes it. Raises ValueError for what is none, or belongs to no single device."""
    lower = text.lower()
    if not _WRITTEN.fullmatch(lower):
        raise ValueError("is no MAC address: write six pairs of hexadecimal digits, like 00:1b:54:0a:32:f0")
    found = int(re.sub("[^0-9a-f]", "", lower), 16)
    if not found or found >> 40 & 1:
        raise ValueError("is no address of a single device: it is zero, or one of a group")
    return found


def written(address: int) -> str:
    """`00:1b:54:0a:32:f0`."""
    return address.to_bytes(SIZE, "big").hex(":")


def normal(text: str) -> str:
    """The one way in which an address is kept. Raises ValueError as `number` does."""
    return written(number(text))


def of_bytes(content: bytes) -> int:
    """An address out of an OCTET STRING; 0 where it holds none."""
    return int.from_bytes(content, "big") if len(content) == SIZE else 0


def of_arcs(arcs: Sequence[int]) -> int:
    """An address out of the six arcs of an index; 0 where they are none."""
    try:
        return of_bytes(bytes(arcs))
    except ValueError:
        return 0
