"""HL7 over real sockets: the `hl7` package's own server, and one that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import hl7
import hl7.mllp
import pytest

from collector.clinical.hl7 import Hl7
from tests.collector.probes import probe, server

MESSAGE = "MSH|^~\\&|WARDWATCH|IT|ENGINE|IT|x|y|QBP^Q11^QBP_Q11|z|T|2.5.1\nQPD|TEST|1\nRCP|I"
PROBE = Hl7(message=MESSAGE, approved_by="interface team, 2026-11-02")

Answer = Callable[[hl7.Message], str]


def acknowledging(answer: Answer) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """An engine that speaks MLLP through the `hl7` package."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.readuntil(b"\x1c\r"):
            message = hl7.parse(data.strip(b"\x0b\x1c\r").decode())
            writer.write(b"\x0b" + answer(message).encode() + b"\x1c\r")

    return serve


def ack(code: str) -> Answer:
    return lambda message: str(message.create_ack(code))


async def test_a_connection_carries_nothing() -> None:
    said = asyncio.get_running_loop().create_future()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.set_result(await reader.read())

    async with server(engine) as port:
        found = await probe(Hl7(connect=True), f":{port}")
        assert await said == b""
    assert (found.success, found.reason) == (1, "")


@pytest.mark.parametrize("code", ["AA", "CA", "AE", "AR", "CE", "CR"])
async def test_codes_of_acknowledgements(code: str) -> None:
    async with server(acknowledging(ack(code))) as port:
        found = await probe(PROBE, f":{port}")
    good = code in ("AA", "CA")
    assert (found.success, found.reason) == (float(good), "" if good else f"ack_{code.lower()}")
    assert found.value("probe_hl7_ack_info", code=code) == 1
    assert (found.value("probe_hl7_duration_seconds", phase="acknowledge") or 0) > 0


async def test_what_is_sent_is_a_test_and_names_nobody() -> None:
    seen = list[hl7.Message]()

    def remember(message: hl7.Message) -> str:
        seen.append(message)
        return str(message.create_ack("AA"))

    async with server(acknowledging(remember)) as port:
        await probe(PROBE, f":{port}", polls=2)
    first, second = seen
    assert str(first.segment("MSH")[11]) == "T"
    assert [str(segment[0]) for segment in first] == ["MSH", "QPD", "RCP"]
    assert str(first.segment("MSH")[10]) != str(second.segment("MSH")[10])


@pytest.mark.parametrize(
    "answer",
    [
        lambda message: "MSH|^~\\&|E|E|W|I|20261128||ACK|1|T|2.5.1\rMSA|AA|another",
        lambda message: "PID|1||9434765919||SMITH^JOHN",
        lambda message: "not HL7 at all",
    ],
)
async def test_other_answers_are_malformed_and_never_shown(answer: Answer) -> None:
    async with server(acknowledging(answer)) as port:
        found = await probe(PROBE, f":{port}")
    assert (found.success, found.reason) == (0, "malformed")
    assert "SMITH" not in repr(found.page)


async def test_who_hangs_up_or_says_nothing() -> None:
    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r")

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(hangs_up) as gone, server(silent) as mute:
        assert (await probe(PROBE, f":{gone}")).reason in ("closed", "reset")
        assert (await probe(PROBE, f":{mute}", timeout=0.3)).reason == "timeout"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "does nothing"),
        ({"message": MESSAGE}, "approved_by"),
        ({"approved_by": "somebody", "connect": True}, "approved_by"),
        ({"message": MESSAGE.replace("|T|", "|P|"), "approved_by": "a"}, "MSH-11"),
        ({"message": f"{MESSAGE}\nPID|1", "approved_by": "a"}, "patient"),
    ],
)
def test_what_nobody_has_approved_is_refused(options: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Hl7(**options)  # type: ignore[arg-type]
