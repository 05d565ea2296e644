"""A picture archive that is verified: an SCP of DICOM's Verification, strict with every byte (PS3.7, PS3.8).

One association after the other from each client; what a client may not say is `wrong`, and answered with A-ABORT.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from simulator.services.conversation import Conversation
from simulator.services.counts import Counts, Wrong

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
"""Types of protocol data units (PS3.8 section 9.3)."""

APPLICATION = b"1.2.840.10008.3.1.1.1"
"""The application context (PS3.7 annex A.2.1)."""
VERIFICATION = b"1.2.840.10008.1.1"
IMPLICIT = b"1.2.840.10008.1.2"
"""Implicit VR Little Endian, the transfer syntax that everybody has (PS3.5 section 10.1)."""
OURS = b"2.25.93713527459129036713250891347512905577"
"""Our implementation class: a UUID as a UID (PS3.5 annex B.2)."""

WANTED = {
    (0, 0x0002): VERIFICATION + b"\0",
    (0, 0x0100): b"\x30\x00",
    (0, 0x0800): b"\x01\x01",
}
"""A C-ECHO-RQ but for its message id and its group length (PS3.7 table 9.3-12)."""


class Dicom:
    """`title`: the called AE title that is ours, any where it is empty. `callers`: the titles that may verify us, with
    spaces between; empty: any. `associations`: most at a time."""

    def __init__(self, title: str = "", callers: str = "", associations: int = 10) -> None:
        self.counts = Counts()
        self._title = title
        self._callers = frozenset(callers.split())
        self._most = associations
        self._under_way = 0

    async def hear(self, client: Conversation) -> None:
        said: list[str] = []
        try:
            await self._association(client, said)
        finally:
            self.counts.said[" ".join(said)] += 1

    async def _association(self, client: Conversation, said: list[str]) -> None:
        kind, body = await _unit(client)
        if kind != ASSOCIATE_RQ:
            await client.say(_abort(1))
            raise Wrong("no A-ASSOCIATE-RQ")
        said.append("RQ")
        try:
            called, calling, context = _asked(body)
        except (Wrong, struct.error) as error:
            await client.say(_abort(6))
            raise Wrong(str(error) if isinstance(error, Wrong) else "A-ASSOCIATE-RQ cut short") from None
        if reason := self._reason(called, calling):
            said.append("RJ")
            await client.say(_pack(ASSOCIATE_RJ, bytes((0, *reason))))
            await client.ended()  # it is the other side that closes (PS3.8 9.2, Sta13): else it may not read why
            return
        said.append("AC")
        self._under_way += 1
        try:
            await client.say(_accepted(body, context))
            await self._verified(client, context, said)
        finally:
            self._under_way -= 1

    def _reason(self, called: str, calling: str) -> tuple[int, int, int] | None:
        """Result, source and reason of a rejection (PS3.8 table 9-21); None: welcome."""
        if self._title and called != self._title:
            return 1, 1, 7  # permanent, service user, called AE title not recognised
        if self._callers and calling not in self._callers:
            return 1, 1, 3  # permanent, service user, calling AE title not recognised
        if self._under_way >= self._most:
            return 2, 3, 2  # transient, service provider (presentation), local limit exceeded
        return None

    async def _verified(self, client: Conversation, context: int, said: list[str]) -> None:
        while True:
            kind, body = await _unit(client)
            if kind == DATA:
                try:
                    number = _echo(body, context)
                except (Wrong, struct.error) as error:
                    await client.say(_abort(6))
                    raise Wrong(str(error) if isinstance(error, Wrong) else "P-DATA-TF cut short") from None
                said.append("ECHO")
                await client.say(_answer(context, number))
            elif kind == RELEASE_RQ:
                if body != bytes(4):
                    raise Wrong("A-RELEASE-RQ")
                said.append("RELEASE")
                await client.say(_pack(RELEASE_RP, bytes(4)))
                if not await client.ended():
                    raise Wrong("more after the release")
                return
            elif kind == ABORT:
                said.append("ABORT")
                return
            else:
                await client.say(_abort(2))
                raise Wrong(f"unit {kind}")


async def _unit(client: Conversation) -> tuple[int, bytes]:
    kind, zero, size = struct.unpack(">BBI", await client.exactly(6))
    if zero or not ASSOCIATE_RQ <= kind <= ABORT:
        await client.say(_abort(1))
        raise Wrong("no unit of DICOM")
    return kind, await client.exactly(size)


def _pack(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBI", kind, 0, len(body)) + body


def _abort(reason: int) -> bytes:
    """By the service provider (PS3.8 table 9-26)."""
    return _pack(ABORT, bytes((0, 0, 2, reason)))


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        kind, zero, size = struct.unpack_from(">BBH", data)
        if zero or 4 + size > len(data):
            raise Wrong("an item")
        yield kind, data[4 : 4 + size]
        data = data[4 + size :]


def _asked(body: bytes) -> tuple[str, str, int]:
    """Called and calling title, and the number of the one presentation context (PS3.8 table 9-11)."""
    version, zero, called, calling, rest = struct.unpack_from(">HH16s16s32s", body)
    if version != 1 or zero or any(rest):
        raise Wrong("the head of an A-ASSOCIATE-RQ")
    items = list(_items(body[68:]))
    if [kind for kind, _ in items] != [0x10, 0x20, 0x50] or items[0][1] != APPLICATION:
        raise Wrong("other than one presentation context")
    number, *zeros = items[1][1][:4]
    if any(zeros) or not number % 2:
        raise Wrong("a presentation context")
    if list(_items(items[1][1][4:])) != [(0x30, VERIFICATION), (0x40, IMPLICIT)]:
        raise Wrong("something else than Verification")
    user = dict(_items(items[2][1]))
    if len(user.get(0x51, b"")) != 4 or not user.get(0x52):
        raise Wrong("user information")
    return _title(called), _title(calling), number


def _title(padded: bytes) -> str:
    text = padded.decode("ascii", "replace")
    if not text.strip() or not text.isprintable():
        raise Wrong("a title")
    return text.strip()


def _accepted(asked: bytes, context: int) -> bytes:
    """Titles as they came (PS3.8 table 9-17)."""
    user = _item(0x51, struct.pack(">I", 16_384)) + _item(0x52, OURS)
    items = (
        _item(0x10, APPLICATION) + _item(0x21, bytes((context, 0, 0, 0)) + _item(0x40, IMPLICIT)) + _item(0x50, user)
    )
    return _pack(ASSOCIATE_AC, b"\0\x01\0\0" + asked[4:36] + bytes(32) + items)


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _echo(body: bytes, context: int) -> int:
    """The message id of a C-ECHO-RQ in one fragment."""
    size, number, flags = struct.unpack_from(">IBB", body)
    if size + 4 != len(body) or number != context or flags != 3:
        raise Wrong("a fragment")
    command, found = body[6:], dict[tuple[int, int], bytes]()
    rest = command
    while rest:
        group, element, length = struct.unpack_from("<HHI", rest)
        found[group, element] = rest[8 : 8 + length]
        rest = rest[8 + length :]
    if found.pop((0, 0), b"") != struct.pack("<I", len(command) - 12):
        raise Wrong("a group length")
    message = found.pop((0, 0x0110), b"")
    if found != WANTED or len(message) != 2:
        raise Wrong("something else than C-ECHO")
    return int.from_bytes(message, "little")


def _answer(context: int, message: int) -> bytes:
    """C-ECHO-RSP, success (PS3.7 table 9.3-13)."""
    elements = (
        (0x0002, VERIFICATION + b"\0"), (0x0100, b"\x30\x80"), (0x0120, message.to_bytes(2, "little")),
        (0x0800, b"\x01\x01"), (0x0900, b"\0\0"),
    )  # fmt: skip
    rest = b"".join(struct.pack("<HHI", 0, element, len(value)) + value for element, value in elements)
    command = struct.pack("<HHII", 0, 0, 4, len(rest)) + rest
    return _pack(DATA, struct.pack(">IBB", len(command) + 2, context, 3) + command)
