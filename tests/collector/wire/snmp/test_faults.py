"""The faults that real pollers meet (RELIABILITY part 1), each played by an agent that is at fault in one way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from collector.errors import Denied, Malformed, NoData, Refused, TimedOut
from collector.wire.snmp import ber, message
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import LOSSES, Learned, Limits
from collector.wire.snmp.module import Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from collector.wire.snmp.walk import ENDS, Caps
from tests.collector.wire.snmp.agents import Agent, Clock, response
from tests.collector.wire.snmp.faulty import (
    CLEAN,
    EMPTY,
    LIMITS,
    ROOT,
    ROWS,
    SCALARS,
    TABLE,
    TWO_TABLES,
    AnswersLate,
    BackAtOneWidth,
    BackByWidth,
    Cycle,
    DumbToBulk,
    DumbWhereEmpty,
    Endless,
    Fails,
    Foreign,
    Mangles,
    OneAtATime,
    OutOfTree,
    Refuses,
    Repeats,
    SmallReplies,
    Stalls,
    StepsBack,
    Swaps,
    known,
    poll,
    table_values,
    whole,
)


@pytest.fixture(params=[0, 1, 4], ids=["new", "met", "grown"], autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every fault is met three times: by a device of which nothing is known, by one that has been well once, and by one
    that has been well for long."""
    token = CLEAN.set(request.param)
    yield
    CLEAN.reset(token)


@pytest.mark.parametrize("version", [1, 2])
def test_a_sound_agent_is_read_whole(version: int) -> None:
    agent = Agent(table_values())
    result = poll(agent, version=version)
    whole(result)
    assert {head.pdu for head in agent.asked} == ({0xA1} if version == 1 else {0xA5})


# F1: OIDs that do not increase.


@pytest.mark.parametrize(
    ("kind", "rows"), [(Repeats, 9), (StepsBack, 5), (Cycle, 3), (BackByWidth, 1), (BackAtOneWidth, 2)]
)
def test_f1_a_walk_that_does_not_go_forward_ends_marked_with_its_rows(kind: type[Agent], rows: int) -> None:
    result = poll(kind(table_values()))
    assert result.survey.incomplete == {ROOT: "not_increasing"}
    assert result.rows("alpha") == rows
    assert result.sent < 5


def test_f1_a_cycle_by_getnext_ends_too() -> None:
    result = poll(Cycle(table_values()), version=1)
    assert result.survey.incomplete == {ROOT: "not_increasing"}


def test_f1_a_device_known_for_it_is_read_past_what_comes_twice() -> None:
    whole(poll(StepsBack(table_values()), any_order=True))
    stuck = poll(Cycle(table_values()), any_order=True)
    assert stuck.rows("alpha") == 3
    assert stuck.survey.incomplete == {ROOT: "not_increasing"}


# F2: no end.


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        (Caps(varbinds=500), "row_cap"),
        (Caps(bytes=10_000), "byte_cap"),
        (Caps(packets=7), "packet_cap"),
    ],
)
def test_f2_an_endless_walk_meets_its_caps(caps: Caps, reason: str) -> None:
    result = poll(Endless(table_values()), limits=replace(LIMITS, caps=caps))
    assert result.survey.incomplete == {ROOT: reason}
    assert 0 < result.rows("alpha") <= 600


def test_f2_an_endless_walk_ends_at_the_deadline() -> None:
    result = poll(Endless(table_values()), deadline=0.5)
    assert result.survey.incomplete == {ROOT: "timeout"}
    assert result.seconds <= 0.5


# F3, F4: errors and silence in the middle, GETBULK broken.


@pytest.mark.parametrize(
    ("status", "reason"), [(message.GEN_ERR, "gen_err"), (message.TOO_BIG, "too_big"), (14, "refused"), (16, "refused")]
)
@pytest.mark.parametrize("with_varbinds", [True, False])
def test_f3_an_error_in_a_walk_keeps_what_came_before_and_is_marked(
    status: int, reason: str, with_varbinds: bool
) -> None:
    result = poll(Fails(table_values(), status=status, with_varbinds=with_varbinds))
    assert result.survey.incomplete == {ROOT: reason}
    # An agent that denies is not asked for less, one that fails is: every row before the failure is read.
    assert result.rows("alpha") >= (40 if status != 16 else 10)


