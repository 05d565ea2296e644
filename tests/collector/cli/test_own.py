"""This process' own figures, beside what psutil makes of them."""

from types import SimpleNamespace

import psutil
import pytest

from collector.cli.own import Process
from collector.edge import LocalHost
from tests.collector.host.fake import FakeHost


def figures(process: Process) -> dict[str, float]:
    return {column.family.name: column.values[0] for column in process.columns()}


def test_the_process_as_its_own_system_tells() -> None:
    found, known = figures(Process(LocalHost())), psutil.Process()
    assert found["process_resident_memory_bytes"] == pytest.approx(known.memory_info().rss, rel=0.1)
    assert found["process_virtual_memory_bytes"] == pytest.approx(known.memory_info().vms, rel=0.1)
    assert found["process_cpu_seconds_total"] == pytest.approx(sum(known.cpu_times()[:2]), abs=0.1)
    assert found["process_start_time_seconds"] == known.create_time()
    assert abs(found["process_open_fds"] - known.num_fds()) <= 1
    assert found["process_max_fds"] == known.rlimit(psutil.RLIMIT_NOFILE)[0]


def test_the_process_where_only_psutil_knows() -> None:
    memory = SimpleNamespace(rss=2048, vms=4096)
    process = SimpleNamespace(create_time=lambda: 1.5, memory_info=lambda: memory, num_fds=lambda: 7)
    found = figures(Process(FakeHost("darwin", SimpleNamespace(Process=lambda: process))))
    assert found.pop("process_cpu_seconds_total") > 0
    assert found == {
        "process_start_time_seconds": 1.5,
        "process_resident_memory_bytes": 2048,
        "process_virtual_memory_bytes": 4096,
        "process_open_fds": 7,
    }
