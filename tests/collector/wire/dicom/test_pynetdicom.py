"""pynetdicom as second opinion: it reads what we write, we read what it writes, and it is the other side."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.dimse_messages import C_ECHO_RQ, C_ECHO_RSP
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP, A_RELEASE_RQ
from pynetdicom.pdu import P_DATA_TF as P_DATA
from pynetdicom.sop_class import CTImageStorage, Verification

from collector.wire.dicom import dimse, pdu
from collector.wire.dicom.echo import Echo
from tests.collector.dicom import listening
from tests.collector.wire.dicom import peer


def theirs(kind: Callable[[], Any], packet: bytes) -> Any:
    """What pynetdicom reads, after it has written the same bytes again."""
    read = kind()
    read.decode(packet)
    assert read.encode() == packet
    return read


def test_it_reads_our_request_for_an_association() -> None:
    primitive = theirs(
        A_ASSOCIATE_RQ, pdu.associate_request(pdu.ae_title("PACS"), pdu.ae_title("WARDWATCH"))
    ).to_primitive()
    assert (primitive.called_ae_title, primitive.calling_ae_title) == ("PACS", "WARDWATCH")
    assert primitive.application_context_name == "1.2.840.10008.3.1.1.1"
    (context,) = primitive.presentation_context_definition_list
    assert (context.context_id, context.abstract_syntax) == (1, Verification)
    assert context.transfer_syntax == [ImplicitVRLittleEndian]
    length, identity, version = primitive.user_information
    assert length.maximum_length_received == pdu.MAX_LENGTH
    assert identity.implementation_class_uid == pdu.IMPLEMENTATION_UID.decode()
    assert identity.implementation_class_uid.is_valid
    assert version.implementation_version_name == "WARDWATCH"


def test_it_reads_our_other_units() -> None:
    theirs(A_RELEASE_RQ, pdu.RELEASE_REQUEST)
    theirs(A_RELEASE_RP, pdu.RELEASE_REPLY)
    assert theirs(A_ABORT_RQ, pdu.ABORT_BY_USER).source == 0
    by_provider = theirs(A_ABORT_RQ, pdu.ABORT_BY_PROVIDER)
    assert (by_provider.source, by_provider.reason_diagnostic) == (2, 0)


def test_it_reads_our_question_and_would_ask_the_same() -> None:
    packet = pdu.data(dimse.echo_request(4711))
    message = C_ECHO_RQ()
    assert message.decode_msg(theirs(P_DATA, packet).to_primitive())
    asked = message.message_to_primitive()
    assert (asked.MessageID, asked.AffectedSOPClassUID) == (4711, Verification)
    again = C_ECHO_RQ()
    again.primitive_to_message(asked)
    (primitive,) = again.encode_msg(1, pdu.MAX_LENGTH)
    own = P_DATA()
    own.from_primitive(primitive)
    assert own.encode() == packet


@pytest.mark.parametrize("status", [0x0000, 0x0122, 0x0210, 0x0211, 0x0212])
@pytest.mark.parametrize("length", [16_382, 40])
def test_we_read_its_answers_in_one_fragment_and_in_many(status: int, length: int) -> None:
    answer = C_ECHO()
    answer.MessageIDBeingRespondedTo = 7
    answer.AffectedSOPClassUID = Verification
    answer.Status = status
    message = C_ECHO_RSP()
    message.primitive_to_message(answer)
    command, units = b"", 0
    for primitive in message.encode_msg(1, length):
        own = P_DATA()
        own.from_primitive(primitive)
        command += b"".join(fragment.content for fragment in pdu.read_data(own.encode()[6:]))
        units += 1
    assert (units > 1) == (length == 40)
    assert dimse.read_response(command) == (7, status)


REJECTIONS = [(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)]


@pytest.mark.parametrize("result", [1, 2])
@pytest.mark.parametrize(("source", "reason"), REJECTIONS)
def test_it_reads_every_rejection_as_we_do(result: int, source: int, reason: int) -> None:
    packet = peer.reject(result, source, reason)
    read = theirs(A_ASSOCIATE_RJ, packet)
    ours = pdu.read_rejection(packet[6:])
    assert ours.result == {"Rejected (Permanent)": "rejected_permanent"}.get(read.result_str, "rejected_transient")
    text = read.reason_str.lower().replace(" name ", " ").replace(" title ", " ")
    assert ours.reason.replace("_", " ").replace("recognized", "recognised") in text.replace("-", " ").replace(
        "recognized", "recognised"
    )


def test_it_reads_our_hand_made_acceptance_as_we_do() -> None:
    read = theirs(A_ASSOCIATE_AC, peer.accept())
    ours = pdu.read_acceptance(peer.accept()[6:])
    assert read.user_information.maximum_length == ours.max_length
    assert read.user_information.implementation_class_uid == ours.implementation_uid
    assert read.user_information.implementation_version_name == ours.implementation_version


class Heard(list[str]):
    """What a peer has received, by the names of pynetdicom's units."""

    def note(self, event: Any) -> None:
        self.append(type(event.pdu).__name__)


