"""Canaries: patient data that nobody has. NHS numbers begin with 999, which is given to nobody; words are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase
from typing import Any

SPELLINGS: Sequence[Callable[[str], str]] = (
    lambda n: n,
    lambda n: f"{n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n: f"{n[:3]}_{n[3:6]}_{n[6:]}",
    lambda n: f"{n[:6]} {n[6:]}",
    lambda n: f"{n[:3]}\u2011{n[3:6]}\u2011{n[6:]}",
    lambda n: f"{n[:3]}\u00a0{n[3:6]}\u00a0{n[6:]}",
)
AROUND = ("{}", "bed 12, {}", "NHS {} ward 4", "({})", "{}, see notes", "NHS{}", "Bay C/{}")
PATTERN = "CNY#####@"


@dataclass(frozen=True, slots=True)
class Canary:
    """`text` as somebody may have written it; none of `traces` may ever be seen."""

    text: str
    traces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flock:
    """Canaries, and what the configuration must know of them."""

    canaries: Sequence[Canary]
    privacy: Mapping[str, Any]

    def seen(self, told: str) -> Sequence[str]:
        """Which of them can be told from a text."""
        lower = told.lower()
        return [canary.text for canary in self.canaries if any(trace in lower for trace in canary.traces)]


def flock(random: Random, count: int) -> Flock:
    """Half of them numbers, the rest configured words, phrases and patterns."""
    words = [_word(random) for _ in range(20)] + [f"{_word(random)} {_word(random)}" for _ in range(10)]
    made = []
    for number in range(count):
        if number % 2 == 0:
            bare = _number(random)
            said = random.choice(SPELLINGS)(bare)
            traces = {spelled(bare) for spelled in SPELLINGS}
        elif number % 8 == 7:
            said = "CNY" + "".join(random.choice("0123456789") for _ in range(5)) + "X"
            traces = {said}
        else:
            word = random.choice(words)
            said = random.choice((word, word.upper(), word.title(), word.replace(" ", "-"), word.replace(" ", "  ")))
            traces = {said}
        text = random.choice(AROUND[:5]).format(said) if number % 2 else random.choice(AROUND).format(said)
        made.append(Canary(text, tuple(_forms(traces))))
    return Flock(made, {"words": words, "patterns": [PATTERN]})


def _forms(traces: set[str]) -> Iterator[str]:
    """In lower case, as they are and as their bytes are shown."""
    for trace in sorted(traces):
        yield trace.lower()
        yield trace.encode().hex()


def _word(random: Random) -> str:
    return "canary" + "".join(random.choice(ascii_lowercase) for _ in range(8))


def _number(random: Random) -> str:
    """Written apart from the product's: the sum of all ten, weighted, is a multiple of eleven."""
    while True:
        digits = f"999{random.randrange(10**7):07d}"
        if sum(int(digit) * weight for digit, weight in zip(digits, range(10, 0, -1), strict=True)) % 11 == 0:
            return digits
