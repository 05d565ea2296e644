"""SNMPv3 conversations with the simulator's agent, whose codec is another one."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.errors import Denied, Malformed, PollError, Refused, TimedOut
from collector.model import Secret
from collector.wire.snmp import ber, envelope, keys, message
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.discovery import Discovery
from collector.wire.snmp.engine import Engines
from collector.wire.snmp.usm import Usm
from simulator import usm
from tests.collector.wire.snmp.agents import converse
from tests.collector.wire.snmp.secured import AUTH, ENGINE_ID, LIMITS, Ward, met, user


def read(survey: Survey) -> int:
    """How many values came of the table."""
    return sum(len(run.values) for runs in survey.harvest.runs.values() for run in runs)


@pytest.mark.parametrize(
    ("protocol", "cipher"), [*product(keys.AUTHENTICATION, keys.PRIVACY_KEY), *product(keys.AUTHENTICATION, [""])]
)
def test_every_algorithm(protocol: str, cipher: str) -> None:
    level = "authPriv" if cipher else "authNoPriv"
    ward = Ward(replace(AUTH, auth_protocol=protocol, priv_protocol=cipher or "AES", security_level=level))
    assert ward.meet().engine_id == ENGINE_ID
    survey, _ = ward.poll()
    assert (read(survey), survey.problem(), survey.incomplete) == (8, None, {})
    assert ward.engine.clock(ward.clock())[0] == 5


def test_no_authentication_at_all() -> None:
    ward = Ward(replace(AUTH, security_level="noAuthNoPriv"))
    ward.meet()
    survey, _ = ward.poll()
    assert read(survey) == 8
    assert not ward.engine.proven
    assert ward.engine.clock(ward.clock()) == (0, 0)


def test_two_exchanges_more_when_first_met_and_none_after_that() -> None:
    ward = Ward()
    assert ward.meet().engine_id
    assert ward.packets == 1
    ward.poll()
    first, ward.packets = ward.packets, 0
    ward.poll()
    assert first == 1 + 1 + ward.packets


def test_nothing_in_clear_but_the_engine_and_the_user() -> None:
    ward = met()
    survey, _ = ward.survey()
    packet = survey.send()
    assert packet is not None
    assert bytes.fromhex("2b060102010202010a") not in packet
    assert ward.engine.id in packet
    with pytest.raises(Malformed):
        message.read(packet)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"username": "nobody"}, "does not know user nobody"),
        ({"password": Secret("wrong-password")}, "digest wrong"),
        ({"auth_protocol": "SHA"}, "digest wrong"),
        ({"security_level": "authNoPriv"}, "security level authNoPriv"),
        ({"security_level": "noAuthNoPriv"}, "security level noAuthNoPriv"),
        ({"priv_password": Secret("wrong-password")}, "can't decrypt"),
        ({"priv_protocol": "DES"}, "can't decrypt"),
    ],
)
def test_a_mistake_in_the_credentials_is_denied_and_says_what_to_check(changes: dict[str, object], text: str) -> None:
    ward = met()
    survey, _ = ward.poll(replace(AUTH, **changes))  # type: ignore[arg-type]
    problem = survey.problem()
    assert isinstance(problem, Denied)
    assert text in str(problem)
    assert "syrup" not in str(problem)
    assert "wrong-password" not in str(problem)
    assert ward.packets == 1, "what is in vain is not asked again"


def test_silence_is_a_timeout() -> None:
    ward = met()
    survey, _ = ward.survey()
    converse(survey, lambda packet: [], ward.clock)
    assert type(survey.problem()) is TimedOut


def test_a_device_that_keeps_no_time_is_refused_after_one_more_exchange() -> None:
    ward = met()

    def answer(packet: bytes) -> list[bytes]:
        ward.agent.reboot(ward.clock() - 500, ward.agent.boots + 1)  # between any two packets
        return ward.answer(packet)

    survey, _ = ward.survey()
    converse(survey, answer, ward.clock)
    assert isinstance(survey.problem(), Refused)
    assert ward.packets == 2


def test_a_report_that_comes_twice_is_one() -> None:
    ward = met()
    ward.agent.reboot(ward.clock())
    survey, _ = ward.survey()
    question = survey.send()
    assert question is not None
    report = ward.answer(question)[0]
    assert survey.receive(report)
    again = survey.send()
    assert again is not None
    assert not survey.receive(report)
    assert survey.receive(ward.answer(again)[0])
    assert survey.problem() is None


def test_reports_to_several_attempts_are_one() -> None:
    ward = met()
    ward.agent.reboot(ward.clock())
    survey, speech = ward.survey()
    attempts = []
    for _ in range(2):
        attempts.append(survey.send())
        survey.silence()
    first, second = (ward.answer(packet)[0] for packet in attempts if packet)
    assert survey.receive(first)
    again = survey.send()
    assert again is not None
    assert not survey.receive(second)
    assert speech.refusal is None
    assert survey.receive(ward.answer(again)[0])


def test_an_exhausted_engine_is_refused() -> None:
    ward = met()
    ward.agent.boots = 2**31 - 1
    ward.agent.started = ward.clock() - 10_000
    survey, _ = ward.poll()
    assert isinstance(survey.problem(), Refused)
    assert "new engine id" in str(survey.problem())


class Lax(usm.Engine):
    """An agent that does not mind what time a question says, so it never reports that it is wrong."""

    def _admit(self, came: usm._Wrapped, packet: bytes, now: float) -> tuple[int, bytes]:
        minded = copy.copy(self)
        minded.boots, minded.started, minded.rate = came.boots, now - came.time, 1.0
        return usm.Engine._admit(minded, came, packet, now)


def lax() -> Ward:
    """A device of that kind whose clock we have; and its `packets` are those of one poll."""
    ward = Ward()
    ward.agent = Lax(ENGINE_ID, [user(AUTH)], boots=5, started=ward.clock() - 500)
    ward.player.engine = ward.agent
    ward.player._communities = frozenset({ward.agent.inside})
    ward.meet()
    ward.poll()
    ward.packets = 0
    assert read(ward.poll()[0]) == 8
    return ward


@pytest.mark.parametrize("boots", [0, 1, 5])
def test_a_device_that_forgot_its_boots_and_minds_no_time_costs_one_exchange_more(boots: int) -> None:
    ward = lax()
    calm, ward.packets = ward.packets, 0
    ward.agent.reboot(ward.clock(), boots)
    survey, _ = ward.poll()
    assert (read(survey), survey.problem(), survey.incomplete) == (8, None, {})
    assert ward.packets == calm + 1
    ward.packets = 0
    assert read(ward.poll()[0]) == 8
    assert ward.packets == calm


def test_a_clock_that_stands_still_costs_one_exchange_a_poll() -> None:
    ward = lax()
    calm = ward.packets
    ward.agent.reboot(ward.clock() - 500)
    ward.agent.rate = 0.0
    for _ in range(5):
        ward.clock.now += 600
        ward.packets = 0
        survey, _ = ward.poll()
        assert (read(survey), survey.problem()) == (8, None)
        assert ward.packets <= calm + 1


def test_an_answer_of_another_time_tells_the_time_and_nothing_else() -> None:
    ward = lax()
    survey, _ = ward.survey()
    question = survey.send()
    assert question is not None
    ward.agent.reboot(ward.clock(), 2)
    assert survey.receive(ward.answer(question)[0])
    assert not survey.harvest.runs
    assert not survey.answered
    assert ward.engine.clock(ward.clock())[0] == 2
    again = survey.send()
    assert again is not None
    assert envelope.read(again).boots == 2
    assert not survey.receive(ward.answer(question)[0]), "of a question that has been asked anew"


def test_a_device_whose_clock_goes_back_time_and_again_is_refused_after_one_more_exchange() -> None:
    ward = lax()
    ward.packets = 0

    def answer(packet: bytes) -> list[bytes]:
        ward.agent.boots -= 1
        return ward.answer(packet)

    survey, _ = ward.survey()
    converse(survey, answer, ward.clock)
    assert isinstance(survey.problem(), Refused)
    assert "its clock goes back" in str(survey.problem())
    assert ward.packets == 2


def test_an_exhausted_engine_that_minds_no_time_is_refused() -> None:
    ward = lax()
    for _ in range(2):
        ward.agent.boots = 2**31 - 1
        survey, _ = ward.poll()
        assert isinstance(survey.problem(), Refused)
        assert "new engine id" in str(survey.problem())
        assert ward.engine.clock(ward.clock())[0] == 5


def test_another_engine_at_the_same_address_must_prove_itself() -> None:
    """A forged discovery puts nobody in the place of a proven engine."""
    ward = met()
    known = ward.engine
    ward.engines.found(ward.peer, b"\x80\0\0\0\x05other")
    survey, speech = ward.poll()
    assert not survey.answered
    assert speech.stranger
    assert ward.engine is known
    assert ward.peer.doubted
    survey, _ = ward.poll()
    assert read(survey) == 8
    assert not ward.peer.doubted


def test_a_device_that_was_replaced_takes_the_place_of_the_old_one() -> None:
    ward = met()
    other = Ward(clock=ward.clock)
    other.agent.engine_id = b"\x80\0\0\0\x05other"
    other.agent.__post_init__()
    ward.player.engine = other.agent
    ward.player._communities = frozenset({other.agent.inside})
    survey, speech = ward.poll()
    assert speech.stranger
    assert not survey.answered
    assert ward.meet().engine_id == b"\x80\0\0\0\x05other"
    survey, _ = ward.poll()
    assert read(survey) == 8
    assert ward.engine.id == b"\x80\0\0\0\x05other"


def test_discovery_gives_up_and_says_so() -> None:
    ward = Ward()
    discovery = Discovery(LIMITS, ward.learned, ward.clock)
    assert converse(discovery, lambda packet: [], ward.clock) == LIMITS.retries + 1
    assert (discovery.engine_id, discovery.asked) == (b"", True)
    assert isinstance(discovery.problem(), TimedOut)


def test_a_discovery_that_was_held_back_was_none() -> None:
    ward = Ward()
    held = Discovery(LIMITS, ward.learned, ward.clock)
    held.send()
    held.expire("paused")
    assert not held.asked
    assert held.send() is None
    assert held.problem().reason == "paused"


def test_one_engine_id_at_two_places_is_told_and_kept_apart() -> None:
    engines = Engines()
    one, other = engines.peer(("10.0.0.1", 161), 0.0), engines.peer(("10.0.0.2", 161), 0.0)
    engines.found(one, ENGINE_ID)
    assert engines.twins(one.where) == []
    engines.found(other, ENGINE_ID)
    assert engines.twins(one.where) == [other.where]
    assert one.engine is not other.engine
    assert one.engine is not None
    assert other.engine is not None
    one.engine.learn(7, 7000, 0.0)
    assert other.engine.clock(0.0) == (0, 0)
    engines.peer(one.where, 4000.0)  # the other was not asked for more than an hour: it may be the same, moved
    assert engines.twins(one.where) == []
    engines.peer(("10.0.0.3", 161), 100_000.0)
    assert engines.peer(one.where, 100_000.0).engine is None


def test_keys_are_made_once_for_a_password() -> None:
    engines = Engines()
    made = []
    for number in range(3):
        peer = engines.peer(("10.0.0.1", number), 0.0)
        engines.found(peer, ENGINE_ID + bytes((number,)))
        assert peer.engine is not None
        made.append(engines.equip(peer.engine, AUTH))
        assert engines.equip(peer.engine, AUTH) is made[-1]
    assert len(engines._stretched) == 1
    assert len({keys.digest_key for keys in made}) == 3


def test_a_context_is_asked_for_and_must_come_back() -> None:
    ward = met()
    vlan = replace(AUTH, context_name="vlan-10")
    survey, _ = ward.poll(vlan)
    assert isinstance(survey.problem(), TimedOut), "there is no such context: agents say nothing"
    ward.agent.contexts = frozenset({b"", b"vlan-10"})
    survey, _ = ward.poll(vlan)
    assert read(survey) == 8


def test_a_context_of_another_engine_is_named_in_the_question() -> None:
    """A proxy's (RFC 3413): keys and clock are those of the engine that answers."""
    ward = met()
    behind = b"\x80\0\0\0\x05behind"
    survey, _ = ward.survey(replace(AUTH, context_engine_id=behind))
    question = survey.send()
    assert question is not None
    came = usm._unwrap(question)
    wrong, data = ward.agent._admit(came, question, ward.clock())
    assert (wrong, came.engine_id) == (0, ENGINE_ID)
    assert envelope.scoped(data, 0).engine_id == behind


