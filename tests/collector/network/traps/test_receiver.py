"""The receiver between a socket and a disk that are the test's: what is counted, written, acknowledged, refused."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collector.edge.journal import Journal
from collector.network.traps.notice import REASONS
from collector.network.traps.orders import Orders, orders, words
from collector.network.traps.receiver import Receiver
from collector.network.traps.senders import Limits, Sender
from tests.collector.network.traps.device import CORE, LINK_DOWN, SWITCH, Agent, Clock, by_community, by_v1, v3

NAMES = {LINK_DOWN: "linkDown"}
FREE = Limits(1e6, 1e6)


class Port:
    """A socket: what has come, what was answered, what the kernel says."""

    number = -1

    def __init__(self) -> None:
        self.come: list[tuple[bytes, tuple[object, ...]]] = []
        self.sent: list[tuple[bytes, tuple[object, ...]]] = []
        self.drops = 0

    def receive(self, most: int) -> Iterator[tuple[bytes, tuple[object, ...]]]:
        taken, self.come = self.come[:most], self.come[most:]
        yield from taken

    def send(self, data: bytes, to: tuple[object, ...]) -> None:
        self.sent.append((data, to))

    def kernel(self) -> tuple[int, int]:
        return 212_992, self.drops


class Hurried(Clock):
    """The time of a machine on which everything takes long: a slice of it reads one datagram."""

    def __call__(self) -> float:
        self.at += 0.01
        return self.at


class Bench:
    """A receiver, and what it said last."""

    def __init__(self, journal: Path, clock: Clock, wanted: Orders) -> None:
        self.port = Port()
        self.clock = clock
        self.said: dict[str, Any] = {}
        self.traps: dict[tuple[str, str, str], int] = {}
        self.receiver = Receiver(self.port, journal, clock, lambda: 1.8e9 + clock.at, self._hear)  # type: ignore[arg-type]
        self.receiver.load(wanted)

    def _hear(self, said: dict[str, Any]) -> None:
        self.said = json.loads(json.dumps(said))
        for device, trap, auth, count, _ in said["traps"]:
            self.traps[device, trap, auth] = count

    def come(self, *datagrams: bytes, source: str = "127.9.4.1") -> None:
        self.port.come += [(data, (source, 40_000)) for data in datagrams]

    def work(self, true: Callable[[], object] = lambda: True) -> None:
        """Let it work until all is read and written, and `true`."""
        self.clock.at += 1
        self.receiver.step()
        end = time.monotonic() + 10
        while self.port.come or len(self.receiver._queue) or self.receiver._writing is not None or not true():
            assert time.monotonic() < end, "it did not come true"
            time.sleep(0.002)
            self.clock.at += 0.02
            self.receiver.step()

    @property
    def refused(self) -> dict[str, int]:
        return {reason: count for reason, count in self.said["refused"].items() if count}

    def balance(self) -> int:
        """Datagrams that nobody accounts for."""
        assert self.said["counted"] == sum(self.traps.values())
        known = sum(self.traps.values()) + sum(self.refused.values()) - self.refused.get("kernel_buffer", 0)
        return int(self.said["received"]) - known


@contextmanager
def bench(
    journal: Path, clock: Clock | None = None, senders: tuple[Sender, ...] = (SWITCH, CORE), limits: Limits = FREE
) -> Iterator[Bench]:
    made = Bench(journal, clock or Clock(), Orders(senders, limits, NAMES, 50, "socket-1"))
    yield made
    made.receiver.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "traps.journal"


def test_every_kind_is_counted_on_its_devices_page(journal: Path) -> None:
    with bench(journal) as b:
        b.come(by_community(), by_v1("1.3.6.1.4.1.318", 2, 0), by_v1("1.3.6.1.4.1.318", 6, 5), by_community("1.3.9"))
        b.come(Agent(v3(), b.clock).trap(), source="127.9.4.2")
        b.work()
    assert b.traps == {
        ("sw-1", "linkDown", "none"): 2,
        ("sw-1", "1.3.6.1.4.1.318.0.5", "none"): 1,
        ("sw-1", "1.3.9", "none"): 1,
        ("core-1", "linkDown", "authPriv"): 1,
    }
    assert b.refused == {}
    assert b.balance() == 0


def test_what_does_not_fit_is_refused_for_its_reason(journal: Path) -> None:
    with bench(journal, senders=(SWITCH, CORE, Sender("bare", ("127.9.4.3",), None))) as b:
        b.come(by_community(), source="127.9.4.99")
        b.come(by_community(community="guess"), b"\x30\x03\x02\x01\x09", b"", b"\x30\x80", bytes(9000))
        b.come(by_community(), source="127.9.4.2")
        b.come(by_community(), source="127.9.4.3")
        b.come(Agent(v3(), b.clock).trap())
        trap = Agent(v3(), b.clock).trap()
        b.come(trap, trap, source="127.9.4.2")
        b.work()
    assert b.refused == {
        "unknown_source": 1, "wrong_community": 1, "wrong_version": 3, "malformed": 2, "too_long": 1,
        "no_credentials": 1, "repeated": 1,
    }  # fmt: skip
    assert b.balance() == 0


def test_an_inform_is_acknowledged_when_it_is_on_disk_and_counted_once(journal: Path) -> None:
    with bench(journal) as b:
        inform = by_community(inform=True)
        b.come(inform)
        b.receiver._disk.submit(time.sleep, 0.05)  # a slow disk
        b.receiver.step()
        b.receiver.step()
        assert b.port.sent == []
        b.work()
        assert ["trap", "sw-1", "linkDown", "none", 1] in [list(r[:5]) for r in Journal(journal).read()[0]]
        ((answer, to),) = b.port.sent
        assert to == ("127.9.4.1", 40_000)
        assert answer == inform.replace(b"\xa6", b"\xa2", 1)
        b.come(inform, inform)
        b.work()
        assert len(b.port.sent) == 3
        assert b.traps["sw-1", "linkDown", "none"] == 1
        assert b.refused == {"repeated": 2}


def test_a_disk_that_refuses_delays_acknowledgements_and_loses_nothing(journal: Path) -> None:
    with bench(journal) as b:
        b.work()
        kept = journal.with_name("kept")
        journal.rename(kept)
        journal.mkdir()
        b.come(by_community(inform=True), by_community())
        b.work(lambda: b.said["failing"])
        assert b.port.sent == []
        assert b.said["failures"] >= 1
        assert b.traps["sw-1", "linkDown", "none"] == 2
        journal.rmdir()
        b.work(lambda: b.port.sent and not b.said["failing"])
    with bench(journal) as after:
        assert after.traps["sw-1", "linkDown", "none"] == 2


def test_a_restart_keeps_counts_refusals_engines_and_who_we_are(journal: Path) -> None:
    clock = Clock()
    agent = Agent(v3(), clock)
    first = agent.trap()
    with bench(journal, clock) as b:
        b.come(by_community(), by_community(community="guess"))
        clock.at += 500
        b.come(agent.trap(), source="127.9.4.2")
        b.port.drops = 3
        b.work()
        before, boots, engine = b.traps, b.receiver.usm.boots, b.receiver.usm.engine
    with bench(journal, clock) as after:
        after.port.drops = 4  # the same socket: one more
        after.come(first, source="127.9.4.2")
        after.work()
        assert after.traps == before
        assert after.refused == {"wrong_community": 1, "kernel_buffer": 4, "time_window": 1}
        assert after.receiver.usm.boots == boots + 1
        assert after.receiver.usm.engine == engine
        assert after.balance() == 0


@pytest.mark.slow
def test_what_waited_when_the_receiver_was_killed_is_lost_and_told_once(journal: Path) -> None:
    """4,000 taken in, few read: those that waited were not counted, and are not forgotten."""
    clock = Hurried()
    with bench(journal, clock) as b:
        b.come(*[by_community()] * 4000)
        b.receiver.step()
        b.receiver._disk.submit(lambda: None).result()
        assert b.said["waiting"] == 4000 - sum(b.traps.values()) > 3900
        waited, at_the_kill = b.said["waiting"], journal.read_bytes()
    journal.write_bytes(at_the_kill)
    with bench(journal) as killed:  # it is killed too, before it wrote a word
        killed.work()
        assert killed.refused == {"lost_at_restart": waited}
    journal.write_bytes(at_the_kill)
    for received in (4001, 4002):
        with bench(journal) as after:
            after.come(by_community())
            after.work()
            assert (after.said["received"], after.said["counted"]) == (received, received - waited)
            assert after.refused == {"lost_at_restart": waited}
            assert after.balance() == 0


def test_the_journal_is_written_anew_when_it_is_long(journal: Path) -> None:
    with bench(journal) as b:
        b.come(by_community())
        b.work()
        b.receiver._journal.append([["trap", "gone", "linkDown", "none", n, 1.0] for n in range(11_000)])
        b.come(by_community())
        b.work()
        lines = Journal(journal).read()[0]
    assert len(lines) < 20
    with bench(journal) as after:
        assert after.traps == {("sw-1", "linkDown", "none"): 2}


def test_a_damaged_journal_is_told_and_the_rest_kept(journal: Path) -> None:
    with bench(journal) as b:
        b.come(by_community(), by_community("1.3.9"))
        b.work()
    journal.write_bytes(journal.read_bytes().replace(b"linkDown", b"linkDawn"))
    with bench(journal) as after:
        assert after.traps == {("sw-1", "1.3.9", "none"): 1}
        assert after.said["damaged"] == 1
    assert (journal.parent / "traps.journal.damaged").exists()


def test_no_word_of_a_device_is_kept_or_told(journal: Path) -> None:
    canary = b'9434765919 <script> "canary\n'
    with bench(journal) as b:
        b.come(by_community(text=canary), by_community(inform=True, text=canary))
        b.come(Agent(v3(), b.clock).trap(text=canary), source="127.9.4.2")
        b.work()
        told = json.dumps(b.said).encode() + journal.read_bytes()
    for word in (b"9434765919", b"script", b"canary"):
        assert word not in told


def test_orders_arrive_as_they_were_sent() -> None:
    sent = Orders((SWITCH, CORE, Sender("bare", ("127.9.4.3",), None)), Limits(5, 6), NAMES, 7, "s")
    assert orders(json.loads(json.dumps(words(sent)))) == sent


def test_hostile_datagrams_of_a_listed_source_are_refused_one_by_one(journal: Path) -> None:
    """Every truncation, every byte set to four values, bad lengths, deep nesting, long OIDs (G6 in small)."""
    clock = Clock()
    bases = [by_community(), by_v1("1.3.6.1.4.1.318", 6, 5), by_community(inform=True), Agent(v3(), clock).trap()]
    dice = random.Random(5)
    corpus: list[bytes] = []
    for base in bases:
        corpus += [base[:n] for n in range(0, len(base), 3)]
        for at in range(0, len(base), 2):
            corpus.append(base[:at] + bytes((dice.choice((0, 0x7F, 0x80, 0xFF)),)) + base[at + 1 :])
        for length in (b"\x80", b"\x84\xff\xff\xff\xff", b"\x81\xff", b"\x88" + b"\xff" * 8):
            corpus.append(base[:1] + length + base[2:])
    corpus.append(b"\x30\x80" * 3000)
    corpus.append(b"\x30\x82\x0f\xff" * 1500)
    corpus.append(by_community("1." + ".".join(["3"] * 120)))
    with bench(journal, clock, senders=(SWITCH, Sender("core-1", SWITCH.addresses, v3()))) as b:
        b.come(*corpus)
        b.work()
        assert b.said["received"] == len(corpus)
        assert b.balance() == 0
        assert b.refused.get("fault", 0) == 0, b.said["faults"]
        b.come(by_community())
        b.work()
        assert b.traps["sw-1", "linkDown", "none"] >= 1


def test_the_guide_explains_every_reason() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "traps.md").read_text()
    assert [reason for reason in REASONS if f"`{reason}`" not in guide] == []


def test_nothing_is_judged_before_it_is_known_who_may_send(journal: Path) -> None:
    with bench(journal) as b:
        b.come(by_community())
        b.work()
        b.receiver._journal.append([["trap", "gone", "linkDown", "none", n, 1.0] for n in range(11_000)])
    early = Receiver(Port(), journal, Clock(), time.time, lambda said: None)  # type: ignore[arg-type]
    early._listening.come.append((by_community(), ("127.9.4.1", 1)))  # type: ignore[attr-defined]
    early.step()
    early.close()
    with bench(journal) as after:
        assert after.said["received"] == 1
        assert after.traps["sw-1", "linkDown", "none"] == 1
