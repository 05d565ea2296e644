"""Who is heard, and that one device's storm drowns nobody (RELIABILITY G5)."""

from __future__ import annotations

import pytest

from collector.network.traps.notice import Refused
from collector.network.traps.senders import LONGEST, MOST_WAITING, Limits, Queue, Sender, plain
from tests.collector.network.traps.device import LAB


def queue(count: int = 3, **limits: float) -> Queue:
    made = Queue()
    made.load([Sender(f"d-{n}", (f"10.0.0.{n}",), LAB) for n in range(1, count + 1)], Limits(**limits))
    return made


def put(q: Queue, address: str, now: float = 0.0, data: bytes = b"x") -> str:
    try:
        q.put(data, (address, 162), now)
    except Refused as error:
        return error.reason
    return ""


def test_only_listed_addresses_are_heard() -> None:
    q = queue()
    assert put(q, "10.0.0.9") == "unknown_source"
    assert put(q, "10.0.0.1") == ""
    assert put(q, "::ffff:10.0.0.1") == ""
    assert put(q, "10.0.0.1", data=bytes(LONGEST + 1)) == "too_long"
    q.load([], Limits())
    assert put(q, "10.0.0.1") == "unknown_source"
    assert len(q) == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [("fd00::1%eth0", "fd00::1"), ("::ffff:1.2.3.4", "1.2.3.4"), ("1.2.3.4", "1.2.3.4"), ("odd", "odd")],
)
def test_addresses_are_written_one_way(written: str, meant: str) -> None:
    assert plain(written) == meant


def test_a_device_sends_a_burst_and_then_its_rate() -> None:
    q = queue(rate=10, burst=20)
    heard = [put(q, "10.0.0.1") for _ in range(30)]
    assert heard == [""] * 20 + ["rate"] * 10
    assert [put(q, "10.0.0.1", now=1.0) for _ in range(12)] == [""] * 10 + ["rate"] * 2
    assert put(q, "10.0.0.2") == ""
    assert [put(q, "10.0.0.3", data=bytes(2000)) for _ in range(6)].count("") == 5


@pytest.mark.slow
def test_a_storm_of_one_drowns_nobody_and_devices_take_turns() -> None:
    """One at 20,000 a second, 99 at one a second."""
    q = queue(100)
    refused = 0
    for tick in range(1000):
        now = tick / 100
        refused += sum(put(q, "10.0.0.1", now) == "rate" for _ in range(200))
        if tick % 100 == 0:
            assert not any(put(q, f"10.0.0.{n}", now) for n in range(2, 101))
    assert refused == 200_000 - 1000 - 999
    first = [q.take().senders[0].name for _ in range(100)]  # type: ignore[union-attr]
    assert sorted(first) == sorted(f"d-{n}" for n in range(1, 101))


def test_what_waits_is_bounded() -> None:
    q = queue(250, rate=1000, burst=1000)
    heard = [put(q, f"10.0.0.{n}") for n in range(1, 251) for _ in range(100)]
    assert heard.count("queue_full") == 25_000 - MOST_WAITING
    assert len(q) == MOST_WAITING
    while q.take():
        pass
    long = bytes(LONGEST)
    assert [put(q, f"10.0.0.{n}", 9.0, long) for n in range(1, 251) for _ in range(20)].count("") == (
        32 << 20
    ) // LONGEST
    while q.take():
        pass
    assert put(q, "10.0.0.1", 99.0, long) == ""
