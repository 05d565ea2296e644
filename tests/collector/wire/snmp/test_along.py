"""Single values that go along with the last question for rows: what is saved, and whom that does not suit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from collector.errors import Malformed
from collector.wire.snmp import ber, message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import LOSSES, RETRIAL, Learned
from collector.wire.snmp.lean import Diet
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.question import Asked
from collector.wire.snmp.singles import sound
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, converse, integer, response
from tests.collector.wire.snmp.faulty import LIMITS

UPTIME, CHANGE, COUNT = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.31.1.5.0", "1.3.6.1.2.1.2.1.0"
ENTRY, ABOVE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.6.0"
SIGNS = tuple(map(ber.encode_oid, (UPTIME, CHANGE)))
TWO_COLUMNS = (10, 14)
MANY_COLUMNS = tuple(range(1, 15))


def ports(columns: Sequence[int] = TWO_COLUMNS, rows: int = 2) -> tuple[Module, dict[str, bytes]]:
    """A table of few rows, a single value, and the signs."""
    metrics = [Metric("count", COUNT, "gauge")]
    metrics += [Metric(f"c{n}", f"{ENTRY}.{n}", "gauge", "", (Index("row", "gauge"),)) for n in columns]
    values = {UPTIME: integer(77, ber.TIMETICKS), CHANGE: integer(5, ber.TIMETICKS), COUNT: integer(rows)}
    values |= {ABOVE: integer(1), "1.3.6.1.2.1.1.4.0": integer(2)}
    values |= {f"{ENTRY}.{n}.{row}": integer(100 * n + row) for n in columns for row in range(1, rows + 1)}
    return Module("ports", walk=(ENTRY,), get=(COUNT,), metrics=tuple(metrics)), values


@dataclass
class Polled:
    columns: dict[str, list[float]]
    survey: Survey
    heads: list[message.Head] = field(default_factory=list)

    @property
    def along(self) -> list[int]:
        """Non-repeaters of each GETBULK, and -1 for each GET."""
        return [head.error_status if head.pdu == 0xA5 else -1 for head in self.heads]


def poll(agent: Agent, module: Module, learned: Learned) -> Polled:
    clock, plan = Clock(), compile(module)
    survey = Survey(plan, Community(2, b"public"), LIMITS, learned, clock, diet=Diet({}, SIGNS))
    converse(survey, agent.answer, clock)
    columns = Sheet(plan, survey.harvest, Interned()).columns()
    return Polled({each.family.name: list(each.values) for each in columns}, survey, agent.asked)


def grown() -> Learned:
    learned = Learned()
    learned.clean = 4
    return learned


def right(done: Polled, values: dict[str, bytes], module: Module) -> None:
    plain = poll(Agent(dict(values)), module, Learned())
    assert done.columns == plain.columns
    assert done.survey.incomplete == {}
    signs = {ber.encode_oid(oid): values[oid] for oid in (UPTIME, CHANGE) if oid in values}
    assert done.survey.signs == {name: ber.number(value[0], value[2:]) for name, value in signs.items()}


def polled(kind: type[Agent], module: Module, values: dict[str, bytes], learned: Learned, times: int) -> list[Polled]:
    """So many polls of such an agent, each of which has read what there is."""
    polls = [poll(kind(dict(values)), module, learned) for _ in range(times)]
    for each in polls:
        right(each, values, module)
    return polls


@pytest.mark.parametrize("columns", [TWO_COLUMNS, MANY_COLUMNS])
def test_what_is_asked_at_the_end_goes_along_with_the_last_rows(columns: Sequence[int]) -> None:
    module, values = ports(columns)
    learned = grown()
    polls = polled(Agent, module, values, learned, 4)
    assert [each.along for each in polls[1:]] == [[3]] * 3
    assert polls[-1].heads[0].error_index == 3, "two rows, and one that says there are no more"


def test_a_value_that_is_not_there_needs_no_question_of_its_own() -> None:
    module, values = ports()
    del values[CHANGE], values[COUNT]
    polls = polled(Agent, module, values, grown(), 3)
    assert not any("count" in each.columns for each in polls)
    assert [each.along for each in polls[1:]] == [[3], [3]]


def test_what_is_the_last_of_all_is_found_to_be_missing() -> None:
    module, values = ports()
    del values[CHANGE], values[ABOVE]
    learned = grown()
    polls = polled(Agent, module, values, learned, 3)
    assert (polls[-1].along, learned.lone_rows) == ([3], 0)


def test_a_row_more_is_read_and_what_came_along_too_early_is_asked_for_again() -> None:
    module, values = ports()
    learned = grown()
    polled(Agent, module, values, learned, 2)
    _, more = ports(rows=4)
    (grew,) = polled(Agent, module, more, learned, 1)
    assert len(grew.along) > 1
    assert (learned.lone_rows, learned.setbacks) == (0, 0)


@dataclass
class RepeatsAll(Agent):
    """Takes every name of a GETBULK for a repeater."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return super().reply(head._replace(error_status=0) if head.pdu == 0xA5 else head, asked)


