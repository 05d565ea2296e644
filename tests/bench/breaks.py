"""Parts with one deliberate fault each, for the rows that take their parts as arguments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collector.agent import Agent
from collector.budget import Allowance, Budgets, Limit, Shared
from collector.cli.service import Options, Service
from collector.clinical.hl7 import Hl7
from collector.config import Config
from collector.edge import Terms, World
from collector.errors import Malformed
from collector.model import DROPPED, INCOMPLETE, Collector, Column, Dialogue, Edge, Stream, Target
from collector.watch import Line, Watch
from collector.wire.snmp import ber, envelope, message
from collector.wire.snmp.discovery import Discovery
from collector.wire.snmp.habits import Learned, Limits
from exporters.text import Page, render
from exporters.web import Server


@dataclass
class Wrapped:
    """A dialogue that is carried as it is; subclasses get in its way."""

    inner: Dialogue

    @property
    def patience(self) -> float:
        return self.inner.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self.inner.patience = seconds

    @property
    def kind(self) -> str:
        return self.inner.kind

    @kind.setter
    def kind(self, kind: str) -> None:
        self.inner.kind = kind

    def send(self) -> bytes | None:
        return self.inner.send()

    def receive(self, packet: bytes) -> bool:
        return self.inner.receive(packet)

    def silence(self) -> None:
        self.inner.silence()

    def expire(self, reason: str) -> None:
        self.inner.expire(reason)


@dataclass
class AnyRequestId(Wrapped):
    """Takes a reply for the answer whatever its request-id is."""

    last: int = 0

    def send(self) -> bytes | None:
        packet = self.inner.send()
        if packet is not None:
            self.last = message.read(packet).request_id
        return packet

    def receive(self, packet: bytes) -> bool:
        head = message.read(packet)
        numbers = [ber.encode_integer(n) for n in (self.last, head.error_status, head.error_index)]
        varbinds = ber.tlv(ber.SEQUENCE, packet[head.start : head.stop])
        pdu = ber.tlv(head.pdu, b"".join((*numbers, varbinds)))
        about = ber.encode_integer(head.version) + ber.tlv(ber.OCTET_STRING, head.community)
        return self.inner.receive(ber.tlv(ber.SEQUENCE, about + pdu))


class Gullible(World):
    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, AnyRequestId(dialogue), terms)


class Endless(World):
    """Knows no deadline."""

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, dialogue, replace(terms, deadline=float("inf")))


class Twisted:
    """A connection over which something else goes out than should."""

    def __init__(self, inner: Stream, twist: Callable[[bytes], bytes]) -> None:
        self._inner = inner
        self._twist = twist

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def send(self, data: bytes) -> None:
        await self._inner.send(self._twist(data))


class Aborts(World):
    """Aborts where it should release."""

    async def connect(self, address: str, port: int, terms: Terms, source: str = "") -> Any:
        abort = bytes.fromhex("07000000000400000000")
        stream = await super().connect(address, port, terms, source)
        return Twisted(stream, lambda data: abort if data[:1] == b"\x05" else data)


class Posts(World):
    """Posts what it should get."""

    async def connect(self, address: str, port: int, terms: Terms, source: str = "") -> Any:
        stream = await super().connect(address, port, terms, source)
        return Twisted(stream, lambda data: b"POST" + data[3:] if data[:4] == b"GET " else data)


@dataclass(frozen=True)
class Talkative:
    """Says something to every interface that it may connect to."""

    name = "talkative"
    inner: Collector

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        if isinstance(self.inner, Hl7) and self.inner.sent is None:
            stream = await edge.connect(int(target.at.rpartition(":")[2]))
            await stream.send(b"\x0bMSH|^~\\&|||||||ACK\r\x1c\r")
        return await self.inner.poll(replace(target, collector=self.inner), edge)


class OneAtATime(World):
    """Talks to one device after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = asyncio.Lock()

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        async with self._turn:
            await super().udp(peers, port, dialogue, terms)


class Writing(Wrapped):
    """Sets what it should get."""

    def send(self) -> bytes | None:
        packet = self.inner.send()
        if packet is None:
            return None
        try:
            head = message.read(packet)
        except Malformed:
            return packet  # of SNMPv3
        at = packet.index(head.community) + len(head.community)
        return packet[:at] + b"\xa3" + packet[at + 1 :]


