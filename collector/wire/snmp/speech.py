"""How questions and answers are dressed: what a conversation knows of SNMP's versions.

`dialogue.Survey` decides what to ask; a `Speech` turns that into a packet and a packet back into a PDU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from collector.errors import PollError
from collector.wire.snmp import message
from collector.wire.snmp.message import Head, Question


class Speech(Protocol):
    """One version of SNMP with its credentials, for one conversation."""

    bulk: bool
    """Whether there is GETBULK, and a varbind of a GET can say that there is no such thing."""

    overhead: int
    """Bytes by which a question is longer than one of v2c without a community."""

    refusal: PollError | None
    """Why further attempts are in vain, where the device has said so. It counts when patience ends without an
    answer: what cannot be authenticated must not end a conversation that goes well."""

    def request(
        self, question: Question, request_id: int, names: Sequence[bytes], repetitions: int, non_repeaters: int = 0
    ) -> bytes:
        """One message with one question; `names` are raw OIDs."""

    def read(self, packet: bytes) -> tuple[bytes, Head] | None:
        """The bytes in which the PDU lies, and its head. None: not an answer to us.

        The head's PDU is a RESPONSE, or a REPORT: the speech has learned from what came, and the same question may be
        asked again at once. Raises Malformed for what is no message of this version.
        """


class Community:
    """v1 (`version` 1) and v2c: a community in the clear."""

    __slots__ = ("_community", "_lead", "_version", "bulk", "overhead", "refusal")

    def __init__(self, version: int, community: bytes) -> None:
        self._version = message.V1 if version == 1 else message.V2C
        self._community = community
        self._lead = message.lead(self._version, community)
        self.bulk = self._version != message.V1
        self.overhead = len(community)
        self.refusal: PollError | None = None

    def request(
        self, question: Question, request_id: int, names: Sequence[bytes], repetitions: int, non_repeaters: int = 0
    ) -> bytes:
        return message.request(self._version, self._community, question, request_id, names, repetitions, non_repeaters)

    def read(self, packet: bytes) -> tuple[bytes, Head] | None:
        head = message.answer(packet, self._version, self._community, self._lead)
        if head is not None:
            return packet, head
        head = message.read(packet)
        if head.pdu != message.RESPONSE or head.version != self._version:
            return None
        return packet, head
