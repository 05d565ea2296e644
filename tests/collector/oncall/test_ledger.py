"""What messages come to: copies, repetitions, beginnings, ends, flapping, and who sees to what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.model import Column
from collector.oncall import ledger as module
from collector.oncall import shown
from collector.oncall import tallies as t
from collector.oncall.episode import Ack
from collector.oncall.ledger import DAY, Ledger
from collector.oncall.message import read
from collector.oncall.rules import MOST_SAID, Rules
from collector.privacy import Screen
from exporters.text import render
from tests.collector.oncall.messages import BEGIN, alert, message

MINUTE = 60.0
HOUR = 3600.0


class World:
    """A ledger that is told messages at times after `BEGIN`, each of its records through JSON as a journal has them."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.ledger = Ledger(rules)
        self.journal: list[Any] = []

    def tell(self, after: float, *alerts: Any, **about: Any) -> int:
        """How many records that makes."""
        records = self.ledger.decide(read(message(*alerts, **about)), BEGIN + after, lambda _: "night")
        return self.write(records)

    def write(self, records: Sequence[Any]) -> int:
        self.journal += json.loads(json.dumps(records))
        self.ledger.apply(json.loads(json.dumps(records)))
        return len(records)

    def ack(self, after: float, until: float | None = None, by: str = "alice", instance: str = "") -> int:
        (episode,) = [e for e in self.ledger.open.values() if instance in ("", e.labels.get("instance"))]
        end = None if until is None else BEGIN + until
        found = self.ledger.acknowledge(episode.fingerprint, episode.starts, Ack(BEGIN + after, end, by))
        return self.write(found)

    def count(self, family: Any) -> int:
        return sum(self.ledger.tallies.counts[family].values())

    def told(self, status: str = "firing") -> int:
        return sum(n for key, n in self.ledger.tallies.counts[t.NOTIFICATIONS].items() if key[3] == status)

    def gauges(self, after: float) -> dict[str, list[float]]:
        columns: list[Column] = list(shown.columns(self.ledger, BEGIN + after))
        return {c.family.name.removeprefix("wardwatch_oncall_"): list(c.values) for c in columns}


def test_one_alert_from_beginning_to_end() -> None:
    world = World()
    assert world.tell(30, alert()) == 2
    assert world.gauges(90)["alerts_open"] == [1, 0, 0]
    assert world.gauges(90)["oldest_unacknowledged_seconds"] == [pytest.approx(90, abs=0.01), 0, 0]
    world.tell(HOUR, alert(ends=BEGIN + HOUR - 60))

    assert (world.told(), world.told("resolved")) == (1, 1)
    counts = {f.name: sum(c.values()) for f, c in world.ledger.tallies.counts.items() if f in t._OF_KIND}
    assert {name.removeprefix("wardwatch_oncall_alerts_"): n for name, n in counts.items()} == {
        "started_total": 1,
        "ended_total": 1,
        "ended_without_action_total": 1,
        "flapping_total": 0,
        "acknowledged_total": 0,
    }
    assert world.gauges(HOUR)["alerts_open"] == [0, 0, 0]


def test_a_pair_and_a_second_attempt_are_one_message() -> None:
    world = World()
    for after in (0, 15, 45, 299):
        world.tell(after, alert())
    assert (world.told(), world.count(t.STARTED)) == (1, 1)


def test_what_is_said_again_later_calls_again() -> None:
    world = World()
    for after in (0, HOUR, HOUR + 15, 2 * HOUR):
        world.tell(after, alert())
    assert (world.told(), world.count(t.STARTED)) == (3, 1)


def test_copies_that_go_on_and_on_do_not_put_off_the_next_call() -> None:
    world = World()
    for after in range(0, 1200, 60):  # a repeat_interval of a minute, below what can be told apart
        world.tell(after, alert())
    assert world.told() == 4


def test_a_message_with_one_more_alert_is_another_and_its_copy_is_none() -> None:
    world = World()
    a, b = alert(instance="a"), alert(instance="b")
    world.tell(0, a)
    world.tell(301, a, b)
    world.tell(310, a, b)
    world.tell(500, b, a)  # the other of the pair, whose groups are of another minute
    assert (world.told(), world.count(t.STARTED)) == (2, 2)


def test_each_receiver_and_each_group_is_called_and_the_alert_is_one() -> None:
    world = World()
    for receiver in ("page", "ticket"):
        for group in ("{a}", "{b}"):
            world.tell(0, alert(), receiver=receiver, group=group)
    assert (world.told(), world.count(t.STARTED)) == (4, 1)
    assert world.ledger.tallies.counts[t.NOTIFICATIONS]["page", "critical", "night", "firing"] == 2


def test_two_prometheus_servers_see_a_beginning_at_different_times() -> None:
    world = World()
    world.tell(30, alert(starts=BEGIN + 20))
    world.tell(45, alert(starts=BEGIN))
    world.tell(HOUR, alert(starts=BEGIN, ends=BEGIN + 1800))
    world.tell(HOUR + 15, alert(starts=BEGIN + 20, ends=BEGIN + 1820))
    assert (world.told(), world.told("resolved")) == (1, 1)
    assert (world.count(t.STARTED), world.count(t.ENDED)) == (1, 1)


def test_what_is_told_late_changes_nothing() -> None:
    world = World()
    world.tell(0, alert())
    world.tell(600, alert(ends=BEGIN + 500))
    world.tell(605, alert())  # the slower of a pair; that message is one of its own, for the telephone has rung
    assert (world.count(t.STARTED), world.count(t.ENDED), len(world.ledger.open)) == (1, 1, 0)


def test_what_alertmanager_lost_sight_of_comes_back_as_it_began() -> None:
    """Prometheus could not reach it for a while: it takes an end for granted, then hears of the same again."""
    world = World()
    world.tell(0, alert())
    world.tell(600, alert(ends=BEGIN + 500))
    world.tell(1200, alert())
    assert (world.count(t.STARTED), world.count(t.ENDED), len(world.ledger.open)) == (2, 1, 1)
    world.tell(1800, alert(ends=BEGIN + 1700))
    assert (world.count(t.STARTED), world.count(t.ENDED), len(world.ledger.open)) == (2, 2, 0)


def test_a_new_beginning_tells_of_an_end_that_nobody_told() -> None:
    world = World()
    world.tell(0, alert())
    world.tell(HOUR, alert(starts=BEGIN + HOUR - 30))
    assert (world.count(t.STARTED), world.count(t.ENDED), len(world.ledger.open)) == (2, 1, 1)


def test_the_end_of_an_earlier_one_that_is_told_late_ends_nothing_that_goes_on() -> None:
    world = World()
    world.tell(HOUR, alert(starts=BEGIN + HOUR - 30))
    world.tell(HOUR + 10, alert(ends=BEGIN + 600))
    assert (world.count(t.STARTED), world.count(t.ENDED), len(world.ledger.open)) == (1, 0, 1)


def test_an_end_of_what_nobody_told_of_is_both() -> None:
    world = World()
    world.tell(HOUR, alert(ends=BEGIN + 60))
    assert (world.count(t.STARTED), world.count(t.ENDED), world.count(t.UNTOUCHED)) == (1, 1, 1)


def test_flapping_is_counted_once_for_each_spell() -> None:
    world = World()

    def spell(begin: float, times: int) -> None:
        for n in range(times):
            starts = begin + n * 600
            world.tell(starts + 10, alert(starts=BEGIN + starts))
            world.tell(starts + 400, alert(starts=BEGIN + starts, ends=BEGIN + starts + 300))

    spell(0, 3)
    assert world.count(t.FLAPPING) == 0, "it has begun again only twice"
    spell(1800, 4)
    assert world.count(t.FLAPPING) == 1
    spell(6 * HOUR, 4)
    assert world.count(t.FLAPPING) == 2
    spell(12 * HOUR, 1)
    spell(14 * HOUR, 1)
    assert world.count(t.FLAPPING) == 2


