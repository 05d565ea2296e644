"""Every route: what it answers, to the letter where others depend on the letter."""

import asyncio
import gzip
import json
import math
import shutil
import time
from pathlib import Path
from typing import cast

import pytest

from collector.config.problems import ConfigError
from collector.model import Column, Family, single
from exporters.auth import Passwords
from exporters.guard import Seats
from exporters.messages import Request, Response
from exporters.routes import APART, Routes, scrape_patience
from exporters.routing import Table
from exporters.source import EVERYTHING, Choice
from exporters.strangers import ACTING, known
from exporters.web import CannotListen, Limits, _Gate, may_bind, serve
from exporters.webconfig import Watched, WebConfig
from exporters.webhook import Webhook
from tests.exporters.exposition import parse
from tests.exporters.fake import FakeSource, Somebody, ask, big, serving, until

CASES = Path(__file__).parent / "webconfig"


async def test_the_host_page_shows_the_host_and_the_program_itself() -> None:
    async with serving() as server:
        await ask(server, "/nowhere")
        answer = await ask(server, "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in answer.headers
    page = parse(answer.body)
    assert page.value("node_load1") == 0.25
    assert page.value("wardwatch_http_requests_total", route="other", code="404") == 1
    assert page.value("wardwatch_http_connections") >= 1


async def test_gzip_where_it_is_asked_for() -> None:
    async with serving() as server:
        packed = await ask(server, "/metrics?device=sw-1", headers={"Accept-Encoding": "gzip"})
        refused = await ask(server, "/metrics?device=sw-1", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == refused.body
    assert parse(refused.body).value("wardwatch_device_up") == 1


@pytest.mark.slow
async def test_large_pages_are_made_one_at_a_time_however_busy_the_loop_is() -> None:
    """A page counts as held once the loop has picked it up; the next may not be made before (RELIABILITY D2)."""
    picked, begun = 0, []

    class Seen:
        """A family that notes how many pages were picked up when one with it is being made."""

        name, type = "seen_total", "counter"

        @property
        def help(self) -> str:
            begun.append(picked)
            return ""

    column = Column(cast(Family, Seen()), big(APART).rows, big(APART).values)
    routes = Routes(FakeSource(), Seats(Limits()))

    async def fetch() -> None:
        nonlocal picked
        await routes.page(Request("GET", "/metrics", {}, Somebody("127.0.0.1")), [column])
        picked += 1

    fetching = [asyncio.create_task(fetch()) for _ in range(5)]
    while not all(task.done() for task in fetching):
        time.sleep(0.1)  # others keep the loop busy, so that nothing is picked up
        await asyncio.sleep(0)
    routes.close()
    assert begun == [0, 1, 2, 3, 4]


async def test_the_scrapers_timeout_reaches_the_source() -> None:
    source = FakeSource()
    async with serving(source) as server:
        await ask(server, "/metrics?device=sw-1", headers={"X-Prometheus-Scrape-Timeout-Seconds": "10"})
        await ask(server, "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "3"})
    assert source.asked == [("device", "sw-1", 9.5), ("host", EVERYTHING, 2.5)]


@pytest.mark.parametrize(
    ("header", "patience"),
    [("10", 9.5), ("1", 0.5), ("0.4", 0.2), ("", 119.5), ("x", 119.5), ("nan", 119.5), ("inf", 119.5), ("-1", 119.5)],
)
def test_scrape_patience(header: str, patience: float) -> None:
    assert math.isclose(scrape_patience(header), patience)


async def test_collect_and_exclude_are_node_exporters() -> None:
    source = FakeSource()
    async with serving(source) as server:
        one = await ask(server, "/metrics?collect[]=loadavg")
        none = await ask(server, "/metrics?exclude[]=loadavg")
        both = await ask(server, "/metrics?collect[]=loadavg&exclude[]=cpu")
        unknown = await ask(server, "/metrics?collect%5B%5D=nonsense")
    assert parse(one.body).value("node_load1") == 0.25
    assert "node_load1" not in parse(none.body).names()
    assert (both.status, both.text) == (400, "Combined collect and exclude queries are not allowed.\n")
    assert (unknown.status, "missing collector: nonsense" in unknown.text) == (400, True)
    assert source.asked[0][1] == Choice(collect=frozenset({"loadavg"}))


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/metrics?device=nobody", 404, "Unknown device 'nobody'"),
        ("/metrics?device=%0d%0aSet-Cookie:x", 404, r"Unknown device '\r\nSet-Cookie:x'"),
        ("/metrics?device=a&device=b", 400, "'device' parameter must be specified once"),
        ("/metrics?device=", 400, "'device' parameter must be specified once"),
        ("/sd?shard=6/5", 400, "2/5"),
        ("/sd?shard=0/5", 400, "2/5"),
        ("/sd?shard=x", 400, "2/5"),
        ("/sd?shard=1/2&shard=2/2", 400, "2/5"),
        ("/-/reload", 405, "POST or PUT"),
        ("/probe", 400, "Target parameter is missing"),
        ("/probe?target=", 400, "Target parameter is missing"),
        ("/probe?target=a&target=b", 400, "'target' parameter must only be specified once"),
        ("/probe?target=a", 400, 'Unknown module "http_2xx"'),
        ("/nothing", 404, "Not Found"),
        ("/../etc/passwd", 404, "Not Found"),
    ],
)
async def test_refusals_say_why(path: str, status: int, says: str) -> None:
    async with serving() as server:
        answer = await ask(server, path)
    assert answer.status == status
    assert says in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_other_methods_are_refused() -> None:
    async with serving() as server:
        answer = await ask(server, "/metrics", method="DELETE")
        head = await ask(server, "/metrics", method="HEAD")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert (head.status, head.body) == (200, b"")


async def test_service_discovery() -> None:
    source = FakeSource()
    async with serving(source) as server:
        whole = await ask(server, "/sd")
        await ask(server, "/sd?shard=2/5")
    assert whole.headers["content-type"] == "application/json"
    assert json.loads(whole.body) == [{"targets": ["127.0.0.1:10810"], "labels": {"__param_device": "sw-1"}}]
    assert source.shards == [None, (2, 5)]


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("10.0.0.5:10810", "10.0.0.5:10810"),
        ("collector.example", "collector.example:80"),
        ("collector.example:443", "collector.example:443"),
        ("[fd00::5]:10810", "[fd00::5]:10810"),
        ("[fd00::5]", "[fd00::5]:80"),
        ("0.0.0.0:10810", ""),
        ("[::]:10810", ""),
        ("224.0.0.1:80", ""),
        ("a b:80", ""),
        ("user@collector.example:80", ""),
        ("collector.example/x:80", ""),
        ("collector.example:0", ""),
        ("collector.example:99999", ""),
        ("{{.}}", ""),
        ("", ""),
    ],
)
async def test_service_discovery_knows_by_which_address_it_is_reached(host: str, reached: str) -> None:
    source = FakeSource()
    async with serving(source) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET /sd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    assert b" 200 " in answer.partition(b"\r\n")[0]
    assert source.reached == [reached]


