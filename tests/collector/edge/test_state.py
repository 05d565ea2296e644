"""State files: the old content or the new, and never something torn (RELIABILITY F1 to F3)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collector.edge.state import AlreadyRunning, Damaged, only_one, read_state, set_aside, version, write_state

CONTENT = {"breakers": {"core-1": {"failures": 3, "wait": 60.0, "until_wall": 1767225600.5}}, "note": "Ä\n\x00"}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "state.json"
    assert read_state(path) is None
    write_state(path, CONTENT)
    assert read_state(path) == CONTENT
    write_state(path, {})
    assert read_state(path) == {}
    assert [p.name for p in path.parent.iterdir()] == ["state.json"]


def test_every_damaged_byte_is_noticed_and_the_file_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, CONTENT)
    whole = path.read_bytes()
    for n in range(len(whole)):
        damaged = bytearray(whole)
        damaged[n] ^= 0x41
        path.write_bytes(bytes(damaged))
        with pytest.raises(Damaged, match=r"state\.json"):
            read_state(path)
        assert path.read_bytes() == bytes(damaged), f"byte {n}"
    set_aside(path)
    assert [p.name for p in tmp_path.iterdir()] == ["state.json.damaged"]


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, CONTENT)
    whole = path.read_bytes()
    for n in range(len(whole) - 1):
        path.write_bytes(whole[:n])
        with pytest.raises(Damaged):
            read_state(path)


def test_a_file_that_cannot_be_read_now_is_not_taken_for_damaged(tmp_path: Path) -> None:
    """Too many open files, an input/output error, no permission: a directory in its place stands for them all."""
    path = tmp_path / "state.json"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        read_state(path)
    assert path.is_dir()


def test_a_version_changes_with_every_replacement(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert version(path) is None
    write_state(path, {"n": 1})
    seen = version(path)
    assert seen is not None
    write_state(path, {"n": 2})
    os.utime(path, ns=(seen[0], seen[0]))  # within one tick of a coarse clock
    assert version(path) != seen
    with pytest.raises(NotADirectoryError):
        version(path / "below")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files in the name of others")
def test_what_root_leaves_in_a_collectors_directory_is_the_collectors(tmp_path: Path) -> None:
    """`wardwatch pause`, typed by root where the collector runs as somebody else."""
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 12345, 54321)
    write_state(state / "orders.json", CONTENT)
    write_state(state / "compiled" / "snmp.json", CONTENT)
    with only_one(state):
        pass
    for name in ("orders.json", "compiled", "compiled/snmp.json", "collector.lock"):
        found = (state / name).stat()
        assert (found.st_uid, found.st_gid) == (12345, 54321), name
    write_state(tmp_path / "ours.json", CONTENT)
    assert (tmp_path / "ours.json").stat().st_uid == 0


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Who may write into the directory could else have root write, and give away, any file."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "collector.lock").symlink_to(precious)
    (tmp_path / f".state.json.{os.getpid()}.new").symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"), only_one(tmp_path):
        pass
    with pytest.raises(OSError, match="symbolic links"):
        write_state(tmp_path / "state.json", CONTENT)
    assert precious.read_text() == "precious"


@pytest.mark.slow
def test_a_writer_killed_at_any_instant_leaves_the_old_content_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    program = (
        "import sys; from pathlib import Path; from collector.edge.state import write_state\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1; write_state(Path(sys.argv[1]), {'n': n, 'filling': 'x' * 5000})\n"
        "    if n == 1: print('go', flush=True)\n"
    )
    chance = random.Random(1)
    for _ in range(25):
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.random() / 50)
            os.kill(writer.pid, signal.SIGKILL)
        content = read_state(path)
        assert content is not None
        assert content["filling"] == "x" * 5000


def test_a_full_disk_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, {"old": 1})
    program = (
        "import resource, signal, sys; from pathlib import Path; from collector.edge.state import write_state\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: write_state(Path(sys.argv[1]), {'new': 'x' * 5000})\n"
        "except OSError: sys.exit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 7
    assert read_state(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_two_collectors_never_work_with_one_state(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(AlreadyRunning, match=str(tmp_path)), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass
