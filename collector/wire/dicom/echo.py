"""A verification: associate, one C-ECHO, release (RELIABILITY S15, C8). A client's part of PS3.8's state machine.

As every codec it knows no socket and no clock: who drives it writes what `send` gives, hands what was read to
`receive`, and takes the time when a phase ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from collector.errors import Denied, Malformed, PollError, Refused, TimedOut
from collector.wire.dicom import dimse, pdu, stream, words
from collector.wire.dicom.stream import Unit

Phase = Literal["associate", "echo", "release", "over"]
Ending = Literal["", "released", "rejected", "aborted", "closed", "malformed", "timeout"]

PENDING = "pending"
OUTCOMES: tuple[str, ...] = tuple(
    sorted(
        {PENDING, "released", "aborted", "closed", "malformed", "timeout", words.OTHER_STATUS, words.RESERVED}
        | {*words.REJECT_REASONS.values(), *words.STATUSES.values()}
        | {word for number, word in words.CONTEXT_RESULTS.items() if number}
    )
)
"""All words that `Echo.outcome` can be."""

_ROOM = len(pdu.data(dimse.echo_request(0))) - 6
"""Bytes that a peer's maximum length must leave for our P-DATA-TF (PS3.8 annex D.1.1)."""


class Echo:
    """One verification of the application entity `called`, by us as `calling`.

    `message_id` is of 16 bits; a random one can't be answered before it was asked. ValueError for a title that is
    none. What a peer sends never raises: `outcome` has a bounded word and `problem` the error, once `phase` is `over`.
    """

    def __init__(self, called: str, calling: str, message_id: int) -> None:
        self.phase: Phase = "associate"
        self.outcome = PENDING
        """What became of the verification, one of `OUTCOMES`; `success`: it was answered, however the rest went."""
        self.ending: Ending = ""
        """How the association ended. After `success` anything but `released` is bad manners of the peer."""
        self.acceptance: pdu.Acceptance | None = None
        self.rejection: pdu.Rejection | None = None
        self.abort: pdu.Abort | None = None
        self._message_id = message_id
        self._stream = stream.Stream()
        self._command = b""
        self._spoken = False
        self._collided = False
        self._fault = ""
        self._question = pdu.data(dimse.echo_request(message_id))
        self._out = pdu.associate_request(pdu.ae_title(called), pdu.ae_title(calling))

    def send(self) -> bytes | None:
        """What to write now; empty: wait for the peer. None: close the connection, nothing more is to be written."""
        if self.phase == "over" and not self._out:
            return None
        out, self._out = self._out, b""
        self._spoken = True
        return out

    def receive(self, data: bytes) -> Sequence[Phase]:
        """Takes bytes of the peer, any number of them, and tells which phases they ended well, in order.

        `associate`: there is an association; `echo`: our question was answered, whatever the status; `release`: the
        peer has confirmed the release. What comes after the end is ignored.
        """
        ended = list[Phase]()
        if self.ending:
            return ended
        try:
            self._stream.feed(data)
            while self.phase != "over" and (unit := self._stream.next()) is not None:
                before = self.phase
                if self._take(unit):
                    ended.append(before)
        except Malformed as fault:
            self._fault = str(fault)
            self._break_off(pdu.ABORT_BY_PROVIDER, "malformed")  # AA-8
        return ended

    def closed(self) -> None:
        """The peer has closed the connection."""
        if self.phase != "over":
            self._out = b""
            self._end("closed")

    def expire(self) -> None:
        """There is no more time: what the peer knows of is aborted."""
        if self.phase != "over":
            self._break_off(pdu.ABORT_BY_USER, "timeout")  # AA-1

    def problem(self) -> PollError | None:
        """Why the application entity is not verified; None: it is."""
        if self.outcome == words.STATUSES[0]:
            return None
        if self.outcome == "malformed":
            return Malformed(self._fault)
        if self.outcome in ("timeout", PENDING):
            return TimedOut("no answer")
        if self.outcome == "calling_ae_not_recognized":
            return Denied(self.outcome)  # a title is what a peer knows us by
        return Refused(self.outcome)

    def _take(self, unit: Unit) -> bool:
        """Whether the unit ended the phase well. The actions named here are those of PS3.8 tables 9-6 to 9-10."""
        if unit.type == stream.ABORT:  # AA-3
            self.abort = pdu.read_abort(unit.body)
            self._out = b""
            self._end("aborted")
            return False
        take = _TAKERS.get((self.phase, unit.type))
        if take is None:
            raise Malformed(f"a PDU of type {unit.type:#04x} in phase {self.phase}")
        return take(self, unit.body)

    def _accepted(self, body: bytes) -> bool:
        """A-ASSOCIATE-AC."""
        self.acceptance = pdu.read_acceptance(body)
        if self.acceptance.context != words.CONTEXT_RESULTS[0]:
            self._release(self.acceptance.context)
            return True
        if 0 < self.acceptance.max_length < _ROOM:
            raise Malformed("a maximum length that no verification fits in")
        self.phase = "echo"
        self._out += self._question
        return True

    def _rejected(self, body: bytes) -> bool:
        """A-ASSOCIATE-RJ: AE-4."""
        self.rejection = pdu.read_rejection(body)
        self.outcome = self.rejection.reason
        self._end("rejected")
        return False

    def _answered(self, body: bytes) -> bool:
        """P-DATA-TF while we wait for a response: DT-2."""
        whole = False
        for fragment in pdu.read_data(body):
            if whole:
                raise Malformed("more than one response")
            whole = fragment.last
            if len(self._command) + len(fragment.content) > dimse.LONGEST:
                raise Malformed(f"a command of more than {dimse.LONGEST} bytes")
            self._command += fragment.content
        if whole:
            response = dimse.read_response(self._command)
            if response.message_id != self._message_id:
                raise Malformed("a response to another message")
            self._release(words.status(response.status))
        return whole

    def _late(self, body: bytes) -> bool:
        """P-DATA-TF after we have asked for the release: AR-6, of no interest any more."""
        return False

    def _released(self, body: bytes) -> bool:
        """A-RELEASE-RP: AR-3."""
        self._end("released")
        return True

    def _release_asked(self, body: bytes) -> bool:
        """A-RELEASE-RQ: AR-2 and AR-4. The peer does not want to answer."""
        self._out += pdu.RELEASE_REPLY
        self._end("released")
        return False

    def _collision(self, body: bytes) -> bool:
        """A-RELEASE-RQ after ours: AR-8 and AR-9. Who has asked for the association answers first, and waits."""
        if self._collided:
            raise Malformed("a second A-RELEASE-RQ")
        self._collided = True
        self._out += pdu.RELEASE_REPLY
        return False

    def _release(self, outcome: str) -> None:
        self.outcome = outcome
        self.phase = "release"
        self._out += pdu.RELEASE_REQUEST  # AR-1

    def _break_off(self, abort: bytes, ending: Ending) -> None:
        """What was still to be written is dropped; who has not heard from us needs no abort."""
        self._out = abort if self._spoken else b""
        self._end(ending)

    def _end(self, ending: Ending) -> None:
        self.phase = "over"
        self.ending = ending
        if self.outcome == PENDING:
            self.outcome = ending


_TAKERS: dict[tuple[Phase, int], Callable[[Echo, bytes], bool]] = {
    ("associate", stream.ASSOCIATE_AC): Echo._accepted,
    ("associate", stream.ASSOCIATE_RJ): Echo._rejected,
    ("echo", stream.DATA): Echo._answered,
    ("echo", stream.RELEASE_RQ): Echo._release_asked,
    ("release", stream.DATA): Echo._late,
    ("release", stream.RELEASE_RQ): Echo._collision,
    ("release", stream.RELEASE_RP): Echo._released,
}
"""What a client may be sent in which phase; everything else is AA-8."""
