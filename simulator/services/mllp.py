"""An interface engine's port: HL7 messages between 0B and 1C 0D, each acknowledged as received (MLLP release 1)."""

from __future__ import annotations

import asyncio

from simulator.services.conversation import Conversation
from simulator.services.counts import Counts, Wrong

START, END = b"\x0b", b"\x1c\r"


class Mllp:
    """`code`: how messages are acknowledged (HL7 table 0008)."""

    def __init__(self, code: str = "AA") -> None:
        self.counts = Counts()
        self._code = code

    async def hear(self, client: Conversation) -> None:
        while True:
            try:
                block = await client.until(END)
            except asyncio.IncompleteReadError as error:
                self.counts.bytes += len(error.partial)
                if error.partial:
                    raise Wrong("half a message") from None
                return
            if not block.startswith(START + b"MSH|"):
                raise Wrong("no message")
            self.counts.said["message"] += 1
            await client.say(START + self._acknowledgement(block[1:-2]) + END)

    def _acknowledgement(self, message: bytes) -> bytes:
        fields = message.split(b"\r", 1)[0].split(b"|")
        control = fields[9] if len(fields) > 9 else b""
        return b"MSH|^~\\&|ENGINE|SIMULATED|||||ACK|1|T|2.5.1\rMSA|%s|%s\r" % (self._code.encode(), control)
