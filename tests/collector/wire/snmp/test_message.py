"""Every kind of message that goes out or comes in, with pysnmp as second opinion."""

from __future__ import annotations

import typing
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api, rfc1902, rfc1905

from collector.errors import Malformed
from collector.wire.snmp import ber, message
from collector.wire.snmp.question import request_id as draw
from tests.collector.wire.snmp.test_ber import OIDS, text

QUESTIONS = st.sampled_from(["get", "next", "bulk"])
IDS = st.integers(1, 2**31 - 1)


@given(QUESTIONS, IDS, st.lists(OIDS, min_size=1, max_size=5), st.binary(max_size=40), st.integers(1, 200), st.data())
def test_questions_read_as_pysnmp_reads_them(
    question: message.Question, request_id: int, oids: list[tuple[int, ...]], community: bytes, repetitions: int,
    data: st.DataObject,
) -> None:  # fmt: skip
    version = message.V2C
    names = [ber.encode_oid(text(oid)) for oid in oids]
    once = data.draw(st.integers(0, len(names))) if question == "bulk" else 0
    repetitions = repetitions if question == "bulk" else 0
    packet = message.request(version, community, question, request_id, names, repetitions, once)
    theirs, rest = decoder.decode(packet, asn1Spec=api.v2c.Message())
    assert rest == b""
    assert bytes(api.v2c.apiMessage.get_community(theirs)) == community
    pdu = api.v2c.apiMessage.get_pdu(theirs)
    kinds = {"get": api.v2c.GetRequestPDU, "next": api.v2c.GetNextRequestPDU, "bulk": api.v2c.GetBulkRequestPDU}
    assert isinstance(pdu, kinds[question])
    assert int(api.v2c.apiPDU.get_request_id(pdu)) == request_id
    if question == "bulk":
        assert int(api.v2c.apiBulkPDU.get_non_repeaters(pdu)) == once
        assert int(api.v2c.apiBulkPDU.get_max_repetitions(pdu)) == repetitions
        assert [tuple(v[0]) for v in pdu[3]] == oids
    else:
        assert [tuple(name) for name, _ in api.v2c.apiPDU.get_varbinds(pdu)] == oids


@given(st.sampled_from(["get", "next"]), IDS, OIDS)
def test_v1_questions_read_as_pysnmp_reads_them(
    question: message.Question, request_id: int, oid: tuple[int, ...]
) -> None:
    packet = message.request(message.V1, b"public", question, request_id, [ber.encode_oid(text(oid))])
    theirs, rest = decoder.decode(packet, asn1Spec=api.v1.Message())
    assert rest == b""
    pdu = api.v1.apiMessage.get_pdu(theirs)
    assert int(api.v1.apiPDU.get_request_id(pdu)) == request_id
    assert [tuple(name) for name, _ in api.v1.apiPDU.get_varbinds(pdu)] == [oid]


VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(rfc1902.Integer32),
    st.binary(max_size=300).map(rfc1902.OctetString),
    OIDS.map(rfc1902.ObjectIdentifier),
    st.tuples(*[st.integers(0, 255)] * 4).map(lambda t: rfc1902.IpAddress(".".join(map(str, t)))),
    st.integers(0, 2**32 - 1).map(rfc1902.Counter32),
    st.integers(0, 2**32 - 1).map(rfc1902.Gauge32),
    st.integers(0, 2**32 - 1).map(rfc1902.TimeTicks),
    st.integers(0, 2**64 - 1).map(rfc1902.Counter64),
    st.binary(max_size=20).map(rfc1902.Opaque),
)


def _check(tag: int, content: bytes, theirs: object) -> None:
    if isinstance(theirs, rfc1902.ObjectIdentifier):
        assert ber.decode_oid(content) == tuple(theirs)
    elif isinstance(theirs, (rfc1902.OctetString, rfc1902.IpAddress, rfc1902.Opaque)):
        assert content == bytes(theirs)
    else:
        assert ber.number(tag, content) == int(theirs)  # type: ignore[call-overload]


