"""The HTTP server: what every request passes through, before and after its route.

In order: rate limit, basic authentication, the route, headers, and delivery within a deadline. `serve` starts it.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

import structlog

from exporters import tls
from exporters.auth import Passwords, TooMany
from exporters.connection import Connection
from exporters.guard import Limits, Seat, Seats
from exporters.listener import CannotListen, Listener, is_unspecified, open_sockets
from exporters.messages import Handler, Request, Response, plain
from exporters.ondemand import OnDemand
from exporters.page.devices import DevicesPage
from exporters.page.runbooks import RunbookPages
from exporters.page.status import StatusPage
from exporters.probe import Probe
from exporters.routes import Routes
from exporters.routing import Table
from exporters.source import Choice, DeviceLine, Source
from exporters.strangers import NEEDS_LOGIN, Strangers, exposed, known, may_bind
from exporters.webconfig import Watched, WebConfig
from exporters.webhook import PATH as WEBHOOK
from exporters.webhook import Webhook

__all__ = [
    "CannotListen",
    "Choice",
    "DeviceLine",
    "Limits",
    "Server",
    "Source",
    "Strangers",
    "is_unspecified",
    "may_bind",
    "serve",
]

HEADERS: Final = {
    "Server": "wardwatch",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
"""On every answer; those of the web configuration file come after and win."""

STOPPING: Final = 1.0
"""Seconds that answers in the making get when the server closes."""


class Server:
    """A running server."""

    def __init__(
        self, listener: Listener, seats: Seats, answering: set[asyncio.Task[None]], parts: tuple[Passwords, Routes]
    ) -> None:
        self.port = listener.port
        self._listener = listener
        self._seats = seats
        self._answering = answering
        self._passwords, self._routes = parts

    async def close(self) -> None:
        """Accept no more, give answers in the making `STOPPING` seconds, cut the rest off."""
        await self._listener.close()
        self._seats.end_all(waiting=True)
        if self._answering:
            await asyncio.wait(self._answering, timeout=STOPPING)
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        self._seats.end_all()
        self._passwords.close()
        self._routes.close()


async def serve(
    source: Source,
    listen: str = "127.0.0.1:10810",
    *,
    web_config: Path | None = None,
    limits: Limits | None = None,
    strangers: Strangers = "refused",
) -> Server:
    """Start to serve `source` at `listen` (`HOST:PORT`; port 0 chooses one, see `Server.port`).

    Raises CannotListen, and ConfigError for a web configuration file that cannot be used. Asking `may_bind` first is
    the caller's part.
    """
    watched = Watched(web_config, "closed" if web_config and exposed(listen, strangers) else "anything")
    sockets = open_sockets(listen)
    seats = Seats(limits or Limits())
    passwords = Passwords()
    routes = Routes(source, seats)
    snmp = OnDemand(source, seats.limits, routes.page)
    probe = Probe(source, seats.limits, routes.page)
    webhook = Webhook(source)
    routes.about += [snmp.about, probe.about, webhook.about]
    pages = (StatusPage(source).table(), DevicesPage(source).table(), RunbookPages(source).table())
    table = Table(routes.table(), snmp.table(), probe.table(), webhook.table(), *pages)
    gate = _Gate(watched, passwords, routes, webhook, strangers, table)
    answering: set[asyncio.Task[None]] = set()

    def make(seat: Seat) -> Connection:
        return Connection(
            gate.answer, seat, answering, lambda transport: tls.admits(transport, gate.config.allowed_sans)
        )

    def context() -> ssl.SSLContext | None:
        return watched.current().tls

    return Server(Listener(sockets, seats, make, context), seats, answering, (passwords, routes))


class _Gate:
    """What every request passes through on its way to its handler."""

    def __init__(
        self,
        watched: Watched,
        passwords: Passwords,
        routes: Routes,
        webhook: Webhook,
        strangers: Strangers,
        table: Table,
    ) -> None:
        self._strangers = strangers
        self._table = table
        self._watched = watched
        self._passwords = passwords
        self._routes = routes
        self._webhook = webhook
        self._rate = _Rate()

    @property
    def config(self) -> WebConfig:
        return self._watched.current()

    async def answer(self, request: Request) -> Response:
        route, handler = self._table.find(request)
        config = self.config
        response = await self._refusal(request, route, config) or await _answer(request, handler)
        response.headers.update(HEADERS)
        response.headers.update(config.headers)
        self._routes.requests[route, response.status] += 1
        return response

    async def _refusal(self, request: Request, route: str, config: WebConfig) -> Response | None:
        """None: the request may pass."""
        if config.rate is not None and not self._rate.allows(*config.rate):
            return plain("Too Many Requests", 429, {"Retry-After": "1"})
        if route != WEBHOOK:
            return await self._stranger(request, route, config)
        shown = request.header("authorization")
        if self._webhook.shows_token(shown):
            return None
        if self._webhook.wants_token() and not config.users:
            return self._webhook.refused(plain("Unauthorized", 401, {"WWW-Authenticate": "Bearer"}))
        refusal = await self._stranger(request, route, config)
        return None if refusal is None else self._webhook.refused(refusal)

    async def _stranger(self, request: Request, route: str, config: WebConfig) -> Response | None:
        """None: somebody knows who asks."""
        if not config.users:
            return None if known(route, request.peer.address, config, self._strangers) else plain(NEEDS_LOGIN, 403)
        try:
            if await self._passwords.right(config.users, request.header("authorization")):
                return None
        except TooMany:
            return plain("too many logins at once", 429, {"Retry-After": "1"})
        return plain("Unauthorized", 401, {"WWW-Authenticate": "Basic"})


async def _answer(request: Request, handler: Handler) -> Response:
    """The route's answer; a bug is logged here, shown to nobody, and ends nothing."""
    try:
        return await handler(request)
    except Exception:  # noqa: BLE001 - the server outlives whatever a page does
        structlog.get_logger().exception("request failed", path=request.path)
        return plain("Internal Server Error", 500)


class _Rate:
    """exporter-toolkit's token bucket over all requests."""

    def __init__(self) -> None:
        self._tokens = float("inf")
        self._last = 0.0

    def allows(self, interval: float, burst: int) -> bool:
        now = asyncio.get_running_loop().time()
        self._tokens = min(burst, self._tokens + (now - self._last) / interval)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
