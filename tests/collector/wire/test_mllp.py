"""Frames of MLLP, however they are cut; the hl7 package's client and server parts as second opinion."""

from __future__ import annotations

import asyncio

import pytest
from hl7.mllp import HL7StreamProtocol
from hl7.mllp.streams import HL7StreamReader
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire.mllp import LONGEST, Frames, frame

MESSAGES = st.binary(min_size=1, max_size=60).map(lambda data: data.translate(None, b"\x0b\x1c")).filter(bool)


def test_a_frame_is_this_to_the_byte() -> None:
    assert frame(b"MSH|^~\\&|\r") == bytes.fromhex("0b 4d53487c5e7e5c267c0d 1c0d")


@pytest.mark.parametrize("message", [b"", b"a\x0bb", b"a\x1c", b"\x1c\r"])
def test_what_mllp_can_not_carry_is_a_fault_of_ours(message: bytes) -> None:
    with pytest.raises(ValueError, match="MLLP"):
        frame(message)


def drain(frames: Frames) -> list[bytes]:
    found = list[bytes]()
    while (message := frames.next()) is not None:
        found.append(message)
    return found


@given(st.lists(MESSAGES, max_size=6), st.integers(1, 40))
def test_messages_are_the_same_however_they_come(messages: list[bytes], size: int) -> None:
    whole = b"".join(frame(message) for message in messages)
    frames = Frames()
    found = list[bytes]()
    for at in range(0, len(whole), size):
        frames.feed(whole[at : at + size])
        found += drain(frames)
    assert found == messages


def test_a_message_is_given_out_before_what_follows_is_looked_at() -> None:
    """Some engines end a frame with a line feed too."""
    frames = Frames()
    frames.feed(frame(b"ACK") + b"\n")
    assert frames.next() == b"ACK"
    with pytest.raises(Malformed):
        frames.next()


@pytest.mark.parametrize(
    "data", [b"A", b"\r", b"\x1c", b"\x0b\x1c", b"\x0b\x0b", b"\x0ba\x0b", b"\x0ba\x1cb", b"\x0ba\x1c\x1c"]
)
def test_anything_else_is_malformed_at_its_first_wrong_byte(data: bytes) -> None:
    whole, cut = Frames(), Frames()
    whole.feed(data)
    for at in range(len(data) - 1):
        cut.feed(data[at : at + 1])
        assert cut.next() is None
    cut.feed(data[-1:])
    for frames in (whole, cut):
        with pytest.raises(Malformed):
            frames.next()


def test_a_message_that_never_ends_is_refused_when_it_is_too_long() -> None:
    frames = Frames()
    frames.feed(b"\x0b" + bytes(LONGEST))
    assert frames.next() is None
    assert len(frames._held) == LONGEST + 1
    frames.feed(b"\x00")
    with pytest.raises(Malformed, match="65536"):
        frames.next()
    whole = Frames()
    whole.feed(frame(bytes(LONGEST)) + frame(bytes(LONGEST + 1)))
    assert whole.next() == bytes(LONGEST)
    with pytest.raises(Malformed, match="65536"):
        whole.next()


PARTS = st.one_of(st.sampled_from([b"\x0b", b"\x1c\r", b"\x1c", b"\r", b"MSH|"]), st.binary(max_size=10))


@given(st.lists(PARTS, max_size=12).map(b"".join), st.integers(1, 30))
def test_random_bytes_raise_malformed_and_nothing_else_however_they_come(data: bytes, size: int) -> None:
    def run(step: int) -> tuple[list[bytes], bool]:
        frames, found = Frames(), list[bytes]()
        try:
            for at in range(0, len(data), step):
                frames.feed(data[at : at + step])
                while (message := frames.next()) is not None:
                    found.append(message)
        except Malformed:
            return found, True
        return found, False

    assert run(size) == run(max(1, len(data)))


@given(MESSAGES)
def test_the_hl7_package_reads_what_we_write(message: bytes) -> None:
    async def read() -> bytes:
        reader = HL7StreamReader(limit=2**16)
        HL7StreamProtocol(reader)
        reader.feed_data(frame(message))
        reader.feed_eof()
        block: bytes = await reader.readblock()
        return block

    assert asyncio.run(read()) == message