@pytest.mark.parametrize("version", [0, 1])
@given(
    request_id=st.integers(0, 2**31 - 1),
    found=st.lists(st.tuples(OIDS, VALUES), max_size=12),
    status=st.integers(0, 5),
    index=st.integers(0, 12),
)
def test_answers_of_pysnmp_read_as_meant(
    version: int, request_id: int, found: list[tuple[tuple[int, ...], object]], status: int, index: int
) -> None:
    module = (api.v1, api.v2c)[version]
    if version == 0:
        found = [each for each in found if not isinstance(each[1], rfc1902.Counter64)]
    pdu = module.GetResponsePDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, request_id)
    module.apiPDU.set_error_status(pdu, status)
    module.apiPDU.set_error_index(pdu, index)
    module.apiPDU.set_varbinds(pdu, [(oid, _as(module, value)) for oid, value in found])
    whole = module.Message()
    module.apiMessage.set_defaults(whole)
    module.apiMessage.set_community(whole, b"public")
    module.apiMessage.set_pdu(whole, pdu)
    packet = encoder.encode(whole)
    head = message.read(packet)
    assert (head.version, head.community, head.pdu) == (version, b"public", message.RESPONSE)
    assert (head.request_id, head.error_status, head.error_index) == (request_id, status, index)
    ours = list(message.varbinds(packet, head))
    assert [ber.decode_oid(name) for name, _, _ in ours] == [oid for oid, _ in found]
    for (_, tag, content), (_, value) in zip(ours, found, strict=True):
        _check(tag, content, value)


def _as(module: typing.Any, value: typing.Any) -> object:
    """The same value as the types of this version of the protocol."""
    if module is api.v2c:
        return value
    name = {
        "Integer32": "Integer", "Counter32": "Counter", "Gauge32": "Gauge", "ObjectIdentifier": "ObjectIdentifier",
    }.get(type(value).__name__, type(value).__name__)  # fmt: skip
    kind = getattr(module, name)
    return kind(bytes(value) if isinstance(value, rfc1902.OctetString) else value)


def test_exceptions_of_v2c_are_told_from_values() -> None:
    pdu = api.v2c.GetResponsePDU()
    api.v2c.apiPDU.set_defaults(pdu)
    kinds = [rfc1905.noSuchObject, rfc1905.noSuchInstance, rfc1905.endOfMibView]
    api.v2c.apiPDU.set_varbinds(pdu, [((1, 3, 6, n), kind) for n, kind in enumerate(kinds)])
    whole = api.v2c.Message()
    api.v2c.apiMessage.set_defaults(whole)
    api.v2c.apiMessage.set_pdu(whole, pdu)
    packet = encoder.encode(whole)
    tags = [tag for _, tag, _ in message.varbinds(packet, message.read(packet))]
    assert tags == [ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW]
    assert set(tags) == ber.ABSENT


VARBINDS = st.lists(
    st.tuples(st.binary(min_size=1, max_size=200), st.sampled_from([2, 4, 0x41, 0x46]), st.binary(max_size=300)),
    min_size=1,
    max_size=6,
)


@given(VARBINDS, st.data())
def test_varbinds_that_are_known_before_are_read_as_others_are(
    found: list[tuple[bytes, int, bytes]], data: st.DataObject
) -> None:
    """However long they are, and whatever happens to one byte of them."""
    packet = b"".join(
        ber.tlv(ber.SEQUENCE, ber.tlv(ber.OID, name) + ber.tlv(tag, content)) for name, tag, content in found
    )
    begins = [message.beginning(name, tag) for name, tag, _ in found]
    assert message.expected(packet, 0, len(packet), begins) == ([content for *_, content in found], len(packet))
    place, byte = data.draw(st.integers(0, len(packet) - 1)), data.draw(st.integers(0, 255))
    packet = packet[:place] + bytes([byte]) + packet[place + 1 :]
    try:
        names, tags, contents, at = message.several(packet, 0, len(packet), len(begins))
    except Malformed:
        with suppress(Malformed):
            assert message.expected(packet, 0, len(packet), begins) is None
        return
    same = list(map(message.beginning, names, tags)) == begins
    assert message.expected(packet, 0, len(packet), begins) == ((contents, at) if same else None)


def test_nothing_can_be_written() -> None:
    """RELIABILITY S10: no SET by construction, so there is no word for it."""
    assert typing.get_args(message.Question) == ("get", "next", "bulk")
    for question in typing.get_args(message.Question):
        pdu = message.read(message.request(1, b"c", question, 1, [b"\x2b\x06"])).pdu
        assert pdu in (0xA0, 0xA1, 0xA5)
    with pytest.raises(KeyError):
        message.request(1, b"c", "set", 1, [b"\x2b\x06"])  # type: ignore[arg-type]


def test_versions_we_do_not_speak_are_malformed() -> None:
    for version in (2, 3, -1, 77):
        packet = message.request(1, b"public", "get", 1, [b"\x2b\x06"])
        other = packet.replace(b"\x02\x01\x01\x04", ber.encode_integer(version) + b"\x04", 1)
        with pytest.raises(Malformed):
            message.read(other)


def test_request_ids_are_for_any_thread_and_hard_to_guess() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = [number for some in pool.map(lambda _: [draw() for _ in range(5000)], range(8)) for number in some]
    assert all(0 < number < 2**31 for number in drawn)
    assert len(set(drawn)) > len(drawn) - 10
