"""`/probe`: blackbox_exporter's question, with its error texts (CONTRACTS 6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

from collector.model import Column, Family, single
from exporters.guard import Limits, Queues
from exporters.messages import Handler, Request, Response, plain
from exporters.routes import TIMEOUT_HEADER, scrape_patience
from exporters.source import ProbeQuestion, Refusal, Source

DEFAULT_MODULE: Final = "http_2xx"

UNKNOWN = Family("blackbox_module_unknown_total", "Requests for modules that there are not.", "counter")

Make = Callable[[Request, Sequence[Column]], Awaitable[Response]]


class Probe:
    """The handler, over a source. `page` makes a response of columns."""

    def __init__(self, source: Source, limits: Limits, page: Make) -> None:
        self._source = source
        self._page = page
        self._unknown = 0
        self._waiting = Queues[ProbeQuestion](limits.waiting_per_device)

    def table(self) -> Mapping[str, Handler]:
        return {"GET /probe": self._probe}

    def about(self) -> Iterator[Column]:
        """For `/metrics`."""
        yield single(UNKNOWN, self._unknown)

    async def _probe(self, request: Request) -> Response:
        # Debug parameters are not looked at: they would show credentials (RELIABILITY part 3).
        words = {name: request.values(name) for name in ("target", "module", "hostname")}
        for name, values in words.items():
            if len(values) > 1:
                return plain(f"'{name}' parameter must only be specified once", 400)
        if not any(words["target"]):
            return plain("Target parameter is missing", 400)
        module = (words["module"] or [DEFAULT_MODULE])[0] or DEFAULT_MODULE
        question = ProbeQuestion(words["target"][0], module, (words["hostname"] or [""])[0])
        patience = scrape_patience(request.header(TIMEOUT_HEADER))
        if not self._waiting.enter(question):
            return plain("too many requests wait for this probe", 429, {"Retry-After": "1"})
        try:
            return await self._page(request, await self._source.probe_page(question, patience))
        except Refusal as refusal:
            self._unknown += refusal.status == 400 and str(refusal).startswith("Unknown module")
            return plain(str(refusal), refusal.status, {"Retry-After": "1"} if refusal.status == 429 else None)
        finally:
            self._waiting.leave(question)
