"""Dialogues over real datagrams on loopback."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop

from collector.edge import Tally, Terms, World
from collector.errors import Malformed, Paused, Refused, Unreachable
from tests.collector.worlds import Questions

IP_RECVTTL = getattr(socket, "IP_RECVTTL", 12)
"""linux/in.h; Python names it from 3.14 on."""
Reply = Callable[[bytes], list[tuple[float, bytes]]]


class Free:
    """Anything may be sent; remembers what was said."""

    def __init__(self) -> None:
        self.answers = 0

    def wait(self, now: float, deadline: float) -> float:
        return 0.0

    def unsent(self, now: float) -> None:
        self.refused = now

    def answered(self) -> None:
        self.answers += 1


class _Device(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.got: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.append(data)
        for delay, answer in self.reply(data):
            asyncio.get_running_loop().call_later(delay, self.transport.sendto, answer, addr)  # type: ignore[attr-defined]


@asynccontextmanager
async def device(reply: Reply, address: str = "127.9.1.1") -> AsyncIterator[tuple[_Device, int]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Device(reply), local_addr=(address, 0))
    try:
        yield protocol, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    made.close()


def terms(seconds: float = 2.0, pace: Free | None = None) -> Terms:
    return Terms(asyncio.get_running_loop().time() + seconds, pace or Free(), Tally())


def say(answer: bytes, delay: float = 0.0) -> Reply:
    return lambda question: [(delay, answer)]


async def test_questions_and_answers(world: World) -> None:
    async with device(say(b"ok")) as (agent, port):
        dialogue, on = Questions(5, 1), terms()
        await world.udp(["127.9.1.1"], port, dialogue, on)
    assert dialogue.answers == [b"ok"] * 5
    assert agent.got == [f"question {n}".encode() for n in range(5)]
    assert (on.tally.sent, on.tally.received, on.tally.repeated, on.tally.stray) == (5, 5, 0, 0)
    assert on.tally.kinds == {"get": 5}


async def test_over_ipv6(world: World) -> None:
    async with device(say(b"ok"), "::1") as (_, port):
        dialogue = Questions(2, 1)
        await world.udp(["::1"], port, dialogue, terms())
    assert dialogue.answers == [b"ok"] * 2


@pytest.mark.parametrize(("address", "level", "option"), [
    ("127.9.1.1", socket.IPPROTO_IP, IP_RECVTTL),
    ("::1", socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT),
])  # fmt: skip
async def test_packets_take_as_many_hops_as_they_may(world: World, address: str, level: int, option: int) -> None:
    """RELIABILITY S12, as the device sees it; 0 is what the system does anyway."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as device:
        device.bind((address, 0))
        device.setsockopt(level, option, 1)
        seen = []
        for hops in (0, 3, 7, 0):
            world.limit_hops(hops)
            await world.udp([address], device.getsockname()[1], Questions(1, 1, patience=0.01), terms())
            _, (control,), _, _ = device.recvmsg(100, 100)
            seen.append(int.from_bytes(control[2], sys.byteorder))
    assert seen[0] == seen[3] >= 32, "the system's own"
    assert seen[1:3] == [3, 7]


async def test_connections_take_as_many_hops_as_they_may(world: World) -> None:
    world.limit_hops(5)
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.9.1.1", 0) as server:
        stream = await world.connect("127.9.1.1", server.sockets[0].getsockname()[1], terms())
        assert stream._socket.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 5  # type: ignore[attr-defined]
        stream.close()


async def test_silence_is_asked_again_and_counted(world: World) -> None:
    lost = [True, True]

    def reply(question: bytes) -> list[tuple[float, bytes]]:
        if lost:
            lost.pop()
            return []
        return [(0.0, b"ok")]

    async with device(reply) as (_, port):
        dialogue, on = Questions(1, 5, patience=0.05), terms()
        await world.udp(["127.9.1.1"], port, dialogue, on)
    assert dialogue.answers == [b"ok"]
    assert (on.tally.sent, on.tally.repeated) == (3, 2)


async def test_the_deadline_is_absolute_whatever_arrives(world: World) -> None:
    """A device that keeps talking nonsense cannot prolong a poll (RELIABILITY F7)."""

    class Deaf(Questions):
        def receive(self, packet: bytes) -> bool:
            return False

    async with device(lambda q: [(n / 50, b"noise") for n in range(100)]) as (_, port):
        dialogue, on = Deaf(1, 99, patience=10.0), terms(0.4)
        began = asyncio.get_running_loop().time()
        await world.udp(["127.9.1.1"], port, dialogue, on)
        took = asyncio.get_running_loop().time() - began
    assert dialogue.ended == "timeout"
    assert 0.39 <= took <= 0.6
    assert on.tally.stray > 5


