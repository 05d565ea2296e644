"""HTTP and HTTPS: does a page answer, with the status, the headers and the text that it should.

blackbox_exporter's `http` (CONTRACTS 6), over HTTP/1.1. Two differences, both for safety: connections go to the
device's own address only, so that a redirect elsewhere ends the probe (RELIABILITY S1), and there are no proxies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import ClassVar, Final, Literal
from urllib.parse import urljoin

from collector.errors import NoData
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, Seconds, Secret, Stream, Target, Tls
from collector.probing import Report, attempt, in_family
from collector.probing.http import AGENT, BODY, Answer, Exchange, Request, basic
from collector.probing.place import PORTS, Place, host_header, place, unfit, whole
from collector.probing.tls import CIPHER, secure

STATUS = Family("probe_http_status_code", "Status code of the last answer.")
LENGTH = Family("probe_http_content_length", "Length of the body as the headers say it, in bytes; -1: they do not.")
SIZE = Family("probe_http_uncompressed_body_length", "Length of the body in bytes, uncompressed.")
REDIRECTS = Family("probe_http_redirects", "Redirects that were followed.")
SSL = Family("probe_http_ssl", "1: the last answer came over TLS.")
HTTP = Family("probe_http_version", "Version of HTTP of the last answer.")
PHASES = Family("probe_http_duration_seconds", "How long each phase took, redirects included.")
REGEX = Family("probe_failed_due_to_regex", "1: the probe failed for a regular expression.")
MODIFIED = Family("probe_http_last_modified_timestamp_seconds", "Unix time of the Last-Modified header.")

MOST_REDIRECTS: Final = 10
"""As browsers and Go's client have it."""

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 9.2.1)."""

_UNITS: Final = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_SIZE = re.compile(r"([1-9][0-9]{0,6})([KMG]?B)?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header that fails the probe: where it matches, or where it does not, by the list that it stands in."""

    header: str
    regexp: re.Pattern[str]
    allow_missing: bool = False


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user and a password."""

    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Authorization:
    """The Authorization header."""

    type: str = "Bearer"
    credentials: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Http:
    """Asks for a page, follows redirects on the same device, and judges the answer."""

    name: ClassVar[str] = "http"
    lasting: ClassVar[bool] = True

    valid_status_codes: tuple[int, ...] = ()
    """Empty: 200 to 299."""
    valid_http_versions: tuple[str, ...] = ()
    preferred_ip_protocol: Literal["ip4", "ip6"] = "ip6"
    ip_protocol_fallback: bool = True
    no_follow_redirects: bool = False
    follow_redirects: bool = True
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    fail_if_body_matches_regexp: tuple[re.Pattern[str], ...] = ()
    fail_if_body_not_matches_regexp: tuple[re.Pattern[str], ...] = ()
    fail_if_header_matches: tuple[HeaderMatch, ...] = ()
    fail_if_header_not_matches: tuple[HeaderMatch, ...] = ()
    body: str = ""
    compression: Literal["", "gzip", "deflate", "identity"] = ""
    body_size_limit: str = ""
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    bearer_token: Secret = field(default_factory=lambda: Secret(""))
    tls_config: Tls = NO_TLS
    enable_http2: bool = True
    """Read and without effect: what is spoken here is HTTP/1.1."""
    timeout: Seconds = UNBOUNDED

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method) or self.method == "CONNECT":
            raise ValueError(f"method: {self.method!r} is no method that a page is asked for with")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or not value.isprintable():
                raise ValueError(f"headers: {name!r} or its value cannot be sent")
        if sum((self.basic_auth is not None, self.authorization is not None, bool(self.bearer_token.reveal()))) > 1:
            raise ValueError("basic_auth, authorization and bearer_token exclude each other")
        self.most()

    def most(self) -> int:
        """Bytes of a body that are read."""
        if not self.body_size_limit:
            return BODY
        match = _SIZE.fullmatch(self.body_size_limit)
        if match is None:
            raise ValueError("body_size_limit: write it like 512KB or 10MB")
        return int(match[1]) * _UNITS[match[2] or "B"]

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        if self.method not in SAFE and device.device_class != "it":
            return f"would send a {self.method}: a {device.device_class} device is only read (RELIABILITY S10)"
        if found := unfit(at, needs_port=False):
            return found
        where = place(at)
        if where.scheme not in ("", "http", "https"):
            return f"has a target of scheme {where.scheme!r}: write http or https"
        return "has a target with credentials in it: write basic_auth in the module" if where.user else ""

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, _Visit(self, target, edge).run)


class _Visit:
    """One probe under way."""

    def __init__(self, probe: Http, target: Target, edge: Edge) -> None:
        self._probe = probe
        self._device = target.device
        self._edge = edge
        self._first = whole(place(target.at), target.device.address)
        self._phases = {"resolve": 0.0}
        self._redirects = 0

    async def run(self, report: Report) -> None:
        probe = self._probe
        for family in (STATUS, LENGTH, SIZE, REDIRECTS, SSL, HTTP, REGEX):
            report.set(family, 0.0)
        where, method = self._first, probe.method
        try:
            in_family(report, self._device.address, probe.preferred_ip_protocol, fallback=probe.ip_protocol_fallback)
            self._phases |= dict.fromkeys(("connect", "tls", "processing", "transfer"), 0.0)
            while True:
                stream, answer, exchange = await self._ask(where, method, report)
                try:
                    following = self._next(where, answer)
                finally:
                    report.set(REDIRECTS, self._redirects)
                if following is None:
                    break
                if answer.status in (301, 302, 303) and method not in ("GET", "HEAD"):
                    method = "GET"  # as Go's client and every browser do (RFC 9110 15.4)
                stream.close()
                where = following
            await self._judge(where, answer, exchange, report)
        finally:
            for phase, seconds in self._phases.items():
                report.set(PHASES, seconds, phase=phase)

    async def _ask(self, where: Place, method: str, report: Report) -> tuple[Stream, Answer, Exchange]:
        """The head of the answer at one place."""
        probe = self._probe
        headers = {name: value for name, value in probe.headers.items() if name.lower() != "host"}
        host = next((value for name, value in probe.headers.items() if name.lower() == "host"), "")
        stream = await self._edge.connect(where.port)
        self._phases["connect"] += stream.seconds
        if where.scheme == "https":
            name = host.partition(":")[0] or where.host
            self._phases["tls"] += await secure(stream, probe.tls_config, name, self._edge, report)
            if stream.session is not None:
                report.set(CIPHER, 1.0, cipher=stream.session.cipher)
        report.set(SSL, float(where.scheme == "https"))
        exchange = Exchange(stream, self._edge.clock)
        sent = [("Host", host or host_header(where)), *headers.items(), *self._more(headers)]
        answer = await exchange.ask(Request(method, where.path or "/", sent, self._content(method)))
        self._phases["processing"] += answer.processing
        report.set(STATUS, answer.status)
        report.set(HTTP, float(answer.version))
        return stream, answer, exchange

    def _content(self, method: str) -> bytes:
        return self._probe.body.encode() if method == self._probe.method else b""

    def _more(self, headers: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        """Headers that a request has unless the module says otherwise."""
        probe, said = self._probe, {name.lower() for name in headers}
        more = {"User-Agent": AGENT, "Connection": "close", "Accept-Encoding": probe.compression}
        if probe.basic_auth is not None:
            more["Authorization"] = basic(probe.basic_auth.username, probe.basic_auth.password.reveal())
        elif probe.authorization is not None:
            more["Authorization"] = f"{probe.authorization.type} {probe.authorization.credentials.reveal()}"
        elif token := probe.bearer_token.reveal():
            more["Authorization"] = f"Bearer {token}"
        if probe.body or probe.method not in ("GET", "HEAD"):
            more["Content-Length"] = str(len(probe.body.encode()))
        return [(name, value) for name, value in more.items() if value and name.lower() not in said]

    def _next(self, where: Place, answer: Answer) -> Place | None:
        """Where a redirect leads; None: the answer is the last. Raises `NoData`."""
        probe = self._probe
        location = answer.header("location")
        if answer.status not in (301, 302, 303, 307, 308) or not location:
            return None
        self._redirects += 1  # the peer counts one that it does not follow, too
        if not probe.follow_redirects or probe.no_follow_redirects:
            return None
        if self._redirects > MOST_REDIRECTS:
            raise NoData(f"more than {MOST_REDIRECTS} redirects", word="redirects")
        try:
            found = place(_joined(where, location[0]))
        except ValueError:
            raise NoData("the redirect leads to what is no URL", word="redirect_elsewhere") from None
        if found.scheme not in PORTS or found.host not in (where.host, self._first.host, self._device.address):
            raise NoData("the redirect leads to another host, which is not contacted", word="redirect_elsewhere")
        return whole(found, self._device.address)

    async def _judge(self, where: Place, answer: Answer, exchange: Exchange, report: Report) -> None:
        """Raises `NoData` where the answer is not as it should be; all of it is looked at first."""
        probe, failures = self._probe, list[str]()
        wanted = probe.valid_status_codes
        if not (answer.status in wanted if wanted else 200 <= answer.status < 300):
            failures.append("status")
        report.set(LENGTH, answer.length)
        if modified := answer.header("last-modified"):
            try:
                report.set(MODIFIED, parsedate_to_datetime(modified[0]).timestamp())
            except ValueError:
                pass  # no date
        headers_fail = not failures and _headers_fail(probe, answer)
        expressions = probe.fail_if_body_matches_regexp or probe.fail_if_body_not_matches_regexp
        keep = bool(expressions) and not failures and not headers_fail
        try:
            await exchange.read(answer, keep=keep, most=probe.most(), encoding=probe.compression)
        finally:
            report.set(SIZE, answer.size)
            self._phases["transfer"] += answer.transfer
        if headers_fail or (keep and _body_fails(probe, answer.body)):
            report.set(REGEX, 1.0)
            failures.append("regex")
        if probe.valid_http_versions and f"HTTP/{answer.version}" not in probe.valid_http_versions:
            failures.append("http_version")
        if probe.fail_if_ssl and where.scheme == "https":
            failures.append("ssl")
        if probe.fail_if_not_ssl and where.scheme != "https":
            failures.append("not_ssl")
        if failures:
            raise NoData(f"the answer is not as it should be: {', '.join(failures)}", word=failures[0])


def _joined(where: Place, location: str) -> str:
    return urljoin(f"{where.scheme}://{host_header(where)}{where.path}", location).partition("#")[0]


def _headers_fail(probe: Http, answer: Answer) -> bool:
    for rules, fails_on_match in ((probe.fail_if_header_matches, True), (probe.fail_if_header_not_matches, False)):
        for rule in rules:
            values = answer.header(rule.header)
            if not values:
                if not rule.allow_missing:
                    return True
                continue
            if any(rule.regexp.search(value) for value in values) is fails_on_match:
                return True
    return False


def _body_fails(probe: Http, body: bytes) -> bool:
    text = body.decode("utf-8", "replace")
    return any(each.search(text) for each in probe.fail_if_body_matches_regexp) or not all(
        each.search(text) for each in probe.fail_if_body_not_matches_regexp
    )
