"""The user-based security model (RFC 3414, 3826, 7860): v3 questions out, and of what comes in only what is proven.

What is believed, and why:

* An answer carries the msgID and the request-id that were drawn at random for its question, our user, the engine's id
  and our context; its digest holds, it is no less protected than the question was, and it is of now (150 s).
* A report that our time is wrong is believed when its digest holds. The digest covers the msgID, so the report is as
  fresh as our question: that the clock went back (RELIABILITY F18) can then be believed too.
* An answer that is all that but of now is dropped (RFC 3414 section 3.2, 7b), and its time believed like a report's: an
  engine that forgot its boots, or stands still, and does not mind the time of questions never sends one.
* One such correction for each answer; an engine that goes on is left alone.
* Other reports can't be authenticated, for there is no key that both sides have. They change nothing: they are kept as
  the explanation, for when patience ends without an answer.
"""

from __future__ import annotations

import hmac
import random
from collections.abc import Callable, Sequence
from typing import Final, Literal

from collector.errors import Denied, Malformed, PollError, Refused
from collector.model import Auth
from collector.wire.snmp import ber, envelope, message
from collector.wire.snmp.engine import Engine, Keys
from collector.wire.snmp.envelope import AUTHENTICATED, ENCRYPTED, MOST, REPORTABLE, Frame, Scoped
from collector.wire.snmp.message import Head, Question

_RANDOM: Final = random.SystemRandom()

ATTEMPTS: Final = 16
"""Questions whose answers are awaited at most: all attempts at one, and more."""

Report = Literal["level", "time", "user", "engine", "digest", "decryption"]

_STATISTICS: Final = ber.encode_oid("1.3.6.1.6.3.15.1.1")

_WORDS: Final[tuple[Report, ...]] = ("level", "time", "user", "engine", "digest", "decryption")

_REPORTS: Final = {_STATISTICS + bytes((number, 0)): word for number, word in enumerate(_WORDS, 1)}
"""usmStats of RFC 3414 section 5, by OID."""

_DENIALS: Final[dict[Report | None, str]] = {
    "level": "does not allow security level {level} to user {user}: compare security_level with the device's",
    "user": "does not know user {user}: check username, and that the device has it for this engine id",
    "digest": "finds our digest wrong for user {user}: check password and auth_protocol ({auth})",
    "decryption": "can't decrypt what user {user} says: check priv_password and priv_protocol ({priv})",
}


