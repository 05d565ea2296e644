"""How polling went, as columns: what the agent says of a device beside what the device says of itself."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from collector.edge import Tally
from collector.model import DETAIL, DROPPED, INCOMPLETE, Column, Device, Family, Target, column, interned, rows

UP = Family("wardwatch_device_up", "1: the device answered when it was last polled.")
INFO = Family("wardwatch_device_info", "1: what the inventory says of the device.")
SUCCESS = Family("wardwatch_poll_success", "1: the last poll of the module succeeded, in part or whole.")
DURATION = Family("wardwatch_poll_duration_seconds", "How long the last poll of the module took.")
AGE = Family(
    "wardwatch_poll_age_seconds", "Time since the poll began from which the module's series on this page come."
)
LAST_SUCCESS = Family(
    "wardwatch_poll_last_success_timestamp_seconds",
    "When a poll of the module last succeeded, in part or whole; stays while it fails.",
)
POLLS = Family("wardwatch_polls_total", "Polls of the module by outcome: success, partial, or the reason.", "counter")
FAILED = Family("wardwatch_poll_failed_info", "1: why the last poll of the module gave nothing.")
PACKETS = Family(
    "wardwatch_packets_total",
    "Packets sent to the device by kind (get, next, bulk, discovery); retry: those of them that were sent again; "
    "reply: answers; stray: packets from its address that answered nothing.",
    "counter",
)
BREAKER = Family("wardwatch_breaker_open", "1: the device is left alone but for one packet now and then.")
PAUSED = Family("wardwatch_paused", "1: a person paused polling in this scope.")
SCRAPE_DURATION = Family("node_scrape_collector_duration_seconds", "How long the collector's last poll took.")
SCRAPE_SUCCESS = Family("node_scrape_collector_success", "1: the collector's last poll succeeded.")


SUCCEEDED = ("success", "partial")
"""Outcomes of a poll that gave something."""


@dataclass(slots=True)
class Kept:
    """What is kept of one module of one device: the columns of its last good poll, and how the last poll went."""

    shown: Sequence[Column] = ()
    """Those that the device's page has."""
    aside: Sequence[Column] = ()
    """Those that were put aside (`model.Aside`), for `/snmp` alone."""
    lasting: Sequence[Column] = ()
    """Counts of our own (`Collector.lasting`): served whenever the last poll was."""
    began: float | None = None
    """Monotonic seconds at which the last poll began; None: never polled."""
    urgent: bool = False
    """To be polled at the next opportunity, whenever the last poll was."""
    read: float = 0.0
    """Monotonic seconds at which the poll began that gave them."""
    ended: float | None = None
    """Monotonic seconds at which the last poll ended; before `began` while one is in flight."""
    told: float | None = None
    """`ended` of the poll whose duration `/snmp` has counted."""
    duration: float = 0.0
    talked: float = 0.0
    """Seconds of the last poll that went by in conversation with the device."""
    sent: int = 0
    """Packets of the conversation in which the module was last asked, those included that were sent again."""
    repeated: int = 0
    outcome: str = ""
    """`success`, `partial`, or the reason of the failure."""
    series: int = 0
    """Samples in all of them."""
    dropped: int = 0
    """Samples that a cap left out."""
    said: Sequence[tuple[str, str]] = ()
    """What exactly was wrong in the last poll, each with its table."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """How many polls came to each."""
    succeeded_at: float | None = None
    """Unix time at which a poll last succeeded; None: not since the program started."""

    @property
    def columns(self) -> Sequence[Column]:
        """Those of the last good poll, but for `lasting`."""
        return (*self.shown, *self.aside)

    @property
    def succeeded(self) -> bool:
        return self.outcome in SUCCEEDED

    @property
    def ever_succeeded(self) -> bool:
        return "success" in self.outcomes or "partial" in self.outcomes

    def came_to(self, outcome: str) -> None:
        """How the last poll ended."""
        self.outcome = outcome
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def failed(self, reason: str) -> None:
        """The last poll gave nothing: its series end here (HOUSE 4), but for counts of our own."""
        self.shown = self.aside = ()
        self.dropped = 0
        self.said = ()
        self.came_to(reason)

    def fresh(self, target: Target, now: float) -> bool:
        """Whether the columns may be served: nothing is older than two intervals."""
        return now - self.read <= 2 * target.schedule.interval


def info(device: Device) -> Column:
    """`wardwatch_device_info`: all that is ever shown of a device that is not polled."""
    pairs = {"kind": device.kind, "class": device.device_class, "site": device.site, "location": device.location}
    pairs |= _registered(device) | dict(device.labels)
    over = rows(_names(tuple(pairs)), [tuple(pairs.values())])
    return Column(INFO, over, _ONE)


_ONE = array("d", (1.0,))
"""The value of every device's `INFO`."""


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same object for all devices of which the same is said."""
    return names


def _registered(device: Device) -> dict[str, str]:
    """What the register says that tells kinds of equipment apart. Its MAC address is no label (cardinality), and who
    owns it may be a person."""
    known = device.equipment
    if known is None:
        return {"ward": device.ward} if device.ward else {}
    said = {
        "ward": device.ward,
        "asset": known.asset,
        "device_type": known.device_type,
        "modality": known.modality,
        "maker": known.maker,
        "model": known.model,
        "criticality": known.criticality,
    }
    return {name: text for name, text in said.items() if text}


def labelled(family: Family, name: str, values: Mapping[str, float]) -> Column:
    """A column over one label."""
    return column(family, interned((name,), tuple([(key,) for key in values])), values.values())


def packets(tally: Tally) -> Column:
    """What was sent to the device and came back, since the program started."""
    rest = {"retry": tally.repeated, "reply": tally.received, "stray": tally.stray}
    return labelled(PACKETS, "kind", {**tally.kinds, **rest})


def modules(kept: Mapping[str, Kept], fresh: Collection[str], now: float) -> Iterable[Column]:
    """How each module of a device went; `fresh` are those whose columns are served. Hot: on every page, and one loop
    because each comprehension is a function more that the processor has to fetch."""
    names: list[tuple[str]] = []
    succeeded: list[float] = []
    took: list[float] = []
    ages: dict[str, float] = {}
    last: dict[str, float] = {}
    failed: list[tuple[str, str]] = []
    dropped: dict[str, float] = {}
    outcomes: list[tuple[str, str]] = []
    counts: list[float] = []
    for name, each in kept.items():
        for outcome, count in sorted(each.outcomes.items()):
            outcomes.append((name, outcome))
            counts.append(count)
        if each.succeeded_at is not None:
            last[name] = each.succeeded_at
        if not each.outcome:
            continue
        names.append((name,))
        succeeded.append(each.succeeded)
        took.append(each.duration)
        if (each.shown or each.aside) and name in fresh:
            ages[name] = now - each.read
        if not each.succeeded:
            failed.append((name, each.outcome))
        if each.dropped:
            dropped[name] = each.dropped
    if not counts:
        return
    over = interned(("module",), tuple(names))
    yield column(SUCCESS, over, succeeded)
    yield column(DURATION, over, took)
    yield labelled(AGE, "module", ages)
    yield labelled(LAST_SUCCESS, "module", last)
    yield column(POLLS, interned(("module", "outcome"), tuple(outcomes)), counts)
    if failed:
        yield column(FAILED, rows(("module", "reason"), failed), [1] * len(failed))
    if dropped:
        yield labelled(DROPPED, "module", dropped)


def collectors(kept: Mapping[str, Kept]) -> Iterable[Column]:
    """How each of the host's collectors went, under node_exporter's names. One that has nothing here is absent."""
    names: list[tuple[str]] = []
    took: list[float] = []
    succeeded: list[float] = []
    for name, each in kept.items():
        if each.outcome not in ("", "no_data"):
            names.append((name,))
            took.append(each.duration)
            succeeded.append(each.outcome in SUCCEEDED)
    over = interned(("collector",), tuple(names))
    yield column(SCRAPE_DURATION, over, took)
    yield column(SCRAPE_SUCCESS, over, succeeded)


def mark(name: str, columns: Sequence[Column]) -> tuple[Sequence[Column], bool]:
    """The columns of a module with its name on every `INCOMPLETE` one, and whether there is any."""
    if not [c for c in columns if c.family is INCOMPLETE]:
        return columns, False
    marked = []
    for c in columns:
        if c.family is INCOMPLETE:
            over = rows(("module", *c.rows.names), [(name, *values) for values in c.rows.values])
            marked.append(Column(INCOMPLETE, over, c.values))
        else:
            marked.append(c)
    return marked, True


def apart(columns: Sequence[Column]) -> tuple[Sequence[Column], Sequence[tuple[str, str]], int]:
    """The columns of a module without any `DETAIL` or `DROPPED`; what the former say, each with its table; and how many
    series the collector has left out."""
    if not [c for c in columns if c.family is DETAIL or c.family is DROPPED]:
        return columns, (), 0
    said = [(table, text) for c in columns if c.family is DETAIL for table, text in c.rows.values]
    dropped = int(sum([sum(c.values) for c in columns if c.family is DROPPED]))
    return [c for c in columns if c.family is not DETAIL and c.family is not DROPPED], said, dropped


def capped(columns: Sequence[Column], room: int) -> Sequence[Column]:
    """As many whole tables as fit into `room` series, small ones first.

    A table is what shares its rows. Deterministic: the same answer always loses the same tables.
    """
    tables: Counter[int] = Counter()
    for c in columns:
        tables[id(c.rows)] += len(c.values)
    keep: set[int] = set()
    for table, series in sorted(tables.items(), key=lambda item: item[1]):  # stable: equal sizes stay in their order
        if series <= room:
            room -= series
            keep.add(table)
    return [c for c in columns if id(c.rows) in keep]
