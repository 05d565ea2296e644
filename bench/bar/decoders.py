"""Everything of ours that reads datagrams from the network, each as a function that takes one.

A datagram may be refused with a `PollError`; anything else that comes out is an escape (RELIABILITY A1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.discovery import Discovery
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community, Speech
from tests.collector.wire.snmp.agents import Clock
from tests.collector.wire.snmp.faulty import SCALARS, TABLE
from tests.collector.wire.snmp.secured import LIMITS, Ward, met

Decoder = Callable[[bytes], None]


def waiting(module: Module, speech: Speech) -> Survey:
    """A conversation whose question has the request-id 1."""
    survey = Survey(compile(module), speech, Limits(), Learned(), Clock())
    survey.send()
    survey._asked[1] = survey._asked.popitem()[1]
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


@cache
def _ward() -> Ward:
    return met()


def in_version_3(packet: bytes) -> None:
    """Takes a datagram as the answer to a question of v3, and as that of a device that is not known yet."""
    survey, _ = _ward().survey()
    survey.send()
    survey.receive(packet)
    survey.problem()
    discovery = Discovery(LIMITS, Learned(), Clock())
    discovery.send()
    discovery.receive(packet)


DECODERS: Sequence[Decoder] = (
    answer_to(TABLE, lambda: Community(2, b"public")),
    answer_to(SCALARS, lambda: Community(2, b"public")),
    answer_to(TABLE, lambda: Community(1, b"public")),
    in_version_3,
)
"""A walk and a GET of v2c, a walk of v1, and v3."""
