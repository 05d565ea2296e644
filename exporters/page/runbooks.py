"""The runbooks, one for each alert, as pages that a phone reads: what alerts link to.

They are the files of `docs/runbooks/`, which come with the program. No text of anybody else's is in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from collector.config.urls import Urls
from exporters.encoding import wants_gzip
from exporters.messages import Handler, Request, Response
from exporters.page.templates import template
from exporters.routes import packed
from exporters.source import Source


def directory() -> Path:
    """Where they are: in the wheel beside this file, in the repository `docs/runbooks`."""
    packaged = Path(__file__).parent / "runbooks"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "docs" / "runbooks"


@cache
def runbooks() -> Mapping[str, str]:
    """Markdown by alert. What a request names is looked up here, and never part of a path."""
    return {path.stem: path.read_text("utf-8") for path in sorted(directory().glob("*.md"))}


class RunbookPages:
    """`/runbooks/` and `/runbooks/ALERT`."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def table(self) -> Mapping[str, Handler]:
        return {
            "GET /runbooks": self._moved,
            "GET /runbooks/": self._index,
            "GET /runbooks/{alert}": self._runbook,
        }

    async def _moved(self, request: Request) -> Response:
        return Response(status=308, headers={"Location": "runbooks/"})

    async def _index(self, request: Request) -> Response:
        return await self._answer(request, index)

    async def _runbook(self, request: Request) -> Response:
        alert = request.part
        if alert not in runbooks():
            return await self._answer(request, missing, 404)
        return await self._answer(request, lambda urls: runbook(alert, urls))

    async def _answer(self, request: Request, make: Callable[[Urls], str], status: int = 200) -> Response:
        # In a thread: the first of them imports what makes it.
        html = await asyncio.to_thread(make, self._source.urls)
        gzip = wants_gzip(request.header("accept-encoding"))
        response = packed(html.encode(), "text/html; charset=utf-8", gzip)
        response.status = status
        return response


def index(urls: Urls) -> str:
    return _page(
        "Runbooks",
        {"Prometheus": f"{urls.prometheus}/alerts", "Alertmanager": urls.alertmanager, "Grafana": urls.grafana},
        alerts=list(runbooks()),
    )


def runbook(alert: str, urls: Urls) -> str:
    """The page of an alert that has one, with the ways to where it fires."""
    from markupsafe import Markup

    elsewhere = {
        "Prometheus": f"{urls.prometheus}/alerts?search={alert}",
        "Alertmanager": f"{urls.alertmanager}/#/alerts?filter=%7Balertname%3D%22{alert}%22%7D",
        "Grafana": urls.grafana,
    }
    return _page(alert, elsewhere, body=Markup(rendered(runbooks()[alert])))  # noqa: S704 - `rendered` lets no HTML pass


def missing(urls: Urls) -> str:
    return _page("No such runbook", {})


def rendered(text: str) -> str:
    """Markdown as HTML; HTML in it is text."""
    # Imported at the first page: start-up is measured.
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def _page(title: str, elsewhere: Mapping[str, str], **content: object) -> str:
    filled = {"body": "", "alerts": (), **content}
    return template("runbook.html").render(title=title, elsewhere=list(elsewhere.items()), **filled)
