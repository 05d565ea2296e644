"""Go's expressions as Python reads them: Unicode's classes."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from collector.wire.re2 import pattern


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "fits", "does_not"),
    [
        (r"\pL+", "Größe中", "a1"),
        (r"\PL+", "12 -", "1a"),
        (r"\p{Lu}", "Ä", "ä"),
        (r"\p{^Lu}", "ä", "Ä"),
        (r"\P{^Lu}", "Ä", "ä"),
        (r"[\pL\d_-]+", "Größe_7-", "Größe 7"),
        (r"[^\pL]", "7", "ß"),
        (r"[\PL]", "7", "ß"),
        (r"\pN", "\u0663", "x"),
        (r"\d", "3", "\u0663"),
        (r"\\pL", "\\pL", "ab"),
        (r"\p{Sc}\p{Zs}", "\u20ac ", "E "),
    ],
)
def test_categories_of_characters(expression: str, fits: str, does_not: str) -> None:
    assert pattern(expression).fullmatch(fits)
    assert not pattern(expression).fullmatch(does_not)


@pytest.mark.slow
def test_a_category_has_all_of_its_characters_and_no_other() -> None:
    letters = pattern(r"\pL")
    for code in range(sys.maxunicode + 1):
        assert bool(letters.fullmatch(chr(code))) == unicodedata.category(chr(code)).startswith("L")


@pytest.mark.parametrize("expression", [r"\p{Greek}", r"\pX", r"\p{Cn}", r"[\p{Han}]", r"\p{L", r"\p"])
def test_other_classes_are_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"class .* is not known|bad escape"):
        pattern(expression)
