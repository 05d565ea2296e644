"""Attributes that stay open, played with files: what is renamed over one is another device under its name."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from collector.edge.attributes import MOST, Attributes


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "uevent_seqnum"
    file.write_text("7\n")
    return file


def replaced(file: Path, text: str) -> None:
    other = file.with_suffix(".new")
    other.write_text(text)
    other.replace(file)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_is_read_again_is_what_is_there_now(events: Path, tmp_path: Path) -> None:
    attributes = Attributes(str(events), glance=0)
    carrier = tmp_path / "carrier"
    assert attributes.read(str(carrier)) is None
    carrier.write_text("0\n")
    assert attributes.read(str(carrier)) == b"0\n"
    before = open_files()
    carrier.write_text("1\n")
    assert attributes.read(str(carrier)) == b"1\n"
    assert open_files() == before


def test_no_file_stays_open_over_an_event(events: Path, tmp_path: Path) -> None:
    attributes = Attributes(str(events), glance=0)
    index = tmp_path / "ifindex"
    index.write_text("3\n")
    before = open_files()
    assert attributes.read(str(index)) == b"3\n"
    assert open_files() == before + 1
    replaced(index, "4\n")
    assert attributes.read(str(index)) == b"3\n", "the file is that of the device, which goes by another name now"
    events.write_text("8\n")
    assert attributes.read(str(index)) == b"4\n"
    index.unlink()
    events.write_text("9\n")
    assert attributes.read(str(index)) is None
    assert open_files() == before


def test_no_file_stays_open_where_nobody_counts_events(tmp_path: Path) -> None:
    attributes = Attributes(str(tmp_path / "none"), glance=0)
    index = tmp_path / "ifindex"
    index.write_text("3\n")
    before = open_files()
    assert attributes.read(str(index)) == b"3\n"
    assert open_files() == before


def test_there_is_an_end_to_files_that_stay_open(events: Path, tmp_path: Path) -> None:
    attributes = Attributes(str(events))
    before = open_files()
    for number in range(MOST + 20):
        (tmp_path / str(number)).write_text(str(number))
        assert attributes.read(str(tmp_path / str(number))) == str(number).encode()
    assert open_files() == before + MOST


def test_an_attribute_that_cannot_be_read_any_more_is_looked_up_anew(events: Path, tmp_path: Path) -> None:
    attributes = Attributes(str(events))
    pipe, before = tmp_path / "pipe", open_files()
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    assert attributes.read(str(pipe)) is None, "not a file that can be read from its start"
    os.close(writer)
    assert open_files() == before
    replaced(pipe, "1\n")
    assert attributes.read(str(pipe)) == b"1\n"


def test_another_thread_keeps_nothing_open(events: Path, tmp_path: Path) -> None:
    attributes = Attributes(str(events))
    index = tmp_path / "ifindex"
    index.write_text("3\n")
    before, found = open_files(), list[bytes | None]()
    thread = threading.Thread(target=lambda: found.append(attributes.read(str(index))))
    thread.start()
    thread.join()
    assert found == [b"3\n"]
    assert open_files() == before
