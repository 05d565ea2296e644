"""How well each service did: availability, incidents, what it cost its users; and the same by tower, site, supplier."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards import names as n
from dashboards.promql import pattern
from dashboards.rule import Record
from dashboards.timing import SHORT, Timing

_LONG = f"window!~{pattern(SHORT)}"


def count(of: str) -> str:
    """Sums over days and calendar periods."""
    return f'{n.COUNT}{{of="{of}", {_LONG}}}'


def availability_rules() -> Iterator[Record]:
    """Unknown minutes don't count; `_high` counts them as good, `_low` as bad."""
    bad, measured = f'{n.COUNT}{{of="bad"}}', f'{n.COUNT}{{of="measured"}}'
    yield Record(n.SERVICE_ERROR, f"{bad} / ignoring (of) ({measured} > 0)")
    yield Record(n.AVAILABILITY, f"1 - {n.SERVICE_ERROR}")
    for name, all_of in ((n.AVAILABILITY_LOW, count("measured")), (n.AVAILABILITY_HIGH, count("agreed"))):
        # A sum, since where nothing was ever known there is no `bad` to subtract.
        good = f"sum without (of) ({all_of} or -{count('bad')})"
        yield Record(name, f"{good}\n/ ignoring (of) ({count('agreed')} > 0)")


def incident_rules(timing: Timing) -> Iterator[Record]:
    incidents = f"({n.INCIDENTS} > 0)"
    yield Record(n.INCIDENTS, f"sum without (of) ({count('incidents')})")
    yield Record(n.DOWNTIME, f"{timing.interval} * sum without (of) ({count('downtime')})")
    yield Record(n.MTRS, f"{n.DOWNTIME} / {incidents}")
    up = f"sum without (of) ({count('measured')} or -{count('bad')})"
    yield Record(n.MTBF, f"{timing.interval} * {up} / {incidents}")
    hours = f"sum without (of) ({count('bad')}) * {timing.interval} / 3600"
    yield Record(n.USER_HOURS, f"{hours} * on (service) group_left () {n.USERS}")


def grouped_rules() -> Iterator[Record]:
    """Each service weighs as many minutes as were measured of it."""
    for label in n.GROUPED:
        share = [
            f'sum by ({label}, window) ({count(of)} * on (service) group_left ({label}) {n.INFO}{{{label}!=""}})'
            for of in ("bad", "measured")
        ]
        yield Record(f"{label}:availability:ratio", f"1 - {share[0]}\n/ ({share[1]} > 0)")