async def test_an_answer_from_elsewhere_is_nobodys_unless_the_inventory_lists_the_address(world: World) -> None:
    async def ask(peers: list[str]) -> list[bytes]:
        async with device(lambda q: []) as (agent, port):
            loop = asyncio.get_running_loop()
            other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.9.1.2", port))

            def received(data: bytes, addr: tuple[str, int]) -> None:
                other.sendto(b"ok", addr)

            agent.datagram_received = received  # type: ignore[method-assign]
            dialogue = Questions(1, 1, patience=0.2)
            await world.udp(peers, port, dialogue, terms())
            other.close()
            return dialogue.answers

    assert await ask(["127.9.1.1"]) == []
    assert world.strays == 1
    assert await ask(["127.9.1.1", "127.9.1.2"]) == [b"ok"]


async def test_an_error_in_a_dialogue_reaches_its_poll_and_nobody_else(world: World) -> None:
    class Picky(Questions):
        def receive(self, packet: bytes) -> bool:
            raise Malformed("not what a device says")

    async with device(say(b"?")) as (_, port), device(say(b"ok", 0.05), "127.9.1.2") as (_, other_port):
        other = Questions(3, 1)
        results = await asyncio.gather(
            world.udp(["127.9.1.1"], port, Picky(1, 1), terms()),
            world.udp(["127.9.1.2"], other_port, other, terms()),
            return_exceptions=True,
        )
    assert isinstance(results[0], Malformed)
    assert results[1] is None
    assert other.answers == [b"ok"] * 3


async def test_a_pause_cuts_a_dialogue_off(world: World) -> None:
    class Stops(Free):
        def wait(self, now: float, deadline: float) -> float:
            if self.answers == 2:
                raise Paused("paused: all")
            return 0.0

    async with device(say(b"ok")) as (agent, port):
        dialogue = Questions(9, 1)
        await world.udp(["127.9.1.1"], port, dialogue, terms(pace=Stops()))
    assert dialogue.ended == "paused"
    assert len(agent.got) == 2


async def test_a_budget_is_waited_for(world: World) -> None:
    class Slow(Free):
        def __init__(self) -> None:
            super().__init__()
            self.next = 0.0

        def wait(self, now: float, deadline: float) -> float:
            if now < self.next:
                return self.next - now
            self.next = now + 0.1
            return 0.0

    async with device(say(b"ok")) as (_, port):
        dialogue = Questions(4, 1)
        began = asyncio.get_running_loop().time()
        await world.udp(["127.9.1.1"], port, dialogue, terms(pace=Slow()))
    assert asyncio.get_running_loop().time() - began >= 0.3
    assert len(dialogue.answers) == 4


async def test_no_way_there_is_unreachable(world: World) -> None:
    with pytest.raises(Unreachable):
        await world.udp(["255.255.255.255"], 9, Questions(1, 1), terms())


async def test_a_cancelled_poll_leaves_nothing_behind(world: World) -> None:
    async with device(lambda q: []) as (_, port):
        poll: Awaitable[None] = asyncio.ensure_future(world.udp(["127.9.1.1"], port, Questions(1, 9), terms()))
        await asyncio.sleep(0.05)
        poll.cancel()  # type: ignore[attr-defined]
        with pytest.raises(asyncio.CancelledError):
            await poll
    assert all(not sock.conversations for sock in world._sockets.values())


async def test_an_answer_to_an_earlier_attempt_is_welcome_while_the_next_one_waits_its_turn(world: World) -> None:
    class Once(Free):
        """One packet at once, the next much later."""

        def __init__(self) -> None:
            super().__init__()
            self.sent = 0

        def wait(self, now: float, deadline: float) -> float:
            if self.sent == 1 and not self.answers:
                return 1.0
            self.sent += 1
            return 0.0

    async with device(say(b"late", 0.1)) as (agent, port):
        dialogue, on = Questions(1, 5, patience=0.05), terms(pace=Once())
        await world.udp(["127.9.1.1"], port, dialogue, on)
    assert dialogue.answers == [b"late"]
    assert len(agent.got) == 1


class Noting(Free):
    """Notes how many seconds ago it was at the moment by which a packet is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.ago: list[float] = []

    def wait(self, now: float, deadline: float) -> float:
        self.ago.append(time.monotonic() - now)
        return 0.0


def test_a_packet_counts_as_sent_when_it_is_sent() -> None:
    """Also where the loop, whose clock stands still meanwhile, had much to do before: what a device may bear is counted
    by the device's clock."""

    async def scene() -> list[float]:
        pace, world = Noting(), World()
        time.sleep(0.3)
        await world.udp(["127.9.1.9"], 1, Questions(1, 1, patience=0.01), terms(1.0, pace))
        time.sleep(0.3)
        with pytest.raises(Refused):
            await world.connect("127.9.1.9", 1, terms(1.0, pace))
        world.close()
        return pace.ago

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(scene())
    assert len(found) == 2
    assert max(found) < 0.1
