"""`/devices`: every device with its state, why, when it was last polled and how long that took.

Rendered here, escaped, without scripts; it says the same with no style sheet and in black and white.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from collector.model import clean
from exporters.encoding import wants_gzip
from exporters.messages import Handler, Request, Response
from exporters.page.templates import template
from exporters.routes import packed
from exporters.source import DeviceLine, Source

PER_PAGE: Final = 500
"""Devices on one page: some 150 KB before gzip, readable by a telephone."""

STATES: Final = ("down", "partial", "unknown", "paused", "up", "passive", "elsewhere")
"""In the order of the page: what needs somebody comes first."""

MEANING: Final = {
    "down": "did not answer",
    "partial": "answered in part",
    "unknown": "not polled yet",
    "paused": "paused by a person",
    "up": "answered",
    "passive": "never asked, by its class",
    "elsewhere": "asked by another agent",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page shows: devices in `state` whose text holds `text`, from page `page`, counted from 1."""

    state: str = ""
    text: str = ""
    page: int = 1

    def shows(self, line: DeviceLine) -> bool:
        if self.state and line.state != self.state:
            return False
        where = (line.site, line.location, line.place)
        words = (line.name, line.device_class, line.kind, *where, line.reason, line.modules)
        return not self.text or any(self.text.casefold() in word.casefold() for word in words)


class DevicesPage:
    """The page."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._making = asyncio.Lock()

    def table(self) -> Mapping[str, Handler]:
        return {"GET /devices": self._page}

    async def _page(self, request: Request) -> Response:
        number = request.value("page")
        chosen = Filter(
            request.value("state") if request.value("state") in STATES else "",
            clean(request.value("q"))[:100],
            int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 5 else 1,
        )
        lines = self._source.overview()
        async with self._making:  # in a thread, one at a time: five thousand devices take a while
            html = await asyncio.to_thread(page, lines, chosen, self._source.config_digest)
        gzip = wants_gzip(request.header("accept-encoding"))
        response = packed(html.encode("utf-8", "replace"), "text/html; charset=utf-8", gzip)
        response.headers["Cache-Control"] = "no-store"
        return response


def page(lines: Iterable[DeviceLine], chosen: Filter, digest: str) -> str:
    """The page as HTML."""
    everything = list(lines)
    counts = Counter(line.state for line in everything)
    rank = {state: i for i, state in enumerate(STATES)}
    shown = sorted(filter(chosen.shows, everything), key=lambda line: (rank.get(line.state, -1), line.name))
    pages = max(1, -(-len(shown) // PER_PAGE))
    number = min(max(chosen.page, 1), pages)
    return template("devices.html").render(
        lines=[cleaned(line) for line in shown[(number - 1) * PER_PAGE : number * PER_PAGE]],
        total=len(everything),
        found=len(shown),
        counts=[(state, counts[state], MEANING[state]) for state in STATES if counts[state]],
        states=STATES,
        chosen=chosen,
        page=number,
        pages=pages,
        digest=digest[:12],
    )


def cleaned(line: DeviceLine) -> DeviceLine:
    """Text that is safe to encode and to print; escaping is the template's."""
    return replace(
        line,
        name=clean(line.name),
        device_class=clean(line.device_class),
        kind=clean(line.kind),
        site=clean(line.site),
        location=clean(line.location),
        state=clean(line.state),
        reason=clean(line.reason),
        modules=clean(line.modules),
        place=clean(line.place),
    )
