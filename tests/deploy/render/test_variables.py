"""Variables are written into an expression as Grafana's data source writes them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from deploy.render.variables import ALL, Choice, filled


def choice(chosen: Sequence[str], many: bool, everything: str = "") -> dict[str, Choice]:
    return {"v": Choice("v", "V", chosen, ["a.b", "c"], many, everything)}


@pytest.mark.parametrize(
    ("known", "text", "expected"),
    [
        (choice(["a.b"], False), 'x{v="$v"}', 'x{v="a.b"}'),
        (choice(['a"b\\'], False), 'x{v="${v}"}', 'x{v="a\\"b\\\\"}'),
        (choice(["a.b"], True), 'x{v=~"$v"}', 'x{v=~"a\\\\.b"}'),
        (choice(["a.b", "c"], True), 'x{v=~"$v"}', 'x{v=~"(a\\\\.b|c)"}'),
        (choice([ALL], True), 'x{v=~"$v"}', 'x{v=~"(a\\\\.b|c)"}'),
        (choice([ALL], True, ".+"), 'x{v=~"$v"}', 'x{v=~".+"}'),
        (choice(["a.b", "c"], True), "${v:pipe} ${v:csv}", "a.b|c a.b,c"),
        ({}, "rate(x[$__rate_interval]) $unknown", "rate(x[4m]) $unknown"),
    ],
)
def test_an_expression_is_filled(known: dict[str, Choice], text: str, expected: str) -> None:
    assert filled(text, known, {"__rate_interval": "4m"}) == expected


def test_a_format_that_is_not_known_is_refused_rather_than_guessed() -> None:
    with pytest.raises(ValueError, match=r"\$\{v:json\}: this format"):
        filled("${v:json}", choice(["c"], True), {})