WARD = met()


@pytest.mark.slow
@settings(max_examples=150)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_an_answer_with_any_bit_turned_is_no_answer(place: int, bit: int) -> None:
    survey, _ = WARD.survey()
    question = survey.send()
    assert question is not None
    genuine = WARD.answer(question)[0]
    spoilt = bytearray(genuine)
    spoilt[place % len(genuine)] ^= 1 << bit
    assert not survey.receive(bytes(spoilt))
    assert not survey.harvest.runs
    assert survey.receive(genuine)


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_noise_is_malformed(noise: bytes) -> None:
    with pytest.raises(PollError):
        envelope.read(noise)


@given(
    st.integers(2**30, 2**31 - 1), st.integers(0, 255), st.binary(max_size=32), st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1), st.binary(max_size=32), st.binary(max_size=48), st.binary(max_size=8),
    st.binary(max_size=300),
)  # fmt: skip
def test_what_is_written_is_read(
    msg_id: int, flags: int, engine: bytes, boots: int, time: int, user: bytes, digest: bytes, salt: bytes, data: bytes
) -> None:
    parameters = envelope.security(engine, boots, time, user, digest, salt)
    packet = envelope.write(msg_id, flags, parameters, ber.tlv(ber.OCTET_STRING, data))
    frame = envelope.read(packet)
    assert (frame.msg_id, frame.flags, frame.engine_id, frame.boots, frame.time) == (msg_id, flags, engine, boots, time)
    assert (frame.user, frame.digest, frame.salt) == (user, digest, salt)
    assert packet[frame.start : frame.stop] == data
    assert packet[frame.digest_at : frame.digest_at + len(digest)] == digest


def test_a_speech_says_how_much_longer_its_questions_are() -> None:
    ward = met()
    speech = Usm(AUTH, ward.engines.equip(ward.engine, AUTH), ward.engine, ward.clock)
    plain = message.request(message.V2C, b"", "get", 1, [b"\x2b\x06\x01"])
    assert len(speech.request("get", 1, [b"\x2b\x06\x01"])) - len(plain) <= speech.overhead + 8