def test_an_acknowledgement_is_measured_once_and_ends_in_time() -> None:
    world = World()
    world.tell(0, alert())
    assert world.ack(600, until=HOUR) == 1
    assert world.gauges(700)["alerts_unacknowledged"] == [0, 0, 0]
    assert world.gauges(HOUR)["alerts_unacknowledged"] == [1, 0, 0], "it was for an hour only"
    assert world.ack(HOUR + 60, by="bob") == 1
    assert world.ack(HOUR + 60, by="bob") == 0, "that is known"
    assert world.gauges(5 * HOUR)["alerts_unacknowledged"] == [0, 0, 0]
    assert world.count(t.ACKNOWLEDGED) == 1
    assert world.ledger.tallies.took["critical"].saved()[1] == pytest.approx(600, abs=0.01)
    world.tell(6 * HOUR, alert(ends=BEGIN + 5.9 * HOUR))
    assert world.count(t.UNTOUCHED) == 0
    world.tell(7 * HOUR, alert(starts=BEGIN + 7 * HOUR))
    assert world.gauges(7 * HOUR)["alerts_unacknowledged"] == [1, 0, 0], "what comes again is another"


def test_an_acknowledgement_of_what_is_over_is_none() -> None:
    world = World()
    world.tell(0, alert())
    fingerprint = next(iter(world.ledger.open))
    world.tell(600, alert(ends=BEGIN + 300))
    assert world.ledger.acknowledge(fingerprint, BEGIN, Ack(BEGIN + 700, None, "alice")) == []


def test_an_alert_of_which_nobody_tells_any_more_is_lost() -> None:
    world = World()
    world.tell(0, alert())
    world.tell(3 * DAY, alert())
    assert world.ledger.silent(BEGIN + 8 * DAY) == []
    world.write(world.ledger.silent(BEGIN + 9 * DAY + 1))
    assert world.ledger.tallies.counts[t.LOST] == {("silent",): 1, ("forgotten",): 0}
    assert world.count(t.STARTED) == world.count(t.ENDED) + world.count(t.LOST) + len(world.ledger.open)


def test_the_watchdog_calls_nobody() -> None:
    world = World()
    assert world.tell(0, alert("Watchdog")) == 0
    assert world.tell(0, alert("Watchdog"), alert()) == 2
    assert world.count(t.STARTED) == 1
    assert not world.ledger.concerns(read(message(alert("Watchdog"))))


def test_a_message_is_as_urgent_as_the_most_urgent_that_fires() -> None:
    world = World()
    world.tell(0, alert(severity="warning"), alert(severity="info"), alert(ends=BEGIN + 10))
    world.tell(0, alert(ends=BEGIN + 10), group="{other}")
    counted = {key for key, n in world.ledger.tallies.counts[t.NOTIFICATIONS].items() if n}
    assert counted == {("page", "warning", "night", "firing"), ("page", "critical", "night", "resolved")}


def test_a_restart_is_where_it_was_from_the_journal_and_from_the_short_of_it() -> None:
    world = World()
    world.tell(0, alert(instance="a"), alert(instance="b", owner="desk"))
    world.ack(60, until=HOUR, instance="a")
    world.tell(600, alert(instance="b", owner="desk", ends=BEGIN + 500))
    for records in (world.journal, json.loads(json.dumps(world.ledger.everything()))):
        again = Ledger()
        again.apply(records)
        assert again.everything() == world.ledger.everything()
        assert list(again.tallies.columns()) == list(world.ledger.tallies.columns())
        assert again.decide(read(message(alert(instance="b", owner="desk", ends=BEGIN + 500))), BEGIN + 615, str) == []


def test_records_that_were_written_twice_count_once() -> None:
    """A disk that fails after it has written: the second attempt of Alertmanager is noted a second time."""
    world = World()
    records = world.ledger.decide(read(message(alert())), BEGIN, lambda _: "night")
    later = world.ledger.decide(read(message(alert())), BEGIN + 20, lambda _: "night")
    world.write([*records, *later])
    assert (world.told(), world.count(t.STARTED)) == (1, 1)


def test_what_another_version_wrote_is_passed_over() -> None:
    ledger = Ledger()
    ledger.apply(
        [["news", 1], ["count", "unknown_total", [], 5], ["alert", {"fingerprint": "a"}], ["took", "x", [], 1]]
    )
    assert ledger.everything() == Ledger().everything()


