"""Slow and hostile clients against raw sockets: who is slow goes, who is quick is served (RELIABILITY D1, D2, D9)."""

import asyncio
import random
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporters.guard import Limits, _key
from exporters.web import Server
from tests.exporters.exposition import parse
from tests.exporters.fake import Answer, FakeSource, answer, ask, big, serving, until

QUICK = Limits(header=0.4, idle=0.8, write=1.0, per_address=16, total=64)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(server: Server, address: str = "127.0.0.1", limit: int = 65_536) -> Streams:
    return await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0), limit=limit)


async def drip(streams: Streams, data: bytes, pause: float) -> float:
    """Send byte by byte, for ever; seconds until the server ends it."""
    reader, writer = streams
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def send() -> None:
        for byte in data:
            writer.write(bytes((byte,)))
            await asyncio.sleep(pause)
        await asyncio.sleep(60)

    sending = asyncio.create_task(send())
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        writer.close()
    return loop.time() - began


async def ended(server: Server, reason: str) -> float:
    page = parse((await ask(server, "/metrics")).body)
    return page.samples.get(("wardwatch_http_connections_ended_total", (("reason", reason),)), 0.0)


async def cut_off(server: Server) -> float:
    """Connections ended because they were slow, or had waited longest."""
    return sum([await ended(server, reason) for reason in ("evicted", "slow_reading", "slow_idle")])


@asynccontextmanager
async def slow_clients(server: Server, kinds: Sequence[bytes], count: int, pause: float) -> AsyncIterator[list[float]]:
    """`count` clients that begin again when they are cut off; yields how long each connection lasted."""
    lasted: list[float] = []

    async def client(i: int) -> None:
        while True:
            try:
                streams = await connect(server, f"127.0.1.{i % 50 + 1}" if i % 2 else "127.0.0.1")
            except OSError:
                await asyncio.sleep(pause)
                continue
            lasted.append(await drip(streams, kinds[i % len(kinds)], pause))
            await asyncio.sleep(pause)

    clients = [asyncio.create_task(client(i)) for i in range(count)]
    try:
        yield lasted
    finally:
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


HEADERS = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 4000
BODY = b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"b" * 4000
SILENT = b""


@pytest.mark.parametrize(("sent", "longest"), [(HEADERS, 0.4), (SILENT, 0.4), (BODY, 1.2)])
async def test_a_slow_client_is_cut_off(sent: bytes, longest: float) -> None:
    async with serving(limits=QUICK) as server:
        assert await drip(await connect(server), sent, 0.05) < longest + 5  # a busy machine takes its time
        assert len(parse((await ask(server, "/metrics")).body).samples) > 1


@pytest.mark.slow
async def test_an_idle_connection_serves_on_until_its_time_is_over() -> None:
    async with serving(limits=QUICK) as server:
        reader, writer = await connect(server)
        for _ in range(4):
            writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"Healthy\n")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.5)  # more than the header deadline, less than the idle one
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()
        assert await ended(server, "slow_idle") == 1


async def test_who_asked_in_time_is_answered_though_the_loop_stood_still() -> None:
    """Its request waited in the socket while the deadline passed."""
    async with serving(limits=QUICK) as server:
        reader, writer = await connect(server)
        await asyncio.sleep(0.05)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(QUICK.header + 0.2)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")


@pytest.mark.slow
async def test_a_quick_scraper_does_not_notice_200_slow_clients() -> None:
    """RELIABILITY D1 in the size of a suite: half of them from the scraper's own address."""
    async with serving(limits=QUICK) as server, slow_clients(server, [HEADERS, BODY, SILENT], 200, 0.1) as lasted:
        for _ in range(15):
            assert (await ask(server, "/metrics")).status == 200
            await asyncio.sleep(0.1)
        assert lasted
        assert await cut_off(server) >= len(lasted) / 2  # the others' bodies were answered, and waited for no longer


