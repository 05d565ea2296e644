"""`wardwatch baseline freeze`: KPIs as Prometheus knows them now become where the journey began."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Optional

import typer

from collector.cli import console
from dashboards.names import KPI_VALUE as VALUE

if TYPE_CHECKING:
    from collector.config.baselines import Frozen
    from collector.kpis import Kpis

app = typer.Typer(help="Where KPIs began.", no_args_is_help=True, rich_markup_mode=None)

LEAST: Final = 0.5
"""Share of the window that must be known for the mean to pass without a word."""

_WINDOW = re.compile(r"[1-9][0-9]{0,2}d")


@app.callback()
def baseline() -> None:
    """Where KPIs began."""


@app.command()
def freeze(
    names: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads this at run time
        typer.Argument(metavar="[KPI]...", help="These KPIs. [default: all that have data and no baseline]"),
    ] = None,
    prometheus: Annotated[
        str, typer.Option("--prometheus", metavar="URL", help="The Prometheus that has them recorded.")
    ] = "http://127.0.0.1:10811",
    at: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--at", metavar="DATE", help="The end of this day in UTC: 2026-03-31. [default: now]"),
    ] = None,
    window: Annotated[str, typer.Option("--window", metavar="DAYS", help="The mean of so many days: 90d.")] = "30d",
    again: Annotated[bool, typer.Option("--again", help="Replace baselines that are there.")] = False,
    config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--config", help="Configuration directory. [default: config/]"),
    ] = None,
) -> None:
    """Write KPIs' means of the last days into baselines.yml, beside kpis.yml."""
    import asyncio

    from collector.cli.prometheus import NoAnswer, ask
    from collector.edge.state import wall

    directory = console.directory_of(config)
    if directory is None:
        console.fail("there is no configuration here to keep baselines in: say where with --config DIR")
    if not _WINDOW.fullmatch(window):
        console.fail(f"--window {window!r} is no number of days: write it like 30d")
    moment = _moment(at, wall())
    kpis = console.checked(directory, kpis="read").kpis
    before = _before(directory)
    wanted = _wanted(kpis, before, names or (), again)
    try:
        means, hours = asyncio.run(ask(prometheus, _queries(window), moment.instant))
    except NoAnswer as error:
        console.fail(str(error))
    found, known = _by_kpi(means), _by_kpi(hours)
    missing = [id for id in wanted if id not in found]
    nothing = f"Prometheus knows nothing of {', '.join(missing)} in the {window} until {moment.day}"
    if missing and (names or not found.keys() & set(wanted)):
        console.fail(f"{nothing}. Nothing is written")
    if missing:
        print(f"wardwatch: {nothing}", file=sys.stderr)
    for id in wanted:
        share = known.get(id, 0) / (24 * int(window[:-1]))
        if id in found and share < LEAST:
            print(f"wardwatch: {id}: only {share:.0%} of the {window} is known", file=sys.stderr)
    _write(directory, kpis, before, {id: found[id] for id in wanted if id in found}, moment.day, window)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Until when a window reaches: a day, and its end or now in Unix time."""

    day: date
    instant: float


def _moment(at: str | None, now: float) -> _Moment:
    today = datetime.fromtimestamp(now, UTC).date()
    if at is None:
        return _Moment(today, now)
    try:
        day = date.fromisoformat(at)
    except ValueError:
        console.fail(f"--at {at!r} is no day: write it like 2026-03-31")
    if day > today:
        console.fail(f"--at {at} is yet to come")
    ends = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return _Moment(day, min(ends.timestamp(), now))


def _before(directory: Path) -> dict[str, Frozen]:
    """What was frozen before, by KPI."""
    from collector.config import ConfigError, baselines
    from collector.config.document import read

    path = directory / baselines.FILE
    try:
        return {each.id: each for each in baselines.frozen_in(read(path))} if path.exists() else {}
    except ConfigError as error:
        console.fail(str(error))


def _wanted(kpis: Kpis, before: Mapping[str, Frozen], names: Sequence[str], again: bool) -> list[str]:
    """Ids of the KPIs whose baseline is to be written. Whoever names one is told why that can't be."""
    if not names:
        free = [
            id for id, kpi in kpis.kpis.items() if kpi.formula and (kpi.baseline is None or (again and id in before))
        ]
        if not free:
            console.fail("every KPI with a formula has a baseline: --again replaces those in baselines.yml")
        return free
    for id in names:
        kpi = kpis.kpis.get(id)
        if kpi is None:
            near = get_close_matches(id, kpis.kpis, 1)
            console.fail(f"there is no KPI {id!r}" + (f"; did you mean {near[0]}?" if near else ""))
        if kpi.waiting:
            console.fail(f"{id} waits for its source of data: {kpi.waiting}")
        if kpi.baseline is not None and id not in before:
            console.fail(f"{id} has its baseline in kpis.yml: change or remove it there")
        if kpi.baseline is not None and not again:
            console.fail(f"{id} has a baseline of {kpi.baseline.date}: --again replaces it")
    return list(dict.fromkeys(names))


def _queries(window: str) -> tuple[str, str]:
    """The mean, and how many hours of the window are known. Of several series of a KPI, as of two servers, the mean."""
    return (
        f"avg by (kpi) (avg_over_time({VALUE}[{window}]))",
        f"max by (kpi) (count_over_time({VALUE}[{window}:1h]))",
    )


def _by_kpi(samples: Iterable[tuple[Mapping[str, str], float]]) -> dict[str, float]:
    return {labels["kpi"]: value for labels, value in samples if "kpi" in labels and isfinite(value)}


def _write(
    directory: Path, kpis: Kpis, before: Mapping[str, Frozen], found: Mapping[str, float], day: date, window: str
) -> None:
    from collector.cli import rulefiles, tables
    from collector.config import baselines
    from collector.config.scalars import amount

    # Ten digits: an average has no more to say, and people read the file.
    fresh = {id: baselines.Frozen(id, float(f"{value:.10g}"), day, window) for id, value in found.items()}
    text = baselines.written({**before, **fresh}.values())
    try:
        rulefiles.write({baselines.FILE: text}, directory)
    except OSError as error:
        console.cannot_write(directory, error)
    lines = [(id, amount(each.value, kpis.kpis[id].unit), day.isoformat(), window) for id, each in fresh.items()]
    print(tables.aligned(("KPI", "BASELINE", "DATE", "MEAN OF"), lines))
    print(f"written to {directory / baselines.FILE}")
