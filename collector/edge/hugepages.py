"""Memory in huge pages: a program that keeps much, and comes back to each part of it a minute later, spends more on
finding it than on reading it.

Of what is read of 10,000 small devices each page of 4 KB has forgotten where it lies by the next poll, and in a virtual
machine finding it again takes two tables. In pages of 2 MB all of it is known: a poll costs a quarter to a third less
(docs/decisions.md).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HUGE: Final = 2 << 20
"""Bytes of a huge page, on every processor that we know of."""
WORTH: Final = 100 << 20
"""Bytes that lie together below which nothing is done: a small program has its memory at hand."""

_COLLAPSE: Final = 25
"""MADV_COLLAPSE, since Linux 6.1 (madvise(2)): at once, whatever is set for the whole system but `never`."""
_ANONYMOUS: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *(\[heap\])?\n")


def gather() -> int:
    """Have the kernel put our memory into huge pages, as far as it lies together. Returns the bytes that do then; 0
    where there is too little, or no such kernel. Takes a second for 200 MB: for a thread."""
    try:
        spans = list(_spans(Path("/proc/self/maps").read_text()))
        if sum(size for _, size in spans) < WORTH:
            return 0
        madvise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return 0
    # What is gone by now, or has holes, the kernel refuses: that is no loss.
    each = [at for start, size in spans for at in range(start, start + size, HUGE)]
    return HUGE * [madvise(ctypes.c_void_p(at), ctypes.c_size_t(HUGE), _COLLAPSE) for at in each].count(0)


def _spans(maps: str) -> Iterator[tuple[int, int]]:
    """Start and size of our own memory, in whole huge pages, of what the kernel says is mapped."""
    for found in _ANONYMOUS.finditer(maps):
        start, stop = int(found[1], 16), int(found[2], 16)
        start, stop = -(-start // HUGE) * HUGE, stop // HUGE * HUGE
        if start < stop:
            yield start, stop - start
