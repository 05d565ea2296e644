"""Finding out an engine's id (RFC 3414 section 4): one question that anybody may ask, and that anybody may answer.

So nothing but the id is taken from the answer. Who forges it gains that a message is made with keys that fit no engine.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from collector.errors import Malformed, PollError, TimedOut
from collector.wire.snmp import ber, envelope, message, outcome
from collector.wire.snmp.habits import Learned, Limits, patience

_RANDOM: Final = random.SystemRandom()


class Discovery:
    """The conversation (a `model.Dialogue`). Afterwards `engine_id`, empty where there was no answer."""

    kind = "discovery"

    def __init__(self, limits: Limits, learned: Learned, now: Callable[[], float]) -> None:
        self.patience = limits.patience
        self.engine_id = b""
        self.asked = False
        """Whether a question went out, as far as can be told here: a pause or a budget can hold back the first."""
        self._limits = limits
        self._learned = learned
        self._now = now
        self._sent: dict[int, float] = {}
        self._cut = ""
        self._malformed = 0

    def send(self) -> bytes | None:
        if self.engine_id or self._cut:
            return None
        self.patience = patience(self._limits, self._learned, len(self._sent))
        msg_id = _RANDOM.getrandbits(30) | 1 << 30
        self._sent[msg_id] = self._now()
        scope = ber.tlv(ber.OCTET_STRING, b"") * 2
        data = ber.tlv(ber.SEQUENCE, scope + message.pdu("get", msg_id, ()))
        return envelope.write(msg_id, envelope.REPORTABLE, envelope.security(b"", 0, 0, b"", b"", b""), data)

    def receive(self, packet: bytes) -> bool:
        try:
            frame = envelope.read(packet)
            if frame.msg_id not in self._sent or frame.tag != ber.SEQUENCE:
                return False
            if envelope.scoped(packet, frame.begin).head.pdu != message.REPORT or not frame.engine_id:
                return False
        except Malformed:
            self._malformed += 1
            return False
        self._learned.took(self._now() - self._sent[frame.msg_id])
        self.engine_id = frame.engine_id
        self.asked = True
        return True

    def silence(self) -> None:
        self.asked = True
        if len(self._sent) > self._limits.retries:
            self._cut = "timeout"

    def expire(self, reason: str) -> None:
        self._cut = reason
        self.asked = self.asked or reason == "timeout"

    def problem(self) -> PollError:
        """Why there is no engine id."""
        if self._cut == "timeout" and not self._malformed:
            return TimedOut("no answer to the question for the engine id: does the device speak SNMPv3?")
        return outcome.problem(
            cut=self._cut, asked=True, answered=False, malformed=self._malformed, refused=0, incomplete=()
        )
