"""The pages that alerts link to: every runbook, as HTML and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.config.urls import UrlsFile, urls
from exporters.page import runbooks as pages
from tests.exporters.fake import FakeSource, ask, serving

DOCS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
URLS = urls(UrlsFile(prometheus="https://prometheus.hospital.example/", alertmanager="https://am.hospital.example"))
WRITTEN = {
    "h1",
    "h2",
    "p",
    "ol",
    "ul",
    "li",
    "code",
    "pre",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "strong",
    "em",
}
AROUND = {"html", "head", "meta", "title", "link", "body", "header", "nav", "main"}


class Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_every_runbook_becomes_a_page(path: Path) -> None:
    seen = Seen(pages.rendered(path.read_text()))

    assert seen.tags <= WRITTEN
    assert {"h1", "h2", "p"} <= seen.tags
    text = "".join(seen.words)
    # No Markdown is left over as such, and no word is lost.
    assert not [line for line in text.splitlines() if line.startswith(("#", "|", "- ", "```"))]
    assert "`" not in text
    plain = path.read_text().replace("\n", " ")
    assert all(word in text.replace("\n", " ") for word in plain.split() if word.isalpha())
    assert all(link.startswith("https://") for link in seen.links), "a path of the repository leads nowhere here"


def test_a_page_leads_to_where_the_alert_is() -> None:
    seen = Seen(pages.runbook("Watchdog", URLS))

    assert seen.links == [
        "../style.css", "../", "../devices", "./", "https://prometheus.hospital.example/alerts?search=Watchdog",
        "https://am.hospital.example/#/alerts?filter=%7Balertname%3D%22Watchdog%22%7D", "http://127.0.0.1:3000",
    ]  # fmt: skip
    assert seen.tags <= WRITTEN | AROUND


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                (
                    "<script>alert(1)</script>",
                    "[x](javascript:alert(1))",
                    "<img src=x onerror=y>",
                    "![x](y)",
                    "<!--",
                    "\n\n",
                )
            ),
            st.text(max_size=30),
        ),
        max_size=6,
    )
)
def test_nothing_written_becomes_a_script(texts: list[str]) -> None:
    seen = Seen(pages.rendered(" ".join(texts)))

    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert not [link for link in seen.links if link.lower().lstrip().startswith(("javascript:", "data:", "vbscript:"))]


async def test_over_http() -> None:
    async with serving(FakeSource()) as server:
        page = await ask(server, "/runbooks/DeviceDown")
        index = await ask(server, "/runbooks/")
        moved = await ask(server, "/runbooks")
        unknown = await ask(server, "/runbooks/%3Cb%3EX%3C%2Fb%3E")
        outside = [
            await ask(server, f"/runbooks/{path}") for path in ("..%2F..%2FREADME", "%2Fetc%2Fpasswd", "Watchdog.md")
        ]

    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    assert "<h1>DeviceDown</h1>" in page.text
    assert "<title>DeviceDown · wardwatch</title>" in page.text
    assert len(page.body) < 10_000
    assert {path.stem for path in DOCS.glob("*.md")} <= set(Seen(index.text).links)
    assert (moved.status, moved.headers["location"]) == (308, "runbooks/")
    assert unknown.status == 404
    assert "./" in Seen(unknown.text).links
    assert "<b>" not in unknown.text
    assert [answer.status for answer in outside] == [404, 404, 404]