@dataclass
class Refuses(Agent):
    """An error status for whoever asks for non-repeaters."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        if head.pdu == 0xA5 and head.error_status:
            nothing = [(name, b"\x05\x00") for name in asked]
            return [response(head, nothing, message.GEN_ERR, 1)]
        return super().reply(head, asked)


@dataclass
class Swallows(Agent):
    """Does not answer who asks for non-repeaters."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return [] if head.pdu == 0xA5 and head.error_status else super().reply(head, asked)


@dataclass
class Echoes(Agent):
    """Answers a non-repeater with its own name, as if it had been asked to get it."""

    def next(self, name: bytes) -> tuple[bytes, bytes]:
        return name, integer(1)


@dataclass
class RowsOnly(Agent):
    """Leaves non-repeaters out of its answer."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        if head.pdu == 0xA5:
            asked, head = asked[head.error_status :], head._replace(error_status=0)
        return super().reply(head, asked)


@pytest.mark.parametrize("columns", [TWO_COLUMNS, MANY_COLUMNS])
@pytest.mark.parametrize("kind", [RepeatsAll, Refuses, Echoes, RowsOnly])
def test_whom_it_does_not_suit_is_read_as_before_and_not_asked_again_for_long(
    kind: type[Agent], columns: Sequence[int]
) -> None:
    module, values = ports(columns)
    learned = grown()
    polls = polled(kind, module, values, learned, 5)
    assert any(number > 0 for each in polls for number in each.along), "it was tried"
    assert all(each.along == [0, -1] for each in polls[-2:])
    assert RETRIAL - 5 < learned.lone_rows < RETRIAL
    assert learned.setbacks == 0, "rows may go on to be read abreast"
    learned.doubt_non_repeaters()
    assert (learned.lone_rows, learned.parted) == (2 * RETRIAL, 2), "twice as long each time"
    again = Learned.restored(learned.saved())
    assert (again.lone_rows, again.parted) == (2 * RETRIAL, 2)


def test_who_never_answers_it_is_not_asked_again_for_long() -> None:
    module, values = ports()
    learned = grown()
    polls = polled(Swallows, module, values, learned, LOSSES + 3)
    assert all(each.along == [0, -1] for each in polls[-2:])
    learned.lone_rows = 0
    assert 3 in poll(Swallows(dict(values)), module, learned).along
    assert learned.lone_rows == RETRIAL, "once is enough by now"


def test_lost_packets_say_nothing_about_it() -> None:
    module, values = ports()
    learned = grown()
    poll(Agent(dict(values)), module, learned)
    polled(Swallows, module, values, learned, LOSSES)
    assert (learned.lone_rows, learned.unheard) == (0, LOSSES)
    assert poll(Agent(dict(values)), module, learned).along == [3]
    assert learned.unheard == 0


def test_what_ends_in_no_zero_is_asked_for_by_a_get() -> None:
    module, values = ports()
    cell = f"{ENTRY}.10.1"
    module = Module("ports", walk=(f"{ENTRY}.14",), get=(cell,), metrics=module.metrics)
    learned = grown()
    for _ in range(3):
        last = poll(Agent(dict(values)), module, learned)
    assert last.along == [0, -1]
    assert last.columns["c10"] == [1001.0]


@pytest.mark.parametrize(
    "answer", [[], [(UPTIME, integer(1))], [("1.3.6.1.2.1.1.2.0", integer(1)), (COUNT, integer(2))]]
)
def test_what_makes_no_sense_is_none_of_it_taken(answer: list[tuple[str, bytes]]) -> None:
    asked = Asked("bulk", tuple(ber.encode_oid(oid)[:-1] for oid in (UPTIME, COUNT)), 1, 0, 0.0, 2)
    head = message.read(message.request(1, b"c", "bulk", 1, asked.names, 1, 2))
    packet = response(head, [(ber.encode_oid(oid), value) for oid, value in answer])
    with pytest.raises(Malformed):
        sound(asked, packet, message.read(packet))
