"""The one message that a probe may send, all that it may not, and the yes or no that comes back."""

from __future__ import annotations

import hl7 as theirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire import hl7

TIME, ID = "20250131235959", "WW-0001"
QUERY = "\n".join(
    (
        r"MSH|^~\&|WARDWATCH|MONITORING|TIE|HOSPITAL|||QBP^Z99^QBP_Q11||T|2.5.1",
        "QPD|Z99^Heartbeat|tag-1",
        "RCP|I|1^RD",
    )
)


def reply(code: str = "AA", control_id: str = ID, before: str = "", after: str = "") -> bytes:
    head = r"MSH|^~\&|TIE|HOSPITAL|WARDWATCH|MONITORING|20250131235959||ACK|991|T|2.5.1"
    return f"{head}\r{before}MSA|{code}|{control_id}{after}\r".encode()


def test_the_message_is_this_to_the_byte() -> None:
    assert hl7.template(QUERY).message(TIME, ID) == (
        rb"MSH|^~\&|WARDWATCH|MONITORING|TIE|HOSPITAL|20250131235959||QBP^Z99^QBP_Q11|WW-0001|T|2.5.1" + b"\r"
        b"QPD|Z99^Heartbeat|tag-1\r"
        b"RCP|I|1^RD\r"
    )


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_may_end_as_they_like_and_what_stood_in_the_two_fields_is_gone(end: str) -> None:
    text = QUERY.replace("|||QBP", "|19700101||QBP").replace("||T|", "|old|T|").replace("\n", end) + end
    assert hl7.template(text).message(TIME, ID) == hl7.template(QUERY).message(TIME, ID)


def test_other_marks_are_kept() -> None:
    message = hl7.template("MSH!@#$%*!WARDWATCH!!!!!!ZZT@Z01!!D!2.7").message(TIME, ID)
    assert message == b"MSH!@#$%*!WARDWATCH!!!!20250131235959!!ZZT@Z01!WW-0001!D!2.7\r"


HEAD = r"MSH|^~\&|WARDWATCH||||||QBP^Z99||T|2.5.1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "begins with MSH"),
        ("MSH", "begins with MSH"),
        ("MSHA^~\\&A", "begins with MSH"),
        ("MSH ^~\\& WARDWATCH", "begins with MSH"),
        ("QPD|Z99|1\n" + HEAD, "begins with MSH"),
        ("FHS|^~\\&\n" + HEAD, "begins with MSH"),
        (HEAD.replace("^~\\&", "^~\\"), "MSH-2"),
        (HEAD.replace("^~\\&", "^^\\&"), "MSH-2"),
        (HEAD.replace("^~\\&", "ABCD"), "MSH-2"),
        (HEAD.replace("|T|", "|P|"), "MSH-11"),
        (HEAD.replace("|T|", "||"), "MSH-11"),
        (HEAD.replace("|T|", "|t|"), "MSH-11"),
        (HEAD.replace("|T|", "|P^T|"), "MSH-11"),
        (HEAD.replace("|T|", "|T~P|"), "MSH-11"),
        (HEAD.replace("WARDWATCH", ""), "MSH-3"),
        (HEAD.replace("QBP^Z99", ""), "MSH-9"),
        (HEAD.replace("2.5.1", ""), "MSH-12"),
        (HEAD + "\n" + HEAD, "only one MSH"),
        (HEAD + "\nQPD|Q22^Find|tag|@PID.3^1234567890", "parameters"),
        (HEAD + "\nQPD|Q22^Find|tag||||x", "parameters"),
        (HEAD + "|KÖLN", "ASCII"),
        (HEAD + "|\x0b", "ASCII"),
        (HEAD + "|\x1c\r|", "ASCII"),
        (HEAD + "|" + "x" * 5_000, "4096"),
    ],
)
def test_what_may_not_be_sent_is_refused_when_the_configuration_is_read(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        hl7.template(text)


@pytest.mark.parametrize(
    "name",
    [
        "PID", "PD1", "PV1", "PV2", "NK1", "MRG", "OBR", "OBX", "ORC", "AL1", "DG1", "IN1", "GT1", "NTE", "EVN", "QRD",
        "QRF", "SPR", "ZPI", "MSA", "BHS", "FHS", "BTS", "pid", "QPDX", "RC", " QPD",
    ],
)  # fmt: skip
def test_no_other_segment_may_be_sent(name: str) -> None:
    """RELIABILITY T8 and S22: none that names a patient, none that tells of an event."""
    for text in (f"{HEAD}\n{name}", f"{HEAD}\n{name}|1|2", f"{QUERY}\r{name}|1"):
        with pytest.raises(ValueError, match="only one MSH, QPD and RCP"):
            hl7.template(text)


@pytest.mark.parametrize("time", ["20250131235959.1", "20250131235959.1234+0000", "20250131235959-0500"])
def test_times_may_have_a_fraction_and_a_zone(time: str) -> None:
    assert f"|{time}|".encode() in hl7.template(QUERY).message(time, ID)


@pytest.mark.parametrize(
    "time", ["", "20250131", "2025-01-31 23:59:59", "20250131235959|", "٢٠٢٥٠١٣١٢٣٥٩٥٩", "20250131235959\r"]
)
def test_what_is_no_time_is_a_fault_of_ours(time: str) -> None:
    with pytest.raises(ValueError, match="MSH-7"):
        hl7.template(QUERY).message(time, ID)


@pytest.mark.parametrize("control_id", ["", "x" * 21, "a|b", "a^b", "a b", "a\rPID|1", "ä"])
def test_what_is_no_control_id_is_a_fault_of_ours(control_id: str) -> None:
    with pytest.raises(ValueError, match="MSH-10"):
        hl7.template(QUERY).message(TIME, control_id)


@pytest.mark.parametrize("code", ["AA", "AE", "AR", "CA", "CE", "CR"])
def test_every_code_is_told(code: str) -> None:
    assert hl7.acknowledgement(reply(code), ID) == code
    assert (code in hl7.ACCEPTED) == (code in ("AA", "CA"))


@pytest.mark.parametrize(
    "message",
    [
        reply(after="|all is well|||0"),
        reply(before="SFT|vendor|1.0|product|id\r"),
        reply(after="\rERR|||207^^HL70357|E\rPID|1||NOT-A-PATIENT"),
        reply().replace(b"\r", b"\n"),
        reply().replace(b"\r", b"\r\n"),
        reply().replace(b"|", b"!").replace(rb"^~\&", b"@"),
        reply().rstrip(),
        rb"MSH|^~\&" + b"\rMSA|AA|WW-0001",
    ],
)
def test_replies_in_other_forms_are_read(message: bytes) -> None:
    assert hl7.acknowledgement(message, ID) == "AA"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"A",
        b"MSH",
        b"MSH|",
        b"MSHAXAMSA",
        b"MSH\xff^~\\&\xff\rMSA\xffAA\xffWW-0001",
        reply()[1:],
        b"\r" + reply(),
        reply().split(b"MSA")[0],
        reply() + b"MSA|AA|WW-0001\r",
        reply("AB"),
        reply("aa"),
        reply(""),
        reply("AA^x"),
        reply(control_id=""),
        reply(control_id="WW-00011"),
        reply(control_id="WW-0001^x"),
        reply().replace(b"|WW-0001", b""),
        reply().replace(rb"^~\&", b""),
        reply().replace(rb"^~\&", b"ABC"),
        reply().replace(rb"^~\&", b"^^"),
        reply().replace(rb"^~\&", rb"^~\&#!"),
        reply().replace(b"MSA|", b"MSA^"),
    ],
)
def test_what_acknowledges_nothing_of_ours_is_malformed(message: bytes) -> None:
    with pytest.raises(Malformed):
        hl7.acknowledgement(message, ID)