def test_f3_too_big_is_asked_for_less_and_goes_on() -> None:
    learned = known()
    whole(poll(SmallReplies(table_values()), learned=learned))
    again = SmallReplies(table_values())
    result = poll(again, learned=learned)
    whole(result)
    assert max(head.error_index for head in again.asked) <= 6
    assert result.sent <= 2 * ROWS


def test_f4_silence_to_getbulk_falls_back_to_getnext_and_is_remembered() -> None:
    learned = known()
    whole(poll(DumbToBulk(table_values()), learned=learned))
    again = DumbToBulk(table_values())
    result = poll(again, learned=learned)
    whole(result)
    assert {head.pdu for head in again.asked} == {0xA1}
    assert result.seconds < 1


def test_f4_what_was_learned_from_silence_is_put_to_the_test_again() -> None:
    learned = known()
    poll(DumbToBulk(table_values()), learned=learned)
    for _ in range(20):
        sound = Agent(table_values())
        whole(poll(sound, learned=learned))
    assert {head.pdu for head in sound.asked} == {0xA5}


def test_f4_one_dumb_table_does_not_cost_the_others() -> None:
    result = poll(DumbWhereEmpty(table_values()), TWO_TABLES)
    whole(result)


def test_f4_repetitions_begin_at_ten_and_fill_one_frame() -> None:
    agent = Agent(table_values(2000))
    learned = Learned()
    poll(agent, learned=learned)
    wanted = [head.error_index for head in agent.asked]
    assert wanted[0] == 10
    assert 40 <= max(wanted) <= 55
    assert max(len(agent.answer(question)[0]) for question in list(agent.questions)) <= 1472


# F5: GETs of several varbinds are dropped.


def test_f5_a_get_of_many_is_tried_as_a_get_of_one_and_remembered() -> None:
    learned = known()
    first = poll(OneAtATime(table_values()), SCALARS, learned=learned)
    assert {name: list(column.values) for name, column in first.columns.items()} == {
        "m1": [1], "m2": [2], "m3": [3], "m4": [4],
    }  # fmt: skip
    second = poll(OneAtATime(table_values()), SCALARS, learned=learned)
    assert second.sent == 4
    assert second.seconds < 0.1
    assert second.survey.incomplete == {}


# F6, F7: answers to something else.


def test_f6_a_value_is_never_stored_under_the_name_that_was_asked_for() -> None:
    result = poll(Mangles(table_values()), SCALARS)
    assert result.columns == {}
    assert isinstance(result.problem, Malformed)
    assert result.survey.incomplete == {"get": "wrong_oid"}


def test_f6_order_does_not_matter() -> None:
    result = poll(Swaps(table_values()), SCALARS)
    assert [list(result.columns[f"m{n}"].values) for n in range(1, 5)] == [[1], [2], [3], [4]]
    assert result.survey.incomplete == {}


def test_f7_only_the_answer_to_the_question_under_way_counts() -> None:
    whole(poll(Foreign(table_values())))


def test_f7_an_answer_to_an_earlier_attempt_of_the_same_question_counts() -> None:
    whole(poll(AnswersLate(table_values())))


def test_f7_other_kinds_and_versions_of_message_are_refused() -> None:
    clock = Clock()
    survey = Survey(compile(TABLE), Community(2, b"public"), Limits(), Learned(), clock)
    packet = survey.send()
    assert packet is not None
    right = Agent(table_values()).answer(packet)[0]
    head = message.read(packet)
    request = message.request(1, b"public", "get", head.request_id, [ber.encode_oid(ROOT)])
    older = response(message.read(message.request(0, b"public", "next", head.request_id, [])), [])
    assert [survey.receive(each) for each in (packet, request, older, b"", b"\x30", right, right)] == [
        False, False, False, False, False, True, False,
    ]  # fmt: skip


# F21: answers stop.


def test_f21_a_stall_ends_at_the_polls_deadline_with_what_there_is() -> None:
    result = poll(Stalls(table_values(), packets=1), deadline=4.0)
    assert result.survey.incomplete == {ROOT: "timeout"}
    assert result.rows("alpha") >= 10
    assert result.seconds <= 4.0


def test_f21_a_dead_device_gets_six_attempts_and_is_said_to_have_timed_out() -> None:
    result = poll(Stalls(table_values(), packets=0), TWO_TABLES)
    assert result.sent == 6
    assert isinstance(result.problem, TimedOut)
    assert set(result.survey.incomplete) == {EMPTY, ROOT}


# How each ends: A8.


