"""The trap receiver's way of reading a datagram, with senders that the corpus seems to come from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from collector.model import Auth
from collector.network.traps.community import read_community
from collector.network.traps.notice import Refused
from collector.network.traps.pdu import version_of
from collector.network.traps.senders import LONGEST
from collector.network.traps.usm import Usm
from tests.collector.network.traps.device import CORE, ENGINE, SWITCH, Clock

SENDERS = (replace(SWITCH, auth=Auth("traps", 2)), CORE)
"""With the community of the corpus, and a user of v3."""


@cache
def _usm() -> Usm:
    usm = Usm(ENGINE, 1, Clock())
    usm.load(SENDERS)
    return usm


def as_trap(packet: bytes) -> None:
    """Takes a datagram as a trap or an inform. What the receiver refuses is no escape."""
    if len(packet) > LONGEST:
        return  # refused before it is looked at
    try:
        version = version_of(packet)
        if version == 3:
            _usm().read(packet, SENDERS)
        elif version in (0, 1):
            read_community(packet, version, SENDERS)
    except Refused:
        pass
