"""Patient data that a device may have been told by people: what is taken out of its texts (RELIABILITY S22).

Staff write into sysLocation or ifAlias what helps them, and once in a while that is a patient. An NHS number is known
by its check digit, everything else by what the configuration says. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

REMOVED: Final = "[removed]"
"""What stands in the place of what was taken out. No number or digest: ten digits are soon tried through."""

_GAP = "[ \\t\u00a0\u2007\u2009\u202f_\u2010-\u2015-]{0,2}"
_NHS_NUMBER = re.compile(f"[0-9](?<![0-9][0-9])[0-9]{{2}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}(?![0-9])")
"""Ten digits, no more, in one or in groups of 3, 3 and 4, with spaces, hyphens or underscores between them. What stands
before them is looked at last: an expression that begins with a digit is searched for three times as quickly."""

_WORD = re.compile(r"[^\W_]+")

_WEIGHTS: Final = range(10, 1, -1)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is patient data. `words` are whole words or several in a row, whatever their case and what stands between;
    in `patterns` a `#` is any digit and a `@` any letter."""

    nhs_numbers: Literal["removed", "shown"] = "removed"
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class Screen:
    """Texts as they may be shown. `removed` counts those that were not shown as they came."""

    def __init__(self, privacy: Privacy | None = None) -> None:
        self.removed = 0
        self.load(privacy or Privacy())

    def load(self, privacy: Privacy) -> None:
        """Go by this from now on."""
        self.privacy = privacy
        self._numbers = privacy.nhs_numbers == "removed"
        self._phrases = _phrases(privacy.words)
        shapes = "|".join(_expression(pattern) for pattern in privacy.patterns)
        self._shapes = re.compile(rf"(?<![^\W_])(?:{shapes})(?![^\W_])", re.IGNORECASE) if shapes else None

    def __call__(self, text: str, *, numbers: bool = True) -> str:
        """The text without patient data; itself where there is none. `numbers`: whether it may hold an NHS number."""
        cleared = text
        if self._phrases:
            cleared = _without(cleared, self._phrases)
        if self._shapes is not None:
            cleared = self._shapes.sub(REMOVED, cleared)
        if self._numbers and numbers:
            cleared = _NHS_NUMBER.sub(_unless_none, cleared)
        if cleared != text:
            self.removed += 1
        return cleared

    def octets(self, content: bytes, text: str) -> str:
        """`text`, which shows bytes in hexadecimal, unless the bytes are a text that may not be shown."""
        told = content.decode("latin-1")
        return text if self(told) == told else REMOVED


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits end in their check digit (NHS Data Dictionary, NHS NUMBER: modulus 11 of the first nine with
    the weights 10 to 2). About one in eleven numbers does by chance. Zeros alone are nobody's."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits[:9], strict=True))
    return (11 - total % 11) % 11 == int(digits[9]) and digits != "0000000000"


def _unless_none(match: re.Match[str]) -> str:
    digits = "".join(filter(str.isdecimal, match[0]))
    return REMOVED if is_nhs_number(digits) else match[0]


_Phrases = Mapping[str, Sequence[tuple[str, ...]]]


def _phrases(words: Iterable[str]) -> _Phrases:
    """Words in a row by the first of them, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted({tuple(_WORD.findall(word.casefold())) for word in words}, key=len, reverse=True):
        if phrase:
            found.setdefault(phrase[0], []).append(phrase)
    return found


def _without(text: str, phrases: _Phrases) -> str:
    """Linear in the text, however many words there are."""
    spots = list(_WORD.finditer(text))
    words = [spot[0].casefold() for spot in spots]
    if phrases.keys().isdisjoint(words):
        return text
    parts, end = [], 0
    for first, last in _found(words, phrases):
        parts += [text[end : spots[first].start()], REMOVED]
        end = spots[last].end()
    return "".join((*parts, text[end:]))


def _found(words: Sequence[str], phrases: _Phrases) -> Iterator[tuple[int, int]]:
    """Number of the first and the last word of each phrase."""
    at = 0
    while at < len(words):
        for phrase in phrases.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                yield at, at + len(phrase) - 1
                at += len(phrase)
                break
        else:
            at += 1


def _expression(pattern: str) -> str:
    known = {"#": "[0-9]", "@": r"[^\W\d_]"}
    return "".join(known.get(letter) or re.escape(letter) for letter in pattern)
