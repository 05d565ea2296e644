"""`python -m bench.boards [--full]`: how long each query of each board takes a real Prometheus.

Over a history as `python -m bench.history` makes it: the example estate's series for many services and devices. Every
panel, variable and annotation is asked as Grafana asks it when the board is opened: over the board's own time, with the
step of a graph of 1,500 points. Promise: 95 of 100 queries take less than 300 ms, with 90 days of 200 services and
500 devices, and two hours of what 5,000 devices say.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.history import large
from bench.history.served import options, served
from tests.dashboards.boards.asking import Choice, Prometheus
from tests.dashboards.boards.shipped import Asked, asked, boards, variables

PROMISED_SECONDS: Final = 0.3
TIMES: Final = 3
"""Each is asked so often; the middle one counts."""
SLOWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Took:
    what: Asked
    seconds: float
    series: int


def measured(prometheus: Prometheus, now: float) -> Iterator[Took]:
    """Each query, with the first choice that each variable offers."""
    first: dict[str, Choice] = {uid: next(prometheus.choices(uid, now), {}) for uid in boards()}
    for each in asked():
        seconds, count = [], 0
        for _ in range(TIMES):
            begun = time.perf_counter()
            count = len(prometheus.answer(each, first[each.board], now)["result"])
            seconds.append(time.perf_counter() - begun)
        yield Took(each, sorted(seconds)[TIMES // 2], count)
    for uid, board in boards().items():
        for variable in variables(board):
            if variable["type"] == "query":
                begun = time.perf_counter()
                offered = prometheus.values(variable["query"], first[uid], now)
                what = Asked(uid, f"choices of ${variable['name']}", variable["query"], "instant")
                yield Took(what, time.perf_counter() - begun, len(offered))


def p95(those: list[Took]) -> float:
    """Seconds."""
    ordered = sorted(each.seconds for each in those)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def report(took: list[Took]) -> int:
    print(f"{'board':28}{'queries':>8}{'median ms':>11}{'p95 ms':>9}{'most ms':>9}{'empty':>7}")
    for uid in boards():
        those = [each for each in took if each.what.board == uid]
        ordered = sorted(each.seconds * 1e3 for each in those)
        empty = sum(not each.series for each in those)
        middle, most = ordered[len(ordered) // 2], ordered[-1]
        print(f"{uid:28}{len(those):>8}{middle:>11.1f}{p95(those) * 1e3:>9.1f}{most:>9.1f}{empty:>7}")
    print("slowest:")
    for each in sorted(took, key=lambda each: -each.seconds)[:SLOWEST]:
        print(f"  {each.seconds * 1e3:8.1f} ms  {each.series:>6} series  {each.what}")
    found = p95(took)
    kept = found <= PROMISED_SECONDS
    print(
        f"promise (95 of 100 queries take at most {PROMISED_SECONDS * 1e3:.0f} ms; these {found * 1e3:.0f}): "
        f"{'kept' if kept else 'BROKEN'}"
    )
    return 0 if kept else 1


def main() -> int:
    chosen = options(__doc__, "90 days, 200 services, 500 and 5,000 devices").parse_args()
    with served(large.FULL if chosen.full else large.QUICK, chosen.data) as (prometheus, now):
        took = list(measured(prometheus, now))
    return report(took)


if __name__ == "__main__":
    sys.exit(main())