class WritingInside(Wrapped):
    """Asks for an engine by setting something."""

    def send(self) -> bytes | None:
        packet = self.inner.send()
        if packet is None or self.kind != "discovery":
            return packet
        at = packet.index(b"\xa0", envelope.read(packet).begin)
        return packet[:at] + b"\xa3" + packet[at + 1 :]


class WritesInside(World):
    """Writes in SNMPv3 only."""

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, WritingInside(dialogue), terms)


class AsksForEngines(Wrapped):
    """Asks for the engine before each question."""

    turns: int = 0

    def send(self) -> bytes | None:
        self.turns += 1
        return Discovery(Limits(), Learned(), lambda: 0.0).send() if self.turns % 2 else self.inner.send()

    def receive(self, packet: bytes) -> bool:
        return True if self.turns % 2 else self.inner.receive(packet)


class Discovers(World):
    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, AsksForEngines(dialogue), terms)


class Writes(World):
    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, Writing(dialogue), terms)


@dataclass(frozen=True)
class Unmarked:
    """Says nothing of what is missing."""

    name = "unmarked"
    inner: Collector

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        columns = await self.inner.poll(replace(target, collector=self.inner), edge)
        return [column for column in columns if column.family is not INCOMPLETE]


class Mum(Agent):
    """Says nothing of what was left out."""

    async def page(self, name: str, patience: float) -> list[Column]:
        page = await super().page(name, patience)
        return [column for column in page if column.family not in (DROPPED, INCOMPLETE)]


class Offended(Agent):
    """Serves nothing of a device that has too much of something."""

    async def page(self, name: str, patience: float) -> list[Column]:
        page = await super().page(name, patience)
        if any(column.family is DROPPED and len(column.values) for column in page):
            return [column for column in page if column.family.name.startswith("wardwatch_")]
        return page


class Open:
    """A lock that locks nothing."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None


class Unlocked(Service):
    """Names that share an address do not wait for each other, and nobody for an answer that never came."""

    def _apply(self, config: Config) -> None:
        super()._apply(config)
        for watch in self.agent.watches:
            watch.line = Line(Allowance(watch.device, self.agent.shared))
            watch.line.lock = Open()  # type: ignore[assignment]


class Generous(Service):
    """Allows each device more than its class may be sent."""

    budgets = Budgets(
        {"it": Limit(60, 1.0), "fragile": Limit(3, 1.0), "clinical": Limit(2, 5.0)},
        *(Limit(1_000_000, 1.0),) * 3,
    )

    def _apply(self, config: Config) -> None:
        super()._apply(config)
        shared = Shared(self.budgets)
        for watch in self.agent.watches:
            watch.line = Line(Allowance(watch.device, shared))


class Apart(Generous):
    """Knows each device's budget, and none of what they share."""

    budgets = Budgets(site=Limit(1_000_000, 1.0), subnet=Limit(1_000_000, 1.0))


class Absent(Service):
    """Reads no orders while it runs."""

    async def start(self, options: Options) -> Server:
        server = await super().start(options)
        next(task for task in self._tasks if task.get_name() == "orders").cancel()
        return server


class LeavesOpen(Service):
    """Pauses what is still to be begun, and nothing that has."""

    async def start(self, options: Options) -> Server:
        agent = self.agent
        agent.pause = lambda pauses: setattr(agent.shared, "pauses", pauses)  # type: ignore[method-assign]
        return await super().start(options)


class Insensitive(Agent):
    """Does not mind how long a device takes to answer."""

    def _spare(self, watch: Watch, seconds: float) -> None:
        pass


class AllOrNothing(Service):
    """One failed module fails the page, as peers do."""

    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        page = await super().device_page(name, patience)
        if any(column.family.name == "wardwatch_poll_failed_info" and len(column.values) for column in page):
            raise RuntimeError("a module failed")
        return page


def unescaped(columns: Iterable[Column]) -> Page:
    """Writes texts as they are."""
    lines = []
    for column in columns:
        lines.append(f"# TYPE {column.family.name} gauge")
        for labels, value in zip(column.rows.values, column.values, strict=True):
            pairs = ",".join(f'{name}="{text}"' for name, text in zip(column.rows.names, labels, strict=True) if text)
            lines.append(f"{column.family.name}{{{pairs}}} {value}")
    return Page(("\n".join(lines) + "\n").encode("utf-8", "replace"), len(lines), 0)


def in_turn(columns: Iterable[Column]) -> Page:
    """Renders each column by itself: what came twice stays twice."""
    pages = [render([column]) for column in columns]
    return Page(b"".join(page.body for page in pages), sum(page.samples for page in pages), 0)
