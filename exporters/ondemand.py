"""`/snmp`: snmp_exporter's question, parameter by parameter, in its order and with its error texts (CONTRACTS 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Final

from collector.histogram import Histogram
from collector.model import Column, Family, single
from exporters.guard import Limits, Queues
from exporters.messages import Handler, Request, Response, plain
from exporters.routes import TIMEOUT_HEADER, scrape_patience
from exporters.source import Question, Refusal, Scrape, Source

DEFAULT_MODULE: Final = "if_mib"

STRICT_HEADING: Final = "An error has occurred while serving metrics:\n\n"
"""What Go's client library begins with."""

LOOK: Final = 0.5
"""Seconds between two looks at whether the asker is still there."""

GONE: Final = 499
"""The status, seen by nobody but our own count, of a request whose client left: nginx's number."""

# snmp_exporter's own words.
ERRORS = Family("snmp_request_errors_total", "Errors in requests to the SNMP exporter", "counter")
UNEXPECTED = Family("snmp_unexpected_pdu_type_total", "Unexpected Go types in a PDU.", "counter")
COLLECTION = Family("snmp_collection_duration_seconds", "Duration of collections by the SNMP exporter", "histogram")
IN_FLIGHT = Family("snmp_request_in_flight", "Current number of SNMP scrapes being requested.")

Make = Callable[[Request, Sequence[Column]], Awaitable[Response]]


class OnDemand:
    """The handler, over a source. `page` makes a response of columns."""

    def __init__(self, source: Source, limits: Limits, page: Make) -> None:
        self._source = source
        self._page = page
        self._errors = self._unexpected = 0
        self._durations: dict[str, Histogram] = {}
        self._waiting = Queues[Question](limits.waiting_per_device)

    def table(self) -> Mapping[str, Handler]:
        return {"GET /snmp": self._snmp}

    def about(self) -> Iterator[Column]:
        """For `/metrics`."""
        yield single(ERRORS, self._errors)
        yield single(UNEXPECTED, self._unexpected)
        yield single(IN_FLIGHT, self._waiting.total)
        for module, histogram in self._durations.items():
            yield from histogram.columns(COLLECTION, (("module", module),))

    async def _snmp(self, request: Request) -> Response:
        question = read(request.values)
        if isinstance(question, str):
            self._errors += 1
            return plain(question, 400)
        # Peers know no limit but the client's own, which Prometheus tells: an answer half a second before it gives up
        # is worth more than none (HOUSE 4).
        said = request.headers.get(TIMEOUT_HEADER)
        patience = inf if said is None else scrape_patience(said)
        if not self._waiting.enter(question):
            return plain("too many requests wait for this device", 429, {"Retry-After": "1"})
        try:
            scrape = await _while_there(request, self._source.snmp_page(question, patience))
        except Refusal as refusal:
            self._errors += refusal.status == 400
            return plain(str(refusal), refusal.status, {"Retry-After": "1"} if refusal.status == 429 else None)
        finally:
            self._waiting.leave(question)
        if scrape is None:
            return plain("the client has gone", GONE)
        self._unexpected += scrape.unexpected
        for module, seconds in scrape.seconds.items():
            self._durations.setdefault(module, Histogram()).observe(seconds)
        if scrape.faults:
            return plain(STRICT_HEADING + _told(scrape.faults), 500)
        return await self._page(request, scrape.columns)


def read(all_of: Callable[[str], Sequence[str]]) -> Question | str:
    """The question, or what is wrong with it; `all_of` has every value of a parameter.

    Debug parameters are not looked at: they would show credentials (RELIABILITY part 3).
    """
    targets = all_of("target")
    if len(targets) != 1 or not targets[0]:
        return "'target' parameter must be specified once"
    once: dict[str, str] = {}
    for name in ("auth", "snmp_context", "snmp_engineid"):
        values = all_of(name)
        if len(values) > 1:
            return f"'{name}' parameter must only be specified once"
        once[name] = values[0] if values else ""
    asked = all_of("module") or [DEFAULT_MODULE]
    modules = tuple(dict.fromkeys(name for words in asked for name in words.split(",") if name))
    if not modules:
        return "'module' parameter must contain at least one module name"
    strict = any(word in ("1", "true") for word in all_of("strict"))
    return Question(targets[0], once["auth"], modules, once["snmp_context"], once["snmp_engineid"], strict)


async def _while_there(request: Request, work: Awaitable[Scrape]) -> Scrape | None:
    """The result of `work`, given up when the client leaves: None then. What is being polled goes on by itself."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait((task,), timeout=LOOK)
            if not task.done() and request.peer.gone:
                return None
        return task.result()
    finally:
        task.cancel()


def _told(faults: Sequence[str]) -> str:
    """As Go's client library tells of one error, or of several."""
    if len(faults) == 1:
        return faults[0]
    return f"{len(faults)} error(s) occurred:\n" + "\n".join(f"* {fault}" for fault in faults)
