"""Names are bounded, numbers only grow, and both survive a restart."""

from __future__ import annotations

from collector.network.traps.counts import RECOGNISED, Counts
from collector.network.traps.notice import Notice


def notice(trap: str, device: str = "sw-1", mark: bytes = b"") -> Notice:
    return Notice(device, trap, "none", mark=mark)


def counts(*, most: int = 3) -> Counts:
    made = Counts()
    made.names, made.most_names = {"1.3.9.1": "named", "1.3.8.2": "fromV1"}, most
    return made


def shown(made: Counts) -> dict[str, int]:
    return {trap: count for (_, trap, _), (count, _) in made.counts.items()}


def test_a_trap_has_its_name_else_its_number_else_is_one_of_the_others() -> None:
    made = counts()
    for trap in ("1.3.9.1", "1.3.8.0.2", "1.1", "1.2", "1.3", "1.4", "1.5", "1.1", "1.3.9.1"):
        made.add(notice(trap), 5.0)
    made.add(notice("1.5", "sw-2"), 6.0)
    assert shown(made) == {"named": 2, "fromV1": 1, "1.1": 2, "1.2": 1, "1.3": 1, "other": 2, "1.5": 1}


def test_a_restart_forgets_nothing_and_the_share_of_names_is_the_same() -> None:
    made = counts()
    for trap in ("1.1", "1.2", "1.3"):
        made.add(notice(trap), 5.0)
    made.refused["rate"] = 4
    made.received, made.waiting = 7 + 2, 2
    written = made.changes()
    made.add(notice("1.1"), 6.0)
    written += made.changes()
    assert made.changes() == []
    after = counts()
    after.restore(written)
    assert after.counts == made.counts
    assert (after.received, after.counted, after.waiting) == (9, 4, 0)
    assert after.refused == made.refused | {"lost_at_restart": 2}
    after.add(notice("1.4"), 7.0)
    assert shown(after)["other"] == 1
    again = counts()
    again.restore(after.everything(["sw-1"]))
    assert again.counts == after.counts
    assert counts().everything([]) == [["totals", 0, {}, 0, 0]]


def test_a_journal_that_does_not_say_how_many_were_counted_is_taken_up() -> None:
    made = counts()
    made.restore([["totals", 9, {"rate": 3, "kernel_buffer": 5, "of the future": 1}]])
    assert (made.received, made.counted) == (9, 6)


def test_a_copy_is_recognised_for_as_long_as_it_may_be_one() -> None:
    made = counts()
    assert not made.repeated(notice("1.1"), 0.0)
    assert not made.repeated(notice("1.1", mark=b"m"), 0.0)
    assert made.repeated(notice("1.1", mark=b"m"), 1.0)
    assert not made.repeated(notice("1.1", "sw-2", mark=b"m"), 1.0)
    assert not made.repeated(notice("1.1", mark=b"m"), 2.0 + RECOGNISED)
    for number in range(30_000):
        made.repeated(notice("1.1", mark=number.to_bytes(4)), 3.0)
    assert len(made._seen) == 20_000