class Usm:
    """v3 with one user, for one conversation with one engine (a `speech.Speech`)."""

    __slots__ = (
        "_auth", "_authentication", "_context", "_digest_key", "_engine", "_flags", "_now", "_privacy", "_resynced",
        "_scope", "_sent", "_user", "bulk", "overhead", "refusal", "stranger",
    )  # fmt: skip

    def __init__(self, auth: Auth, keys: Keys, engine: Engine, now: Callable[[], float]) -> None:
        self._auth = auth
        self._authentication, self._digest_key, self._privacy = keys.authentication, keys.digest_key, keys.privacy
        self._engine = engine
        self._now = now
        self._user = auth.username.encode()
        self._context = auth.context_engine_id or engine.id, auth.context_name.encode()
        self._scope = ber.tlv(ber.OCTET_STRING, self._context[0]) + ber.tlv(ber.OCTET_STRING, self._context[1])
        self._flags = REPORTABLE
        if self._authentication is not None:
            self._flags |= AUTHENTICATED
        if self._privacy is not None:
            self._flags |= ENCRYPTED
        self._sent: dict[int, int] = {}
        """Request-ids by msgID."""
        self._resynced = False
        self.bulk = True
        self.refusal: PollError | None = None
        self.stranger = False
        """Somebody said that the engine has another id."""
        self.overhead = len(self.request("get", 1, ())) - len(message.request(message.V2C, b"", "get", 1, ()))
        self._sent.clear()

    def request(
        self, question: Question, request_id: int, names: Sequence[bytes], repetitions: int = 0, non_repeaters: int = 0
    ) -> bytes:
        msg_id = _RANDOM.getrandbits(30) | 1 << 30
        if len(self._sent) >= ATTEMPTS:
            del self._sent[next(iter(self._sent))]
        self._sent[msg_id] = request_id
        boots, time = self._engine.clock(self._now())
        data = ber.tlv(ber.SEQUENCE, self._scope + message.pdu(question, request_id, names, repetitions, non_repeaters))
        salt = b""
        if self._privacy is not None:
            salt, sealed = self._privacy.seal(data, boots, time)
            data = ber.tlv(ber.OCTET_STRING, sealed)
        if self._authentication is None:
            return envelope.write(
                msg_id, self._flags, envelope.security(self._engine.id, boots, time, self._user, b"", b""), data
            )
        blank = bytes(self._authentication.length)
        parameters = envelope.security(self._engine.id, boots, time, self._user, blank, salt)
        packet = envelope.write(msg_id, self._flags, parameters, data)
        # Behind the digest come the salt, whose length is a byte, and the data.
        at = len(packet) - len(data) - len(salt) - 2 - len(blank)
        return packet[:at] + self._digest(packet) + packet[at + len(blank) :]

    def read(self, packet: bytes) -> tuple[bytes, Head] | None:
        frame = envelope.read(packet)
        request_id = self._sent.get(frame.msg_id)
        if request_id is None or frame.flags & (AUTHENTICATED | ENCRYPTED) == ENCRYPTED:
            return None
        if self._authentication is None:
            return self._plain(packet, frame, request_id)
        if not frame.flags & AUTHENTICATED:
            self._explain(envelope.scoped(packet, frame.begin), packet)
            return None
        if frame.engine_id != self._engine.id or frame.user != self._user or not self._genuine(packet, frame):
            return None
        now = self._now()
        data, begin = packet, frame.begin
        if frame.flags & ENCRYPTED:
            if self._privacy is None or frame.tag != ber.OCTET_STRING:
                raise Malformed("encrypted, which was not asked for")
            sealed = packet[frame.start : frame.stop]
            data, begin = self._privacy.open(sealed, frame.salt, frame.boots, frame.time), 0
        elif frame.tag != ber.SEQUENCE:
            raise Malformed("a ciphertext that says it is none")
        scoped = envelope.scoped(data, begin)
        if scoped.head.pdu == message.REPORT:
            return self._report(scoped, data, frame, now)
        if self._privacy is not None and not frame.flags & ENCRYPTED:
            return None  # less protected than the question was
        return self._answer(scoped, data, request_id, frame, now)

    def _plain(self, packet: bytes, frame: Frame, request_id: int) -> tuple[bytes, Head] | None:
        """What comes without authentication, where none was asked for."""
        if frame.flags & AUTHENTICATED or frame.tag != ber.SEQUENCE:
            return None
        scoped = envelope.scoped(packet, frame.begin)
        if scoped.head.pdu == message.REPORT:
            self._explain(scoped, packet)
            return None
        if frame.engine_id != self._engine.id or frame.user != self._user:
            return None
        return self._answer(scoped, packet, request_id, frame, None)

    def _answer(
        self, scoped: Scoped, data: bytes, request_id: int, frame: Frame, now: float | None
    ) -> tuple[bytes, Head] | None:
        """`now` is None where nothing proves what the message says of the engine's clock."""
        head = scoped.head
        if head.pdu != message.RESPONSE or head.request_id != request_id:
            return None
        if (scoped.engine_id, scoped.name) != self._context:
            return None
        if now is not None:
            if not self._engine.within(frame.boots, frame.time, now):
                corrected = self._corrected(
                    frame, now, "the device answers with a time that is over: its clock goes back"
                )
                return (data, head._replace(pdu=message.REPORT)) if corrected else None
            self._engine.learn(frame.boots, frame.time, now)
        self._resynced = self.stranger = False
        self.refusal = None
        return data, head

    def _report(self, scoped: Scoped, data: bytes, frame: Frame, now: float) -> tuple[bytes, Head] | None:
        """An authenticated report."""
        if _report_of(scoped.head, data) != "time":
            self._explain(scoped, data)
            return None
        said = "the device finds our time wrong that it has just told: it keeps no time"
        return (data, scoped.head) if self._corrected(frame, now, said) else None

    def _corrected(self, frame: Frame, now: float, otherwise: str) -> bool:
        """Whether the engine's clock was set by an authenticated message that is no answer. False: it is in vain."""
        if frame.boots == MOST:
            self.refusal = Refused("the device has used up its boots: it needs a new engine id")
            return False
        if self._resynced:
            self.refusal = Refused(otherwise)
            return False
        self._engine.learn(frame.boots, frame.time, now)
        self._resynced = True
        self._sent.clear()  # whatever else went out had the wrong time too: what comes of it says nothing new
        return True

    def _explain(self, scoped: Scoped, data: bytes) -> None:
        """Keep what a report says for when no answer comes."""
        if scoped.head.pdu != message.REPORT:
            return
        word = _report_of(scoped.head, data)
        if word == "engine":
            self.stranger = True
            self.refusal = Refused("the device says that its engine has another id")
        elif word in _DENIALS:
            auth = self._auth
            said = _DENIALS[word].format(
                user=auth.username, level=auth.security_level, auth=auth.auth_protocol, priv=auth.priv_protocol
            )
            self.refusal = Denied(f"the device {said}")

    def _digest(self, packet: bytes) -> bytes:
        """Of a packet whose digest is blank."""
        assert self._authentication is not None
        return hmac.digest(self._digest_key, packet, self._authentication.hash)[: self._authentication.length]

    def _genuine(self, packet: bytes, frame: Frame) -> bool:
        assert self._authentication is not None
        length = self._authentication.length
        if len(frame.digest) != length:
            return False
        at = frame.digest_at
        return hmac.compare_digest(self._digest(packet[:at] + bytes(length) + packet[at + length :]), frame.digest)


def _report_of(head: Head, data: bytes) -> Report | None:
    """What a report reports, None where it is nothing of the USM's."""
    for name, _, _ in message.varbinds(data, head):
        return _REPORTS.get(name)
    return None
