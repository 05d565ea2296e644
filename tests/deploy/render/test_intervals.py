"""Steps and windows are those that Grafana would take."""

from __future__ import annotations

import pytest

from deploy.render import intervals

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("span", "pixels", "expected"),
    [
        (6 * HOUR, 700, 60_000),  # 31 s a pixel, but no finer than is scraped
        (24 * HOUR, 700, 120_000),
        (24 * HOUR, 300, 300_000),
        (30 * 24 * HOUR, 700, 3_600_000),
        (400 * 24 * HOUR, 1500, 21_600_000),
    ],
)
def test_a_step_is_a_pixel_rounded_as_grafana_rounds(span: int, pixels: int, expected: int) -> None:
    assert intervals.step(span, pixels, 60_000) == expected


def test_a_rate_has_four_scrapes() -> None:
    assert intervals.rate_window(60_000, 60_000) == 240_000
    assert intervals.rate_window(3_600_000, 60_000) == 3_660_000


@pytest.mark.parametrize(
    ("span", "expected"),
    [(240_000, "4m"), (3_660_000, "61m"), (6 * HOUR, "6h"), (15_000, "15s"), (1_500, "1500ms"), (48 * HOUR, "2d")],
)
def test_spans_are_written_as_promql_has_them(span: int, expected: str) -> None:
    assert intervals.written(span) == expected


def test_moments() -> None:
    assert intervals.moment("now", 10 * HOUR) == 10 * HOUR
    assert intervals.moment("now-6h", 10 * HOUR) == 4 * HOUR
    with pytest.raises(ValueError, match="'now/d' is no time"):
        intervals.moment("now/d", 0)
