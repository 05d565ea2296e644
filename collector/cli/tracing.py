"""`--debug`: what goes to a device and comes from it, told on stderr. Credentials are no part of what is told."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from collector.edge import Terms, World
from collector.errors import PollError
from collector.model import Dialogue, Echo, EchoReply, Session, Stream, Tls
from collector.privacy import Screen
from collector.wire.snmp.describe import describe
from collector.wire.snmp.question import Asked

T = TypeVar("T")


class Tracing(World):
    """A world that tells each packet, its answer and the time; of connections how much, and never what."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, _Traced(dialogue, _Account(self.now), self._screen), terms)

    async def ping(self, address: str, echo: Echo, terms: Terms) -> EchoReply:
        account = _Account(self.clock)
        account.tell(f"> echo of {echo.size} bytes")
        try:
            reply = await super().ping(address, echo, terms)
        except PollError as error:
            account.tell(f"no reply: {error}")
            raise
        account.tell(f"< reply after {1000 * reply.seconds:.2f} ms, hop limit {reply.hop_limit}")
        return reply

    async def connect(self, address: str, port: int, terms: Terms, source: str = "") -> Stream:
        account = _Account(self.clock)
        account.tell(f"connecting to port {port}")
        try:
            stream = await super().connect(address, port, terms, source)
        except PollError as error:
            account.tell(f"no connection: {error}")
            raise
        account.tell("connected")
        return _TracedStream(stream, account)


class _Account:
    """Lines with the time since it was opened."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._began = now()

    def tell(self, text: str) -> None:
        sys.stderr.write(f"{1000 * (self.now() - self._began):8.1f} ms  {text}\n")


class _Traced:
    """A dialogue that is listened to."""

    def __init__(self, dialogue: Dialogue, account: _Account, screen: Screen) -> None:
        self._dialogue = dialogue
        self._screen = screen
        self._now = account.now
        self._tell = account.tell
        self._sent = account.now()

    @property
    def patience(self) -> float:
        return self._dialogue.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._dialogue.patience = seconds

    @property
    def kind(self) -> str:
        return self._dialogue.kind

    @kind.setter
    def kind(self, kind: str) -> None:
        self._dialogue.kind = kind

    def send(self) -> bytes | None:
        packet = self._dialogue.send()
        if packet is None:
            self._tell("end of the conversation")
        else:
            self._sent = self._now()
            told = self._told(packet, getattr(self._dialogue, "asking", None))
            self._tell(f"> {len(packet)} bytes: {told}")
        return packet

    def receive(self, packet: bytes) -> bool:
        taken = self._dialogue.receive(packet)
        word = "" if taken else " NOT TAKEN"
        told = self._told(packet)
        self._tell(f"< {len(packet)} bytes after {1000 * (self._now() - self._sent):.1f} ms{word}: {told}")
        return taken

    def _told(self, packet: bytes, asked: Asked | None = None) -> str:
        """What is in a packet of SNMP's; others are told by their kind alone."""
        if self.kind in ("dns", "ntp"):
            return self.kind
        return describe(packet, self._screen, asked)

    def silence(self) -> None:
        self._tell(f"no answer within {self._dialogue.patience:g} s")
        self._dialogue.silence()

    def expire(self, reason: str) -> None:
        self._tell(f"cut off: {reason}")
        self._dialogue.expire(reason)


class _TracedStream:
    """A connection that is listened to."""

    def __init__(self, stream: Stream, account: _Account) -> None:
        self._stream = stream
        self._tell = account.tell
        self.seconds = stream.seconds
        self.session: Session | None = stream.session

    async def send(self, data: bytes) -> None:
        self._tell(f"> {len(data)} bytes")
        await self._told(self._stream.send(data))

    async def receive(self) -> bytes:
        data = await self._told(self._stream.receive())
        self._tell(f"< {len(data)} bytes" if data else "< the end")
        return data

    async def secure(self, tls: Tls, server_name: str) -> None:
        self._tell("> TLS")
        await self._told(self._stream.secure(tls, server_name))
        self.session = self._stream.session
        if self.session is not None:
            self._tell(f"< {self.session.version}, {self.session.cipher}")

    def last(self, data: bytes) -> None:
        self._tell(f"> {len(data)} bytes, the last")
        self._stream.last(data)

    def close(self) -> None:
        self._tell("closed")
        self._stream.close()

    async def _told(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except PollError as error:
            self._tell(f"broken off: {error}")
            raise
