"""Datagrams that no honest device sends: valid messages of every kind, and what becomes of them by one change.

`mutants` is RELIABILITY A1's structured mutation. All questions under way have the request-id 1, so that an answer is
taken up and read to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from collector.wire.snmp import ber, message
from tests.collector.wire.snmp.agents import Agent, integer, octets, response
from tests.collector.wire.snmp.faulty import ROOT, SCALARS, table_values
from tests.collector.wire.snmp.forgeries import wrap
from tests.collector.wire.snmp.secured import met

BAD_LENGTHS = [
    b"\x80", b"\x81\xff", b"\x82\xff\xff", b"\x84\xff\xff\xff\xff", b"\x84\x7f\xff\xff\xff",
    b"\x88" + b"\xff" * 8, b"\xff", b"\x00", b"\x7f",
]  # fmt: skip

TRAP_V1, INFORM, TRAP, REPORT = 0xA4, 0xA6, 0xA7, 0xA8
ENGINE = bytes.fromhex("80007ed903020054000001")  # enterprise 32473 of RFC 5612, a MAC address of local use

VALUES = [
    integer(5), integer(2**31, ber.COUNTER32), integer(2**63, ber.COUNTER64), octets(b"\xff\xfe text"),
    ber.tlv(ber.OPAQUE, ber.encode_float(1.5)), ber.tlv(ber.OID, b"\x2b\x06"), b"\x40\x04\x7f\x00\x00\x01",
    b"\x05\x00", b"\x80\x00", b"\x81\x00", b"\x82\x00",
]  # fmt: skip
UPTIME, TRAP_OID, LINK_DOWN = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0", "1.3.6.1.6.3.1.1.5.3"
OF_V2 = (ber.COUNTER64, 0x80, 0x81, 0x82)


def answers(version: int = message.V2C) -> list[bytes]:
    """Valid answers of each kind to a walk and to a GET under way."""
    walk: message.Question = "bulk" if version == message.V2C else "next"
    head = message.read(message.request(version, b"public", walk, 1, [ber.encode_oid(ROOT)], 10))
    get = message.read(message.request(version, b"public", "get", 1, [ber.encode_oid(SCALARS.get[0])]))
    agent = Agent(table_values(20))
    return [
        agent.reply(head, [ber.encode_oid(ROOT)])[0],
        agent.reply(get, [ber.encode_oid(oid) for oid in SCALARS.get])[0],
        response(head, [], message.TOO_BIG),
        response(head, [(ber.encode_oid(ROOT), b"\x05\x00")], message.GEN_ERR, 1),
        *(
            response(head, [(ber.encode_oid(f"{ROOT}.1.10.{n}"), value) for n in (1, 2, 300)])
            for value in VALUES
            if version == message.V2C or value[0] not in OF_V2
        ),
    ]


def others() -> list[bytes]:
    """Valid messages that answer nothing: questions, traps, informs, reports, and those of version 3."""
    names = [ber.encode_oid(ROOT), ber.encode_oid(SCALARS.get[0])]
    made = [message.request(version, b"public", "get", 1, names) for version in (message.V1, message.V2C)]
    made += [message.request(message.V1, b"public", "next", 1, names)]
    made += [message.request(message.V2C, b"public", "bulk", 1, names, 25)]
    varbinds = _varbinds((SCALARS.get[0], VALUES[0]), (f"{ROOT}.1.10.1", VALUES[3]))
    older = ber.tlv(ber.OID, names[0]) + b"\x40\x04\x7f\x00\x00\x01\x02\x01\x06\x02\x01\x2a\x43\x02\x01\x00"
    made += [_message(0, _tlv(TRAP_V1, older, varbinds)), _message(0, _tlv(TRAP_V1, older, _varbinds()))]
    plain = ber.encode_integer(1) + b"\x02\x01\x00\x02\x01\x00"
    made += [_message(1, _tlv(pdu, plain, varbinds)) for pdu in (TRAP, INFORM, REPORT)]
    for flags, pdu in ((0, REPORT), (4, REPORT), (0, message.RESPONSE), (1, message.RESPONSE), (1, TRAP), (4, INFORM)):
        made.append(_version_3(flags, _scoped(_tlv(pdu, plain, varbinds))))
    made.append(_version_3(3, ber.tlv(ber.OCTET_STRING, bytes(range(64)))))
    return made


def valid() -> list[bytes]:
    """All of them: 40 and more."""
    ward = met()
    survey, _ = ward.survey()
    question = survey.send() or b""
    told = _varbinds((UPTIME, ber.tlv(ber.TIMETICKS, b"\x05")), (TRAP_OID, ber.tlv(ber.OID, ber.encode_oid(LINK_DOWN))))
    notices = [_tlv(kind, ber.encode_integer(1) + b"\x02\x01\x00" * 2, told) for kind in (TRAP, INFORM)]
    sealed = [wrap(ward, question, flags, pdu) for flags in (0, 1, 3) for pdu in notices]
    plain = [_message(1, pdu) for pdu in notices]
    return [*answers(message.V2C), *answers(message.V1), *others(), *ward.answer(question), *plain, *sealed]


def mutants(packets: list[bytes]) -> Iterator[bytes]:
    """Every truncation, every byte to four values, every byte as a place for a bad length, nesting, long OIDs."""
    for packet in packets:
        for at in range(len(packet)):
            yield packet[:at]
            for value in (0x00, 0x7F, 0x80, 0xFF):
                yield packet[:at] + bytes((value,)) + packet[at + 1 :]
            for length in BAD_LENGTHS:
                yield packet[:at] + length + packet[at + 1 :]
    head = message.read(message.request(1, b"public", "bulk", 1, [ber.encode_oid(ROOT)], 10))
    for depth in (1, 8, 9, 100, 1000, 5000):
        nested = b"\x05\x00"
        for _ in range(depth):
            nested = ber.tlv(ber.SEQUENCE, nested)
        yield nested
        yield response(head, [(ber.encode_oid(ROOT + ".1.10.1"), nested)])
    for arcs in (1, 127, 128, 129, 1000, 60_000):
        yield response(head, [(b"\x2b\x06" + b"\x01" * arcs, integer(1)), (b"\x2b" + b"\x81" * arcs, integer(1))])


def distinct(count: int, random: Random) -> list[bytes]:
    """`count` different mutants: a fair sample of those by one change, and those by two where there are too few."""
    once = list(dict.fromkeys(mutants(valid())))
    if count <= len(once):
        return random.sample(once, count)
    found = dict.fromkeys(once)
    while len(found) < count:
        packet = bytearray(random.choice(once))
        if packet:
            at = random.randrange(len(packet))
            packet[at : at + 1] = random.choice((*BAD_LENGTHS, b"", packet[at : at + 1] * 2))
        found[bytes(packet)] = None
    return list(found)


def _tlv(tag: int, *parts: bytes) -> bytes:
    return ber.tlv(tag, b"".join(parts))


def _varbinds(*pairs: tuple[str, bytes]) -> bytes:
    return _tlv(ber.SEQUENCE, *(_tlv(ber.SEQUENCE, ber.tlv(ber.OID, ber.encode_oid(o)), v) for o, v in pairs))


def _message(version: int, pdu: bytes) -> bytes:
    return _tlv(ber.SEQUENCE, ber.encode_integer(version), octets(b"public"), pdu)


def _scoped(pdu: bytes) -> bytes:
    return _tlv(ber.SEQUENCE, octets(ENGINE), octets(b""), pdu)


def _version_3(flags: int, data: bytes) -> bytes:
    """RFC 3412 section 6 with the user-based security model's parameters (RFC 3414 section 2.4)."""
    about = _tlv(ber.SEQUENCE, ber.encode_integer(1), ber.encode_integer(65507), octets(bytes((flags,))), integer(3))
    security = _tlv(
        ber.SEQUENCE, octets(ENGINE), integer(7), integer(4711), octets(b"ward"),
        octets(bytes(12) if flags & 1 else b""), octets(bytes(8) if flags & 2 else b""),
    )  # fmt: skip
    return _tlv(ber.SEQUENCE, ber.encode_integer(3), about, octets(security), data)
