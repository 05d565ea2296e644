"""Messages with one exceptional element each, in the manner of the PROTOS suite c06-snmpv1 (Oulu, 2001), made anew.

A valid message is a tree of elements. Each time one element is written wrongly (its tag, its length, or its content),
and all lengths around it are right, so that a decoder gets as far as that element.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.bar.corpus import BAD_LENGTHS, TRAP, TRAP_V1
from collector.wire.snmp import ber, message
from tests.collector.wire.snmp.faulty import ROOT, SCALARS

SET = 0xA3
FILLS = (b"a", b"%s", b"%n", b"\x00", b"\xff", b"\xc3\x28", b"../", b"' or 1=1 --", b'"\n', b"\xed\xa0\x80")
SIZES = (1, 2, 127, 128, 129, 255, 256, 1023, 1024, 4096, 32_768, 60_000)
INTEGERS = tuple(
    bytes.fromhex(each)
    for each in (
        "", "00", "7f", "80", "ff", "0080", "7fff", "8000", "7fffffff", "80000000", "ffffffff", "00ffffffff",
        "7fffffffffffffff", "8000000000000000", "ffffffffffffffff", "00ffffffffffffffff", "01" + "00" * 31,
        "7f" + "ff" * 255, "00" * 64, "ff" * 64,
    )
)  # fmt: skip
OIDS = tuple(
    bytes.fromhex(each)
    for each in (
        "", "00", "2b", "80", "2b80", "2b8080", "2b8001", "7f", "ff", "ffffffff7f", "2b8fffffff7f", "2b90808080 00",
        "2bffffffffff7f", "2b" + "ff" * 64, "2b" + "01" * 127, "2b" + "01" * 128, "2b" + "01" * 4096,
        "2b06" + "81" * 64,
    )
)  # fmt: skip
LENGTHS = (*BAD_LENGTHS, b"\x81\x00", b"\x82\x00\x00", b"\x83\x00\x00\x01", b"\x84\x00\x00\x00\x00", b"\x89" + bytes(9))


@dataclass(frozen=True, slots=True)
class Element:
    """A tag with what is in it: bytes, or elements."""

    tag: int
    content: bytes | tuple[Element, ...]

    def encode(self) -> bytes:
        body = self.content if isinstance(self.content, bytes) else b"".join(each.encode() for each in self.content)
        return ber.tlv(self.tag, body)


def exceptional() -> Iterator[bytes]:
    """Every message with each of its elements written wrongly in each way."""
    for whole in messages():
        for path in _paths(whole):
            for wrong in _wrong(_at(whole, path)):
                yield _with(whole, path, wrong)


def messages() -> list[Element]:
    """Both sides' messages: answers to a walk and to a GET of v1 and v2c, questions, a SET, and traps."""
    made = []
    for version in (message.V1, message.V2C):
        for pdu in (message.RESPONSE, 0xA0, 0xA1, SET):
            plain = tuple(Element(ber.INTEGER, bytes((number,))) for number in (1, 0, 0))
            made += [_message(version, pdu, (*plain, _varbinds(oid))) for oid in (f"{ROOT}.1.10.1", SCALARS.get[0])]
    older = (
        Element(ber.OID, ber.encode_oid(ROOT)), Element(ber.IP_ADDRESS, b"\x7f\x00\x00\x01"),
        Element(ber.INTEGER, b"\x06"), Element(ber.INTEGER, b"\x2a"), Element(ber.TIMETICKS, b"\x01\x00"),
    )  # fmt: skip
    made.append(_message(message.V1, TRAP_V1, (*older, _varbinds(ROOT))))
    made.append(_message(message.V2C, TRAP, (*plain, _varbinds(ROOT))))
    return made


def _message(version: int, pdu: int, parts: tuple[Element, ...]) -> Element:
    head = (Element(ber.INTEGER, bytes((version,))), Element(ber.OCTET_STRING, b"public"))
    return Element(ber.SEQUENCE, (*head, Element(pdu, parts)))


def _varbinds(oid: str) -> Element:
    values = (Element(ber.INTEGER, b"\x05"), Element(ber.OCTET_STRING, b"ward"), Element(ber.COUNTER32, b"\x01\x00"))
    return Element(
        ber.SEQUENCE,
        tuple(
            Element(ber.SEQUENCE, (Element(ber.OID, ber.encode_oid(oid) + bytes((place,))), value))
            for place, value in enumerate(values, 1)
        ),
    )


def _paths(element: Element, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    yield path
    if isinstance(element.content, tuple):
        for place, inner in enumerate(element.content):
            yield from _paths(inner, (*path, place))


def _at(element: Element, path: Sequence[int]) -> Element:
    for place in path:
        assert isinstance(element.content, tuple)
        element = element.content[place]
    return element


def _with(element: Element, path: Sequence[int], wrong: bytes) -> bytes:
    """The message encoded, with `wrong` in the place of the element at `path`."""
    if not path:
        return wrong
    assert isinstance(element.content, tuple)
    body = b"".join(
        _with(inner, path[1:], wrong) if place == path[0] else inner.encode()
        for place, inner in enumerate(element.content)
    )
    return ber.tlv(element.tag, body)


def _wrong(element: Element) -> Iterator[bytes]:
    right = element.encode()
    yield b""
    yield right + right
    for tag in range(256):
        if tag != element.tag:
            yield bytes((tag,)) + right[1:]
    for length in LENGTHS:
        yield right[:1] + length + right[2:]
    for fill in FILLS:
        for size in SIZES:
            yield ber.tlv(element.tag, (fill * size)[:size])
    for content in INTEGERS if element.tag == ber.INTEGER else OIDS if element.tag == ber.OID else ():
        yield ber.tlv(element.tag, content)
    nested = right
    for depth in range(1, 65):
        nested = ber.tlv(element.tag, nested)
        if depth in (1, 2, 7, 8, 9, 64):
            yield nested
