"""SNMP v1 and v2c messages as an agent sees them: requests in, responses out. RFC 1157 and RFC 3416."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import ber

GET = 0xA0
GETNEXT = 0xA1
RESPONSE = 0xA2
SET = 0xA3
GETBULK = 0xA5

KINDS = {
    GET: "get", GETNEXT: "getnext", RESPONSE: "response", SET: "set", 0xA4: "trap_v1", GETBULK: "getbulk",
    0xA6: "inform", 0xA7: "trap", 0xA8: "report",
}  # fmt: skip
"""PDU tags and the words they are counted under."""

TOO_BIG = 1
NO_SUCH_NAME = 2
GEN_ERR = 5
NO_ACCESS = 6
NOT_WRITABLE = 17

V1, V2C, V3 = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `first` and `second` are error-status and error-index, or non-repeaters and max-repetitions."""

    version: int
    community: bytes
    kind: int
    request_id: bytes
    first: int
    second: int
    oids: tuple[bytes, ...]
    size: int

    @property
    def question(self) -> tuple[object, ...]:
        """What is asked, whatever the request-id: two packets with the same question are a request and its retry.

        So they are when the second asks for fewer repetitions, or with GETNEXT for what GETBULK did not bring: what
        comes after a name is one question, however many rows of the answer are wanted.
        """
        return GETNEXT if self.kind == GETBULK else self.kind, self.oids


def version_of(packet: bytes) -> int:
    """The version field of a message: 3 is SNMPv3, of which nothing more is read. Raises ValueError."""
    tag, start, end = ber.element(packet, 0, len(packet))
    if tag != ber.SEQUENCE:
        raise ValueError("not a message")
    tag, begin, stop = ber.element(packet, start, end)
    if tag != ber.INTEGER:
        raise ValueError("no version")
    return int.from_bytes(packet[begin:stop], "big", signed=True)


def parse(packet: bytes) -> Request:
    """A v1 or v2c message. Raises ValueError when it is none."""
    tag, start, end = ber.element(packet, 0, len(packet))
    if tag != ber.SEQUENCE or end != len(packet):
        raise ValueError("not a message")
    outer = list(ber.elements(packet, start, end))
    if [t for t, _, _ in outer[:2]] != [ber.INTEGER, ber.OCTETS] or len(outer) != 3:
        raise ValueError("not a version, a community and a PDU")
    (_, v0, v1), (_, c0, c1), (kind, p0, p1) = outer
    if kind not in KINDS:
        raise ValueError("not a PDU")
    inner = list(ber.elements(packet, p0, p1))
    if [t for t, _, _ in inner] != [ber.INTEGER, ber.INTEGER, ber.INTEGER, ber.SEQUENCE]:
        raise ValueError("a PDU of another shape")
    numbers = [packet[a:b] for _, a, b in inner[:3]]
    oids = []
    for tag, a, b in ber.elements(packet, inner[3][1], inner[3][2]):
        name = ber.element(packet, a, b)
        if tag != ber.SEQUENCE or name[0] != ber.IDENTIFIER:
            raise ValueError("a variable without a name")
        oids.append(packet[name[1] : name[2]])
    version = int.from_bytes(packet[v0:v1], "big", signed=True)
    first, second = (int.from_bytes(n, "big", signed=True) for n in numbers[1:])
    return Request(version, packet[c0:c1], kind, numbers[0], first, second, tuple(oids), len(packet))


def response(
    request: Request, varbinds: bytes, status: int = 0, index: int = 0, request_id: bytes | None = None
) -> tuple[bytes, bytes, bytes]:
    """The response in three parts, `head`, request-id, `tail`: joined they are the message.

    A reply to the same question with a request-id of the same width has the same head and tail.
    """
    rid = request.request_id if request_id is None else request_id
    tail = (
        ber.tlv(ber.INTEGER, ber.signed(status))
        + ber.tlv(ber.INTEGER, ber.signed(index))
        + ber.tlv(ber.SEQUENCE, varbinds)
    )
    lead = b"\x02" + ber.length(len(rid))
    pdu = bytes((RESPONSE,)) + ber.length(len(lead) + len(rid) + len(tail))
    front = ber.tlv(ber.INTEGER, ber.signed(request.version)) + ber.tlv(ber.OCTETS, request.community)
    size = len(front) + len(pdu) + len(lead) + len(rid) + len(tail)
    return b"\x30" + ber.length(size) + front + pdu + lead, rid, tail


def echo(request: Request) -> bytes:
    """The request's names with no values, as error responses carry them."""
    return b"".join(ber.varbind(oid, ber.NULL, b"") for oid in request.oids)
