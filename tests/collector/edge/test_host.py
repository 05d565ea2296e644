"""The real machine, as far as every Linux has it, and calls that do not come back."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from collector.edge import LocalHost
from collector.errors import TimedOut


def test_files_are_read_whole_however_the_kernel_hands_them_out(tmp_path: Path) -> None:
    host = LocalHost()
    large = tmp_path / "large"
    large.write_bytes(b"x" * 200_001)
    assert host.read(str(large)) == b"x" * 200_001
    assert host.read("/proc/stat") is not None
    assert (host.read("/proc/stat") or b"").splitlines()[-1].startswith(b"softirq ")
    assert host.read("/proc/nothing-of-this-name") is None
    assert host.read("/proc") is None


def test_directories_and_links(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("")
    (tmp_path / "a").symlink_to("b")
    host = LocalHost()
    assert host.list(str(tmp_path)) == ["a", "b"]
    assert host.list(str(tmp_path / "none")) == ()
    assert host.link(str(tmp_path / "a")) == str(tmp_path / "b")
    assert host.link(str(tmp_path / "b")) is None


def test_the_clock_state_has_the_kernels_fields() -> None:
    timex = LocalHost().adjtimex()
    assert timex is not None
    assert timex["tick"] == 10_000, "microseconds between two ticks of a clock that nobody slews (adjtimex(2))"
    assert abs(timex["tv_sec"] - time.time()) < 5


async def test_a_call_that_hangs_costs_one_thread_however_often_it_is_asked() -> None:
    host, gate = LocalHost(), threading.Event()
    before = threading.active_count()
    began = time.monotonic()
    for _ in range(1000):
        with pytest.raises(TimedOut):
            await host.apart("mount /dead", gate.wait, timeout=0.1)
    assert time.monotonic() - began < 2
    assert host.stuck() == ["mount /dead"]
    assert threading.active_count() <= before + 1
    assert await host.apart("mount /well", lambda: 42, timeout=1) == 42
    gate.set()
    await asyncio.sleep(0.1)
    assert host.stuck() == []
    assert await host.apart("mount /dead", lambda: 43, timeout=1) == 43


async def test_threads_are_used_again_and_errors_come_back() -> None:
    host = LocalHost()
    names = {await host.apart("item", lambda: threading.current_thread().ident, timeout=1) for _ in range(50)}
    assert len(names) <= 2
    with pytest.raises(OSError, match="gone"):
        await host.apart("item", _fails, timeout=1)


async def test_askers_of_one_item_share_one_call() -> None:
    host, calls = LocalHost(), []

    def slow() -> int:
        calls.append(1)
        time.sleep(0.05)
        return 7

    assert await asyncio.gather(*(host.apart("item", slow, timeout=1) for _ in range(20))) == [7] * 20
    assert len(calls) == 1


async def test_what_must_be_the_last_word_is_said_after_a_call_in_flight() -> None:
    host, gate, said = LocalHost(), threading.Event(), []

    def say(word: str) -> str:
        gate.wait(5)
        said.append(word)
        return word

    first = asyncio.create_task(host.after("state", say, "old", timeout=5))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(host.after("state", say, word, timeout=5)) for word in ("newer", "newest")]
    await asyncio.sleep(0.05)
    first.cancel()  # whoever asked has gone; the call goes on
    gate.set()
    assert await asyncio.gather(*others) == ["newer", "newest"]
    assert said == ["old", "newer", "newest"]


async def test_a_call_that_hangs_is_not_waited_for_longer_than_is_said() -> None:
    host, gate = LocalHost(), threading.Event()
    with pytest.raises(TimedOut):
        await host.after("state", gate.wait, timeout=0.1)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(TimedOut):
            await host.after("state", gate.wait, timeout=0.1)
        assert time.monotonic() - began < 2
    gate.set()


def _fails() -> None:
    raise OSError("gone")
