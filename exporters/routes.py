"""What machines ask: pages for Prometheus, the inventory for its service discovery, and the usual `/-/` routes."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import isfinite
from typing import Final

from collector.compact import size
from collector.config.addresses import endpoint
from collector.model import Column, Family, column, interned, single
from exporters.encoding import compress, wants_gzip
from exporters.forms import Forms
from exporters.guard import Queues, Seats
from exporters.messages import Handler, Request, Response, plain
from exporters.source import EVERYTHING, Choice, Source
from exporters.text import CONTENT_TYPE, Form, Page, render

TIMEOUT_HEADER: Final = "x-prometheus-scrape-timeout-seconds"
TIMEOUT: Final = 120.0
"""Seconds an asker is thought to wait who does not say; blackbox_exporter's figure (CONTRACTS 6)."""
MARGIN: Final = 0.5
"""Seconds before the scraper gives up by which the answer is on its way (HOUSE 4)."""
APART: Final = 20_000
"""Samples from which a page is made in a thread. Up to there it costs the event loop at most 10 ms, and a thread's
way there and back is not worth it."""

REQUESTS = Family("wardwatch_http_requests_total", "HTTP requests by route and status code.", "counter")
ENDED = Family("wardwatch_http_connections_ended_total", "Connections cut off or refused, by reason.", "counter")
OPEN = Family("wardwatch_http_connections", "Connections open now.")
DUPLICATES = Family("wardwatch_duplicate_samples_total", "Samples left off a page: the series was there.", "counter")

Make = Callable[[Sequence[Column]], Page]

_SHARD = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


class Routes:
    """The handlers, over a source. Create it inside the event loop; `close` when done."""

    def __init__(self, source: Source, seats: Seats) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        """Requests by route and status."""
        self._source = source
        self._seats = seats
        self._duplicates = 0
        self._form = Form()
        self._forms = Forms()
        self.about: list[Callable[[], Iterable[Column]]] = []
        """What the other routes say of themselves on `/metrics`."""
        self._waiting = Queues[str](seats.limits.waiting_per_device)
        self._reloading = asyncio.Lock()
        self._apart = ThreadPoolExecutor(1, "render")
        self._making = asyncio.Lock()
        """Held until a large page is handed over: memory holds one that no seat answers for, however busy the loop."""

    def table(self) -> Mapping[str, Handler]:
        return {
            "GET /metrics": self._metrics,
            "GET /sd": self._groups,
            "GET /-/healthy": self._healthy,
            "GET /-/ready": self._ready,
            "* /-/reload": self._reload,
        }

    def close(self) -> None:
        self._apart.shutdown(wait=False, cancel_futures=True)

    # -- pages ----------------------------------------------------------------------------------------------------

    async def _metrics(self, request: Request) -> Response:
        patience = scrape_patience(request.header(TIMEOUT_HEADER))
        devices = request.values("device")
        if devices:
            if len(devices) > 1 or not devices[0]:
                return plain("'device' parameter must be specified once", 400)
            return await self._device(request, devices[0], patience)
        choice = _choice(request)
        if choice is None:
            return plain("Combined collect and exclude queries are not allowed.", 400)
        try:
            columns = await self._source.host_page(choice, patience)
        except KeyError as error:
            return plain(f"Couldn't create filtered metrics handler: missing collector: {error.args[0]}", 400)
        make = self._form.render if choice is EVERYTHING else render
        return await self.page(request, [*columns, *self._about_us()], make)

    async def _device(self, request: Request, name: str, patience: float) -> Response:
        if not self._waiting.enter(name):
            return plain(f"too many requests wait for device {name!r}", 429, {"Retry-After": "1"})
        try:
            columns = await self._source.device_page(name, patience)
        except KeyError:
            return plain(f"Unknown device {name!r}", 404)
        finally:
            self._waiting.leave(name)
        return await self.page(request, columns, self._forms.render)

    async def page(self, request: Request, columns: Sequence[Column], make: Make = render) -> Response:
        gzip = wants_gzip(request.header("accept-encoding"))
        if size(columns) >= APART:
            body, duplicates = await self._made_apart(columns, gzip)
        else:
            body, duplicates = _packed(make(columns), gzip)
        self._duplicates += duplicates
        return _response(body, CONTENT_TYPE, gzip)

    async def _made_apart(self, columns: Sequence[Column], gzip: bool) -> tuple[bytes, int]:
        """In the thread. Handed over through a list: the futures of `run_in_executor` refer to each other, and what
        one has for a result stays in memory until the next garbage collection."""
        made: list[tuple[bytes, int]] = []
        loop = asyncio.get_running_loop()
        async with self._making:
            await loop.run_in_executor(self._apart, lambda: made.append(_packed(render(columns), gzip)))
            return made.pop()

    def _about_us(self) -> Iterator[Column]:
        served = interned(("route", "code"), tuple((route, str(code)) for route, code in self.requests))
        yield column(REQUESTS, served, self.requests.values())
        ended = interned(("reason",), tuple((reason,) for reason in self._seats.ended))
        yield column(ENDED, ended, self._seats.ended.values())
        yield single(OPEN, len(self._seats))
        yield single(DUPLICATES, self._duplicates)
        for more in self.about:
            yield from more()

    # -- service discovery and `/-/` --------------------------------------------------------------------------------

    async def _groups(self, request: Request) -> Response:
        shard = None
        if wanted := request.values("shard"):
            match = _SHARD.fullmatch(wanted[0])
            if len(wanted) > 1 or not match or int(match[1]) > int(match[2]):
                return plain("'shard' must be one share of a whole, counted from 1, such as 2/5", 400)
            shard = (int(match[1]), int(match[2]))
        body = json.dumps(self._source.groups(shard, _reached(request)), ensure_ascii=False, separators=(",", ":"))
        gzip = wants_gzip(request.header("accept-encoding"))
        # Prometheus wants exactly this type (CONTRACTS 8); JSON is UTF-8 by definition.
        return packed(body.encode("utf-8", "replace"), "application/json", gzip)

    async def _healthy(self, request: Request) -> Response:
        return plain("Healthy")

    async def _ready(self, request: Request) -> Response:
        return plain("Ready") if self._source.ready() else plain("Not ready: the configuration is being read", 503)

    async def _reload(self, request: Request) -> Response:
        if request.method not in ("POST", "PUT"):
            return plain("This endpoint requires a POST or PUT request.", 405, {"Allow": "POST, PUT"})
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return plain("another site's page may not reload the configuration", 403)
        async with self._reloading:
            problems = await self._source.reload()
        if problems:
            return plain("failed to reload config, the one before stays in use:\n" + "\n".join(problems), 500)
        return plain("Reloaded")


