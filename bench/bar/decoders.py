"""Everything of ours that reads datagrams from the network, each as a function that takes one.

A datagram may be refused with a `PollError`; anything else that comes out is an escape (RELIABILITY A1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from bench.bar.corpus import ENGINE
from bench.bar.receiving import as_trap
from collector.model import Auth, Secret
from collector.wire.snmp import message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.discovery import Discovery
from collector.wire.snmp.engine import Engine, Engines, Keys
from collector.wire.snmp.envelope import Frame
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community, Speech
from collector.wire.snmp.usm import Usm
from tests.collector.wire.snmp.agents import Clock
from tests.collector.wire.snmp.faulty import SCALARS, TABLE

Decoder = Callable[[bytes], object]


def waiting(module: Module, speech: Speech) -> Survey:
    """A conversation whose question has the request-id 1."""
    survey = Survey(compile(module), speech, Limits(), Learned(), Clock())
    survey.send()
    under_way = survey._under_way._asked
    under_way[1] = under_way.popitem()[1]
    return survey


def answer_to(module: Module, speech: Callable[[], Speech]) -> Decoder:
    """Takes a datagram as the answer to a question of `module`, from the bytes to columns."""

    def decode(packet: bytes) -> None:
        survey = waiting(module, speech())
        survey.receive(packet)
        survey.send()
        survey.problem()
        Sheet(compile(module), survey.harvest, Interned()).columns()

    return decode


class Credulous(Usm):
    """SNMPv3 that asks with the msgID 1 and takes any digest, so that what is read behind it is read here too."""

    __slots__ = ()

    def request(
        self, question: message.Question, request_id: int, names: Sequence[bytes], repetitions: int = 0,
        non_repeaters: int = 0,
    ) -> bytes:  # fmt: skip
        packet = super().request(question, request_id, names, repetitions, non_repeaters)
        self._sent.clear()
        self._sent[1] = 1
        return packet

    def _genuine(self, packet: bytes, frame: Frame) -> bool:
        return True


@cache
def _credentials(level: str) -> tuple[Auth, Keys]:
    auth = Auth(
        "bar", 3, username="ward", security_level=level, auth_protocol="MD5", password=Secret("maplesyrup"),
        priv_password=Secret("newsyrup"),
    )  # fmt: skip
    return auth, Engines().equip(Engine(ENGINE), auth)


def secured(level: str) -> Speech:
    """To the engine of the corpus, whose clock is known."""
    engine = Engine(ENGINE)
    engine.learn(7, 4711, 0.0)
    return Credulous(*_credentials(level), engine, lambda: 0.0)


def discover(packet: bytes) -> None:
    """Takes a datagram as the answer to an SNMPv3 discovery."""
    discovery = Discovery(Limits(), Learned(), Clock())
    discovery.send()
    discovery._sent[1] = 0.0
    discovery.receive(packet)
    discovery.problem()


DECODERS: Sequence[Decoder] = (
    answer_to(TABLE, lambda: Community(2, b"public")),
    answer_to(SCALARS, lambda: Community(2, b"public")),
    answer_to(TABLE, lambda: Community(1, b"public")),
    answer_to(SCALARS, lambda: secured("noAuthNoPriv")),
    answer_to(SCALARS, lambda: secured("authNoPriv")),
    answer_to(SCALARS, lambda: secured("authPriv")),
    discover,
    as_trap,
)
"""A walk and a GET of v2c, a walk of v1, a GET of v3 at each level, a discovery, and traps."""