@pytest.mark.parametrize("message", [reply("CANARY"), reply(control_id="CANARY"), b"CANARY", b"MSH|CANARY|\rMSA|AA|X"])
def test_nothing_of_a_reply_is_in_an_error(message: bytes) -> None:
    """RELIABILITY S22."""
    with pytest.raises(Malformed) as caught:
        hl7.acknowledgement(message, ID)
    assert "CANARY" not in repr(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


PARTS = st.one_of(st.sampled_from([b"MSH", b"|", rb"^~\&", b"\r", b"MSA", b"AA", ID.encode()]), st.binary(max_size=8))


@given(st.lists(PARTS, max_size=20).map(b"".join))
def test_random_replies_raise_malformed_and_nothing_else(data: bytes) -> None:
    try:
        assert hl7.acknowledgement(data, ID) in hl7.CODES.values()
    except Malformed:
        pass


FIELDS = st.sampled_from(["", "PID", "T", "P", "1^2", "@PID.3^1", " ", "\r", "\n", "\rPID|1", "\u2028PID|1"])
SEGMENTS = st.sampled_from(["MSH", "QPD", "RCP", "PID", "EVN", "QPD ", "Z"])
TEMPLATES = st.builds(
    lambda last, rest: "\n".join([f"{HEAD}|{last}", *["|".join((name, *fields)) for name, fields in rest]]),
    FIELDS,
    st.lists(st.tuples(SEGMENTS, st.lists(FIELDS, max_size=4)), max_size=3),
)


@given(TEMPLATES)
def test_whatever_a_template_holds_a_message_is_a_test_that_names_no_patient(text: str) -> None:
    try:
        template = hl7.template(text)
    except ValueError:
        return
    read = theirs.parse(template.message(TIME, ID).decode("ascii"))
    assert {str(segment[0]) for segment in read} <= {"MSH", "QPD", "RCP"}
    assert str(read["MSH.F11"]) in "TD"
    for query in (segment for segment in read if str(segment[0]) == "QPD"):
        assert not any(str(field) for field in list(query)[3:])


def test_the_hl7_package_reads_our_message_and_we_its_acknowledgement() -> None:
    read = theirs.parse(hl7.template(QUERY).message(TIME, ID).decode("ascii"))
    assert (str(read["MSH.F7"]), str(read["MSH.F10"]), str(read["MSH.F11"])) == (TIME, ID, "T")
    assert str(read["QPD.F2"]) == "tag-1"
    for code in ("AA", "AE", "AR"):
        answer = read.create_ack(code, message_id="991", application="TIE", facility="HOSPITAL")
        assert hl7.acknowledgement(str(answer).encode(), ID) == code
