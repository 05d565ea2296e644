"""DNS: does a server answer a question, with the code and the records that it should.

blackbox_exporter's `dns` (CONTRACTS 6): the device is the server, the module says what it is asked. Messages are read
and written by dnspython.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final, Literal

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from collector.errors import Malformed, NoData
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, Seconds, Target, Tls
from collector.probing import Report, attempt, in_family
from collector.probing.place import place, unfit
from collector.probing.question import Question
from collector.probing.tls import secure

PHASES = Family("probe_dns_duration_seconds", "How long each phase took.")
ANSWERS = Family("probe_dns_answer_rrs", "Records in the answer section.")
AUTHORITIES = Family("probe_dns_authority_rrs", "Records in the authority section.")
ADDITIONALS = Family("probe_dns_additional_rrs", "Records in the additional section.")
SUCCEEDED = Family("probe_dns_query_succeeded", "1: the server answered, whatever the answer.")
SERIAL = Family("probe_dns_serial", "Serial number of the zone, where its SOA record was asked for.")

_PORTS: Final = {False: 53, True: 853}


@dataclass(frozen=True, slots=True)
class Records:
    """What records of a section must or must not be, each as text: name, TTL, class, type and data."""

    fail_if_matches_regexp: tuple[re.Pattern[str], ...] = ()
    fail_if_all_match_regexp: tuple[re.Pattern[str], ...] = ()
    fail_if_not_matches_regexp: tuple[re.Pattern[str], ...] = ()
    fail_if_none_matches_regexp: tuple[re.Pattern[str], ...] = ()

    def fail(self, records: Sequence[str]) -> bool:
        """Whether a section fails. An empty one does where something is expected of its records."""
        if not records:
            return bool(self.fail_if_not_matches_regexp or self.fail_if_none_matches_regexp)
        if any(each.search(record) for each in self.fail_if_matches_regexp for record in records):
            return True
        if not all(each.search(record) for each in self.fail_if_not_matches_regexp for record in records):
            return True
        every = self.fail_if_all_match_regexp
        if every and all(each.search(record) for each in every for record in records):
            return True
        none = self.fail_if_none_matches_regexp
        return bool(none) and not any(each.search(record) for each in none for record in records)


NO_RULES: Final = Records()


@dataclass(frozen=True, slots=True)
class Dns:
    """Asks a server one question."""

    name: ClassVar[str] = "dns"
    lasting: ClassVar[bool] = True

    query_name: str
    query_type: str = "ANY"
    query_class: str = "IN"
    recursion_desired: bool = True
    transport_protocol: Literal["udp", "tcp"] = "udp"
    dns_over_tls: bool = False
    tls_config: Tls = NO_TLS
    preferred_ip_protocol: Literal["ip4", "ip6"] = "ip6"
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    valid_rcodes: tuple[str, ...] = ("NOERROR",)
    validate_answer_rrs: Records = NO_RULES
    validate_authority_rrs: Records = NO_RULES
    validate_additional_rrs: Records = NO_RULES
    timeout: Seconds = UNBOUNDED
    asked: dns.name.Name = field(init=False, repr=False, default=dns.name.root)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "asked", dns.name.from_text(self.query_name))
            dns.rdatatype.from_text(self.query_type)
            dns.rdataclass.from_text(self.query_class)
            for code in self.valid_rcodes:
                dns.rcode.from_text(code)
        except dns.exception.DNSException as error:
            raise ValueError(f"cannot be asked: {error}") from error

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit(at, port=_PORTS[self.dns_over_tls])

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._probe, target, edge))

    async def _probe(self, target: Target, edge: Edge, report: Report) -> None:
        for family in (ANSWERS, AUTHORITIES, ADDITIONALS, SUCCEEDED):
            report.set(family, 0.0)
        for phase in ("resolve", "connect", "request"):
            report.set(PHASES, 0.0, phase=phase)
        in_family(report, target.device.address, self.preferred_ip_protocol, fallback=self.ip_protocol_fallback)
        query = dns.message.make_query(self.asked, self.query_type, self.query_class)
        if not self.recursion_desired:
            query.flags &= ~dns.flags.RD
        over = self._over_tcp if self.transport_protocol == "tcp" or self.dns_over_tls else self._over_udp
        answer = await over(query, target, edge, report)
        report.set(SUCCEEDED, 1.0)
        self._judge(answer, report)

    async def _over_udp(
        self, query: dns.message.Message, target: Target, edge: Edge, report: Report
    ) -> dns.message.Message:
        answers: list[dns.message.Message] = []

        def take(packet: bytes) -> bool:
            answer = _read(packet)
            if query.is_response(answer):
                answers.append(answer)
            return bool(answers)

        began = edge.clock()
        question = Question(edge, "dns", query.to_wire, take)
        await edge.udp(question, place(target.at).port or _PORTS[False])
        question.settle()
        report.set(PHASES, edge.clock() - began, phase="request")
        return answers[0]

    async def _over_tcp(
        self, query: dns.message.Message, target: Target, edge: Edge, report: Report
    ) -> dns.message.Message:
        """Each message behind its length in two bytes (RFC 7766 section 8)."""
        where = place(target.at)
        stream = await edge.connect(where.port or _PORTS[self.dns_over_tls], self.source_ip_address)
        report.set(PHASES, stream.seconds, phase="connect")
        if self.dns_over_tls:
            await secure(stream, self.tls_config, where.host or target.device.address, edge, report)
        began = edge.clock()
        wire = query.to_wire()
        await stream.send(len(wire).to_bytes(2, "big") + wire)
        data = b""
        while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2], "big"):
            if not (more := await stream.receive()):
                raise Malformed("the connection ended before the answer", word="closed")
            data += more
        report.set(PHASES, edge.clock() - began, phase="request")
        answer = _read(data[2 : 2 + int.from_bytes(data[:2], "big")])
        if not query.is_response(answer):
            raise Malformed("an answer to another question")
        return answer

    def _judge(self, answer: dns.message.Message, report: Report) -> None:
        sections = [_texts(section) for section in (answer.answer, answer.authority, answer.additional)]
        for family, texts in zip((ANSWERS, AUTHORITIES, ADDITIONALS), sections, strict=True):
            report.set(family, len(texts))
        for found in answer.answer:
            if found.rdtype == dns.rdatatype.SOA and self.query_type == "SOA":
                report.set(SERIAL, found[0].serial)
        if dns.rcode.to_text(answer.rcode()) not in self.valid_rcodes:
            raise NoData(f"the answer's code is {dns.rcode.to_text(answer.rcode())}", word="rcode")
        rules = (self.validate_answer_rrs, self.validate_authority_rrs, self.validate_additional_rrs)
        if any(rule.fail(texts) for rule, texts in zip(rules, sections, strict=True)):
            raise NoData("a record is not as it should be", word="regex")


def _read(packet: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(packet, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError) as error:
        raise Malformed(f"no DNS message: {type(error).__name__}") from error


def _texts(section: Sequence[object]) -> list[str]:
    """Records as Go's library writes them: name, TTL, class, type and data, with tabs between."""
    return [
        "\t".join((found.name.to_text(), str(found.ttl), dns.rdataclass.to_text(found.rdclass),  # type: ignore[attr-defined]
                   dns.rdatatype.to_text(found.rdtype), record.to_text()))  # type: ignore[attr-defined]
        for found in section
        for record in found  # type: ignore[attr-defined]
    ]  # fmt: skip
