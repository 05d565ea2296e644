"""The trap receiver's way of reading a datagram, with senders that the corpus seems to come from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from collector.model import Auth
from collector.network.traps.community import read_community
from collector.network.traps.notice import Refused
from collector.network.traps.pdu import version_of
from collector.network.traps.senders import LONGEST, Sender
from collector.network.traps.usm import LEVELS, Usm
from tests.collector.network.traps.device import ENGINE, SWITCH, Clock
from tests.collector.wire.snmp.secured import AUTH

SENDERS = (
    replace(SWITCH, auth=Auth("traps", 2)),
    *(Sender(level, SWITCH.addresses, replace(AUTH, name=level, security_level=level)) for level in LEVELS.values()),
)
"""With the community of the corpus, and its user of v3 at each level."""


class Credulous(Usm):
    """Takes any digest and any time, so that what is read behind them is read here too."""

    def _authenticated(self, *_: Any) -> None:
        pass

    def _in_time(self, *_: Any) -> None:
        pass


@cache
def _usm() -> Usm:
    usm = Credulous(ENGINE, 1, Clock())
    usm.load(SENDERS)
    return usm


def as_trap(packet: bytes) -> str:
    """Takes a datagram as a trap or an inform. What the receiver refuses is no escape: the reason, or nothing."""
    if len(packet) > LONGEST:
        return "too_long"  # refused before it is looked at
    try:
        version = version_of(packet)
        if version == 3:
            _usm().read(packet, SENDERS)
        elif version in (0, 1):
            read_community(packet, version, SENDERS)
    except Refused as refused:
        return refused.reason
    return ""
