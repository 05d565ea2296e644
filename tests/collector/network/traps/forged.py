"""Traps that nobody with the device's credentials sent like that (RELIABILITY A9), beside a genuine one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pysnmp.proto.api import v2c

from collector.model import Auth, Secret
from collector.network.traps.usm import WINDOW
from tests.collector.network.traps.device import Agent, Clock

OURS = b"\x80\x00\x4f\xb8\x05the-receiver"
"""The receiver's engine, in its fifth life."""

Forger = Callable[[Auth, Clock, bytes], bytes]
"""The device's credentials, the time, and a trap of the device that has been taken: the forged one."""

OTHER = Secret("canary-xxx")


def flagged(data: bytes, flags: int) -> bytes:
    """An unprotected message with other msgFlags."""
    return data.replace(b"\x04\x01\x00\x02\x01\x03", b"\x04\x01%c\x02\x01\x03" % flags)


def _question() -> object:
    made = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(made)
    return made


def _agent(auth: Auth, clock: Clock, behind: float = 0.0, **more: Any) -> Agent:
    """One that began with the receiver, or has a clock that is so many seconds behind."""
    agent = Agent(auth, clock, **more)
    agent.usm._began = Clock().at + behind
    return agent


FORGERIES: dict[str, tuple[str, Forger]] = {
    "another password": ("wrong_digest", lambda a, c, g: _agent(replace(a, password=OTHER), c).trap()),
    "another user": ("wrong_user", lambda a, c, g: _agent(replace(a, username="someone"), c).trap()),
    "no digest": ("security_level", lambda a, c, g: _agent(a, c).trap(level="noAuthNoPriv")),
    "not encrypted": ("security_level", lambda a, c, g: _agent(a, c).trap(level="authNoPriv")),
    "another digest": ("wrong_digest", lambda a, c, g: _agent(replace(a, auth_protocol=_another(a)), c).trap()),
    "another second password": ("decryption", lambda a, c, g: _agent(replace(a, priv_password=OTHER), c).trap()),
    "a bit changed": ("wrong_digest", lambda a, c, g: g[:-1] + bytes((g[-1] ^ 1,))),
    "an empty digest": ("wrong_digest", lambda a, c, g: flagged(_agent(a, c).trap(level="noAuthNoPriv"), 3)),
    "our engine": ("wrong_engine", lambda a, c, g: _agent(a, c, engine=OURS, boots=5).trap()),
    "cut": ("malformed", lambda a, c, g: g[:-4]),
    "more behind": ("malformed", lambda a, c, g: g + b"\x05\x00"),
    "a question": ("not_a_trap", lambda a, c, g: _agent(a, c).datagram(_question(), "authPriv")),
    "a time of the past": ("time_window", lambda a, c, g: _agent(a, c, WINDOW + 5).trap()),
    "boots of the past": ("time_window", lambda a, c, g: _agent(a, c, boots=2).trap()),
    "a replay": ("repeated", lambda a, c, g: g),
}
"""Each with the reason for which it is refused. The last is one because of what was counted before."""


def _another(auth: Auth) -> str:
    return "SHA" if auth.auth_protocol != "SHA" else "MD5"
