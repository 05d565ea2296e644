"""Values in encodings that no standard has and that devices send (RELIABILITY F9 to F12, F17), and what they mean."""

from __future__ import annotations

import math
from collections.abc import Iterable

from collector.model import Column
from collector.wire.snmp import ber
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, Varbind, converse, integer
from tests.collector.wire.snmp.faulty import ROOT

BIG = 2**53


def one(value: bytes, kind: str = "gauge") -> Column | None:
    """A poll of one column of three rows, of which the middle one has this value; the others must be there."""
    module = Module(name="odd", walk=(ROOT,), metrics=(Metric("x", f"{ROOT}.1.1", kind, "", (Index("row", "gauge"),)),))
    agent = Agent({f"{ROOT}.1.1.1": integer(11), f"{ROOT}.1.1.2": value, f"{ROOT}.1.1.3": integer(33)})
    clock = Clock()
    plan = compile(module)
    survey = Survey(plan, Community(2, b"public"), Limits(), Learned(), clock)
    converse(survey, agent.answer, clock)
    assert survey.incomplete == {}
    columns = Sheet(plan, survey.harvest, Interned()).columns()
    assert len(columns) == 1
    return columns[0]


CASES = [
    # F9: unsigned without its leading zero looks negative.
    ("4204ffffffff", 2**32 - 1), ("410480000000", 2**31), ("4304fffffffe", 2**32 - 2), ("4101ff", 255),
    ("4608ffffffffffffffff", (2**64 - 1) % BIG), ("460880 00000000000001", (2**63 + 1) % BIG),
    # F10: over-long, zero-length, five bytes, over 32 bits.
    ("02050000000007", 7), ("0209000000000000000007", 7), ("0209ffffffffffffffffff", -1), ("0200", 0), ("4100", 0),
    ("4600", 0), ("4105ffffffffff", 2**32 - 1), ("410501 00000002", 2), ("0205 00ffffffff", 2**32 - 1),
    ("4205 00ffffffff", 2**32 - 1), ("46090 0ffffffffffffffff", (2**64 - 1) % BIG), ("0281 0105", 5),
    ("02840000 000105", 5), ("4704ffffffff", 2**32 - 1),
    # F11: floats and doubles in an Opaque; what is neither is 0, as any text.
    ("44079f780441460000", 12.375), ("440b9f79083ff8000000000000", 1.5), ("44079f78047f800000", math.inf),
    ("44079f78047fc00000", math.nan), ("44049f780101", 0), ("4400", 0),
    # F17: Counter64 over 2^53 counts modulo 2^53.
    ("46080020000000000000", 0), ("46080020000000000001", 1), ("4608001fffffffffffff", BIG - 1),
    # Text where a number belongs, an OID, an address.
    ("0403616263", 0), ("06032b0601", 0), ("40047f000001", 0),
]  # fmt: skip

NONSENSE = ["", "02", "0205", "020105ff", "0284ffffffff", "0280", "42"]
"""Values that are none, in a varbind whose own length is right."""


class Breaks(Agent):
    """Row 5 of each column is nonsense of one kind; the length of its varbind is right."""

    nonsense = b""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        for oid, value in super().bulk(name, repetitions):
            yield oid, self.nonsense if ber.decode_oid(oid)[-1] == 5 else value
