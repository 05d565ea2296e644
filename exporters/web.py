"""The HTTP server: what every request passes through, before and after its route.

In order: rate limit, basic authentication, the route, headers, and delivery within a deadline. `serve` starts it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporters import tls
from exporters.auth import Passwords, TooMany
from exporters.guard import GuardedHandler, Limits, Seat, Seats, deliver
from exporters.listener import CannotListen, Listener, is_unspecified, open_sockets
from exporters.ondemand import OnDemand
from exporters.page.devices import DevicesPage
from exporters.page.runbooks import RunbookPages
from exporters.page.status import StatusPage
from exporters.probe import Probe
from exporters.routes import Routes, plain
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

Router = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

STOPPING: Final = 1.0
"""Seconds that answers in the making get when the server closes; aiohttp waits for them twice."""


class Server:
    """A running server."""

    def __init__(self, runner: web.AppRunner, listener: Listener, seats: Seats, parts: tuple[Passwords, Routes]):
        self.port = listener.port
        self._runner = runner
        self._listener = listener
        self._seats = seats
        self._passwords, self._routes = parts

    async def close(self) -> None:
        """Accept no more, give answers in the making `STOPPING` seconds, cut the rest off."""
        await self._listener.close()
        await self._runner.cleanup()
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
    gate = _Gate(watched, passwords, routes, webhook, strangers)
    app = web.Application(middlewares=[gate.middleware])
    app.router.add_routes(routes.table())
    app.router.add_routes([*snmp.table(), *probe.table(), *webhook.table()])
    app.router.add_routes([*StatusPage(source).table(), *DevicesPage(source).table(), *RunbookPages(source).table()])
    runner = web.AppRunner(app, shutdown_timeout=STOPPING)
    await runner.setup()
    manager = runner.server
    assert manager is not None
    manager.request_handler = gate.shortcut(routes.table(), manager.request_handler)

    def make(seat: Seat) -> GuardedHandler:
        return GuardedHandler(manager, seats, seat, lambda transport: tls.admits(transport, gate.config.allowed_sans))

    def context() -> ssl.SSLContext | None:
        return watched.current().tls

    return Server(runner, Listener(sockets, seats, make, context), seats, (passwords, routes))


class _Gate:
    """What every request passes through on its way to its handler."""

    def __init__(
        self, watched: Watched, passwords: Passwords, routes: Routes, webhook: Webhook, strangers: Strangers
    ) -> None:
        self._strangers = strangers
        self._watched = watched
        self._passwords = passwords
        self._routes = routes
        self._webhook = webhook
        self._rate = _Rate()

    @property
    def config(self) -> WebConfig:
        return self._watched.current()

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._pass(request, _route(request), handler)

        return gate

    def shortcut(self, table: Iterable[web.RouteDef], router: Router) -> Router:
        """Past the router, for GET and the very paths of a table: it takes longer than all else between a request and
        its page. A path that is written in another way is the router's."""
        handlers = {route.path: route.handler for route in table if route.method == "GET"}

        async def enter(request: web.BaseRequest) -> web.StreamResponse:
            assert isinstance(request, web.Request)
            path = request.rel_url.raw_path
            handler = handlers.get(path)
            if handler is None or request.method != "GET" or "Expect" in request.headers:
                return await router(request)
            return await self._pass(request, path, handler)

        return enter

    async def _pass(self, request: web.Request, route: str, handler: Handler) -> web.StreamResponse:
        protocol = request.protocol
        assert isinstance(protocol, GuardedHandler)
        protocol.seat.handle()
        config = self.config
        response = await self._refusal(request, route, config) or await _answer(request, handler)
        response.headers.update(HEADERS)
        response.headers.update(config.headers)
        self._routes.requests[route, response.status] += 1
        return await deliver(request, response)

    async def _refusal(self, request: web.Request, route: str, config: WebConfig) -> web.Response | None:
        """None: the request may pass."""
        if config.rate is not None and not self._rate.allows(*config.rate):
            return plain("Too Many Requests", 429, {"Retry-After": "1"})
        if route != WEBHOOK:
            return await self._stranger(request, route, config)
        shown = request.headers.get("Authorization", "")
        if self._webhook.shows_token(shown):
            return None
        if self._webhook.wants_token() and not config.users:
            return self._webhook.refused(plain("Unauthorized", 401, {"WWW-Authenticate": "Bearer"}))
        refusal = await self._stranger(request, route, config)
        return None if refusal is None else self._webhook.refused(refusal)

    async def _stranger(self, request: web.Request, route: str, config: WebConfig) -> web.Response | None:
        """None: somebody knows who asks."""
        if not config.users:
            return None if known(route, request.remote, config, self._strangers) else plain(NEEDS_LOGIN, 403)
        try:
            if await self._passwords.right(config.users, request.headers.get("Authorization", "")):
                return None
        except TooMany:
            return plain("too many logins at once", 429, {"Retry-After": "1"})
        return plain("Unauthorized", 401, {"WWW-Authenticate": "Basic"})


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "other"


async def _answer(request: web.Request, handler: Handler) -> web.Response:
    """The route's answer; a bug is logged here, shown to nobody, and ends nothing."""
    try:
        response = await handler(request)
    except web.HTTPException as error:  # the router's: no such route, no such method
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return plain(error.reason, error.status, allow)
    except Exception:  # noqa: BLE001 - the server outlives whatever a page does
        structlog.get_logger().exception("request failed", path=request.path)
        return plain("Internal Server Error", 500)
    assert isinstance(response, web.Response)
    return response


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
