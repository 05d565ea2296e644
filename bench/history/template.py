"""Which series there are: taken from a Prometheus that has them, and grown into an estate of many.

No label is written down here. A copy of a service or a device is the same series under another name, wherever the name
stands in a label.
"""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboards import names as n

Labels = Mapping[str, str]

RECORDED: Final = r"[a-z_]+:.+|sloth_slo_info|ALERTS"
"""What rules record, as a pattern of names."""

LATER: Final[Mapping[str, str]] = {
    n.COUNT_HOURLY: n.COUNT_MINUTE,
    n.USED_HOURLY: n.USED,
    n.USED_DAILY: n.USED,
    n.USED_DAY: n.USED,
}
"""What is recorded only once an hour or a day is over, and what it is made of, label by label."""

BOTH_HALVES: Final = (n.COUNT_MINUTE, n.COUNT_HOURLY)

PACE: Final = "5m"
"""Over so long it is looked by how much a counter grows, or for as long as it has been there."""
WEEK: Final = 7 * 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    labels: Labels
    value: float
    """Of a counter: by how much it grows in a week. Where it stands says nothing of that: it may have been there for
    years, or for seconds."""
    counter: bool = False
    copy: int = 0
    """0 is the one that is there."""

    def text(self, **more: str) -> str:
        """As it stands in an exposition."""
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in {**self.labels, **more}.items())
        return f"{self.name}{{{labels}}}" if labels else self.name


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def taken(url: str, pattern: str = RECORDED) -> list[Series]:
    """Every series that the Prometheus at `url` has now, of names that match, and what will only be recorded later."""
    answered = _asked(url, "query", query=f'{{__name__=~"{pattern}"}}')["result"]
    counters = {name for name, said in _asked(url, "metadata").items() if said[0]["type"] in ("counter", "histogram")}
    found, paces = [], dict[str, dict[frozenset[tuple[str, str]], float]]()
    for each in answered:
        labels = dict(each["metric"])
        name = labels.pop("__name__")
        value = float(each["value"][1])
        base = name if name in counters else name.removesuffix("_bucket").removesuffix("_count")
        if counter := base.removesuffix("_sum") in counters:
            if name not in paces:
                paces[name] = _paces(url, name)
            value = paces[name].get(frozenset(labels.items()), 0.0) * WEEK
        if math.isfinite(value):
            found.append(Series(name, labels, value, counter))
    return [*found, *_later(found)]


def _paces(url: str, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """By how much each series of a counter grows in a second. Not as `rate` has it: most of these are younger than what
    that divides by."""
    answered = _asked(url, "query", query=f"deriv({name}[{PACE}]) > 0")["result"]
    return {frozenset(each["metric"].items()): float(each["value"][1]) for each in answered}


def _asked(url: str, what: str, **words: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/api/v1/{what}?{urllib.parse.urlencode(words)}", timeout=60) as answer:
        return json.load(answer)["data"]


def _later(found: Iterable[Series]) -> Iterator[Series]:
    there = {(each.name, frozenset(each.labels.items())) for each in found}
    for each in found:
        halves = ("even", "odd") if each.name in BOTH_HALVES else ("",)
        for name in (each.name, *(later for later, of in LATER.items() if of == each.name)):
            for half in halves if name in BOTH_HALVES else ("",):
                labels = {**each.labels, "half": half} if half else each.labels
                key = (name, frozenset(labels.items()))
                if key not in there:
                    there.add(key)
                    yield Series(name, labels, each.value)


def grown(series: Iterable[Series], services: int, devices: int) -> Iterator[Series]:
    """The series of so many services and devices: those that there are, in turns, under names of their own.

    0: as many as there are. What belongs to neither comes once.
    """
    whole = list(series)
    known_services = _values(whole, "service")
    known_devices = _values([each for each in whole if each.name in _OF_DEVICES], "instance")
    yield from whole
    for each in whole:
        kinds = (("service", known_services, services), ("instance", known_devices, devices))
        rounds = [
            _rounds(each.labels[label], known, count)
            for label, known, count in kinds
            if each.labels.get(label) in known
        ]
        for copy in range(1, min(rounds, default=1)):
            labels = _renamed(each.labels, known_services, known_devices, copy)
            yield Series(each.name, labels, each.value, each.counter, copy)


_OF_DEVICES: Final = ("wardwatch_device_info", "wardwatch_device_up", n.USED)


def _values(series: Iterable[Series], label: str) -> Mapping[str, int]:
    """Each value of a label, numbered."""
    return {name: place for place, name in enumerate(sorted({s.labels[label] for s in series if label in s.labels}))}


def _rounds(name: str, known: Mapping[str, int], count: int) -> int:
    """How often this one is there, where all together are `count`."""
    return max(1, count // len(known) + (known[name] < count % len(known))) if count else 1


def _renamed(labels: Labels, services: Collection[str], devices: Collection[str], copy: int) -> Labels:
    service = labels.get("service", "")

    def other(label: str, value: str) -> str:
        if label not in n.INFO_LABELS and (value in devices or value in services):
            return f"{value}-{copy}"
        if service and value.startswith(f"{service}-"):
            return f"{service}-{copy}{value.removeprefix(service)}"
        return value

    return {label: other(label, value) for label, value in labels.items()}
