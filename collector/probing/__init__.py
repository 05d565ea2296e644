"""What all probes have in common: the peer's gauges, counts and histograms of our own, a bounded reason.

A probe asks whether something works, so one that fails has an answer all the same: `probe_success 0` and all that was
measured on the way. Its counts and its histogram go on, whatever becomes of a single poll (HOUSE 4). Names and meanings
are blackbox_exporter's where it has them (CONTRACTS 6). Every series carries `module`, which `/probe` leaves out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from collector.errors import BreakerOpen, NoData, OverBudget, Paused, PollError
from collector.histogram import Histogram
from collector.model import Column, Edge, Family, Target, column, interned

SUCCESS = Family("probe_success", "1: the probe succeeded.")
DURATION = Family("probe_duration_seconds", "How long the probe took in all.")
TIMEOUT = Family("probe_timeout_seconds", "How long the probe might have taken.")
LOOKUP = Family("probe_dns_lookup_time_seconds", "0: names are looked up when the configuration is loaded.")
PROTOCOL = Family("probe_ip_protocol", "4 or 6: the version of IP that was used.")
HASH = Family("probe_ip_addr_hash", "FNV-1a hash of the address that was probed: it changes when the address does.")
FAILURE = Family("probe_failure_info", "1: why the last probe failed.")

ATTEMPTS = Family("probe_attempts_total", "Probes since the program started.", "counter")
FAILURES = Family("probe_failures_total", "Probes that failed, by reason.", "counter")
LATENCY = Family("probe_latency_seconds", "How long probes took that succeeded.", "histogram")

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: an echo on a local network takes half a millisecond, a page over a slow line ten seconds."""

OURS: Final = frozenset({ATTEMPTS.name, FAILURES.name, LATENCY.name})
"""Families of a device page that `/probe` does not have, but for a histogram's suffixes."""

NOT_ASKED = (Paused, BreakerOpen, OverBudget)
"""Why a probe did not take place: that says nothing of what it would have found."""


class Report:
    """What a probe has measured so far."""

    __slots__ = ("_samples", "_single")

    def __init__(self) -> None:
        # By the family's name: to hash a family costs more than all else that is done with it here.
        self._single: dict[str, tuple[Family, float]] = {}
        self._samples: dict[tuple[str, ...], tuple[Family, dict[tuple[str, ...], float]]] = {}

    def set(self, family: Family, value: float, **labels: str) -> None:
        """One sample; what was there before under the same labels is forgotten."""
        if labels:
            _, samples = self._samples.setdefault((family.name, *labels), (family, {}))
            samples[tuple(labels.values())] = value
        else:
            self._single[family.name] = family, value

    def columns(self, module: str) -> list[Column]:
        one = interned(("module",), ((module,),))
        columns = [column(family, one, (value,)) for family, value in self._single.values()]
        for (_, *names), (family, samples) in self._samples.items():
            over = interned(("module", *names), tuple([(module, *row) for row in samples]))
            columns.append(column(family, over, samples.values()))
        return columns


class Counts:
    """What became of one target's probes since the program started."""

    __slots__ = ("_attempts", "_failures", "_latency")

    def __init__(self) -> None:
        self._attempts = 0
        self._failures: Counter[str] = Counter()
        self._latency = Histogram(BUCKETS)

    def take(self, reason: str, seconds: float) -> None:
        """A probe ended; `reason` is empty where it succeeded."""
        self._attempts += 1
        if reason:
            self._failures[reason] += 1
        else:
            self._latency.observe(seconds)

    def columns(self, module: str) -> list[Column]:
        columns = [
            column(ATTEMPTS, interned(("module",), ((module,),)), (self._attempts,)),
            *self._latency.columns(LATENCY, (("module", module),)),
        ]
        if self._failures:
            reasons = tuple([(module, reason) for reason in self._failures])
            columns.append(column(FAILURES, interned(("module", "reason"), reasons), self._failures.values()))
        return columns


async def attempt(target: Target, edge: Edge, probe: Callable[[Report], Awaitable[None]]) -> Sequence[Column]:
    """Probe once. `probe` writes down what it finds and raises a `PollError` where what it looks for is not there.

    Raises that error, with what is to be shown in its `columns`.
    """
    report, counts, began = Report(), edge.memory(Counts), edge.clock()
    module = target.module
    version, digest = _known_by(target.device.address)
    report.set(TIMEOUT, target.schedule.timeout)
    report.set(LOOKUP, 0.0)
    report.set(PROTOCOL, version)
    report.set(HASH, digest)
    failure: PollError | None = None
    try:
        await probe(report)
    except NOT_ASKED:
        raise
    except PollError as error:
        failure = error
        report.set(FAILURE, 1.0, reason=error.word)
    seconds = edge.clock() - began
    report.set(SUCCESS, float(failure is None))
    report.set(DURATION, seconds)
    counts.take(failure.word if failure is not None else "", seconds)
    columns = [*report.columns(module), *counts.columns(module)]
    if failure is not None:
        failure.columns = columns
        raise failure
    return columns


def in_family(report: Report, address: str, preferred: str, *, fallback: bool) -> None:
    """Raises `NoData` where an address is not of the version of IP that a module insists on."""
    wanted = 6 if preferred == "ip6" else 4
    if not fallback and _known_by(address)[0] != wanted:
        report.set(PROTOCOL, 0.0)
        report.set(HASH, 0.0)
        raise NoData(f"the device has no IPv{wanted} address", word="ip_protocol")


@lru_cache(maxsize=16_384)
def _known_by(address: str) -> tuple[int, int]:
    """Version and hash of an address."""
    parsed = ip_address(address)
    return parsed.version, fnv1a(parsed.packed)


def fnv1a(data: bytes) -> int:
    """The 32-bit FNV-1a hash (draft-eastlake-fnv, 2): what blackbox_exporter makes of an address."""
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
