"""What `append` returned for is read again, whatever else became of the file (RELIABILITY F1, F3)."""

from __future__ import annotations

import random
from pathlib import Path

from collector.edge.journal import Journal

RECORDS = [["trap", "sw-1", "linkDown", 1], ["trap", "sw-1", "linkUp", 2], ["totals", 3, {"rate": 1}]]


def written(path: Path) -> bytes:
    Journal(path).append(RECORDS)
    return path.read_bytes()


def test_what_was_added_is_read_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert journal.read() == ([], 0)
    journal.append(RECORDS[:1])
    journal.append(RECORDS[1:])
    assert Journal(tmp_path / "j").read() == (RECORDS, 0)
    assert journal.lines == 3
    journal.replace(RECORDS[2:])
    assert Journal(tmp_path / "j").read() == (RECORDS[2:], 0)
    assert [p.name for p in tmp_path.iterdir()] == ["j"]


def test_a_torn_end_loses_the_last_line_only_and_what_follows_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = written(path)
    ends = [n + 1 for n, byte in enumerate(whole) if byte == 10]
    for cut in range(0, len(whole) + 1, 3):
        path.write_bytes(whole[:cut])
        complete = sum(end - 1 <= cut for end in ends)  # a line without its end is whole too
        found, damaged = Journal(path).read()
        assert found == RECORDS[:complete]
        assert damaged == (0 if cut == 0 or cut in ends or cut + 1 in ends else 1)
        Journal(path).append([["more"]])
        assert Journal(path).read()[0] == [*RECORDS[:complete], ["more"]]


def test_every_damage_is_found_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = written(path)
    dice = random.Random(3)
    for at in range(0, len(whole) - 1, 2):
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << dice.randrange(8)
        path.write_bytes(spoilt)
        found, damaged = Journal(path).read()
        assert damaged
        assert all(record in RECORDS for record in found)
        assert len(found) >= 1
    assert (tmp_path / "j.damaged").exists()


def test_what_append_returned_for_is_on_disk(tmp_path: Path) -> None:
    synced: list[str] = []

    def sync(number: int) -> None:
        where = Path(f"/proc/self/fd/{number}").readlink()
        synced.append(f"{where.name} {len(where.read_bytes()) if where.is_file() else 'names'}")

    journal = Journal(tmp_path / "j", sync)
    journal.append(RECORDS[:1])
    first = (tmp_path / "j").stat().st_size
    journal.append(RECORDS[1:])
    second = (tmp_path / "j").stat().st_size
    journal.replace(RECORDS[:1])
    names = f"{tmp_path.name} names"
    assert synced == [f"j {first}", names, f"j {second}", f".j.new {first}", names]