@contextmanager
def entity(
    heard: Heard, context: str = Verification, syntax: str = ImplicitVRLittleEndian, **settings: Any
) -> Iterator[Any]:
    """A pynetdicom application entity on a port of its own; `handlers` are added to that which notes."""
    handlers = [(evt.EVT_PDU_RECV, heard.note), *settings.pop("handlers", ())]
    ae = AE("PACS")
    ae.add_supported_context(context, syntax)
    for name, value in settings.items():
        setattr(ae, name, value)
    with listening(ae, handlers) as server:
        yield server


def converse(server: Any, echo: Echo, until: str = "over") -> tuple[list[str], socket.socket]:
    """Drives an echo over a socket until that phase; the phases ended, and the socket."""
    ended = list[str]()
    link = socket.create_connection(server.server_address[:2], timeout=10)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while (out := echo.send()) is not None and echo.phase != until:
        link.sendall(out)
        data = link.recv(65_536) if echo.phase != "over" else b""
        if data:
            ended += echo.receive(data)
        else:
            echo.closed()
    return ended, link


DIALOGUE = ["A_ASSOCIATE_RQ", "P_DATA_TF", "A_RELEASE_RQ"]


def test_an_entity_is_verified_and_nothing_else_is_sent() -> None:
    heard = Heard()
    with entity(heard) as server:
        for message_id in range(20):
            echo = Echo("PACS", "WARDWATCH", message_id)
            ended, link = converse(server, echo)
            link.close()
            assert (ended, echo.outcome, echo.ending) == (["associate", "echo", "release"], "success", "released")
            assert echo.problem() is None
    assert heard == DIALOGUE * 20
    assert echo.acceptance is not None
    assert echo.acceptance.implementation_version.startswith("PYNETDICOM")


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"require_called_aet": True}, "called_ae_not_recognized"),
        ({"require_calling_aet": ["SOMEBODY"]}, "calling_ae_not_recognized"),
    ],
)
def test_an_entity_that_does_not_know_us_is_left_alone(settings: dict[str, Any], outcome: str) -> None:
    heard = Heard()
    with entity(heard, **settings) as server:
        echo = Echo("OTHER", "WARDWATCH", 1)
        _, link = converse(server, echo)
        link.close()
    assert (echo.outcome, echo.ending) == (outcome, "rejected")
    assert echo.rejection == ("rejected_permanent", "service_user", outcome)
    assert heard == ["A_ASSOCIATE_RQ"]


def test_an_entity_that_has_enough_associations_says_so() -> None:
    heard = Heard()
    with entity(heard, maximum_associations=1) as server:
        first = Echo("PACS", "WARDWATCH", 1)
        _, held = converse(server, first, until="echo")
        second = Echo("PACS", "WARDWATCH", 2)
        _, link = converse(server, second)
        link.close()
        first.expire()
        out = first.send()
        assert out is not None
        held.sendall(out)
        assert held.recv(100) == b""
        held.close()
    assert second.outcome == "local_limit_exceeded"
    assert second.rejection == ("rejected_transient", "service_provider_presentation", "local_limit_exceeded")
    assert heard.count("A_ABORT_RQ") == 1


@pytest.mark.parametrize(
    ("context", "syntax", "outcome"),
    [
        (CTImageStorage, ImplicitVRLittleEndian, "abstract_syntax_not_supported"),
        (Verification, ExplicitVRLittleEndian, "transfer_syntaxes_not_supported"),
    ],
)
def test_an_entity_that_does_not_verify_is_released(context: str, syntax: str, outcome: str) -> None:
    heard = Heard()
    with entity(heard, context, syntax) as server:
        echo = Echo("PACS", "WARDWATCH", 1)
        ended, link = converse(server, echo)
        link.close()
    assert (echo.outcome, echo.ending, ended) == (outcome, "released", ["associate", "release"])
    assert heard == ["A_ASSOCIATE_RQ", "A_RELEASE_RQ"]


def refuse(event: Any) -> int:
    return 0x0122


def give_up(event: Any) -> int:
    event.assoc.abort()
    return 0


@pytest.mark.parametrize(
    ("handler", "outcome", "ending", "sent"),
    [
        (refuse, "sop_class_not_supported", "released", DIALOGUE),
        (give_up, "aborted", "aborted", DIALOGUE[:2]),
    ],
)
def test_an_entity_that_answers_otherwise_is_understood(
    handler: Callable[[Any], int], outcome: str, ending: str, sent: list[str]
) -> None:
    heard = Heard()
    with entity(heard, handlers=[(evt.EVT_C_ECHO, handler)]) as server:
        echo = Echo("PACS", "WARDWATCH", 1)
        _, link = converse(server, echo)
        link.close()
    assert (echo.outcome, echo.ending) == (outcome, ending)
    assert heard == sent