@pytest.mark.slow
async def test_slow_loris_in_full() -> None:
    """RELIABILITY D1: 2,000 slow-header and 500 slow-body clients, a scrape every second. All are answered, and who is
    slow goes. How long each stays is the kernel's too, which tries again after 1, 3, 7 and 15 s where they queue up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))
    loop = asyncio.get_running_loop()
    kinds = [HEADERS, HEADERS, HEADERS, HEADERS, BODY]
    try:
        async with serving() as server, slow_clients(server, kinds, 2500, 1.0) as lasted:
            for _ in range(15):
                began = loop.time()
                assert (await ask(server, "/metrics")).status == 200
                await asyncio.sleep(max(0.0, 1.0 - (loop.time() - began)))
            assert len(lasted) >= 2500
            assert await cut_off(server) >= 2000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident() -> int:
    """Bytes of memory this process holds now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


@pytest.mark.slow
def test_clients_that_never_read_cost_little_and_go() -> None:
    """RELIABILITY D2, in a process of its own: in one that has held large things before, what is freed stays mapped."""
    words = "import asyncio; from tests.exporters import test_guard; asyncio.run(test_guard.greedy_clients())"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", words], check=False, cwd=root, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr.decode()


async def greedy_clients() -> None:
    """A 5 MB page and 60 clients, who would hold 280 MB."""
    source = FakeSource(devices={"big": [big(150_000)], "sw-1": []})
    limits = Limits(write=2.0)
    async with serving(source, limits=limits) as server:
        assert (await ask(server, "/metrics?device=big")).status == 200
        before = most = resident()
        greedy = []
        for _ in range(60):
            reader, writer = await connect(server, limit=1)
            writer.write(b"GET /metrics?device=big HTTP/1.1\r\nHost: x\r\n\r\n")
            greedy.append((reader, writer))
        async with asyncio.timeout(200):  # a busy machine makes 60 such pages in a minute or two
            while await ended(server, "evicted") + await ended(server, "slow_writing") < 60:
                assert (await ask(server, "/metrics?device=sw-1")).status == 200
                for _ in range(20):
                    most = max(most, resident())
                    await asyncio.sleep(0.01)
        assert most - before < 80 * 1024 * 1024, most - before  # some 20 MB of it are the clients' own
        for _, writer in greedy:
            writer.close()


