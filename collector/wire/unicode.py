"""Classes of characters by Unicode's general category, as RE2 writes them: `\\pL`, `\\p{Lu}`, `\\P{^Nd}`."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import groupby
from typing import Final

CLASS: Final = re.compile(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))")

_MINOR: Final = {"C": "cfos", "L": "lmotu", "M": "cen", "N": "dlo", "P": "cdefios", "S": "ckmo", "Z": "lps"}
_CATEGORIES: Final = frozenset(_MINOR) | {major + minor for major, minors in _MINOR.items() for minor in minors}
"""Those that RE2 knows; Cn, what is not assigned, is none of them."""


def members(match: re.Match[str]) -> str:
    """What stands between brackets for a `CLASS`. Raises ValueError for a class that is no category, such as a script:
    Python knows of no character to which script it belongs."""
    name = match[3] or match[4]
    if name not in _CATEGORIES:
        raise ValueError(f"class {match[0]} is not known: of Unicode's classes only general categories are")
    return _ranges(name, (match[1] == "P") != bool(match[2]))


@cache
def _ranges(category: str, others: bool) -> str:
    parts = []
    start = 0
    for inside, several in groupby(range(sys.maxunicode + 1), lambda code: _is_of(code, category) != others):
        count = sum(1 for _ in several)
        if inside:
            parts.append(f"\\U{start:08x}" if count == 1 else f"\\U{start:08x}-\\U{start + count - 1:08x}")
        start += count
    return "".join(parts)


def _is_of(code: int, category: str) -> bool:
    own = unicodedata.category(chr(code))
    return own.startswith(category) and own != "Cn"
