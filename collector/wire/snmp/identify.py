"""Asking a device what it is: sysObjectID and sysDescr first, then what the rules still want to know.

A `model.Dialogue`, as `dialogue.Survey` is. Several names go into one question where the device's class allows it; an
agent that can't bear that is asked for one at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache

from collector.errors import Malformed, PollError
from collector.wire.snmp import ber, message, outcome, question
from collector.wire.snmp.fingerprint import (
    SYS_DESCR,
    SYS_OBJECT_ID,
    Fingerprint,
    Identity,
    digest,
    possible,
    single,
)
from collector.wire.snmp.habits import Learned, Limits, patience
from collector.wire.snmp.message import Head, Question
from collector.wire.snmp.question import Asked, Attempts
from collector.wire.snmp.speech import Speech

ABREAST = 12
"""Most names in one question: with texts of 100 bytes the answer still fits one frame (F26)."""


class Identification:
    """The conversation. Afterwards: `identity` (None: the device has not said what it is), `problem()`.

    `before` is what it said last time: while sysObjectID and sysDescr are the same, what was held then is held still,
    and only missing probes are asked; with `renew` all of them. A device that is asked for single values only is not
    asked for probes that are subtrees.
    """

    kind = "get"

    def __init__(
        self, speech: Speech, limits: Limits, rules: Sequence[Fingerprint], now: Callable[[], float],
        before: Identity | None = None, *, renew: bool = False,
    ) -> None:  # fmt: skip
        self.patience = limits.patience
        self.identity: Identity | None = None
        self.descr = ""
        """sysDescr as it was told."""
        self.answered = False
        self._speech = speech
        self._limits = limits
        self._rules = rules
        self._now = now
        self._before = before
        self._renew = renew
        self._learned = Learned()
        self._under_way = Attempts(speech)
        self._most = ABREAST if speech.bulk else 1
        self._tries = self._stalls = self._malformed = self._refused = self._unknown = 0
        self._cut = ""
        self._told: dict[bytes, tuple[int, bytes]] = {}
        """What single values hold, the system group's included."""
        self._held: dict[str, bool] = {}
        self._probes: dict[bytes, str] = {}
        self._waiting: deque[tuple[Question, bytes]] = deque(
            ("get", ber.encode_oid(oid)) for oid in (SYS_OBJECT_ID, SYS_DESCR)
        )
        self._begun = False
        self._object_id = ""

    @property
    def asking(self) -> Asked | None:
        """What `send` gave last, in the clear."""
        return self._under_way.last

    def send(self) -> bytes | None:
        while not self._cut:
            if not self._waiting:
                if self._begun:
                    break
                self._begin_probes()
                continue
            kind, names = self._batch()
            asked = Asked(kind, names, 0, self._tries, self._now())
            packet = self._under_way.packet(asked, self._limits.request_bytes)
            if packet is None:
                if len(names) == 1:
                    self._settle(names)
                else:
                    self._most = max(1, len(names) // 2)
                continue
            self.patience = patience(self._limits, self._learned, self._tries)
            return packet
        return None

    def receive(self, packet: bytes) -> bool:
        try:
            heard = self._under_way.hear(packet)
            if heard is None:
                return False
            body, head, asked = heard
            if asked is None:
                return True
            self._take(body, head, asked)
        except Malformed:
            self._malformed += 1
            return False
        self._learned.took(self._now() - asked.at)
        self._under_way.clear()
        self._tries = self._stalls = 0
        self.answered = True
        return True

    def silence(self) -> None:
        self._tries += 1
        if self._speech.refusal is not None:
            self.expire(self._speech.refusal.reason)
        elif self._tries > self._limits.retries:
            self._stalls += 1
            if not self.answered or not self._begun or self._stalls > 1:
                self.expire("malformed" if self._malformed else "timeout")
                return
            self._under_way.clear()
            self._tries = 0
            self._unknown += 1
            # One name can be beyond an agent that is well otherwise (F4): it stays unknown.
            self._settle([self._waiting[0][1]])

    def expire(self, reason: str) -> None:
        self._cut = self._cut or reason
        if self._begun:
            self._conclude()

    def problem(self) -> PollError | None:
        """Why it is not known what the device is; None where it is."""
        if self.identity is not None:
            return None
        return self._speech.refusal or outcome.problem(
            cut=self._cut, asked=True, answered=self.answered, malformed=self._malformed, refused=self._refused,
            incomplete=[self._cut] if self._cut else (),
        )  # fmt: skip

    def _batch(self) -> tuple[Question, tuple[bytes, ...]]:
        """The next names, all of one kind. After silence one at a time: several may be what it can't bear (F5)."""
        kind = self._waiting[0][0]
        most = 1 if self._tries else min(self._most, self._limits.varbinds)
        names: list[bytes] = []
        for other, name in self._waiting:
            if other != kind or len(names) == most:
                break
            names.append(name)
        return kind, question.batch(names, most, self._limits.request_bytes - self._speech.overhead)

    def _take(self, packet: bytes, head: Head, asked: Asked) -> None:
        if head.error_status:
            self._take_error(head, asked)
            return
        found = list(message.varbinds(packet, head))
        if not found:
            raise Malformed("an answer without variables")
        # Answers stand in the order of the questions (RFC 3416 4.2.1, 4.2.2); those that are cut off are asked again.
        settled = []
        for name, (told, tag, content) in zip(asked.names, found, strict=False):
            if asked.kind == "get" and told != name:
                raise Malformed("a value of another name")
            settled.append(name)
            if asked.kind == "get" and tag not in ber.ABSENT:
                self._told[name] = tag, content
            if (probe := self._probes.get(name)) is not None:
                inside = told == name if asked.kind == "get" else told != name and told.startswith(name)
                self._held[probe] = inside and tag not in ber.ABSENT
        self._settle(settled)

    def _take_error(self, head: Head, asked: Asked) -> None:
        """What the error points at holds nothing; the rest is asked again, alone where nobody knows what it means."""
        if head.error_status == message.TOO_BIG and len(asked.names) > 1:
            self._most = max(1, len(asked.names) // 2)
            return
        if head.error_status != message.NO_SUCH_NAME:
            self._refused = head.error_status
        culprit = question.culprit(head, asked)
        if culprit is None:
            self._most = 1
            return
        if (probe := self._probes.get(culprit)) is not None:
            self._held[probe] = False
        self._settle([culprit])

    def _settle(self, names: Sequence[bytes]) -> None:
        done = set(names)
        self._waiting = deque(pair for pair in self._waiting if pair[1] not in done)
        if self._begun and not self._waiting:
            self._conclude()

    def _begin_probes(self) -> None:
        """sysObjectID and sysDescr are known: what is there still to ask?"""
        self._begun = True
        self._object_id, self.descr = self._named()
        before = self._before
        if before is not None and (before.object_id, before.descr) == (self._object_id, digest(self.descr)):
            self._held = {probe: probe in before.held for probe in before.asked}
        for probe in possible(self._rules, self._object_id, self.descr):
            if (probe in self._held and not self._renew) or not (single(probe) or self._limits.bulk):
                continue
            raw = ber.encode_oid(probe)
            self._probes[raw] = probe
            told = self._told.get(raw)
            if told is not None:
                self._held[probe] = True
            else:
                self._waiting.append(("get" if single(probe) else "next", raw))
        # Values and subtrees each together: a question is of one kind.
        self._waiting = deque(sorted(self._waiting, key=lambda pair: pair[0]))
        if not self._waiting:
            self._conclude()

    def _named(self) -> tuple[str, str]:
        tag, content = self._told.get(ber.encode_oid(SYS_OBJECT_ID), (ber.NULL, b""))
        object_id = ber.dotted(content) if tag == ber.OID else ""
        tag, content = self._told.get(ber.encode_oid(SYS_DESCR), (ber.NULL, b""))
        return object_id, content.decode("utf-8", "replace") if tag == ber.OCTET_STRING else ""

    @property
    def complete(self) -> bool:
        """Whether all was answered that the device's class may be asked."""
        return self.identity is not None and not self._cut and self._unknown == 0

    def _conclude(self) -> None:
        held = frozenset(probe for probe, holds in self._held.items() if holds)
        self.identity = Identity(self._object_id, digest(self.descr), _shared(held), _shared(frozenset(self._held)))


@lru_cache(maxsize=1024)
def _shared(probes: frozenset[str]) -> frozenset[str]:
    """The same object for the same probes: thousands of devices say one of a few things."""
    return probes