@pytest.mark.slow
async def test_a_slow_but_honest_reader_gets_it_all() -> None:
    source = FakeSource(devices={"big": [big(100_000)]})
    async with serving(source, limits=Limits(write=10.0)) as server:
        reader, writer = await connect(server, limit=4096)
        writer.write(b"GET /metrics?device=big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        raw = bytearray()
        while piece := await reader.read(200_000):
            raw += piece
            await asyncio.sleep(0.002)
        writer.close()
    assert len(parse(answer(bytes(raw)).body).samples) == 100_000


async def test_more_connections_than_seats_from_one_address_take_the_oldest() -> None:
    async with serving(limits=Limits(per_address=4, total=6)) as server:
        mine = [await connect(server) for _ in range(4)]
        await asyncio.sleep(0.1)
        other = [await connect(server, "127.0.0.2") for _ in range(2)]
        await asyncio.sleep(0.1)
        mine.append(await connect(server))
        async with asyncio.timeout(2):
            assert await mine[0][0].read() == b""
        other.append(await connect(server, "127.0.0.3"))  # the house is full: the oldest of all goes
        async with asyncio.timeout(2):
            assert await mine[1][0].read() == b""
        assert not mine[4][0].at_eof()
        assert await ended(server, "evicted") >= 2
        for _, writer in (*mine, *other):
            writer.close()


async def test_who_waits_for_an_answer_is_never_evicted_and_takes_no_seat_from_its_address() -> None:
    """One Prometheus that waits for many dead devices still gets the pages of those that live."""
    source = FakeSource(hold=asyncio.Event())
    assert source.hold is not None
    async with serving(source, limits=Limits(per_address=3, total=7)) as server:
        asking: list[asyncio.Task[Answer]] = []
        while len(asking) < 7:
            assert (await ask(server, "/-/healthy")).status == 200
            asking.append(asyncio.create_task(ask(server, "/metrics?device=sw-1")))
            await until(lambda: len(source.asked) == len(asking))
        reader, writer = await connect(server)  # the house itself is full now
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()
        source.hold.set()
        assert [(await task).status for task in asking] == [200] * 7
        assert await ended(server, "refused") == 1


@pytest.mark.slow
async def test_who_leaves_before_the_answer_leaves_nothing_behind() -> None:
    source = FakeSource(hold=asyncio.Event())
    assert source.hold is not None
    async with serving(source, limits=QUICK) as server:
        _, writer = await connect(server)
        writer.write(b"GET /metrics?device=sw-1 HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: bool(source.asked))
        writer.close()
        await asyncio.sleep(0.1)
        source.hold.set()
        await asyncio.sleep(QUICK.idle + 0.3)
        assert await ended(server, "slow_idle") == 0
        assert parse((await ask(server, "/metrics")).body).value("wardwatch_http_connections") == 1


@pytest.mark.slow
async def test_closing_takes_seconds_whatever_clients_do() -> None:
    """SIGTERM ends within 5 s: with an idle client, a slow one, one that never reads and one that waits for ever."""
    source = FakeSource(hold=asyncio.Event(), devices={"sw-1": []}, host=[big(150_000)])
    loop = asyncio.get_running_loop()
    async with serving(source) as server:
        page, device = (b"GET /metrics%s HTTP/1.1\r\nHost: x\r\n\r\n" % query for query in (b"", b"?device=sw-1"))
        requests = (b"", b"GET / HT", page, device)
        clients = [await connect(server, limit=1) for _ in requests]
        for (_, writer), sent in zip(clients, requests, strict=True):
            writer.write(sent)
        await until(lambda: len(source.asked) >= 2)
        began = loop.time()
        await server.close()
        assert loop.time() - began < 4
        for _, writer in clients:
            writer.close()


def test_an_ipv6_client_is_its_network() -> None:
    assert _key("2001:db8::1") == _key("2001:db8::ffff:1")
    assert _key("2001:db8::1") != _key("2001:db8:0:1::1")
    assert _key("::ffff:10.0.0.1") == _key("10.0.0.1")
    assert _key("fe80::1%eth0") == _key("fe80::2%eth0")


ABUSE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET " + b"/" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(10_000)) + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"POST /-/reload HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /-/reload HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /-/reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n" * 500,
    b"GET /metrics?device=%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\r\n\r\n\r\n",
)


async def abuse(server: Server, data: bytes, address: str) -> bytes:
    """Send, and read until the server ends the connection."""
    raw = bytearray()
    reader, writer = await connect(server, address)
    try:
        writer.write(data)
        async with asyncio.timeout(5):
            while piece := await reader.read(65_536):
                raw += piece
    except ConnectionError:
        pass
    finally:
        writer.close()
    return bytes(raw)


async def test_protocol_abuse_costs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """RELIABILITY D9 in the size of a suite: no 500, nothing left open, nothing in the log."""
    draw = random.Random(9)
    corpus = list(ABUSE)
    for _ in range(150):
        data = bytearray(draw.choice(ABUSE)[:2000])
        for _ in range(draw.randrange(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        corpus.append(bytes(data))
    async with serving(limits=QUICK) as server:
        for i in range(0, len(corpus), 60):  # from four addresses, since each has only so many seats
            several = (abuse(server, data, f"127.0.0.{j % 4 + 1}") for j, data in enumerate(corpus[i : i + 60]))
            for raw in await asyncio.gather(*several):
                assert b"HTTP/1.1 5" not in raw
                assert b"Traceback" not in raw
        await asyncio.sleep(0.1)
        page = parse((await ask(server, "/metrics")).body)
    assert page.value("wardwatch_http_connections") == 1
    assert capfd.readouterr().err == ""
