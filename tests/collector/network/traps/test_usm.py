"""SNMPv3 traps are believed when the device's own password made them, once, and not when they are old (A9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.model import Secret
from collector.network.traps.counts import Counts
from collector.network.traps.notice import Refused
from collector.network.traps.senders import Sender
from collector.network.traps.usm import REPORTABLE, WINDOW, Engine, Usm
from tests.collector.network.traps.device import CORE, LAB, LINK_DOWN, SWITCH, Agent, Clock, pdu, v3
from tests.collector.network.traps.forged import FORGERIES, OURS, flagged


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def usm(clock: Clock) -> Usm:
    made = Usm(OURS, 5, clock)
    made.load([CORE, SWITCH])
    return made


def reason(usm: Usm, data: bytes, *senders: Sender) -> str:
    with pytest.raises(Refused) as caught:
        usm.read(data, senders or [CORE])
    return caught.value.reason


@pytest.mark.parametrize("digest", ["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("cipher", ["", "DES", "AES", "AES192", "AES256", "AES192C", "AES256C"])
def test_every_algorithm_is_read(clock: Clock, digest: str, cipher: str) -> None:
    auth = v3("authPriv" if cipher else "authNoPriv", digest, cipher or "AES")
    usm = Usm(OURS, 5, clock)
    sender = replace(CORE, auth=auth)
    usm.load([sender])
    notice = usm.read(Agent(auth, clock).trap(), [sender])
    assert (notice.device, notice.trap, notice.auth) == ("core-1", LINK_DOWN, auth.security_level)
    assert not notice.reply


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused(usm: Usm, clock: Clock, forgery: str) -> None:
    expected, make = FORGERIES[forgery]
    agent, counts = Agent(v3(), clock), Counts()
    clock.at += 1000
    genuine = agent.trap()
    assert not counts.repeated(usm.read(genuine, [CORE]), clock())
    forged = make(v3(), clock, genuine)
    if expected == "repeated":
        assert counts.repeated(usm.read(forged, [CORE]), clock())
    else:
        assert reason(usm, forged) == expected
    assert usm.read(agent.trap(), [CORE]).auth == "authPriv"


def test_an_old_message_is_refused_and_a_reboot_is_not(usm: Usm, clock: Clock) -> None:
    agent = Agent(v3(), clock)
    old = agent.trap()
    usm.read(old, [CORE])
    clock.at += WINDOW + 1
    assert reason(usm, old) == "time_window"  # nobody has sent since: the clocks went on
    usm.read(agent.trap(), [CORE])
    agent.usm.boots += 1
    usm.read(agent.trap(), [CORE])
    agent.usm.boots -= 1
    assert reason(usm, agent.trap()) == "time_window"


def test_what_is_known_of_a_sender_holds_over_a_restart(usm: Usm, clock: Clock) -> None:
    agent = Agent(v3(), clock)
    clock.at += 1000
    usm.read(agent.trap(), [CORE])
    (key,) = usm.learned
    known = usm.engines[key]
    after = Usm(OURS, 6, clock)
    after.load([CORE])
    after.engines = {key: Engine(known.device, known.boots, known.time, None)}
    clock.at -= 1000
    assert reason(after, agent.trap()) == "time_window"
    clock.at += 1001
    after.read(agent.trap(), [CORE])


def test_an_engine_belongs_to_the_device_it_came_from_first(usm: Usm, clock: Clock) -> None:
    agent = Agent(v3(), clock)
    other = replace(CORE, name="core-2")
    usm.load([CORE, other])
    usm.read(agent.trap(), [CORE])
    assert reason(usm, agent.trap(), other) == "wrong_engine"
    usm.load([other])
    assert usm.read(agent.trap(), [other]).device == "core-2"


@pytest.mark.slow
def test_engines_and_keys_are_bounded(usm: Usm, clock: Clock) -> None:
    for number in range(50):
        usm.read(Agent(v3(), clock, engine=b"\x80\x00\x1f\x88\x05%08d" % number).trap(), [CORE])
    assert len(usm.engines) == 8
    assert len(usm._keys[v3()]._local) <= 32


def test_devices_at_one_address_are_told_apart_by_their_credentials(usm: Usm, clock: Clock) -> None:
    other = Sender("core-2", CORE.addresses, v3(name="other", password=Secret("canary-3333")))
    usm.load([CORE, other])
    assert usm.read(Agent(other.auth or v3(), clock).trap(), [CORE, other]).device == "core-2"


def test_versions_and_credentials_that_do_not_fit(usm: Usm, clock: Clock) -> None:
    data = Agent(v3(), clock).trap()
    assert reason(usm, data, SWITCH) == "wrong_version"
    assert reason(usm, data, replace(SWITCH, auth=None)) == "no_credentials"


def test_a_user_without_password_proves_nothing(usm: Usm, clock: Clock) -> None:
    auth = v3("noAuthNoPriv")
    sender = replace(CORE, auth=auth)
    usm.load([sender])
    assert usm.read(Agent(auth, clock).trap(), [sender]).auth == "none"


def test_an_inform_asks_for_our_engine_and_time_then_is_acknowledged(usm: Usm, clock: Clock) -> None:
    clock.at += 400
    agent = Agent(v3(), clock, engine=b"\x80\x00\x1f\x88\x05nobody")
    question = agent.datagram(pdu(inform=True), "noAuthNoPriv")
    question = flagged(question, REPORTABLE)
    with pytest.raises(Refused) as caught:
        usm.read(question, [CORE])
    assert caught.value.reason == "discovery"
    assert OURS in caught.value.reply
    inform = Agent(v3(), clock, engine=OURS, boots=5)
    early = inform.trap(inform=True)
    assert reason(usm, early) == "time_window"  # its clock began when ours was at 400
    inform.usm._began = usm._began
    first, again = (usm.read(inform.trap(inform=True), [CORE]) for _ in range(2))
    assert first.reply
    assert first.mark == again.mark
    assert first.mark != usm.read(inform.trap(inform=True, number=8), [CORE]).mark
    assert LAB.community.reveal() not in repr(first)
