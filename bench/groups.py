"""`python -m bench.groups [--full]`: what all groups of rules of a large site cost Prometheus together, group by group.

The example estate's series are told for many services and devices (`bench.history`), as far as rules read them. Each
rule of the generated files is then asked of a real Prometheus on one core, as it would be evaluated: an instant query,
whose answer is counted there. What it takes to append what is recorded is not in it, nor templates of alerts that fire.
The services' own group is measured by `bench.rules`, over the months that it reads; here it reads days.
Promise: no group takes half of its interval, and all together less than a core.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from bench.history import large
from bench.history.served import options, served
from collector.config.known import names_in
from dashboards.timing import milliseconds
from tests.dashboards.boards.asking import Prometheus

GENERATED: Final = Path(__file__).resolve().parents[1] / "dashboards" / "generated" / "prometheus"
USUAL: Final = "15s"
"""How often a group runs that says nothing else: evaluation_interval of deploy/prometheus/prometheus.yml."""
TIMES: Final = 3
"""Each is asked so often; the middle one counts."""
SLOWEST: Final = 12
SHARE, CORE = 0.5, 1.0

FULL: Final = large.Size(services=200, devices=5000, days=2, recent=60, raw=5000, minutes=60)
QUICK: Final = replace(FULL, services=20, devices=100, raw=100)


def groups() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All groups that are generated, with their files' names."""
    for path in sorted(GENERATED.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield path.name, group


def read() -> set[str]:
    """Names of series that rules read."""
    found: set[str] = set()
    for _, group in groups():
        for rule in group["rules"]:
            found.update(names_in(rule["expr"]))
            for several in re.findall(r'__name__=~"([^"]+)"', rule["expr"]):
                found.update(several.split("|"))
    return found


@dataclass(frozen=True, slots=True)
class Took:
    """A rule: seconds of an evaluation, and how many series it gives."""

    group: str
    name: str
    seconds: float
    series: int


def measured(prometheus: Prometheus, now: float) -> Iterator[Took]:
    for _, group in groups():
        for rule in group["rules"]:
            query, seconds, count = f"count(\n{rule['expr']}\n)", [], 0
            for _ in range(TIMES):
                begun = time.perf_counter()
                found = prometheus.ask("query", query=query, time=now)["result"]
                seconds.append(time.perf_counter() - begun)
                count = int(found[0]["value"][1]) if found else 0
            yield Took(group["name"], rule.get("record") or rule["alert"], sorted(seconds)[TIMES // 2], count)


def report(took: Sequence[Took]) -> bool:
    """Whether the promise is kept."""
    core, over = 0.0, []
    print(f"{'group':32}{'rules':>6}{'every':>8}{'ms':>10}{'% of it':>9}{'series':>9}")
    for _, group in groups():
        those = [each for each in took if each.group == group["name"]]
        every = milliseconds(group.get("interval", USUAL)) / 1000
        seconds = sum(each.seconds for each in those)
        core += seconds / every
        over += [group["name"]] if seconds > SHARE * every else []
        print(
            f"{group['name']:32}{len(those):>6}{group.get('interval', USUAL):>8}{seconds * 1e3:>10.1f}"
            f"{seconds / every * 100:>9.2f}{sum(each.series for each in those):>9}"
        )
    print("costliest:")
    for each in sorted(took, key=lambda each: -each.seconds)[:SLOWEST]:
        print(f"  {each.seconds * 1e3:8.1f} ms  {each.series:>7} series  {each.group}: {each.name}")
    print(f"all together: {core:.3f} of a core (at most {CORE:g}); over half of their interval: {over or 'none'}")
    return core <= CORE and not over


def main() -> int:
    chosen = options(__doc__, "200 services, 5,000 devices").parse_args()
    with served(FULL if chosen.full else QUICK, chosen.data, read, {"GOMAXPROCS": "1"}) as (prometheus, now):
        ports = prometheus.ask("query", query="count(ifOperStatus) or vector(0)", time=now)["result"][0]["value"][1]
        print(f"{ports} ports", flush=True)
        return 0 if report(list(measured(prometheus, now))) else 1


if __name__ == "__main__":
    sys.exit(main())
