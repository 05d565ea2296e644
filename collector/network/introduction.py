"""How to speak to a device: by its auth, and for SNMPv3 by who its engine is.

An engine is discovered once and its keys are made once; both are kept for all polls of the device (`Engines`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from collector.errors import Denied, TimedOut
from collector.model import Auth, Device, Dialogue, Edge
from collector.wire.snmp.discovery import Discovery
from collector.wire.snmp.engine import Engine, Engines, Keys, Peer
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.speech import Community, Speech
from collector.wire.snmp.usm import Usm


class _Bench:
    """Where keys are made, one after the other: thousands of devices that are met at once are no thousand threads."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()


class Conversation(Dialogue, Protocol):
    """A dialogue that knows whether the device has answered."""

    @property
    def answered(self) -> bool: ...


C = TypeVar("C", bound=Conversation)


async def survey(device: Device, edge: Edge, limits: Limits, learned: Learned, make: Callable[[Speech], C]) -> C:
    """Carry out the conversation that `make` makes for a speech. An engine that turns out to be another one, which a
    device is after it was replaced, is discovered and asked anew. Raises PollError."""
    auth = device.auth
    if auth is None:
        raise Denied(f"{device.name}: no SNMP credentials")
    if auth.version != 3:
        made = make(Community(auth.version, auth.community.reveal().encode()))
        await edge.udp(made)
        return made
    engines = edge.common(Engines)
    peer = engines.peer((device.address, device.port), edge.now())
    while True:
        engine = await _engine(engines, peer, edge, limits, learned)
        speech = Usm(auth, await _keys(engines, engine, auth, edge), engine, edge.now)
        made = make(speech)
        await edge.udp(made)
        engines.ended(peer, engine, answered=made.answered, stranger=speech.stranger)
        if made.answered:
            learned.engine_id = engine.id
        if made.answered or not speech.stranger or not peer.may_discover(edge.now()):
            return made


async def _engine(engines: Engines, peer: Peer, edge: Edge, limits: Limits, learned: Learned) -> Engine:
    """Who answers there: known, or found out where that may be done again (RELIABILITY S14)."""
    if peer.engine is None and learned.engine_id:
        engines.found(peer, learned.engine_id)
    known = peer.speaker
    if known is not None and not (peer.doubted and peer.may_discover(edge.now())):
        return known
    if not peer.may_discover(edge.now()):
        raise TimedOut("the device's engine is not known, and was asked for in vain within the last ten minutes")
    before, peer.discovered = peer.discovered, edge.now()
    discovery = Discovery(limits, learned, edge.now)
    try:
        await edge.udp(discovery)
    finally:
        if not discovery.asked:
            peer.discovered = before
    if not discovery.engine_id:
        raise discovery.problem()
    engines.found(peer, discovery.engine_id)
    assert peer.speaker is not None
    return peer.speaker


async def _keys(engines: Engines, engine: Engine, auth: Auth, edge: Edge) -> Keys:
    """The keys of `auth`, made in a thread where they are not there yet. Raises TimedOut."""
    while (found := engine.keys(auth)) is None:
        async with edge.common(_Bench).turn:
            if engine.keys(auth) is None:
                left = max(edge.deadline - edge.now(), 0.0)
                await edge.host.apart("keys of SNMPv3", engines.equip, engine, auth, timeout=left)
    return found
