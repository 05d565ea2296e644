"""A9: SNMPv3 means authenticated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bench.bar.row import Verdict
from bench.bar.trap_forgeries import Judge, judged
from collector.model import Auth, Secret
from collector.network.traps.usm import Usm as Receiver
from collector.wire.snmp import keys
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.usm import Usm
from tests.collector.network.traps.forged import FORGERIES as TRAPS
from tests.collector.wire.snmp.forgeries import FORGERIES, FURTHER
from tests.collector.wire.snmp.secured import AUTH, Ward, user

MALLORY = replace(AUTH, name="other", username="mallory", password=Secret("mallory's own"))

Spoil = Callable[[Ward, Survey, Usm], None]


def sound(ward: Ward, survey: Survey, speech: Usm) -> None:
    """The speech stays as it is."""


@dataclass(frozen=True, slots=True)
class A9:
    """Twelve forgeries and more of each answer, with every way to authenticate, and the genuine answer after each; then
    forged traps before the receiver's judge, and a genuine one after each."""

    id: ClassVar[str] = "A9"
    promise: ClassVar[str] = "SNMPv3 means authenticated"
    target: ClassVar[str] = "0 of 12 forged answers, of further ones and of forged traps accepted or learned from"

    protocols: Sequence[str] = tuple(keys.AUTHENTICATION)
    rounds: int = 1
    spoil: Spoil = sound
    """What is broken once a question is out."""
    judge: Judge = Receiver
    """Who says which traps are believed."""

    def measure(self, seed: int) -> Verdict:
        accepted: set[str] = set()
        tried = genuine = 0
        for protocol in self.protocols:
            ward = _met(replace(AUTH, auth_protocol=protocol))
            for name, forge in (FORGERIES | FURTHER).items():
                for _ in range(self.rounds):
                    survey, speech = ward.survey()
                    question = survey.send()
                    assert question is not None
                    right = ward.answer(question)[0]
                    forged = forge(ward, question, right)
                    before = ward.engine.clock(ward.clock())
                    self.spoil(ward, survey, speech)
                    taken = survey.receive(forged) or bool(survey.harvest.runs)
                    if taken or ward.engine.clock(ward.clock()) != before:
                        accepted.add(name)
                    tried += 1
                    genuine += survey.receive(right) and bool(survey.harvest.runs)
        traps = judged(self.judge, self.protocols)
        figure: dict[str, Any] = {
            "forgeries": len(FORGERIES),
            "further": len(FURTHER),
            "protocols": list(self.protocols),
            "tried": tried,
            "accepted": sorted(accepted),
            "genuine_accepted": genuine,
            "forged_traps": len(TRAPS),
            "traps_tried": traps.sent,
            "traps_accepted": sorted(traps.accepted),
            "genuine_traps_accepted": traps.genuine,
        }
        believed = len(FORGERIES) >= 12 and genuine == tried and traps.genuine == traps.sent
        return Verdict(believed and not accepted and not traps.accepted, figure)


def _met(auth: Auth) -> Ward:
    """A device that is known and its clock set; it has another user too."""
    ward = Ward(auth, (user(replace(MALLORY, auth_protocol=auth.auth_protocol)),))
    ward.meet()
    ward.poll()
    return ward
