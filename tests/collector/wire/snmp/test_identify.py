"""What a device is asked to find out what it is, and what the rules make of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from collector.errors import PollError, TimedOut
from collector.wire.snmp import ber, message
from collector.wire.snmp.fingerprint import (
    SYS_DESCR,
    SYS_OBJECT_ID,
    Fingerprint,
    Identity,
    chosen,
    digest,
    possible,
    verdicts,
)
from collector.wire.snmp.habits import Limits
from collector.wire.snmp.identify import ABREAST, Identification
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, Varbind, converse, integer, octets, response

CISCO = "1.3.6.1.4.1.9.1.516"
DESCR = "Cisco IOS Software, Version 12.2(55)SE"
FRAGILE = Limits(retries=1, patience=5.0, varbinds=1, bulk=False, request_bytes=484)

SWITCH = Fingerprint("switch", ("a",), sys_object_id=("1.3.6.1.4.1.9.1",))
IOS = Fingerprint("ios", ("b", "c"), sys_descr=("JunOS", "IOS Software"), probe=("1.3.6.1.4.1.9.9.109",))
BRIDGE = Fingerprint("bridge", ("c",), probe=("1.3.6.1.2.1.17.1.4",))
POWER = Fingerprint("power", ("d",), probe=("1.3.6.1.2.1.33.1.2.4.0",))
OTHER = Fingerprint("other", ("e",), sys_object_id=("1.3.6.1.4.1.11",), probe=("1.3.6.1.4.1.11.2",))
RULES = (SWITCH, IOS, BRIDGE, POWER, OTHER)


def switch(**more: bytes) -> dict[str, bytes]:
    return {
        SYS_DESCR: octets(DESCR),
        SYS_OBJECT_ID: ber.tlv(ber.OID, ber.encode_oid(CISCO)),
        "1.3.6.1.2.1.17.1.4.1.1.1": integer(1),
        "1.3.6.1.4.1.9.9.109.1.1.1.1.2.1": integer(7),
        **more,
    }


@dataclass
class Asked:
    asking: Identification
    agent: Agent
    packets: int

    @property
    def modules(self) -> list[str]:
        assert self.asking.identity is not None
        return list(chosen(verdicts(RULES, self.asking.identity, self.asking.descr)))


def ask(
    agent: Agent, limits: Limits = Limits(), before: Identity | None = None, version: int = 2,  # noqa: B008
    rules: Sequence[Fingerprint] = RULES, *, renew: bool = False,
) -> Asked:  # fmt: skip
    clock = Clock()
    asking = Identification(Community(version, b"s3cret"), limits, rules, clock, before, renew=renew)
    return Asked(asking, agent, converse(asking, agent.answer, clock))


def test_every_rule_that_matches_adds_its_modules() -> None:
    done = ask(Agent(switch()))
    assert done.asking.problem() is None
    assert done.asking.complete
    assert done.modules == ["a", "b", "c"]
    assert done.asking.identity == Identity(
        CISCO,
        digest(DESCR),
        frozenset(("1.3.6.1.4.1.9.9.109", "1.3.6.1.2.1.17.1.4")),
        frozenset(("1.3.6.1.4.1.9.9.109", "1.3.6.1.2.1.17.1.4", "1.3.6.1.2.1.33.1.2.4.0")),
    )


def test_only_the_probes_of_rules_that_are_still_possible_are_asked_and_several_at_a_time() -> None:
    done = ask(Agent(switch()))
    assert [(head.pdu, head.version) for head in done.agent.asked] == [(0xA0, 1), (0xA0, 1), (0xA1, 1)]
    names = [ber.dotted(n) for n, _, _ in message.varbinds(done.agent.questions[2], done.agent.asked[2])]
    assert names == ["1.3.6.1.4.1.9.9.109", "1.3.6.1.2.1.17.1.4"], "and never what only another vendor would have"


def test_a_device_that_is_what_it_was_is_asked_one_question() -> None:
    before = ask(Agent(switch())).asking.identity
    again = ask(Agent(switch()), before=before)
    assert (again.packets, again.asking.identity) == (1, before)
    assert ask(Agent(switch()), before=before, renew=True).packets == 3, "unless it is time to look anew"


def test_a_device_that_is_another_is_asked_everything() -> None:
    before = ask(Agent(switch())).asking.identity
    values = switch() | {SYS_DESCR: octets("Cisco IOS Software, Version 15")}
    del values["1.3.6.1.2.1.17.1.4.1.1.1"]
    again = ask(Agent(values), before=before)
    assert again.packets == 3
    assert again.asking.identity is not None
    assert again.asking.identity.held == {"1.3.6.1.4.1.9.9.109"}


def test_a_fragile_device_is_asked_for_single_values_one_by_one() -> None:
    done = ask(Agent(switch(**{"1.3.6.1.2.1.33.1.2.4.0": integer(100)})), FRAGILE)
    assert [head.pdu for head in done.agent.asked] == [0xA0, 0xA0, 0xA0]
    assert all(
        len(list(message.varbinds(q, h))) == 1 for q, h in zip(done.agent.questions, done.agent.asked, strict=True)
    )
    assert done.modules == ["a", "d"]


def test_v1_asks_one_by_one_and_takes_its_error_for_nothing_there() -> None:
    done = ask(Agent(switch()), version=1)
    assert done.modules == ["a", "b", "c"]
    assert done.packets == 5


class Refuses(Agent):
    """Says tooBig, or genErr without saying where, for more than one name."""

    status = message.TOO_BIG

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        if len(asked) > 1:
            return [response(head, [], self.status)]
        return super().reply(head, asked)


class Errs(Refuses):
    status = message.GEN_ERR


class Drops(Agent):
    """Answers no question with more than one name (RELIABILITY F5)."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return super().reply(head, asked) if len(asked) == 1 else []