@lru_cache(maxsize=64)
def scrape_patience(header: str) -> float:
    """Seconds within which to answer, from `X-Prometheus-Scrape-Timeout-Seconds`.

    Below a second of timeout half of it is kept as margin. What is no positive number counts as not said.
    """
    try:
        timeout = float(header)
    except ValueError:
        timeout = TIMEOUT
    if not isfinite(timeout) or timeout <= 0:
        timeout = TIMEOUT
    return max(timeout - MARGIN, timeout / 2)


def packed(body: bytes, content_type: str, gzip: bool) -> Response:
    """A body, compressed where the client asks for it."""
    return _response(compress(body) if gzip else body, content_type, gzip)


def _response(body: bytes, content_type: str, gzip: bool) -> Response:
    headers = {"Vary": "Accept-Encoding"}
    if gzip:
        headers["Content-Encoding"] = "gzip"
    return Response(body, content_type, headers=headers)


def _packed(page: Page, gzip: bool) -> tuple[bytes, int]:
    return (compress(page.body) if gzip else page.body), page.duplicates


def _reached(request: Request) -> str:
    """The host:port of the `Host` header; empty where it is no address of one machine, or no name of one."""
    host = request.header("host")
    if not host.rpartition(":")[2].isdigit():
        host += ":443" if request.peer.secure else ":80"
    try:
        return endpoint(host)
    except ValueError:
        return ""


def _choice(request: Request) -> Choice | None:
    """node_exporter's filters; None where both are given."""
    collect = frozenset(request.values("collect[]"))
    exclude = frozenset(request.values("exclude[]"))
    if collect and exclude:
        return None
    return Choice(collect, exclude) if collect or exclude else EVERYTHING