async def test_health_and_readiness() -> None:
    source = FakeSource(is_ready=False)
    async with serving(source) as server:
        assert (await ask(server, "/-/healthy")).status == 200
        assert (await ask(server, "/-/ready")).status == 503
        source.is_ready = True
        assert (await ask(server, "/-/ready")).status == 200


async def test_reload() -> None:
    source = FakeSource()
    async with serving(source) as server:
        assert (await ask(server, "/-/reload", method="POST")).status == 200
        assert (await ask(server, "/-/reload", method="PUT")).status == 200
        foreign = await ask(server, "/-/reload", method="POST", headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status == 403
        assert source.reloads == 2
        source.problems = ["inventory/a.yml:3: devices[x].class: is missing"]
        failed = await ask(server, "/-/reload", method="POST")
    assert failed.status == 500
    assert "inventory/a.yml:3: devices[x].class: is missing" in failed.text


async def test_a_bug_in_a_page_is_one_answer_and_no_detail() -> None:
    class Broken(FakeSource):
        def groups(self, shard: tuple[int, int] | None, asked: str) -> list[dict[str, str]]:
            raise RuntimeError("a secret detail")

    async with serving(Broken()) as server:
        answer = await ask(server, "/sd")
        assert (answer.status, answer.text) == (500, "Internal Server Error\n")
        assert (await ask(server, "/-/healthy")).status == 200


async def test_one_device_keeps_only_so_many_waiting() -> None:
    source = FakeSource(hold=asyncio.Event(), devices={"slow": [], "other": []})
    assert source.hold is not None
    async with serving(source, limits=Limits(waiting_per_device=3)) as server:
        waiting = [asyncio.create_task(ask(server, "/metrics?device=slow")) for _ in range(3)]
        await until(lambda: len(source.asked) >= 3)
        refused = await ask(server, "/metrics?device=slow")
        source.hold.set()
        assert {(await task).status for task in waiting} == {200}
        assert (await ask(server, "/metrics?device=slow")).status == 200
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")


@pytest.mark.slow
async def test_a_huge_page_does_not_block_the_loop() -> None:
    """RELIABILITY B4: at most 50 ms, while a page of 100,000 samples is made and sent; duplicates are counted."""
    source = FakeSource(devices={"huge": [big(5 * APART), single(Family("a", "A."), 1), single(Family("a", "A."), 1)]})
    lags = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            lags.append(loop.time() - before - 0.001)

    async with serving(source) as server:
        probe = asyncio.create_task(watch())
        answer = await ask(server, "/metrics?device=huge", headers={"Accept-Encoding": "gzip"})
        probe.cancel()
        counted = parse((await ask(server, "/metrics")).body)
    assert len(parse(gzip.decompress(answer.body)).samples) == 5 * APART + 1
    assert counted.value("wardwatch_duplicate_samples_total") == 1
    assert sorted(lags)[-3] < 0.25
    assert sorted(lags)[len(lags) // 2] < 0.05


@pytest.mark.parametrize(
    ("listen", "allowed"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("0.0.0.0:1", False),
        (":1", False),
        ("[::]:1", False),
        ("10.1.2.3:1", False),
        ("collector.example:1", False),
    ],
)
def test_only_loopback_is_bound_without_asking(listen: str, allowed: bool) -> None:
    assert (may_bind(listen, None, "refused") is None) is allowed
    assert may_bind(listen, None, "trusted") is None
    assert may_bind(listen, CASES / "users.good.yml", "refused") is None
    assert (may_bind(listen, CASES / "empty.good.yml", "refused") is None) is allowed


def test_a_file_that_keeps_nobody_out_is_named() -> None:
    refusal = may_bind("0.0.0.0:80", CASES / "empty.good.yml", "refused")
    assert refusal is not None
    assert "empty.good.yml has neither: write one with TLS and users" in refusal


async def test_a_file_that_keeps_nobody_out_any_more_is_not_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    shutil.copy(CASES / "users.good.yml", file)
    watched = Watched(file, "closed")
    file.write_text("rate_limit: {interval: 0, burst: 1}\n")
    assert watched.current().users
    with pytest.raises(ConfigError, match="neither TLS nor users"):
        Watched(file, "closed")
    assert not Watched(file).current().users


STRANGE = ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", None]


@pytest.mark.parametrize("remote", STRANGE)
@pytest.mark.parametrize("route", ACTING)
def test_what_makes_something_happen_is_for_those_who_are_known(route: str, remote: str | None) -> None:
    """RELIABILITY part 3: /probe and /-/reload need auth. Passwords are asked for before this."""
    assert not known(route, remote, WebConfig(), "refused")
    assert known(route, remote, WebConfig(), "trusted")
    assert known(route, remote, WebConfig(certified=True), "refused")
    for here in ("127.0.0.1", "127.9.1.1", "::1", "::ffff:127.0.0.1"):
        assert known(route, here, WebConfig(), "refused")
    for page in ("/metrics", "/sd", "/", "/devices", "/-/healthy"):
        assert known(page, remote, WebConfig(), "refused")


@pytest.mark.parametrize(
    "path",
    ["/-/reload", "/%2D/reload", "/probe", "/snmp", "/alertmanager/webhook", "/alert%6Danager/webhook", "/metrics"],
)
async def test_a_stranger_is_told_to_log_in(path: str) -> None:
    """The route counts, however its path is written."""
    routes, webhook = Routes(FakeSource(), Seats(Limits())), Webhook(FakeSource())
    table = Table(routes.table(), webhook.table(), {"GET /probe": _nobody, "GET /snmp": _nobody})
    method = "POST" if "reload" in path or "webhook" in path else "GET"
    gate = _Gate(Watched(None), Passwords(), routes, webhook, "refused", table)
    for remote, refused in (("192.0.2.7", path != "/metrics"), ("127.0.0.1", False)):
        request = Request(method, path, {}, Somebody(remote))
        answer = await gate._refusal(request, table.find(request)[0], WebConfig())
        assert (answer is not None and answer.status == 403) is refused
    routes.close()


async def _nobody(request: Request) -> Response:
    raise AssertionError("nobody comes so far")


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:http", "::1:80", "127.0.0.1:99999", "[::1]:-1", ""])
def test_what_is_no_address_is_said(listen: str) -> None:
    with pytest.raises(CannotListen, match="is no listen address"):
        may_bind(listen, None, "refused")


async def test_a_taken_port_is_a_clear_message() -> None:
    async with serving() as server:
        with pytest.raises(CannotListen, match=rf"127.0.0.1:{server.port} is taken by another program"):
            await serve(FakeSource(), f"127.0.0.1:{server.port}")
