"""Memory in huge pages: which memory, and that the kernel puts it there."""

import subprocess
import sys

import pytest

from collector.edge.hugepages import HUGE, WORTH, _spans, gather

MAPS = """\
55d0c0000000-55d0c0400000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000700000 rw-p 00000000 00:00 0 
7f0001000000-7f0001100000 rw-p 00000000 00:00 0 
7f0002000000-7f0002800000 r--p 00000000 00:00 0 
7f0003000000-7f0003800000 rw-p 00000000 08:01 131                        /usr/lib/libpython3.11.so.1.0
7f0004000000-7f0004800000 rw-s 00000000 00:01 9                          /dev/zero (deleted)
7ffc00000000-7ffc00800000 rw-p 00000000 00:00 0                          [stack]
"""  # noqa: W291 - as the kernel writes it

LARGE = f"""
from pathlib import Path
from collector.edge.hugepages import gather

def huge():
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("AnonHugePages")) * 1024

kept = [str(number) * 3 for number in range({2 * WORTH // 64})]
before = sum(map(len, kept))
found = gather()
assert sum(map(len, kept)) == before
print(found, huge())
"""


def test_only_memory_of_our_own_that_lies_together_is_meant() -> None:
    assert list(_spans(MAPS)) == [(0x55D0C0000000, 4 << 20), (0x7F0000200000, 4 << 20)]


def test_a_small_program_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.edge.hugepages.WORTH", 1 << 40)
    assert gather() == 0


def test_a_large_one_is_in_huge_pages_then() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, timeout=120, check=True)
    found, huge = map(int, done.stdout.split())
    if not found:
        pytest.skip("this kernel puts no memory into huge pages when asked (Linux 6.1 does)")
    assert found % HUGE == 0
    assert huge >= found * 0.9 > WORTH / 2
