"""FHIR: does a server say what it can do (`GET [base]/metadata`), in which version, and how quickly.

Nothing but the capability statement is asked for, and of that nothing but its kind, version and status is kept
(RELIABILITY S10, S22). A token, where one is needed, comes from an endpoint on the same device (RELIABILITY S1).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import quote_plus, urlencode

from collector.errors import Denied, Malformed, NoData
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, Seconds, Secret, Target, Tls
from collector.probing import Report, attempt
from collector.probing.http import AGENT, Answer, Exchange, Request, basic, granted
from collector.probing.place import Place, host_header, place, unfit_url, whole
from collector.probing.tls import secure

STATUS = Family("probe_fhir_status_code", "Status code of the answer.")
PHASES = Family("probe_fhir_duration_seconds", "How long each phase took.")
INFO = Family("probe_fhir_info", "1: what the capability statement says of the server.")

STATEMENTS: Final = frozenset({"CapabilityStatement", "Conformance"})
"""`Conformance` is what DSTU2 calls it."""
VERSIONS: Final = frozenset({"1.0.2", "3.0.1", "3.0.2", "4.0.0", "4.0.1", "4.3.0", "4.3.0-cibuild", "5.0.0"})
"""Published versions of FHIR; any other is `other` in a label."""
STATUSES: Final = frozenset({"draft", "active", "retired", "unknown"})
"""PublicationStatus (FHIR R4, value set `publication-status`)."""

EARLY: Final = 30.0
"""Seconds before its end at which a token is fetched anew."""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Client credentials (RFC 6749 4.4), asked for at a path of the same device."""

    client_id: str
    client_secret: Secret
    token_path: str
    scope: str = "system/*.read"

    def __post_init__(self) -> None:
        if not self.token_path.startswith("/"):
            raise ValueError("token_path: write the path of the token endpoint, such as /auth/token")


class Token:
    """A token that was fetched, until monotonic seconds."""

    __slots__ = ("until", "value")

    def __init__(self) -> None:
        self.value = ""
        self.until = 0.0


@dataclass(frozen=True, slots=True)
class Fhir:
    """Asks for the capability statement. A target is the base URL: `https://ehr.example/fhir`."""

    name: ClassVar[str] = "fhir"
    lasting: ClassVar[bool] = True

    fhir_versions: tuple[str, ...] = ()
    """Those that are expected; empty: any."""
    oauth2: OAuth2 | None = None
    bearer_token: Secret = field(default_factory=lambda: Secret(""))
    tls_config: Tls = NO_TLS
    timeout: Seconds = UNBOUNDED

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit_url(at)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._probe, target, edge))

    async def _probe(self, target: Target, edge: Edge, report: Report) -> None:
        base = whole(place(target.at), target.device.address)
        headers = [("Accept", "application/fhir+json")]
        if token := await self._token(base, edge, report):
            headers.append(("Authorization", f"Bearer {token}"))
        path = f"{base.path.rstrip('/')}/metadata"
        answer = await self._ask(base, Request("GET", path, headers), edge, report)
        report.set(STATUS, answer.status)
        try:
            granted(answer)
        except Denied:
            edge.memory(Token).value = ""
            raise
        statement = _statement(answer)
        report.set(INFO, 1.0, **statement)
        if self.fhir_versions and statement["version"] not in self.fhir_versions:
            raise NoData(f"FHIR {statement['version']} is not what is expected", word="version")

    async def _ask(self, base: Place, request: Request, edge: Edge, report: Report, phase: str = "") -> Answer:
        """One request on a connection of its own. Its times are the report's, unless they are all of `phase`."""
        began = edge.clock()
        stream = await edge.connect(base.port)
        if base.scheme == "https":
            seconds = await secure(stream, self.tls_config, base.host, edge, report)
            if not phase:
                report.set(PHASES, seconds, phase="tls")
        exchange = Exchange(stream, edge.clock)
        common = [("Host", host_header(base)), ("User-Agent", AGENT), ("Connection", "close")]
        answer = await exchange.ask(Request(request.method, request.path, [*common, *request.headers], request.body))
        await exchange.read(answer, keep=True)
        stream.close()
        if phase:
            report.set(PHASES, edge.clock() - began, phase=phase)
        else:
            report.set(PHASES, stream.seconds, phase="connect")
            report.set(PHASES, answer.processing, phase="processing")
            report.set(PHASES, answer.transfer, phase="transfer")
        return answer

    async def _token(self, base: Place, edge: Edge, report: Report) -> str:
        if self.oauth2 is None:
            return self.bearer_token.reveal()
        token = edge.memory(Token)
        if not token.value or edge.now() >= token.until:
            client = (quote_plus(self.oauth2.client_id), quote_plus(self.oauth2.client_secret.reveal()))
            body = urlencode({"grant_type": "client_credentials", "scope": self.oauth2.scope}).encode()
            headers = [
                ("Authorization", basic(*client)),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", str(len(body))),
                ("Accept", "application/json"),
            ]
            answer = await self._ask(
                base, Request("POST", self.oauth2.token_path, headers, body), edge, report, "token"
            )
            token.value, seconds = _new_token(answer)
            token.until = edge.now() + max(seconds - EARLY, 0.0)
        return token.value


def _new_token(answer: Answer) -> tuple[str, float]:
    """A token and for how many seconds it holds (RFC 6749 5.1). Raises `Denied` and `Malformed`, word `token`."""
    if answer.status != 200:
        raise Denied(f"no token: status {answer.status}", word="token")
    found = _json(answer)
    token, seconds = found.get("access_token"), found.get("expires_in", 0)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        raise Malformed("no token in the answer", word="token")
    return token, float(seconds) if isinstance(seconds, (int, float)) else 0.0


def _statement(answer: Answer) -> dict[str, str]:
    """Of the capability statement, bounded words only. Raises `Malformed`."""
    found = _json(answer)
    if found.get("resourceType") not in STATEMENTS:
        raise Malformed("the answer is no capability statement", word="resource_type")
    version, status = str(found.get("fhirVersion", "")), str(found.get("status", ""))
    return {
        "version": version if version in VERSIONS else "other",
        "status": status if status in STATUSES else "other",
    }


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Malformed("the answer is no JSON", word="json") from error
    if not isinstance(found, dict):
        raise Malformed("the answer is no JSON object", word="json")
    return found
