"""F1 to F6 and F21 (RELIABILITY part 1): what is on the wire."""

from __future__ import annotations

import pytest
from pysnmp.proto.rfc1905 import EndOfMibView

from simulator import Player, fault
from tests.simulator.client import names, player, read, request

COLUMN = "1.3.6.1.2.1.2.2.1.10"
ROWS = [f"{COLUMN}.{n}" for n in range(1, 9)]


def reply(device: Player, packet: bytes, now: float = 0.0) -> bytes | None:
    datagrams = device.hear(packet, now)
    return datagrams[0].payload if datagrams else None


def walk(device: Player, root: str, steps: int, step: float = 0.0) -> list[str]:
    """The names that a poller sees who goes on from the last one, GETNEXT by GETNEXT."""
    found: list[str] = []
    oid = root
    for number in range(steps):
        answer = reply(device, request("next", oid), number * step)
        if answer is None or read(answer)[1]:
            break
        oid = names(answer)[0]
        found.append(oid)
    return found


def test_f1_the_same_name_again() -> None:
    assert walk(player(fault("f01_not_increasing", style="same", after=3)), COLUMN, 6) == [*ROWS[:2], *[ROWS[1]] * 4]


def test_f1_a_step_back() -> None:
    found = walk(player(fault("f01_not_increasing", style="back", after=4)), COLUMN, 6)
    assert found[:4] == [*ROWS[:3], ROWS[0]]


def test_f1_a_circle_of_three() -> None:
    found = walk(player(fault("f01_not_increasing", style="cycle", after=2)), COLUMN, 11)
    assert found[1:4] == found[4:7] == found[7:10]
    assert len(set(found)) == 4


def test_f1_disorder_inside_one_reply() -> None:
    device = player(fault("f01_not_increasing", style="inside", after=1))
    answer = reply(device, request("bulk", COLUMN, max_repetitions=4))
    assert names(answer or b"") == [ROWS[0], ROWS[2], ROWS[1], ROWS[3]]


@pytest.mark.parametrize("kind", ["next", "bulk"])
def test_f2_a_column_never_ends_and_always_increases(kind: str) -> None:
    device = player(fault("f02_endless_walk"))
    oid, found = COLUMN, []
    for _ in range(200):
        found += names(reply(device, request(kind, oid)) or b"")
        oid = found[-1]
    indexes = [int(name.removeprefix(f"{COLUMN}.")) for name in found]
    assert indexes == list(range(1, len(found) + 1))


def test_f3_a_walk_ends_in_gen_err_or_silence() -> None:
    device = player(fault("f03_walk_error", style="gen_err", after=3))
    for number in range(2):
        assert read(reply(device, request("next", ROWS[number])) or b"")[1] == 0
    assert read(reply(device, request("next", ROWS[2])) or b"")[1:3] == (5, 1)
    assert walk(player(fault("f03_walk_error", style="silence", after=3)), COLUMN, 6) == ROWS[:2]


def test_f3_too_big_above_some_repetitions_with_the_requests_names() -> None:
    device = player(fault("f03_walk_error", style="too_big", most=5))
    _, status, _, pairs = read(reply(device, request("bulk", COLUMN, max_repetitions=6)) or b"")
    assert status == 1
    assert [name for name, _ in pairs] == [COLUMN]
    assert names(reply(device, request("bulk", COLUMN, max_repetitions=5)) or b"") == ROWS[:5]


def test_f3_the_next_poll_begins_anew() -> None:
    device = player(fault("f03_walk_error", style="silence", after=2))
    assert reply(device, request("next", COLUMN), 0.0)
    assert reply(device, request("next", ROWS[0]), 0.1) is None
    assert reply(device, request("next", COLUMN), 60.0)


def test_f4_getbulk_is_not_answered_but_getnext_is() -> None:
    device = player(fault("f04_broken_getbulk", style="silent"))
    assert reply(device, request("bulk", COLUMN)) is None
    assert names(reply(device, request("next", COLUMN)) or b"") == ROWS[:1]


def test_f4_hangs_at_zero_repetitions() -> None:
    device = player(fault("f04_broken_getbulk", style="hangs_at_zero", seconds=30))
    assert reply(device, request("bulk", COLUMN, max_repetitions=10), 0.0)
    assert reply(device, request("bulk", COLUMN, max_repetitions=0), 1.0) is None
    assert reply(device, request("bulk", COLUMN, max_repetitions=10), 20.0) is None
    assert reply(device, request("bulk", COLUMN, max_repetitions=10), 32.0)


def test_f4_skips_rows_above_a_number() -> None:
    device = player(fault("f04_broken_getbulk", style="skips_rows", most=4))
    assert names(reply(device, request("bulk", COLUMN, max_repetitions=8)) or b"") == [*ROWS[:3], ROWS[7]]
    assert names(reply(device, request("bulk", COLUMN, max_repetitions=4)) or b"") == ROWS[:4]


def test_f4_too_big_without_variables() -> None:
    device = player(fault("f04_broken_getbulk", style="too_big_empty", most=10))
    _, status, index, pairs = read(reply(device, request("bulk", COLUMN, max_repetitions=11)) or b"")
    assert (status, index, pairs) == (1, 0, [])
    assert names(reply(device, request("bulk", COLUMN, max_repetitions=8)) or b"") == ROWS


def test_f4_silent_at_the_end_of_a_table() -> None:
    device = player(fault("f04_broken_getbulk", style="silent_at_end"))
    assert reply(device, request("bulk", ROWS[0]))
    assert reply(device, request("bulk", ROWS[7])) is None


def test_f5_more_than_one_variable_is_dropped() -> None:
    device = player(fault("f05_multi_varbind"))
    assert reply(device, request("get", *ROWS[:2])) is None
    assert names(reply(device, request("get", ROWS[0])) or b"") == ROWS[:1]


def test_f6_the_reply_names_another_object() -> None:
    device = player(fault("f06_other_oid", style="adds_zero"))
    assert names(reply(device, request("get", ROWS[0])) or b"") == [f"{ROWS[0]}.0"]
    device = player(fault("f06_other_oid", style="sign"))
    assert names(reply(device, request("get", ROWS[1])) or b"") == [f"{COLUMN}.{2**32 - 3}"]


def test_f21_answers_some_then_stalls_then_answers_again() -> None:
    device = player(fault("f21_stall", after=3, seconds=30))
    assert walk(device, COLUMN, 6, step=0.1) == ROWS[:3]
    assert reply(device, request("next", ROWS[3]), 20.0) is None
    assert reply(device, request("next", ROWS[3]), 31.0)
    assert reply(device, request("next", ROWS[4]), 31.1)


def test_an_honest_walk_has_an_end() -> None:
    device = player()
    last = read(reply(device, request("next", "1.3.6.1.9")) or b"")[3][0]
    assert isinstance(last[1], EndOfMibView)
