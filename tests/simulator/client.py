"""A small SNMP client for tests: requests as bytes, replies as bytes, and a second reading of them.

Replies are read with pyasn1 and pysnmp's message types, the second opinion; fault tests look at the bytes themselves.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from simulator import Player, Server, ber, play, synthetic, usm
from simulator.image import Image
from tests.collector.wire.snmp.secured import AUTH, Ward, user

ADDRESS = "127.20.200.1"

Pairs = list[tuple[str, Any]]


def request(
    kind: str, *oids: str, version: int = 1, community: str = "public", request_id: int = 1234567, **numbers: int
) -> bytes:
    """A request as pysnmp encodes it. `numbers` are non_repeaters and max_repetitions of a bulk request."""
    api = v1 if version == 0 else v2c
    pdu = {
        "get": api.GetRequestPDU, "next": api.GetNextRequestPDU, "set": api.SetRequestPDU,
        "bulk": getattr(api, "GetBulkRequestPDU", None),
    }[kind]()  # fmt: skip
    if kind == "bulk":
        v2c.apiBulkPDU.set_defaults(pdu)
        v2c.apiBulkPDU.set_non_repeaters(pdu, numbers.get("non_repeaters", 0))
        v2c.apiBulkPDU.set_max_repetitions(pdu, numbers.get("max_repetitions", 10))
        face = v2c.apiBulkPDU
    else:
        api.apiPDU.set_defaults(pdu)
        face = api.apiPDU
    face.set_request_id(pdu, request_id)
    face.set_varbinds(pdu, [(oid, api.Null("") if kind != "set" else api.Integer(1)) for oid in oids])
    message = api.Message()
    api.apiMessage.set_defaults(message)
    api.apiMessage.set_community(message, community)
    api.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def asking(ward: Ward, kind: int, oid: str, flags: int = 3, engine: bytes | None = None) -> bytes:
    """A message as a poller writes it, with keys of the ward's user; `engine` is the one it thinks it asks."""
    arcs = tuple(map(int, oid.split(".")))
    varbinds = ber.varbind(ber.identifier(arcs), ber.NULL, b"")
    pdu = ber.tlv(kind, b"\x02\x01\x07" + b"\x02\x01\x00" * 2 + ber.tlv(ber.SEQUENCE, varbinds))
    poller = usm.Engine(ward.agent.engine_id if engine is None else engine, [user(AUTH)], ward.agent.boots)
    poller.started = ward.agent.started
    came = usm._Wrapped(b"\x01", flags, b"", 0, 0, b"ward", b"", 0, b"", 0, b"")
    return poller._wrap(came, flags, pdu, b"", ward.clock())


def read(reply: bytes, version: int = 1) -> tuple[int, int, int, Pairs]:
    """Request-id, error-status, error-index and variables of a reply, whole and correct by pysnmp's reading."""
    api = v1 if version == 0 else v2c
    message, rest = decoder.decode(reply, asn1Spec=api.Message())
    assert rest == b""
    pdu = api.apiMessage.get_pdu(message)
    face = api.apiPDU
    return (
        int(face.get_request_id(pdu)),
        int(face.get_error_status(pdu)),
        int(face.get_error_index(pdu)),
        [(str(oid), value) for oid, value in face.get_varbinds(pdu)],
    )


def names(reply: bytes) -> list[str]:
    return [name for name, _ in read(reply)[3]]


class Client:
    """One UDP socket to a simulator."""

    def __init__(self, port: int, address: str = ADDRESS) -> None:
        self.peer = (address, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))

    def send(self, packet: bytes) -> None:
        self._socket.sendto(packet, self.peer)

    def receive(self, timeout: float = 2.0) -> tuple[bytes, str] | None:
        """The next packet and where it came from; None when nothing comes."""
        self._socket.settimeout(timeout)
        try:
            packet, (address, _) = self._socket.recvfrom(65535)
        except TimeoutError:
            return None
        return packet, address

    def ask(self, packet: bytes, timeout: float = 2.0) -> bytes:
        """The first reply. Fails when there is none."""
        self.send(packet)
        reply = self.receive(timeout)
        assert reply is not None, "no reply"
        return reply[0]

    def silent(self, packet: bytes, timeout: float = 0.15) -> bool:
        """Whether nothing comes."""
        self.send(packet)
        return self.receive(timeout) is None

    def close(self) -> None:
        self._socket.close()


def player(*faults: Any, image: Image | None = None, **options: Any) -> Player:
    """A switch of four ports with faults, at ADDRESS."""
    return Player("device", ADDRESS, image or synthetic.image("switch", 4), faults=faults, **options)


@contextmanager
def playing(*players: Player) -> Any:
    """A simulator on a free port and a client for the first of `players`."""
    with play(players) as server:
        client = Client(server.port, ".".join(map(str, players[0].address)))
        try:
            yield client, server
        finally:
            client.close()


__all__ = ["ADDRESS", "Client", "Player", "Sequence", "Server", "names", "player", "playing", "read", "request"]
