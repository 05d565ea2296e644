"""Coverage-guided fuzzing of the codecs beside SNMP's: `python -m tests.fuzz.codecs --seconds 30`.

Each input is what a DICOM peer sends, before and after it has accepted; what an interface engine answers; an NTP
server's datagram; a template. Nothing but a `PollError`, a template's ValueError apart, may come out. What comes in a
stream must mean the same whole and cut.
"""

from __future__ import annotations

import atheris

with atheris.instrument_imports(include=["collector.wire"]):
    from collector.wire import hl7, ntp
    from collector.wire.dicom import dimse, stream
    from collector.wire.dicom.echo import OUTCOMES, Echo
    from collector.wire.mllp import LONGEST, Frames, frame

from collector.errors import Malformed, PollError
from tests.collector.wire.dicom import peer
from tests.collector.wire.test_hl7 import ID, QUERY, TIME, reply
from tests.collector.wire.test_ntp import ANSWER, COOKIE
from tests.fuzz.running import fuzz

ACCEPTED = peer.accept()


def seeds() -> list[bytes]:
    """Valid input of each kind to begin with."""
    whole = peer.response()
    fragments = peer.unit(4, peer.fragment(whole[:9], 0b01)) + peer.unit(4, peer.fragment(whole[9:]))
    return [
        ACCEPTED + peer.answer() + peer.RELEASE_RP,
        peer.accept(peer.context(3)) + peer.RELEASE_RP,
        peer.answer(status=0x0122) + peer.RELEASE_RQ + peer.RELEASE_RP,
        fragments + peer.abort(2, 6),
        peer.reject(2, 3, 2),
        frame(reply()),
        frame(reply("CE", before="SFT|v\r")),
        ANSWER,
        QUERY.encode(),
    ]


def verify(data: bytes, size: int) -> tuple[object, ...]:
    """What becomes of a verification whose peer sends this in pieces."""
    echo = Echo("PACS", "WARDWATCH", 7)
    ended = list[str]()
    for at in range(0, len(data), size):
        ended += echo.receive(data[at : at + size])
        echo.send()
    assert echo.outcome in OUTCOMES
    assert len(echo._stream._held) <= stream.LONGEST
    assert len(echo._command) <= dimse.LONGEST
    problem = echo.problem()
    assert problem is None or isinstance(problem, PollError)
    return ended, echo.phase, echo.outcome, echo.ending, echo.acceptance, echo.rejection, echo.abort


def acknowledge(data: bytes, size: int) -> list[str]:
    """What an interface engine's frames acknowledge, up to the first fault."""
    frames, found = Frames(), list[str]()
    try:
        for at in range(0, len(data), size):
            frames.feed(data[at : at + size])
            while (message := frames.next()) is not None:
                found.append(hl7.acknowledgement(message, ID))
            assert len(frames._held) <= LONGEST + 2
    except Malformed:
        found.append("malformed")
    return found


def one(data: bytes) -> None:
    """A peer of each protocol."""
    size = data[0] % 40 + 1 if data else 1
    for sent in (data, ACCEPTED + data):
        assert verify(sent, size) == verify(sent, len(sent) or 1)
    for sent in (data, frame(data) if data and not {0x0B, 0x1C} & {*data} else b""):
        assert acknowledge(sent, size) == acknowledge(sent, len(sent) or 1)
    for sent in (data, data[:24] + COOKIE + data[32:]):
        try:
            answer = ntp.read(sent, COOKIE)
        except Malformed:
            continue
        if answer is not None:
            assert len(answer.reference) <= 15
            answer.offset(0.0, 1.0)
    try:
        template = hl7.template(data.decode("latin-1"))
    except ValueError:
        return
    names = {segment[:3] for segment in template.message(TIME, ID).split(b"\r")[:-1]}
    assert names <= {b"MSH", b"QPD", b"RCP"}


if __name__ == "__main__":
    fuzz("Fuzz the codecs of DICOM, MLLP, HL7 and NTP.", one, seeds())
