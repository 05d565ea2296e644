"""Agents that are at fault in one way each (RELIABILITY part 1), and a poll of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from collector.budget import RULES
from collector.errors import PollError
from collector.model import Column
from collector.wire.snmp import ber, message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, Varbind, converse, integer, names, response

ROOT = "1.3.6.1.2.1.2.2"
INDEX = (Index("row", "gauge"),)
ROWS = 100
LIMITS = Limits(reply_bytes=RULES["it"].reply_bytes)
TABLE = Module(
    name="table",
    walk=(ROOT,),
    metrics=(
        Metric("alpha", f"{ROOT}.1.10", "counter", "A counter", INDEX),
        Metric("beta", f"{ROOT}.1.11", "gauge", "A gauge", INDEX),
    ),
)
SCALARS = Module(
    name="scalars",
    get=tuple(f"1.3.6.1.4.1.1.{n}.0" for n in range(1, 5)),
    metrics=tuple(Metric(f"m{n}", f"1.3.6.1.4.1.1.{n}", "gauge") for n in range(1, 5)),
)


def table_values(rows: int = ROWS) -> dict[str, bytes]:
    values = {f"1.3.6.1.4.1.1.{n}.0": integer(n) for n in range(1, 5)}
    for row in range(1, rows + 1):
        values[f"{ROOT}.1.10.{row}"] = integer(1000 + row, ber.COUNTER32)
        values[f"{ROOT}.1.11.{row}"] = integer(row)
    values["1.3.6.1.2.1.3.1.0"] = integer(7)
    return values


CLEAN: ContextVar[int] = ContextVar("CLEAN", default=0)
"""Polls that went well before: from the first on, columns are read abreast."""


def known() -> Learned:
    """What has been learned of a device so far."""
    learned = Learned()
    learned.clean = CLEAN.get()
    return learned


@dataclass
class Result:
    columns: dict[str, Column]
    survey: Survey
    sent: int
    seconds: float

    @property
    def problem(self) -> PollError | None:
        return self.survey.problem()

    def rows(self, name: str) -> int:
        return len(self.columns[name].values) if name in self.columns else 0


def poll(
    agent: Agent, module: Module = TABLE, *, version: int = 2, limits: Limits | None = None,
    learned: Learned | None = None, deadline: float = 60.0, any_order: bool = False,
) -> Result:  # fmt: skip
    clock = Clock()
    plan = compile(module)
    survey = Survey(
        plan, Community(version, b"public"), limits or LIMITS, learned or known(), clock, any_order=any_order
    )
    sent = converse(survey, agent.answer, clock, deadline)
    columns = {column.family.name: column for column in Sheet(plan, survey.harvest, Interned()).columns()}
    return Result(columns, survey, sent, clock.now - 1000.0)


def whole(result: Result) -> None:
    """Every value, right and at its row; nothing marked."""
    assert result.survey.incomplete == {}
    assert [list(result.columns[name].values) for name in ("alpha", "beta")] == [
        [1000.0 + row for row in range(1, ROWS + 1)],
        [float(row) for row in range(1, ROWS + 1)],
    ]
    assert result.columns["alpha"].rows.text[0] == '{row="1"}'
    assert result.columns["alpha"].rows is result.columns["beta"].rows


class Repeats(Agent):
    """The same OID again, from the tenth row on."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        found = list(super().bulk(name, repetitions))
        return [*found[:9], *[found[8]] * 5]


class StepsBack(Agent):
    """Within one reply, back by a row: what peers do not notice."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        found = list(super().bulk(name, repetitions))
        return [*found[:5], found[3], *found[5:]]


class Cycle(Agent):
    """Three rows, round and round."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        return (list(super().bulk(ber.encode_oid(ROOT), 3)) * repetitions)[:repetitions]

    def next(self, name: bytes) -> Varbind:
        place = names(ROOT + ".1.10.3")
        return super().next(ber.encode_oid(ROOT) if ber.decode_oid(name) >= place else name)


