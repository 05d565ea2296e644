"""RELIABILITY A9 at the trap port: nothing forged is counted or learned from, the genuine trap is; every digest."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from collector.model import Auth, Secret
from collector.network.traps.counts import Counts
from collector.network.traps.notice import Refused
from collector.network.traps.senders import Sender
from collector.network.traps.usm import Engine, Usm
from collector.wire.snmp import ber, envelope, keys
from tests.collector.network.traps.device import CORE, ENGINE, Agent, Clock, pdu, v3

OURS = b"\x80\x00\x4f\xb8\x05the-receiver"
ELSEWHERE = b"\x80\x00\x1f\x88\x05agent-2"
EXHAUSTED = 2**31 - 1


@dataclass
class Desk:
    """A receiver that has counted a trap of the device; the device has another user, whom we do not know."""

    auth: Auth
    clock: Clock = field(default_factory=Clock)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.sender = replace(CORE, auth=self.auth)
        self.usm = Usm(OURS, 5, self.clock)
        self.usm.load([self.sender])
        self.agent = Agent(self.auth, self.clock)
        self.clock.at += 1000
        self.counted = self.agent.trap()
        assert self.judge(self.counted) == "counted"

    def judge(self, data: bytes) -> str:
        """`counted`, or why not."""
        try:
            notice = self.usm.read(data, [self.sender])
        except Refused as error:
            return error.reason
        return "repeated" if self.counts.repeated(notice, self.clock()) else "counted"

    def restart(self) -> None:
        """Only what is written down remains."""
        engines, self.counts = self.usm.engines, Counts()
        self.usm = Usm(OURS, 6, self.clock)
        self.usm.load([self.sender])
        self.usm.engines = {key: Engine(e.device, e.boots, e.time, None) for key, e in engines.items()}

    def trap(self, *, boots: int = 3, level: str = "", **changes: Any) -> bytes:
        """A trap of an agent that is the device but for these."""
        engine = changes.pop("engine", ENGINE)
        agent = Agent(replace(self.auth, **changes), self.clock, engine=engine, boots=boots)
        agent.usm._began = self.agent.usm._began
        return agent.trap(level=level)


def rewritten(genuine: bytes, change: Callable[[bytes], bytes], **more: Any) -> bytes:
    """The same message with another digest, or other words beside it, lengths made to fit."""
    frame = envelope.read(genuine)
    said = {"engine": frame.engine_id, "boots": frame.boots, "time": frame.time, "user": frame.user} | more
    parameters = envelope.security(
        said["engine"], said["boots"], said["time"], said["user"], change(frame.digest), frame.salt
    )
    data = ber.tlv(frame.tag, genuine[frame.start : frame.stop])
    return envelope.write(frame.msg_id, said.get("flags", frame.flags), parameters, data)


def _long_digest(desk: Desk) -> bytes:
    """As long as the hash is, or longer, and right as far as it goes."""
    kind = keys.AUTHENTICATION[desk.auth.auth_protocol]
    key = keys.localise(kind.hash, keys.stretch(kind.hash, desk.auth.password.reveal().encode()), ENGINE)
    size = max(kind.length + 1, hashlib.new(kind.hash).digest_size)
    blank = rewritten(desk.trap(), lambda _: bytes(size))
    return rewritten(blank, lambda _: hmac.digest(key, blank, kind.hash).ljust(size, b"\0"))


def _plain_body(desk: Desk) -> bytes:
    """Not encrypted, which msgFlags deny; the digest holds."""
    agent = desk.agent
    keys_of = agent.usm._keys[desk.auth]
    plain = agent.datagram(pdu(), "authNoPriv")
    blank = rewritten(plain, lambda digest: bytes(len(digest)), flags=3)
    return bytes(keys_of.digest.authenticate_outgoing_message(keys_of.local(ENGINE)[0], blank))


def _after_restart(desk: Desk) -> bytes:
    desk.restart()
    return desk.counted


FORGERIES: dict[str, tuple[str, Callable[[Desk], bytes]]] = {
    "wrong digest": ("wrong_digest", lambda d: rewritten(d.trap(), lambda was: bytes((was[0] ^ 1,)) + was[1:])),
    "empty digest": ("wrong_digest", lambda d: rewritten(d.trap(), lambda was: b"")),
    "digest of one byte": ("wrong_digest", lambda d: rewritten(d.trap(), lambda was: was[:1])),
    "long digest": ("wrong_digest", _long_digest),
    "digest of a guessed password": ("wrong_digest", lambda d: d.trap(password=Secret("canary-xxx"))),
    "no authentication": ("security_level", lambda d: d.trap(level="noAuthNoPriv")),
    "no encryption": ("security_level", lambda d: d.trap(level="authNoPriv")),
    "plain body": ("security_level", _plain_body),
    "replay": ("repeated", lambda d: d.counted),
    "replay after a restart": ("time_window", _after_restart),
    "replay with a later time": ("wrong_digest", lambda d: rewritten(d.counted, lambda was: was, time=9000)),
    "boots at their end without a digest": (
        "security_level", lambda d: d.trap(boots=EXHAUSTED, level="noAuthNoPriv")),
    "boots at their end with a wrong digest": (
        "wrong_digest", lambda d: rewritten(d.trap(), lambda was: was, boots=EXHAUSTED)),
    "boots at their end with the right digest": ("time_window", lambda d: d.trap(boots=EXHAUSTED)),
    "another user": ("wrong_user", lambda d: d.trap(username="mallory", password=Secret("mallory's own"))),
    "our user's name on another's trap": (
        "wrong_digest",
        lambda d: rewritten(
            d.trap(username="mallory", password=Secret("mallory's own")), lambda was: was, user=b"watcher"
        ),
    ),
    "another engine's trap under this engine's id": (
        "wrong_digest", lambda d: rewritten(d.trap(engine=ELSEWHERE), lambda was: was, engine=ENGINE)),
    "this engine's trap under another's id": (
        "wrong_digest", lambda d: rewritten(d.trap(), lambda was: was, engine=ELSEWHERE)),
    "no engine": ("wrong_digest", lambda d: rewritten(d.trap(), lambda was: was, engine=b"")),
}  # fmt: skip
"""Why each is not counted, and how it is made."""


@pytest.mark.parametrize("protocol", keys.AUTHENTICATION)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forgery_is_counted_or_learned_from(protocol: str, forgery: str) -> None:
    reason, forge = FORGERIES[forgery]
    desk = Desk(v3(digest=protocol))
    forged = forge(desk)
    known = dict(desk.usm.engines)
    assert desk.judge(forged) == reason
    assert desk.usm.engines == known
    desk.clock.at += 1
    assert desk.judge(desk.agent.trap()) == "counted"


def test_an_engine_of_another_device_is_not_taken_over() -> None:
    """Not even by somebody with the same password."""
    desk = Desk(v3())
    other = Sender("core-2", ("127.9.4.7",), desk.auth)
    desk.usm.load([desk.sender, other])
    desk.clock.at += 1
    with pytest.raises(Refused) as caught:
        desk.usm.read(desk.agent.trap(), [other])
    assert caught.value.reason == "wrong_engine"
    assert desk.judge(desk.agent.trap()) == "counted"


class Careless(Usm):
    """Takes any digest."""

    def _authenticated(self, *_: object) -> None: ...


@pytest.mark.slow
def test_who_looks_less_closely_is_found_out() -> None:
    """The same forgeries, and a receiver that is broken on purpose."""
    counted = set()
    for name, (_, forge) in FORGERIES.items():
        desk = Desk(v3("authNoPriv"))
        careless = Careless(OURS, 5, desk.clock)
        careless.load([desk.sender])
        careless.engines = desk.usm.engines
        forged = forge(desk)
        desk.usm = careless
        if desk.judge(forged) == "counted":
            counted.add(name)
    assert counted >= {"wrong digest", "empty digest", "digest of one byte", "long digest"}
