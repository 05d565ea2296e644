"""What rows read at once bring is what reading them one by one brings, whatever stands in the reply."""

from __future__ import annotations

import random

import pytest

from collector.wire.snmp import ber, row
from collector.wire.snmp.abreast import Abreast
from collector.wire.snmp.habits import Limits
from collector.wire.snmp.units import Unit
from collector.wire.snmp.walk import Caps, Columns

ENTRY = ber.encode_oid("1.3.6.1.2.1.31.1.1.1")
TAGS = (ber.COUNTER64, ber.OCTET_STRING, ber.INTEGER, ber.GAUGE32)
PREFIXES = tuple(ENTRY + bytes((number,)) for number in range(1, len(TAGS) + 1))
COLUMNS = Columns(PREFIXES)
ROWS = 12
LIMITS = Limits()

Read = tuple[str, int, dict[int, list[tuple[int, list[bytes], list[bytes]]]]]


def content(tag: int, chance: random.Random) -> bytes:
    if tag == ber.OCTET_STRING:
        return chance.randbytes(chance.choice((0, 1, 5, 20, 63, 64, 100)))
    return chance.randbytes(chance.randint(1, 8 if tag == ber.COUNTER64 else 4))


def reply(chance: random.Random, first: int) -> bytes:
    """Rows from `first` on: some indexes take one byte, some two."""
    varbinds = []
    for number in range(first, first + ROWS):
        for prefix, tag in zip(PREFIXES, TAGS, strict=True):
            name = ber.tlv(ber.OID, prefix + ber.encode_arcs((number,)))
            varbinds.append(ber.tlv(ber.SEQUENCE, name + ber.tlv(tag, content(tag, chance))))
    return b"".join(varbinds)


def read(packet: bytes, known: int) -> Read:
    """`known` rows are expected; for fewer than `row.FEW` there is no expression."""
    under_way = Abreast(ENTRY, Unit((ENTRY,), (PREFIXES,)), COLUMNS, Caps(), {PREFIXES[0]: known})
    under_way.ask(50, 200, LIMITS)
    count = under_way.take(packet, 0, len(packet), ROWS)
    runs = {n: [(r.tag, r.indexes, r.values) for r in runs] for n, runs in under_way.harvest.runs.items()}
    return under_way.ended, count, {} if under_way.ended else runs


@pytest.fixture(autouse=True)
def _expressions_made() -> None:
    """As after some polls of such devices."""
    row.look.cache_clear()
    for first in (1, 200):
        for _ in range(row.WORTH + 1):
            read(reply(random.Random(1), first), ROWS)
    assert row.look(PREFIXES).latest is not None


@pytest.mark.parametrize("first", [1, 120, 200])
def test_the_same_as_one_by_one(first: int) -> None:
    chance = random.Random(first)
    for _ in range(50):
        packet = reply(chance, first)
        assert read(packet, ROWS) == read(packet, 0)


def test_most_of_a_reply_is_read_at_once() -> None:
    packet = reply(random.Random(7), 1)
    look = row.look(PREFIXES).latest
    assert look is not None
    read(packet, ROWS)  # the look of one-byte indexes is the latest again
    look = row.look(PREFIXES).latest
    assert look is not None
    short = b"".join(
        ber.tlv(ber.SEQUENCE, ber.tlv(ber.OID, prefix + bytes((n,))) + ber.tlv(tag, b"\x01"))
        for n in range(1, 6)
        for prefix, tag in zip(PREFIXES, TAGS, strict=True)
    )
    at, indexes, columns = look.read(short, 0, len(short))
    assert at == len(short)
    assert list(indexes) == [b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"]
    assert [list(values) for values in columns] == [[b"\x01"] * 5] * 4


@pytest.mark.slow
def test_what_is_broken_is_broken_either_way() -> None:
    """One byte changed, added or left out anywhere: lengths that lie, other types, other columns, rows cut short."""
    chance = random.Random(3)
    judged: set[str] = set()
    for _ in range(3000):
        packet = bytearray(reply(chance, chance.choice((1, 120, 200))))
        place = chance.randrange(len(packet))
        change = chance.randrange(3)
        if change == 0:
            packet[place] = chance.choice((0, 0x30, 0x7F, 0x80, 0x81, 0xFF, packet[place] ^ 1))
        elif change == 1:
            packet.insert(place, chance.randrange(256))
        else:
            del packet[place]
        found = read(bytes(packet), ROWS)
        assert found == read(bytes(packet), 0), bytes(packet).hex()
        judged.add(found[0])
    assert judged == {"", "unsound"}