class BackByWidth(Agent):
    """Row 16384, then 16383: bytes (81 80 00, ff 7f) say forward, arcs say back."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        return [(ber.encode_oid(f"{ROOT}.1.10.{row}"), integer(1)) for row in (16384, 16383)]


class BackAtOneWidth(Agent):
    """The same within indexes of one length, which the hot loop does not see; the end of a reply does."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        return [(ber.encode_oid(f"{ROOT}.1.10.{row}"), integer(1)) for row in ("16384.5", "16383.200")]


class Endless(Agent):
    """Another row for every one that was asked for, for ever."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        tail = ber.decode_oid(name)[len(names(ROOT)) :]
        row = tail[2] if len(tail) == 3 else 0
        column = ber.encode_oid(f"{ROOT}.1.10")
        return [(column + ber.encode_arcs((row + n,)), integer(n)) for n in range(1, repetitions + 1)]


@dataclass
class Fails(Agent):
    """An error status from row `after` on."""

    status: int = message.GEN_ERR
    after: int = 40
    with_varbinds: bool = True

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        limit = names(f"{ROOT}.1.10.{self.after}")
        reach = head.error_index if head.pdu == 0xA5 else 1
        place = ber.decode_oid(asked[0])
        last = place[-1] if len(place) == len(limit) else 0
        if place[: len(limit) - 1] == limit[:-1] and last + reach > self.after:
            return [response(head, [(asked[0], b"\x05\x00")] if self.with_varbinds else [], self.status, 1)]
        return super().reply(head, asked)


class SmallReplies(Agent):
    """tooBig, without varbinds, above four repetitions (a MikroTik)."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        if head.pdu == 0xA5 and head.error_index > 4:
            return [response(head, [], message.TOO_BIG)]
        return super().reply(head, asked)


class DumbToBulk(Agent):
    """GETBULK is met with silence."""

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        return [] if self.asked[-1].pdu == 0xA5 else answers


class DumbWhereEmpty(Agent):
    """GETBULK of the empty table is met with silence, all else is well (snmp_exporter#756)."""

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        asked = [name for name, _, _ in message.varbinds(packet, self.asked[-1])]
        return [] if self.asked[-1].pdu == 0xA5 and asked[0] == ber.encode_oid(EMPTY) else answers


EMPTY = "1.3.6.1.2.1.99"
TWO_TABLES = Module(name="two", walk=(EMPTY, ROOT), metrics=TABLE.metrics)


class OneAtATime(Agent):
    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        asked = list(message.varbinds(packet, self.asked[-1]))
        return [] if len(asked) > 1 else answers


@dataclass
class Mangles(Agent):
    """Other names than those that were asked for."""

    suffix: str = ".0"

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        found = [self.get(name) for name in asked]
        return [response(head, [(ber.encode_oid(ber.dotted(n) + self.suffix), v) for n, v in found])]


class Swaps(Agent):
    """The right values in another order are still each under its own name."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return [response(head, [self.get(name) for name in reversed(asked)])]


@dataclass
class Foreign(Agent):
    """Wrong, zero, negative and repeated request ids around the right answer; some answers come a question late."""

    late: list[bytes] = field(default_factory=list)

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        right = super().reply(head, asked)[0]
        liar = [(ber.encode_oid(f"{ROOT}.1.10.{n}"), integer(666)) for n in range(1, 9)]
        wrong = [response(head, liar, request_id=number) for number in (0, -1, head.request_id ^ 1, 1)]
        before, self.late = self.late, [right]
        return [*before, *wrong, right, right]


class AnswersLate(Agent):
    """Answers each question only when it has been asked twice: the first attempt's answer comes after the second."""

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        if len(self.asked) % 2:
            self.held = answers
            return []
        return self.held


@dataclass
class Stalls(Agent):
    """Well for a while, then nothing."""

    packets: int = 3

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        return answers if len(self.asked) <= self.packets else []


class OutOfTree(Agent):
    """Always the same OID of another subtree."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        return [(ber.encode_oid("1.3.6.1.6.3.1.0"), integer(1))]


@dataclass
class Refuses(Agent):
    status: int = 14

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return [response(head, [(name, b"\x05\x00") for name in asked], self.status, 1)]
