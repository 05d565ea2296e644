"""No child outlives its supervisor, however the supervisor ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy.local import children

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = "trap '' TERM INT HUP; while :; do sleep 0.05; done"


def gone(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process ends within `seconds`. A zombie has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_childs_output_and_environment(tmp_path: Path) -> None:
    child = children.start("one", ["sh", "-c", "echo $WORD; echo oops >&2"], tmp_path / "a" / "one.log", {"WORD": "hi"})
    child.process.wait(10)

    assert child.last_words() == ["hi", "oops"]


def test_last_words_are_the_last_lines_of_a_long_log(tmp_path: Path) -> None:
    child = children.start("long", ["seq", "100000"], tmp_path / "long.log")
    child.process.wait(10)

    assert child.last_words(2) == ["99999", "100000"]


def test_stopping_is_polite_first_and_then_final(tmp_path: Path) -> None:
    polite = children.start("polite", ["sleep", "60"], tmp_path / "polite.log")
    stubborn = children.start("stubborn", ["sh", "-c", STUBBORN], tmp_path / "stubborn.log")
    time.sleep(0.2)

    begun = time.monotonic()
    killed = children.stop([polite, stubborn], grace=0.5)

    assert time.monotonic() - begun < 3
    assert killed == ["stubborn"]
    assert polite.process.returncode == -signal.SIGTERM
    assert stubborn.process.returncode == -signal.SIGKILL


def test_grandchildren_go_with_their_parent(tmp_path: Path) -> None:
    child = children.start("parent", ["sh", "-c", "sleep 60 & echo $!; wait"], tmp_path / "parent.log")
    deadline = time.monotonic() + 5
    while not child.last_words() and time.monotonic() < deadline:
        time.sleep(0.02)
    grandchild = int(child.last_words()[0])

    children.stop([child])

    assert gone(grandchild)


def test_stopping_what_has_ended_already_is_no_error(tmp_path: Path) -> None:
    child = children.start("brief", ["true"], tmp_path / "brief.log")
    child.process.wait(10)

    assert children.stop([child]) == []


def test_a_supervisor_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from deploy.local import children\n"
        f"child = children.start('stubborn', ['sh', '-c', {STUBBORN!r}], pathlib.Path(sys.argv[1]))\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "log"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    child = int(supervisor.stdout.readline())

    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait(10)

    assert gone(child)
    supervisor.stdout.close()
