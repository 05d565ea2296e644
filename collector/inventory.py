"""The inventory as Prometheus reads it: http_sd groups, and which replica has which device. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2s
from math import ceil
from typing import Final, TypedDict

from collector.model import Device, Target

LONGEST_SCRAPE_INTERVAL: Final = 120.0
"""Seconds. Prometheus takes a series for gone 5 minutes after its last sample (its `--query.lookback-delta`), so what
is polled more seldom is scraped in between, which costs the device nothing: only due modules are polled (HOUSE 4)."""

UNPOLLED_SCRAPE_INTERVAL: Final = 60.0
"""Seconds between scrapes of a page on which nothing but the inventory's word changes."""

UNPOLLED_SCRAPE_TIMEOUT: Final = 10.0
SPARE: Final = 1.0
"""Seconds that a scrape may last beyond the longest poll: the answer is sent 0.5 s before the scraper gives up."""


class Group(TypedDict):
    """One target group of http_sd (CONTRACTS 8)."""

    targets: list[str]
    labels: dict[str, str]


def groups(
    devices: Sequence[Device],
    targets: Mapping[str, Sequence[Target]],
    address: str,
    shard: tuple[int, int] | None = None,
) -> list[Group]:
    """One group for each device, in the inventory's order, all to be scraped at `address`, which is this collector's.

    An agent elsewhere is listed under its own address too, with `/metrics` as its path and without `__param_device`: by
    that the scrape jobs `device` and `node` tell them apart. What the inventory knows of it is on its page here.
    `shard` (2, 5) leaves only what the second of five replicas has.
    """
    found: list[Group] = []
    for device in devices:
        if shard is None or owner(device.name, shard[1]) == shard[0]:
            if device.agent:
                found.append({"targets": [device.agent], "labels": {"__metrics_path__": "/metrics", **_labels(device)}})
            found.append(_page(device, targets.get(device.name, ()), address))
    return found


def owner(name: str, replicas: int) -> int:
    """Which replica, counted from 1, has a device: rendezvous hashing, so another replica moves only its own share."""
    return max(
        range(1, replicas + 1), key=lambda replica: blake2s(f"{replica}/{name}".encode(), digest_size=8).digest()
    )


def _labels(device: Device) -> dict[str, str]:
    labels = {
        "instance": device.name,
        "device_kind": device.kind,
        "device_class": device.device_class,
        "site": device.site,
        "location": device.location,
        "ward": device.ward,
        **dict(device.labels),
    }
    return {name: value for name, value in labels.items() if value}


def _page(device: Device, targets: Sequence[Target], address: str) -> Group:
    interval, timeout = scrape(targets)
    meta = {
        "__metrics_path__": "/metrics",
        "__param_device": device.name,
        "__scrape_interval__": _written(interval),
        "__scrape_timeout__": _written(timeout),
    }
    return {"targets": [address], "labels": meta | _labels(device)}


def scrape(targets: Sequence[Target]) -> tuple[float, float]:
    """Seconds between scrapes of a device, and how long one may last: enough for its longest poll, but not as long as
    the interval. A whole number of scrapes makes up the shortest interval of its targets."""
    if not targets:
        return UNPOLLED_SCRAPE_INTERVAL, UNPOLLED_SCRAPE_TIMEOUT
    interval = min(target.schedule.interval for target in targets)
    interval /= ceil(interval / LONGEST_SCRAPE_INTERVAL)
    longest = max(target.schedule.timeout for target in targets)
    return interval, min(longest + SPARE, interval - min(0.5, interval / 10))


def _written(seconds: float) -> str:
    """Whole milliseconds as Prometheus writes durations: `15s`, `14500ms`."""
    milliseconds = int(seconds * 1000)
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"
