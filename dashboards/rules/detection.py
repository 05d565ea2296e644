"""How soon an incident of a service is noticed: from its first bad evaluation until an alert about it pages somebody.

Only what is measured has a beginning here. An incident that nothing pages about has no time to detect, and neither has
one that begins while the service pages already: what that alert is about is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dashboards import names as n
from dashboards.promql import union
from dashboards.rule import Record
from dashboards.timing import Timing

WINDOW: Final = "30d"

_PAGED: Final = 'max by (service) (ALERTS{alertstate="firing", severity="critical", service!=""})'


def detection_rules(timing: Timing) -> Iterator[Record]:
    """Evaluations since an incident began of which nobody is told; and, once, in seconds, how many those were.

    Its state is its own last sample. Both are there while an incident is young only, so that it costs nothing to look
    back 30 days. What pages at an evaluation is seen by the next one, and so counted to the evaluation.
    """
    before = f"{n.UNTOLD} offset {timing.every}"
    goes_on = f"(({before}) + 1 and on (service) {n.INCIDENT} == 1)"
    since = union((f"({n.BEGINS} == 1)", goes_on), by="service")
    yield Record(n.UNTOLD, f"({since})\nunless on (service) {_PAGED}")
    yield Record(n.DETECTION, f"{timing.interval} * ({before})\nand on (service) {_PAGED}")


def mean_rules(timing: Timing) -> Iterator[Record]:
    """The mean of what was detected, and of how many incidents that is."""
    within = f"{n.DETECTION}[{timing.range(WINDOW)}]"
    yield Record(n.MTTD, f"avg_over_time({within})", {"window": WINDOW})
    yield Record(n.DETECTIONS, f"count_over_time({within})", {"window": WINDOW})
