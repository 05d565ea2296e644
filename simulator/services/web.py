"""Pages over HTTP/1.1: a web page, and a FHIR server that says what it can do. Read only; one request a connection."""

from __future__ import annotations

import json
from http import HTTPStatus

from simulator.services.conversation import Conversation
from simulator.services.counts import Counts, Wrong

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"})
"""RFC 9110 section 9 and RFC 5789; what is none of them is counted as `other`."""


class Page:
    """`text` at `path`."""

    def __init__(self, path: str = "/", text: str = "ready") -> None:
        self.counts = Counts()
        self._pages = {path: ("text/plain; charset=utf-8", f"{text}\n".encode())}

    async def hear(self, client: Conversation) -> None:
        head = (await client.until(b"\r\n\r\n")).decode("latin-1")
        method, _, rest = head.partition(" ")
        path, _, version = rest.partition("\r\n")[0].partition(" ")
        if not version.startswith("HTTP/1."):
            raise Wrong("no HTTP")
        self.counts.said[method if method in METHODS else "other"] += 1
        kind, body = self._pages.get(path.partition("?")[0], ("", b""))
        status = HTTPStatus.OK if kind else HTTPStatus.NOT_FOUND
        if method not in ("GET", "HEAD"):
            status, body = HTTPStatus.METHOD_NOT_ALLOWED, b""
        answer = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind or 'text/plain'}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        await client.say(answer.encode() + (body if method == "GET" else b""))


class Fhir(Page):
    """The capability statement of a server whose base URL has the path `base`."""

    def __init__(self, base: str = "/fhir", version: str = "4.0.1") -> None:
        super().__init__()
        statement = {
            "resourceType": "CapabilityStatement", "status": "active", "date": "2026-01-01", "kind": "instance",
            "fhirVersion": version, "format": ["json"], "rest": [{"mode": "server"}],
        }  # fmt: skip
        self._pages = {f"{base}/metadata": ("application/fhir+json", json.dumps(statement).encode())}
