"""RELIABILITY A9: of what others make of an answer nothing is taken in, nothing is learned, and the poll goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from collector.model import Auth, Secret
from collector.wire.snmp import keys
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.envelope import Frame
from collector.wire.snmp.usm import Usm
from tests.collector.wire.snmp.forgeries import FORGERIES, FURTHER, Forger
from tests.collector.wire.snmp.secured import AUTH, Ward, user

MALLORY = replace(AUTH, name="other", username="mallory", password=Secret("mallory's own"))


def ward(auth: Auth) -> Ward:
    """Met, its clock set; it has another user too."""
    made = Ward(auth, (user(replace(MALLORY, auth_protocol=auth.auth_protocol)),))
    made.meet()
    survey, _ = made.poll()
    assert survey.problem() is None
    return made


def test_there_are_twelve() -> None:
    assert len(FORGERIES) == 12


@pytest.mark.parametrize("protocol", keys.AUTHENTICATION)
def test_none_is_accepted_and_the_genuine_answer_is(protocol: str) -> None:
    of = ward(replace(AUTH, auth_protocol=protocol))
    accepted = []
    for name, forge in (FORGERIES | FURTHER).items():
        survey, speech = of.survey()
        question = survey.send()
        assert question is not None
        genuine = of.answer(question)[0]
        before = of.engine.clock(of.clock())
        if survey.receive(forge(of, question, genuine)) or survey.harvest.runs:
            accepted.append(name)
        assert of.engine.clock(of.clock()) == before, name
        assert survey.receive(genuine), name
        assert survey.harvest.runs, name
        assert speech.refusal is None, name
    assert accepted == []


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_stream_of_forgeries_stops_no_poll(forge: Forger) -> None:
    of = ward(AUTH)
    survey, _ = of.survey()
    while (question := survey.send()) is not None:
        for genuine in of.answer(question):
            for _ in range(3):
                assert not survey.receive(forge(of, question, genuine))
            assert survey.receive(genuine)
    assert survey.problem() is None
    assert not survey.incomplete


class Careless(Usm):
    """Takes any digest."""

    __slots__ = ()

    def _genuine(self, packet: bytes, frame: Frame) -> bool:
        return True


def _any_digest(of: Ward, survey: Survey, speech: Usm) -> None:
    survey._under_way._speech = careless = Careless(of.auth, of.engines.equip(of.engine, of.auth), of.engine, of.clock)
    careless._sent = speech._sent


def _no_encryption(of: Ward, survey: Survey, speech: Usm) -> None:
    speech._privacy = None


def _no_authentication(of: Ward, survey: Survey, speech: Usm) -> None:
    speech._authentication = None


@pytest.mark.parametrize(
    ("spoil", "let_through"),
    [
        (_any_digest, {"wrong digest", "empty digest", "digest of one byte", "long digest"}),
        (_any_digest, {"boots and time by a report with a wrong digest"}),
        (_no_encryption, {"plain body"}),
        (_no_authentication, {"no authentication"}),
    ],
)
def test_what_looks_less_closely_is_found_out(
    spoil: Callable[[Ward, Survey, Usm], None], let_through: set[str]
) -> None:
    """The same forgeries, and a speech that is broken on purpose once its question is out."""
    for name in let_through:
        of = ward(AUTH)
        survey, speech = of.survey()
        question = survey.send()
        assert question is not None
        genuine = of.answer(question)[0]
        forged = FORGERIES[name](of, question, genuine)
        spoil(of, survey, speech)
        assert survey.receive(forged), name