@pytest.mark.parametrize(
    "agent",
    [
        Repeats(table_values()), StepsBack(table_values()), Cycle(table_values()),
        pytest.param(Endless(table_values()), marks=pytest.mark.slow),
        Fails(table_values()), DumbToBulk({}), Stalls(table_values()), Stalls(table_values(), packets=0),
        OutOfTree({}), Agent({}), Agent(table_values()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [1, 2])
def test_a8_every_walk_ends_in_time_and_says_whether_it_is_whole(agent: Agent, version: int) -> None:
    result = poll(agent, version=version, deadline=20.0)
    assert result.seconds <= 20.0
    complete = result.rows("alpha") == ROWS and result.rows("beta") == ROWS
    assert complete == (result.problem is None and not result.survey.incomplete) or isinstance(result.problem, NoData)
    assert set(result.survey.incomplete.values()) <= set(ENDS)


def test_v1_and_refusals() -> None:
    gone = poll(Agent({}), SCALARS, version=1)
    assert isinstance(gone.problem, NoData)
    assert gone.sent == 4
    refused = poll(Refuses(table_values()), TABLE)
    assert isinstance(refused.problem, Refused)
    assert isinstance(poll(Refuses(table_values(), status=16), TWO_TABLES).problem, Denied)
    assert isinstance(poll(Refuses(table_values(), status=16), SCALARS).problem, Denied)


def test_a_class_without_walks_is_asked_for_single_values_only() -> None:
    limits = Limits(retries=0, varbinds=1, bulk=False, request_bytes=484)
    agent = Agent(table_values())
    both = Module(name="both", walk=(ROOT,), get=SCALARS.get, metrics=(*TABLE.metrics, *SCALARS.metrics))
    result = poll(agent, both, limits=limits)
    assert {head.pdu for head in agent.asked} == {0xA0}
    assert [len(list(message.varbinds(q, message.read(q)))) for q in agent.questions] == [1, 1, 1, 1]
    assert result.survey.incomplete == {ROOT: "refused"}
    assert isinstance(poll(agent, TABLE, limits=limits).problem, Refused)


def test_a_root_that_is_a_single_value_is_read_by_a_get() -> None:
    module = Module(name="leaf", walk=("1.3.6.1.4.1.1.2.0",), metrics=(Metric("m2", "1.3.6.1.4.1.1.2", "gauge"),))
    result = poll(Agent(table_values()), module)
    assert list(result.columns["m2"].values) == [2]
    assert result.survey.incomplete == {}


@pytest.mark.parametrize("reason", ["over_budget", "paused", "breaker_open", "timeout"])
def test_who_is_cut_off_says_why_and_keeps_what_there_is(reason: str) -> None:
    for answers in (0, 1):
        survey = Survey(compile(TABLE), Community(2, b"public"), Limits(), Learned(), Clock())
        for _ in range(answers):
            packet = survey.send()
            assert packet is not None
            assert survey.receive(Agent(table_values()).answer(packet)[0])
        survey.send()
        survey.expire(reason)
        assert survey.send() is None
        assert survey.incomplete == {ROOT: reason}
        problem = survey.problem()
        assert problem is None if answers else problem is not None and problem.reason == reason


@pytest.mark.parametrize(("reason", "answers", "counts"), [
    ("over_budget", 1, True), ("over_budget", 0, False), ("timeout", 1, False), ("paused", 1, False),
])  # fmt: skip
def test_whose_budget_is_spent_has_answered_well_so_far(reason: str, answers: int, counts: bool) -> None:
    """Else a site whose budget is spent on small replies never gets to larger ones."""
    learned = Learned()
    survey = Survey(compile(TABLE), Community(2, b"public"), Limits(), learned, Clock())
    agent = Agent(table_values())
    for _ in range(answers):
        packet = survey.send()
        assert packet is not None
        assert survey.receive(agent.answer(packet)[0])
    survey.send()
    survey.expire(reason)
    assert learned.clean == counts
    assert learned.rows == {}, "how many rows there are has not been seen"


def test_who_was_silent_before_the_budget_was_spent_has_not_answered_well() -> None:
    learned = Learned()
    survey = Survey(compile(TABLE), Community(2, b"public"), Limits(), learned, Clock())
    for silent in (*[True] * (LOSSES + 1), False):  # fewer are loss
        packet = survey.send()
        assert packet is not None
        survey.silence() if silent else survey.receive(Agent(table_values()).answer(packet)[0])
    survey.expire("over_budget")
    assert learned.clean == 0