class CutsOff(Agent):
    """Answers the first name only."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return super().reply(head, asked[:1])


@pytest.mark.parametrize("kind", [Refuses, Errs, Drops, CutsOff])
def test_an_agent_that_cannot_bear_several_names_is_asked_for_one_at_a_time(kind: type[Agent]) -> None:
    done = ask(kind(switch()))
    assert done.asking.complete
    assert done.modules == ["a", "b", "c"]


class Dumb(Agent):
    """Never answers a question about one subtree (RELIABILITY F4)."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        dumb = ber.encode_oid("1.3.6.1.2.1.17.1.4")
        return [] if dumb in asked else super().reply(head, asked)


def test_a_probe_that_is_never_answered_stays_unknown_and_the_rest_is_told() -> None:
    done = ask(Dumb(switch()))
    assert not done.asking.complete
    assert done.asking.problem() is None
    assert done.modules == ["a", "b", "c"]
    before = ask(Agent(switch())).asking.identity
    again = ask(Dumb(switch()), before=before, renew=True)
    assert again.asking.identity == before, "what was true when it last could be asked"


class Strays(Agent):
    """Answers for a name that nobody asked (RELIABILITY F6)."""

    def get(self, name: bytes) -> Varbind:
        found, value = super().get(name)
        return found + b"\x01", value


@pytest.mark.parametrize("agent", [Strays(switch()), Agent({})], ids=["strays", "silent"])
def test_a_device_that_does_not_say_what_it_is_is_a_problem(agent: Agent) -> None:
    done = ask(agent) if agent.values else ask(Mute({}))
    assert done.asking.identity is None
    assert isinstance(done.asking.problem(), PollError)


class Mute(Agent):
    def answer(self, packet: bytes) -> list[bytes]:
        return []


def test_silence_is_a_timeout_after_the_attempts_of_the_class() -> None:
    for limits in (Limits(), FRAGILE):
        done = ask(Mute({}), limits)
        assert isinstance(done.asking.problem(), TimedOut)
        assert done.packets == limits.retries + 1


def test_a_device_without_a_system_group_is_told_by_its_probes() -> None:
    done = ask(Agent({"1.3.6.1.2.1.17.1.4.1.1.1": integer(1)}))
    assert done.modules == ["c"]


def test_many_probes_go_out_in_frames() -> None:
    rules = [Fingerprint(f"r{i}", ("m",), probe=(f"1.3.6.1.4.1.{i}",)) for i in range(1, 31)]
    done = ask(Agent(switch()), rules=rules)
    assert [len(list(message.varbinds(q, h))) for q, h in zip(done.agent.questions, done.agent.asked, strict=True)] == [
        2, ABREAST, ABREAST, 30 - 2 * ABREAST,
    ]  # fmt: skip


def test_a_prefix_is_one_of_arcs_and_not_of_letters() -> None:
    rule = Fingerprint("r", ("m",), sys_object_id=("1.3.6.1.4.1.9",))
    for object_id, matched in {
        "1.3.6.1.4.1.9": True, "1.3.6.1.4.1.9.1": True, "1.3.6.1.4.1.99": False, "1.3.6.1.4.1": False, "": False,
    }.items():  # fmt: skip
        (verdict,) = verdicts([rule], Identity(object_id), "")
        assert verdict.matched is matched, object_id


def test_each_verdict_says_why() -> None:
    done = ask(Agent(switch()))
    assert done.asking.identity is not None
    off = Fingerprint("off", (), sys_descr=("Cisco",))
    untold = Fingerprint("untold", ("x",), probe=tuple(f"1.3.6.1.4.1.{i}" for i in range(5)))
    strange = Fingerprint("strange", ("x",), sys_descr=("VxWorks",))
    said = {
        v.rule.name: (v.matched, v.why) for v in verdicts((*RULES, off, untold, strange), done.asking.identity, DESCR)
    }
    assert said == {
        "switch": (True, "sysObjectID is below 1.3.6.1.4.1.9.1"),
        "ios": (True, "sysDescr has 'IOS Software'; something at 1.3.6.1.4.1.9.9.109"),
        "bridge": (True, "something at 1.3.6.1.2.1.17.1.4"),
        "power": (False, "nothing at 1.3.6.1.2.1.33.1.2.4.0"),
        "other": (False, "sysObjectID is not below 1.3.6.1.4.1.11"),
        "off": (False, "sysDescr has 'Cisco'; switched off"),
        "untold": (
            False,
            "not asked whether there is something at 1.3.6.1.4.1.0 or 1.3.6.1.4.1.1 or 1.3.6.1.4.1.2 or 2 more",
        ),
        "strange": (False, "sysDescr has no 'VxWorks'"),
    }


def test_a_rule_that_is_switched_off_costs_no_probe() -> None:
    assert possible([Fingerprint("off", (), probe=("1.3.6.1.2.1.17",))], "", "") == ()
