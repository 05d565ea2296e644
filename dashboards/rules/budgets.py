"""The error budget: how much of it is gone, and whether it goes too fast (KPIS 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dashboards import names as n
from dashboards.promql import pattern
from dashboards.rule import Record
from dashboards.rules.objectives import QUERIED, ones, own_window
from dashboards.timing import Timing, seconds

Urgency = Literal["page", "ticket"]


@dataclass(frozen=True, slots=True)
class Pace:
    """A share of the period's whole budget within `window`; `short` is a twelfth of it and confirms that it goes on."""

    window: str
    short: str
    urgency: Urgency
    share: float


USUAL: Final = (
    Pace("1h", "5m", "page", 0.02),
    Pace("6h", "30m", "page", 0.05),
    Pace("1d", "2h", "ticket", 0.1),
    Pace("3d", "6h", "ticket", 0.1),
)
"""Of the SRE workbook, chapter 5. Over 30 days around the clock: 14.4, 6, 3 and 1 times what the budget lasts for."""

WEEK: Final = (
    Pace("1h", "5m", "page", 0.08),
    Pace("6h", "30m", "page", 0.125),
    Pace("1d", "2h", "ticket", 0.2),
    Pace("3d", "6h", "ticket", 0.42),
)
"""Of a week's budget, as Sloth's windows for 7 days: 13.44, 3.5, 1.4 and 0.98 times."""

SHORTER: Final = 12
"""How many short windows make a long one: of all four."""

LEAST_SAMPLES: Final = 3
"""Bad samples before anybody is told: fewer are a blip, or one lost scrape (KPIS 2.4)."""

SMEARED: Final = seconds(QUERIED) // 60
"""Minutes in which one single error is seen, because an objective's queries look back so far."""

_OWN: Final = f"and on (service, objective, window) {own_window(n.BUDGET_SECONDS)}"


def budget_rules(timing: Timing, layers: int) -> Iterator[Record]:
    by = "service, objective"
    targets = f"max by ({by}, kind, period, nth) ({n.SLOTH_OBJECTIVE})"
    agreed = f"max by ({by}) (last_over_time({n.SCRAPED_PERIOD}[{timing.lasts('1h')}]))"
    yield Record(n.BUDGET_SECONDS, f"(1 - {targets})\n* on ({by}) group_left () {agreed}")
    # A budget of events: as many as the whole period will see, should it go on as it has been in agreed time so far.
    seen = f'({n.COUNT}{{of="events"}} {_OWN})'
    rate = f'{seen}\n/ on (service, window) group_left () ({n.COUNT}{{of="agreed"}} > 0)'
    yield Record(n.BUDGET_EVENTS, f"{n.BUDGET_SECONDS} / {timing.interval} * on ({by}) (\n  {rate}\n) > 0")

    consumed = [f'{n.COUNT}{{of="errors"}} / on ({by}) group_left () {n.BUDGET_EVENTS}']
    unknown = []
    for nth in range(1, layers + 1):
        budget = f'on (service) group_left (objective) ({n.BUDGET_SECONDS}{{kind="availability", nth="{nth}"}} > 0)'
        consumed.append(f'{timing.interval} * {n.COUNT}{{of="bad"}} / {budget}')
        minutes = f'sum without (of) ({n.COUNT}{{of="agreed"}} or -{n.COUNT}{{of="measured"}})'
        unknown.append(f"{timing.interval} * {minutes} / {budget}")
    yield Record(n.CONSUMED, "sum without (of) (\n  " + "\n  or ".join(consumed) + "\n)")
    yield Record(n.LEFT, f"1 - ({n.CONSUMED} {_OWN})")
    if unknown:
        parts = "\n  or ".join(unknown)
        yield Record(n.LEFT_LOW, f"{n.LEFT} - on ({by}, window) (\n  {parts}\n)")
    minutes = f"* on ({by}) group_left () ({n.BUDGET_SECONDS} / 60)"
    yield Record(n.CONSUMED_MINUTES, f"(1 - {n.LEFT}) {minutes}")
    yield Record(n.LEFT_MINUTES, f"{n.LEFT} {minutes}")


def burn_rules(paces: Mapping[str, tuple[Pace, ...]], layers: int) -> Iterator[Record]:
    """`paces`: by a matcher of periods. Recorded is the share that is gone where it went too fast."""
    windows = pattern(pace.window for pace in USUAL)
    spoiled = f'clamp_min({n.COUNT}{{of="spoiled", window=~{windows}}} - {SMEARED}, 0)'
    bad = [
        f'{n.COUNT}{{of="bad", window=~{windows}}} * on (service) group_left (objective) {one}' for one in ones(layers)
    ]
    yield Record(n.SAMPLES, "sum without (of) (\n  " + "\n  or ".join((*bad, spoiled)) + "\n)")
    by = "on (service, objective)"
    for index, usual in enumerate(USUAL):
        parts = []
        for periods, those in paces.items():
            pace = those[index]
            parts.append(
                f'{n.CONSUMED}{{window="{pace.window}"}} > {pace.share:g}\n'
                f'and {by} {n.CONSUMED}{{window="{pace.short}"}} > {pace.share:g} / {SHORTER}\n'
                f'and {by} {n.SLOTH_OBJECTIVE}{{{periods}, {pace.urgency}="yes"}}'
            )
        fast = "\nor ".join(f"({part})" for part in parts)
        yield Record(
            n.BURNING,
            f'({fast})\nand {by} {n.SAMPLES}{{window="{usual.window}"}} >= {LEAST_SAMPLES}\n'
            f"unless on (service) {n.MAINTENANCE} == 1",
            {"urgency": usual.urgency, "window": usual.window},
        )
