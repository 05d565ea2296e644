"""`/probe` between web server and agent: whom it probes, in whose name, and that no connection is made for others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.agent import Agent
from collector.budget import Pauses
from collector.cli.probes import ProbeDesk
from collector.config import Config, ConfigError, load
from collector.edge import World
from collector.model import Column
from exporters.source import ProbeQuestion, Refusal
from tests.collector.probes import server
from tests.collector.worlds import labels, value

INVENTORY = """
defaults: {class: it, site: main}
devices:
  - name: web-1
    address: 127.9.0.1
    modules:
      - {module: http_2xx, target: "http://web.example:PORT/", interval: 60s, timeout: 5s}
  - {name: ups-1, address: 127.9.0.2, class: fragile, modules: [{module: tcp_connect, target: ":PORT"}]}
  - {name: pump-1, address: 127.9.0.3, class: clinical}
  - {name: agent-1, agent: "127.9.0.4:10810"}
"""
SETTINGS = """
on_demand:
  allow:
    - {addresses: [127.9.1.0/24], probes: [tcp_connect], ports: [PORT]}
    - {addresses: [127.9.2.0/24], probes: [icmp]}
"""


@dataclass
class Site:
    """A web server on every loopback address, and who asks it."""

    desk: ProbeDesk
    agent: Agent
    port: int
    asked: list[tuple[str, str]]
    """Our address that was asked, and the Host header; without one, nothing was said."""

    async def ask(self, target: str, module: str = "tcp_connect", hostname: str = "") -> Sequence[Column]:
        question = ProbeQuestion(target.replace("PORT", str(self.port)), module, hostname)
        return await self.desk.answer(question, 5.0)

    async def refused(self, target: str, module: str = "tcp_connect") -> str:
        before = len(self.asked)
        with pytest.raises(Refusal) as refusal:
            await self.ask(target, module)
        assert len(self.asked) == before, "nothing is contacted"
        return f"{refusal.value.status}: {refusal.value}"


@dataclass
class Read:
    """A configuration, and the port that it names."""

    port: int
    config: Config


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Read:
    """Read once: no test changes it."""
    home, port = tmp_path_factory.mktemp("site"), free_port()
    (home / "inventory").mkdir()
    (home / "inventory" / "all.yml").write_text(INVENTORY.replace("PORT", str(port)))
    (home / "wardwatch.yml").write_text(SETTINGS.replace("PORT", str(port)))
    return Read(port, load(home, environ=os.environ, resolve=_resolve))


def _resolve(name: str) -> str:
    raise AssertionError(f"nothing is looked up, {name!r} neither")


@asynccontextmanager
async def site(read: Read) -> AsyncIterator[Site]:
    asked: list[tuple[str, str]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own, host = writer.get_extra_info("sockname")[0], ""
        while (line := await reader.readline()).strip():
            if line.lower().startswith(b"host:"):
                host = line.split(b":", 1)[1].strip().decode()
        asked.append((own, host))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    config = read.config
    async with server(serve, host="0.0.0.0", port=read.port) as port:
        world = World()
        agent = Agent(world, config.settings.budgets)
        agent.load(config.devices, config.targets)
        desk = ProbeDesk(agent)
        desk.load(config)
        try:
            yield Site(desk, agent, port, asked)
        finally:
            desk.close()
            await agent.close()
            world.close()


@pytest.mark.slow
async def test_a_device_is_probed_by_name_or_address_and_as_its_entry_says(read: Read) -> None:
    async with site(read) as made:
        for target in ("web-1", "127.9.0.1", "http://127.9.0.1:PORT/"):
            page = await made.ask(target, "http_2xx")
            assert value(page, "probe_success") == 1
        assert made.asked == [("127.9.0.1", f"web.example:{made.port}")], "one poll, and its own name"
        assert all("module" not in column.rows.names for column in page)
        assert not [column for column in page if column.family.name.startswith(("probe_attempts", "probe_latency"))]


async def test_another_place_on_a_device_is_probed_there(read: Read) -> None:
    async with site(read) as made:
        page = await made.ask("http://web-1:PORT/other", "http_2xx", hostname="other.example")
        assert value(page, "probe_success") == 1
        assert made.asked == [("127.9.0.1", f"other.example:{made.port}")]


async def test_a_closed_port_is_an_answer(read: Read) -> None:
    async with site(read) as made:
        page = await made.ask("web-1:1")
    assert value(page, "probe_success") == 0
    assert labels(page, "probe_failure_info") == [{"reason": "connect_refused"}]


@pytest.mark.parametrize(
    ("target", "module", "says"),
    [
        ("127.9.0.9:PORT", "tcp_connect", "403: the address is neither in the inventory nor within on_demand.allow"),
        ("nobody:PORT", "tcp_connect", "403: no device of that name is in the inventory"),
        ("pump-1:PORT", "tcp_connect", "403: the device is of class clinical and passive"),
        ("127.9.0.3:PORT", "tcp_connect", "403: the device is of class clinical and passive"),
        ("agent-1:PORT", "tcp_connect", "403: the device is a host agent elsewhere"),
        ("ups-1:1", "tcp_connect", "403: a fragile device is probed only as its entry"),
        ("ups-1", "icmp", "403: a fragile device is probed only as its entry"),
        ("127.9.1.7:1", "tcp_connect", "403: on_demand.allow does not list port 1 for this address"),
        ("127.9.1.7", "icmp", "403: the address is neither"),
        ("127.9.2.7:PORT", "tcp_connect", "403: the address is neither"),
        ("127.9.1.0:PORT", "tcp_connect", "403: the address is a network's"),
        ("0x7f.9.0.1:PORT", "tcp_connect", "403: "),
        ("2131296257:PORT", "tcp_connect", "403: "),
        ("http://user:pass@web-1:PORT/", "http_2xx", "400: "),
        ("web-1:99999", "tcp_connect", "400: the target has a port"),
        ("web-1 :80", "tcp_connect", "400: the target is no place"),
        ("web-1", "tcp_connect", '400: the module "tcp_connect" needs a target with a port'),
        ("ftp://web-1/", "http_2xx", '400: the module "http_2xx" has a target of scheme'),
        ("web-1:PORT", "nonsense", '400: Unknown module "nonsense"'),
        ("web-1:PORT", "if_mib", '400: Unknown module "if_mib"'),
    ],
)
async def test_who_may_not_be_probed_is_not(read: Read, target: str, module: str, says: str) -> None:
    async with site(read) as made:
        assert (await made.refused(target, module)).startswith(says)


async def test_what_is_allowed_is_probed(read: Read) -> None:
    async with site(read) as made:
        assert value(await made.ask("127.9.1.7:PORT"), "probe_success") == 1
        assert value(await made.ask("ups-1"), "probe_success") == 1
        await asyncio.sleep(0.05)
        assert {own for own, _ in made.asked} == {"127.9.1.7", "127.9.0.2"}


async def test_many_who_ask_are_one_probe(read: Read) -> None:
    async with site(read) as made:
        pages = await asyncio.gather(*(made.ask("http://web-1:PORT/x", "http_2xx") for _ in range(50)))
        assert {value(page, "probe_success") for page in pages} == {1}
        assert len(made.asked) == 1


async def test_no_more_places_of_a_device_are_remembered_than_may_be(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.ondemand.PLACES", 3)
    async with site(read) as made:
        for number in range(9):
            assert value(await made.ask(f"http://web-1:PORT/{number}", "http_2xx"), "probe_success") == 1
        (guest,) = made.agent._guests
        assert len(guest.targets) == len(guest.kept) == 3
        assert made.agent.series == sum(watch.series for watch in (*made.agent.watches, guest))


async def test_a_paused_device_is_silence_and_not_a_failure(read: Read) -> None:
    async with site(read) as made:
        made.agent.pause(Pauses(frozenset({"device:web-1"})))
        page = await made.ask("http://web-1:PORT/x", "http_2xx")
        assert labels(page, "probe_failure_info") == [{"reason": "paused"}]
        assert value(page, "probe_success") is None
        assert made.asked == []


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{module: tcp_connect}", "needs a target with a port"),
        ("{module: icmp_burst}", "S18"),
        ("{module: dicom_echo, target: ':104'}", "called AE title"),
        ("{module: if_mib, target: ':104'}", "no probe"),
    ],
)
def test_a_probe_that_cannot_be_is_refused_when_it_is_read(tmp_path: Path, entry: str, says: str) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "a.yml").write_text(
        f"devices:\n  - {{name: ups-1, address: 127.9.0.2, class: fragile, modules: [{entry}]}}\n"
    )
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, environ=os.environ, resolve=_resolve)
    assert says in str(refused.value.problems[0])
    assert "a.yml:2:" in str(refused.value.problems[0])
