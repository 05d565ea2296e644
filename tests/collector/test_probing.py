"""What a device page shows of probes from poll to poll: in virtual time, with a prober that does as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from collector.agent import Agent
from collector.budget import Pauses
from collector.errors import Malformed, NoData, PollError, Refused, TimedOut
from collector.model import Column, Edge, Family, Target
from collector.probing import Report, attempt, fnv1a
from collector.probing.place import Place, named, place, unfit, whole
from tests.collector.worlds import FakeWorld, Questions, device, labels, target, value, virtual

SEEN = Family("probe_seen", "What was seen before it failed.")


@dataclass(frozen=True)
class Told:
    """A probe that asks one datagram and then fails as `outcomes` say, one a poll."""

    name: ClassVar[str] = "told"
    lasting: ClassVar[bool] = True
    outcomes: list[PollError | None] = field(default_factory=list)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        async def probe(report: Report) -> None:
            dialogue = Questions(1, 1)
            await edge.udp(dialogue)
            if not dialogue.answers:
                raise TimedOut("silence")
            report.set(SEEN, 1.0)
            if (outcome := self.outcomes.pop(0)) is not None:
                raise outcome

        return await attempt(target, edge, probe)


def polled(
    outcomes: list[PollError | None], *, answers: bool = True, times: int | None = None, pauses: Pauses | None = None
) -> list[list[Column]]:
    """A page after each poll."""

    async def main() -> list[list[Column]]:
        world = FakeWorld() if answers else FakeWorld(lambda packet: None)
        agent = Agent(world)  # type: ignore[arg-type]
        of = device("web")
        agent.load([of], {"web": [target(of, "told", Told(list(outcomes)))]})
        pages = []
        for number in range(times or len(outcomes)):
            if pauses is not None and number == 1:
                agent.pause(pauses)
            for kept in agent.watch("web").kept.values():
                kept.urgent = True
            pages.append(await agent.page("web", 20))
        await agent.close()
        return pages

    return virtual(main())


def test_a_probe_that_fails_shows_what_it_saw_and_counts() -> None:
    good, bad, again = polled([None, NoData("no", word="status"), None])
    assert (value(good, "probe_success"), value(bad, "probe_success"), value(again, "probe_success")) == (1, 0, 1)
    assert value(bad, "probe_seen", module="told") == 1
    assert labels(bad, "probe_failure_info") == [{"module": "told", "reason": "status"}]
    assert labels(again, "probe_failure_info") == []
    assert value(again, "probe_attempts_total") == 3
    assert value(again, "probe_failures_total", reason="status") == 1
    assert value(again, "probe_latency_seconds_count") == 2
    assert value(bad, "wardwatch_poll_success", module="told") == 0
    assert labels(bad, "wardwatch_poll_failed_info") == [{"module": "told", "reason": "no_data"}]


def test_what_a_server_answers_amiss_does_not_open_the_breaker() -> None:
    pages = polled([NoData("no", word="status")] * 5)
    assert value(pages[-1], "wardwatch_breaker_open") == 0
    assert value(pages[-1], "wardwatch_device_up") == 1


@pytest.mark.parametrize("outcome", [Refused("no", word="connect_refused"), Malformed("what")])
def test_who_refuses_is_left_alone_and_still_fails(outcome: PollError) -> None:
    pages = polled([outcome] * 8, times=8)
    assert value(pages[-1], "wardwatch_breaker_open") == 1
    assert [value(page, "probe_success") for page in pages] == [0] * 8, "the page never falls silent"
    assert value(pages[-1], "probe_attempts_total") == 3, "and counts only what was tried"


def test_a_device_that_is_dead_still_fails() -> None:
    pages = polled([], answers=False, times=5)
    assert [value(page, "probe_success") for page in pages] == [0] * 5
    assert labels(pages[-1], "probe_failure_info") == [{"module": "told", "reason": "timeout"}]


def test_paused_there_are_counts_and_no_outcome() -> None:
    before, paused = polled([None, None], pauses=Pauses(frozenset({"all"})))
    assert value(before, "probe_success") == 1
    assert value(paused, "probe_success") is None
    assert value(paused, "probe_attempts_total") == 1
    assert value(paused, "probe_latency_seconds_count") == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Place()),
        (":443", Place(port=443)),
        ("host", Place(host="host")),
        ("host:1", Place(host="host", port=1)),
        ("127.0.0.1:80", Place(host="127.0.0.1", port=80)),
        ("[::1]:80", Place(host="::1", port=80)),
        ("::1", Place(host="::1")),
        ("/x?y=z", Place(path="/x?y=z")),
        ("ARCHIVE@:104", Place(user="ARCHIVE", port=104)),
        ("https://a.example:8443/b/c?d", Place("https", "", "a.example", 8443, "/b/c?d")),
    ],
)
def test_places(text: str, found: Place) -> None:
    assert place(text) == found
    assert unfit(text, needs_port=False) == ""


@pytest.mark.parametrize("text", ["a b", "a:0", "a:65536", "[::1", "http://a/\x00", "http://a/\n", "x" * 3000, "a\\b"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|port"):
        place(text)
    assert unfit(text)


def test_a_url_is_made_whole() -> None:
    assert whole(place(""), "10.0.0.1") == Place("http", "", "10.0.0.1", 80, "/")
    assert whole(place("https://[::1]"), "::1") == Place("https", "", "::1", 443, "/")
    assert whole(place("/a#b"), "10.0.0.1").path == "/a"
    assert named("http://10.0.0.1:8080/x", "a.example") == "http://a.example:8080/x"


def test_the_hash_of_the_fnv_draft() -> None:
    assert fnv1a(b"") == 0x811C9DC5
    assert fnv1a(b"foobar") == 0xBF9CF968
