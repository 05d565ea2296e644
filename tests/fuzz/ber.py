"""Coverage-guided fuzzing of the SNMP codec: `python -m tests.fuzz.ber --seconds 30`.

Each input is an answer to a walk and to a GET under way. Whatever it is, nothing but a `PollError` may come out, and
what is asked next must be a well-formed question. Ends with 0 when nothing was found; a finding is printed with its
input and ends with another code.
"""

from __future__ import annotations

import atheris

with atheris.instrument_imports(include=["collector.wire"]):
    from bench.bar.decoders import DECODERS  # instrumented too: all that reads SNMPv3
    from collector.wire.snmp import ber, message
    from collector.wire.snmp.columns import Interned, Sheet
    from collector.wire.snmp.dialogue import Survey
    from collector.wire.snmp.habits import Learned, Limits
    from collector.wire.snmp.plan import compile
    from collector.wire.snmp.speech import Community

from bench.bar.corpus import answers, others
from collector.errors import Malformed, PollError
from collector.model import LABEL_LENGTH
from tests.collector.wire.snmp.agents import Clock, integer, octets, response
from tests.collector.wire.snmp.faulty import ROOT, SCALARS
from tests.fuzz.modules import EVERY_TYPE, TYPES
from tests.fuzz.running import fuzz


def under_way(module: object, version: int, question: int) -> Survey:
    """A survey whose question has request id 1."""
    survey = Survey(
        compile(module), Community(version, b"public"), Limits(), Learned(), Clock(), any_order=question == 2
    )  # type: ignore[arg-type]
    survey.send()
    under_way = survey._under_way._asked
    under_way[1] = under_way.popitem()[1]
    return survey


def seeds() -> list[bytes]:
    """Valid answers to begin with: of each kind, and with a number or a text in every column."""
    head = message.read(message.request(1, b"public", "bulk", 1, [ber.encode_oid(ROOT)], 10))
    values = (
        integer(1),
        ber.tlv(ber.OID, b"\x2b\x06\x84\x01"),
        octets(b"\x07\xe2\x08\x0f\x08\x01\x0f\x00"),
        octets("Apr 01 2025"),
    )
    index = "1.4.10.0.0.1.3"
    rows = [ber.encode_oid(f"{ROOT}.1.{column}.{index}") for column in range(len(TYPES))]
    return answers() + others() + [response(head, [(row, value) for row in rows]) for value in values]


def one(data: bytes) -> None:
    """A datagram, an answer to each kind of question."""
    try:
        head = message.read(data)
        for name, tag, content in message.varbinds(data, head):
            ber.number(tag, content)
            ber.after(name, name)
    except Malformed:
        pass
    for decode in DECODERS:
        try:
            decode(data)
        except PollError:
            pass
    for module, version, question in ((EVERY_TYPE, 2, 0), (EVERY_TYPE, 2, 2), (EVERY_TYPE, 1, 0), (SCALARS, 2, 1)):
        survey = under_way(module, version, question)
        try:
            if survey.receive(data):
                following = survey.send()
                if following is not None:
                    asked = message.read(following)
                    for name, _, _ in message.varbinds(following, asked):
                        ber.decode_oid(name)
            survey.problem()
        except PollError:
            continue
        for column in Sheet(compile(module), survey.harvest, Interned()).columns():
            assert len(column.values) == len(column.rows.text) == len(column.rows.values)
            for values in column.rows.values:
                assert all(len(value) <= LABEL_LENGTH for value in values)


if __name__ == "__main__":
    fuzz("Fuzz the SNMP codec.", one, seeds())
