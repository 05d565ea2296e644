"""The page of devices: what it shows, in which order, and that nothing shown can become markup (RELIABILITY K3)."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.model import clean
from exporters.page.devices import PER_PAGE, STATES, Filter, page
from exporters.page.templates import duration
from exporters.source import DeviceLine
from tests.exporters.fake import FakeSource, ask, serving

SWITCH = DeviceLine("sw-1", "it", "switch", "north", "ward 3", "up", "", 12.0, 0.42)
PUMP = DeviceLine("pump-7", "clinical", "pump", "north", "", "passive", "", None, None)
UPS = DeviceLine("ups-2", "fragile", "ups", "south", "cellar", "down", "no_data", 7300.0, 5.0)


class Seen(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._inside:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()


def test_every_device_with_state_reason_last_poll_and_duration() -> None:
    seen = Seen(page([SWITCH, PUMP, UPS], Filter(), "0123456789abcdef"))
    assert seen.rows[1:] == [
        ["down no data", "ups-2", "fragile", "ups", "south · cellar", "2 h ago", "5.00 s"],
        ["up", "sw-1", "it", "switch", "north · ward 3", "12 s ago", "0.42 s"],
        ["passive", "pump-7", "clinical", "pump", "north", "–", "–"],
    ]
    assert "metrics?device=sw-1" in seen.links
    assert "0123456789ab" in seen.text


def test_where_switches_see_a_device_stands_with_its_place_and_can_be_searched_for() -> None:
    pump = replace(PUMP, place="seen at sw-1 Gi1/0/5, VLAN 10, Ward 3")
    seen = Seen(page([SWITCH, pump], Filter(), ""))
    assert seen.rows[2][4] == "north seen at sw-1 Gi1/0/5, VLAN 10, Ward 3"
    assert [row[1] for row in Seen(page([SWITCH, pump], Filter(text="gi1/0/5"), "")).rows[1:]] == ["pump-7"]


def test_it_can_be_narrowed() -> None:
    lines = [SWITCH, PUMP, UPS]
    assert [row[1] for row in Seen(page(lines, Filter(text="NORTH"), "")).rows[1:]] == ["sw-1", "pump-7"]
    assert [row[1] for row in Seen(page(lines, Filter(state="down"), "")).rows[1:]] == ["ups-2"]
    assert "No device matches." in page(lines, Filter(text="nowhere"), "")


def test_many_devices_come_in_pages() -> None:
    lines = [replace(SWITCH, name=f"sw-{i:04}") for i in range(2 * PER_PAGE + 1)]
    last = page(lines, Filter(page=99), "")
    assert len(Seen(last).rows) == 2
    assert "Page 3 of 3" in last
    assert len(Seen(page(lines, Filter(), "")).rows) == PER_PAGE + 1


def test_a_host_agent_says_that_it_is_one() -> None:
    assert "No devices are listed" in page([], Filter(), "")


def test_a_state_it_does_not_know_is_shown_first() -> None:
    assert Seen(page([SWITCH, replace(UPS, state="odd", reason="")], Filter(), "")).rows[1][0] == "odd"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.004, "0.00 s"),
        (9.99, "9.99 s"),
        (90, "90 s"),
        (600, "10 min"),
        (7300, "2 h"),
        (2e5, "2 d"),
        (-1, "0.00 s"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</title><svg/onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt;",
    "\x00\u202e\ud800",
)


@settings(max_examples=250)
@given(st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(max_size=40)), min_size=8, max_size=8))
def test_no_text_becomes_markup(texts: list[str]) -> None:
    """2,000 strings, in every field, the filter included."""
    name, device_class, kind, site, location, state, reason, typed = texts
    line = DeviceLine(name, device_class, kind, site, location, state, reason, 1.0, 1.0, place=reason)
    plain = Seen(page([replace(SWITCH, place="seen")], Filter(text="sw"), ""))
    seen = Seen(
        page([line], Filter(text=clean(typed)), "")
        if Filter(text=clean(typed)).shows(line)
        else page([line], Filter(), "")
    )
    assert set(seen.tags) <= set(plain.tags)
    assert seen.attributes <= plain.attributes
    assert all(
        link.split("?")[0] in ("", "./", "devices", "style.css", "metrics", "sd", "runbooks/", "-/ready")
        for link in seen.links
    )


async def test_over_http_with_its_style_sheet_and_no_scripts() -> None:
    async with serving(FakeSource(lines=[SWITCH, UPS])) as server:
        answer = await ask(server, "/devices?state=down&q=%3Cscript%3E")
        style = await ask(server, "/style.css")
        odd = [await ask(server, f"/devices?page={p}&state={s}") for p, s in (("x", ""), ("0", "?"), ("99999", "up"))]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in answer.text
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in style.text
    assert [a.status for a in odd] == [200, 200, 200]


async def test_every_state_has_a_mark_of_its_own_beside_its_colour() -> None:
    async with serving() as server:
        style = (await ask(server, "/style.css")).text
    assert all(f".mark.{state}::before" in style for state in STATES)