def test_hostile_words_are_bounded_and_the_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Rules(owners=frozenset({"desk"}), screen=Screen()))
    for n in range(300):
        hostile = f'{n}"}} \\ \n\x00 {{{{ .Labels }}}}'
        world.tell(n * 400, alert(hostile, severity=hostile, owner=hostile, instance="999 000 0018"), receiver=hostile)
    world.tell(300 * 400, alert("Known", owner="desk"))
    kinds = world.ledger.tallies.counts[t.STARTED]
    assert len({kind[0] for kind in kinds}) == t.MOST_NAMES + 1
    assert {kind[1] for kind in kinds} == {"critical", "other"}
    assert {kind[2] for kind in kinds} == {"other", "desk"}
    assert len({key[0] for key in world.ledger.tallies.counts[t.NOTIFICATIONS]}) == t.MOST_RECEIVERS + 1
    page = render(list(shown.columns(world.ledger, BEGIN)))
    assert page.duplicates == 0
    assert page.body.count(b"\n") < 7_000


def test_patient_data_and_long_labels_are_not_kept() -> None:
    world = World(Rules(screen=Screen()))
    number = "9990000018"  # no patient's: it begins with 999
    world.tell(0, alert(instance="sw-1", said=f"call {number}", **{f"l{n:02}": "x" * 256 for n in range(40)}))
    (episode,) = world.ledger.open.values()
    assert episode.labels["instance"] == "sw-1"
    assert number not in json.dumps(world.journal)
    assert sum(len(k) + len(v) for k, v in episode.labels.items()) <= MOST_SAID + 100


def test_memory_is_bounded_and_what_is_forgotten_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ALERTS", 10)
    monkeypatch.setattr(module, "MOST_TOLD", 15)
    world = World()
    for n in range(30):
        world.tell(n, alert(instance=f"sw-{n}"))
    assert (len(world.ledger.open), len(world.ledger.over), len(world.ledger._told)) == (10, 10, 15)
    assert world.ledger.tallies.counts[t.FORGOTTEN] == {("alert",): 30, ("message",): 15}
    assert world.count(t.STARTED) == world.count(t.ENDED) + world.count(t.LOST) + len(world.ledger.open)


def test_what_is_long_over_is_forgotten() -> None:
    world = World()
    world.tell(0, alert(instance="a"))
    world.tell(60, alert(instance="a", ends=BEGIN + 30))
    world.tell(2 * DAY, alert(instance="b"))
    assert (len(world.ledger.over), len(world.ledger._told)) == (0, 1)


# -- any order, any number of copies ---------------------------------------------------------------------------------

PLACES = st.tuples(st.sampled_from(["page", "ticket"]), st.sampled_from(["{a}", "{b}"]))
SAID = st.tuples(PLACES, st.integers(0, 3), st.integers(0, 3), st.booleans())
"""Where, which alert, which of its episodes, whether it is over."""


@settings(max_examples=200)
@given(st.lists(SAID, unique=True, max_size=12), st.data())
def test_distinct_messages_are_counted_once_in_any_order_with_any_copies(said: list[Any], data: st.DataObject) -> None:
    """Everything within `copies` seconds: what is the same is a copy, what is not is a message."""
    sent = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said), max_size=12)) if said else []))
    times = sorted(data.draw(st.lists(st.floats(0, 299), min_size=len(sent), max_size=len(sent))))
    world = World()
    for after, (place, which, episode, over) in zip(times, sent, strict=True):
        starts = BEGIN - 8 * HOUR + episode * HOUR
        one = alert(instance=str(which), starts=starts, ends=starts + 1800 if over else None)
        world.tell(after, one, receiver=place[0], group=place[1])

    counted = Counter[tuple[str, str]]()
    for key, n in world.ledger.tallies.counts[t.NOTIFICATIONS].items():
        counted[key[0], key[3]] += n
    expected = Counter((place[0], "resolved" if over else "firing") for place, _, _, over in said)
    assert +counted == expected
    assert world.count(t.STARTED) == world.count(t.ENDED) + world.count(t.LOST) + len(world.ledger.open)
    again = Ledger()
    again.apply(world.journal)
    assert again.everything() == world.ledger.everything()


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 90), st.integers(1, 4)), min_size=1, max_size=8), st.data())
def test_a_pair_that_repeats_is_counted_as_one_that_repeats(
    calls: list[tuple[float, int]], data: st.DataObject
) -> None:
    """Each call comes `copies` and more after the last, in as many copies as there are, at most 90 s late."""
    world = World()
    for n, (_, copies) in enumerate(calls):
        for late in sorted(data.draw(st.lists(st.floats(0, 90), min_size=copies, max_size=copies))):
            world.tell(n * 400 + late, alert(), alert(instance="other"))
    assert world.told() == len(calls)
