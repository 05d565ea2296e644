"""`/snmp` as snmp_exporter's users ask it: parameters, their order of checks, the texts (CONTRACTS 1)."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field

import pytest

from collector.model import Column, Family, column, rows
from exporters.ondemand import read
from exporters.source import Question, Refusal, Scrape
from tests.exporters.exposition import parse
from tests.exporters.fake import FakeSource, ask, serving, until

TABLE = Family("ifHCInOctets", "Octets - 1.3.6.1.2.1.31.1.1.1.6", "counter")
ANSWER: tuple[Column, ...] = (column(TABLE, rows(("ifIndex",), [("1",), ("2",)]), (10, 20)),)


@dataclass
class Snmp(FakeSource):
    questions: list[tuple[Question, float]] = field(default_factory=list)
    faults: tuple[str, ...] = ()
    refusal: Refusal | None = None
    waiting: asyncio.Event | None = None

    async def snmp_page(self, question: Question, patience: float) -> Scrape:
        self.questions.append((question, patience))
        if self.refusal is not None:
            raise self.refusal
        if self.waiting is not None:
            await self.waiting.wait()
        return Scrape(ANSWER, self.faults, dict.fromkeys(question.modules, 0.2), unexpected=2)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "'target' parameter must be specified once"),
        ("target=", "'target' parameter must be specified once"),
        ("target=a&target=b", "'target' parameter must be specified once"),
        ("target=a&target=a&auth=x&auth=y&module=", "'target' parameter must be specified once"),
        ("target=a&auth=x&auth=y&snmp_context=1&snmp_context=2", "'auth' parameter must only be specified once"),
        (
            "target=a&snmp_context=1&snmp_context=2&snmp_engineid=1&snmp_engineid=2",
            "'snmp_context' parameter must only be specified once",
        ),
        ("target=a&module=&snmp_engineid=1&snmp_engineid=2", "'snmp_engineid' parameter must only be specified once"),
        ("target=a&module=", "'module' parameter must contain at least one module name"),
        ("target=a&module=,,&module=", "'module' parameter must contain at least one module name"),
    ],
)
async def test_what_is_wrong_with_a_question_is_said_in_order_and_counted(query: str, text: str) -> None:
    source = Snmp()
    async with serving(source) as server:
        answer = await ask(server, f"/snmp?{query}")
        page = parse((await ask(server, "/metrics")).body)
    assert (answer.status, answer.text) == (400, text + "\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert page.value("snmp_request_errors_total") == 1
    assert source.questions == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"target": ["sw"]}, Question("sw", "", ("if_mib",), "", "", False)),
        (
            {"target": ["sw"], "module": ["b,a", "c,b"], "auth": ["x"]},
            Question("sw", "x", ("b", "a", "c"), "", "", False),
        ),
        (
            {"target": ["sw"], "snmp_context": ["vlan-7"], "snmp_engineid": ["80"], "strict": ["1"]},
            Question("sw", "", ("if_mib",), "vlan-7", "80", True),
        ),
        (
            {"target": ["sw"], "auth": [""], "snmp_debug_packets": ["true"]},
            Question("sw", "", ("if_mib",), "", "", False),
        ),
    ],
)
def test_a_question_is_read(given: dict[str, list[str]], expected: Question) -> None:
    assert read(lambda name: given.get(name, [])) == expected


async def test_the_answer_is_a_page_and_gzipped_where_wanted() -> None:
    async with serving(Snmp()) as server:
        answer = await ask(server, "/snmp?target=sw", headers={"Accept-Encoding": "gzip"})
        about = parse((await ask(server, "/metrics")).body)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert parse(gzip.decompress(answer.body)).value("ifHCInOctets", ifIndex="2") == 20
    assert about.value("snmp_collection_duration_seconds_bucket", module="if_mib", le="0.25") == 1
    assert about.value("snmp_collection_duration_seconds_bucket", module="if_mib", le="0.1") == 0
    assert about.value("snmp_collection_duration_seconds_count", module="if_mib") == 1
    assert about.value("snmp_request_in_flight") == 0
    assert about.value("snmp_unexpected_pdu_type_total") == 2


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_a_refusal_is_its_text(status: int) -> None:
    async with serving(Snmp(refusal=Refusal(status, "Unknown module 'x'"))) as server:
        answer = await ask(server, "/snmp?target=sw")
        about = parse((await ask(server, "/metrics")).body)
    assert (answer.status, answer.text) == (status, "Unknown module 'x'\n")
    assert about.value("snmp_request_errors_total") == (status == 400)


async def test_faults_are_an_answer_500_as_go_writes_it() -> None:
    async with serving(Snmp(faults=("first",))) as server:
        one = await ask(server, "/snmp?target=sw&strict=1")
    async with serving(Snmp(faults=("first", "second"))) as server:
        two = await ask(server, "/snmp?target=sw&strict=1")
    assert (one.status, one.text) == (500, "An error has occurred while serving metrics:\n\nfirst\n")
    assert two.text == "An error has occurred while serving metrics:\n\n2 error(s) occurred:\n* first\n* second\n"


async def test_patience_is_the_scrapers_where_it_says_so() -> None:
    source = Snmp()
    async with serving(source) as server:
        await ask(server, "/snmp?target=sw")
        await ask(server, "/snmp?target=sw", headers={"X-Prometheus-Scrape-Timeout-Seconds": "10"})
    assert [patience for _, patience in source.questions] == [float("inf"), 9.5]


async def test_a_client_that_leaves_waits_no_longer_and_many_get_429() -> None:
    source = Snmp(waiting=asyncio.Event())
    async with serving(source) as server:
        writers = []
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /snmp?target=sw HTTP/1.1\r\nHost: t\r\n\r\n")
            writers.append(writer)
        await until(lambda: len(source.questions) == 16)
        assert (await ask(server, "/snmp?target=sw")).status == 429
        for writer in writers:
            writer.close()
        for _ in range(100):
            about = parse((await ask(server, "/metrics")).body)
            if about.value("snmp_request_in_flight") == 0:
                break
            await asyncio.sleep(0.05)
        assert about.value("snmp_request_in_flight") == 0


@pytest.mark.parametrize("path", ["/config", "/snmp/", "/snmp/config"])
async def test_the_configuration_is_not_offered(path: str) -> None:
    async with serving(Snmp()) as server:
        assert (await ask(server, path)).status == 404
