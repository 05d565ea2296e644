"""The status page in Debian's Chromium: by a real Prometheus that has seen a bad day, and without one.

Pictures of the docs are made here: `--update-golden` writes them.
"""

from __future__ import annotations

import asyncio
import math
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from collector.config import load
from exporters.standing import AlertLine, ServiceLine, Standing
from tests.collector.cli.estate import running as at_work
from tests.e2e.browser import Page, browsing
from tests.e2e.conftest import ROOT, Bring, Running, eventually, get, moved_config
from tests.exporters.fake import FakeSource, serving

pytestmark = [pytest.mark.slow, pytest.mark.parts]

PICTURES = ROOT / "docs" / "pictures"
DAY = 86_400
EVERY = 240
"""Seconds between samples: within the five minutes for which Prometheus believes one."""

PICTURED = {
    ("", "desk", "light"): "status-page.png",
    ("", "desk", "dark"): "status-page-dark.png",
    ("", "phone", "dark"): "status-page-phone.png",
    ("", "wall", "dark"): "status-page-wall.png",
    ("devices", "desk", "light"): "devices-page.png",
}

UP = ("core-network", "clinical-network", "infusion", "time", "shared-record", "comms-power", "wifi", "printing")

GONE = """
defaults: {site: St Example, location: Data centre 2, auth: simulated, port: 9, kind: server, interval: 15s}
devices:
  - {name: server-archive-1, address: 127.20.250.1}
  - {name: server-archive-2, address: 127.20.250.2}
"""
"""Archives at whose addresses nothing answers."""

RULES = """
groups:
  - name: a bad day
    interval: 1s
    rules:
      - alert: BudgetBurnFast
        expr: vector(1)
        labels: {severity: critical, service: pacs, owner: imaging-systems}
        annotations:
          summary: An error budget goes within hours.
          description: >-
            pacs has used 31.2% of the whole error budget of its objective availability within 1 to 6 hours, and goes on
            doing so.
          runbook_url: http://127.0.0.1:10810/runbooks/BudgetBurnFast
      - alert: DeviceDown
        expr: |
          label_replace(vector(1), "instance", "server-archive-1", "", "")
          or label_replace(vector(1), "instance", "server-archive-2", "", "")
        labels: {severity: warning, owner: imaging-systems}
        annotations:
          summary: A device does not answer its polls.
          description: >-
            {{ $labels.instance }} has answered no poll for 5 minutes. The status page of its collector says why.
          runbook_url: http://127.0.0.1:10810/runbooks/DeviceDown
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: warning}
"""


def history(now: int) -> str:
    """A week: pictures are down since 14 minutes, their budget is nearly gone; reporting has been down at noon."""
    start, end = (now - 7 * DAY) // EVERY * EVERY, now + 900
    times = range(start, end, EVERY)
    series: dict[str, list[str]] = {}

    def put(name: str, labels: str, value: Callable[[int], float | None]) -> None:
        lines = (f"{name}{{{labels}}} {v:g} {at}" for at in times if (v := value(at)) is not None)
        series.setdefault(name, []).extend(lines)

    def service(name: str, up: Callable[[int], float | None], left: Callable[[float], float], owed: int = 1) -> None:
        put("service:up", f'service="{name}"', up)
        put("service:unknown", f'service="{name}"', lambda at: float(up(at) is None))
        put("service:maintenance", f'service="{name}"', lambda at: float(name == "wifi" and at > now - 1800))
        put("service:agreed", f'service="{name}"', lambda at: owed)
        for what, scale in (("left", 1.0), ("left_minutes", 43.2)):
            of = f'service="{name}",objective="availability",window="30d"'
            put(f"objective:budget:{what}", of, lambda at, scale=scale: scale * left(1 - (now - at) / (7 * DAY)))
        put(
            "service:incidents:count",
            f'service="{name}",window="30d"',
            lambda at: float(name in ("pacs", "reporting-rooms")),
        )
        put("service:downtime:seconds", f'service="{name}",window="30d"', lambda at: 1500.0 if name == "pacs" else 0.0)

    for place, name in enumerate(UP):
        service(name, lambda at: 1.0, lambda share, place=place: 1 - place * 0.04 * share)
    service("pacs", lambda at: float(at < now - 840), lambda share: 0.9 - 0.2 * share if share < 0.98 else 0.12)
    noon = now - 30_000
    service("reporting-rooms", lambda at: float(not noon < at < noon + 5400), lambda s: 0.95 - 0.5 * (s > 0.95), 0)
    service(
        "integration", lambda at: 1.0 if at < now - 2400 else None, lambda share: 0.8 - 0.4 * math.sqrt(max(share, 0))
    )
    for name, component in (("pacs", "archive"), ("pacs", "viewer")):
        put("service:component:up", f'service="{name}",component="{component}"', lambda at: float(at < now - 840))
    burning = 'service="pacs",objective="availability",urgency="page",window="1h"'
    put("objective:budget:burning", burning, lambda at: 0.3 if at > now - 600 else None)
    lines = [line for name, those in series.items() for line in (f"# TYPE {name} unknown", *those)]
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture(scope="module")
def prometheus(
    part: Callable[[str], Path], free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Its address."""
    directory, port = tmp_path_factory.mktemp("prometheus"), free_port()
    (directory / "history.txt").write_text(history(int(time.time())))
    (directory / "rules.yml").write_text(RULES)
    (directory / "prometheus.yml").write_text(f"rule_files: [{directory}/rules.yml]")
    words: list[str | Path] = [part("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q"]
    words += ["--max-block-duration=162h", directory / "history.txt", directory / "data"]
    subprocess.run(words, check=True, timeout=60, stdout=subprocess.DEVNULL)
    words = [part("prometheus"), f"--config.file={directory / 'prometheus.yml'}", "--storage.tsdb.retention.time=400d"]
    words += [f"--storage.tsdb.path={directory / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (directory / "log").open("w") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            eventually("alerts fire", 30, lambda: '"firing"' in get(f"http://127.0.0.1:{port}/api/v1/alerts"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def estate_that_asks(url: str, home: Path) -> Path:
    """The example's configuration, which asks another Prometheus."""
    shutil.copytree(ROOT / "config", home / "source")
    settings = home / "source" / "wardwatch.yml"
    settings.write_text(settings.read_text() + f"\nprometheus: {{url: {url}}}\n")
    (home / "source" / "inventory" / "archives.yml").write_text(GONE)
    return home / "source"


@pytest.fixture(scope="module")
def running(
    bring: Bring, prometheus: str, free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Running:
    home = tmp_path_factory.mktemp("status")
    return bring(estate_that_asks(prometheus, home), home)


@pytest.fixture
async def page(part: Callable[[str], Path]) -> AsyncIterator[Page]:
    async with browsing(part("chromium")) as found:
        yield found


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Where a picture is written: into the docs, if that is asked for."""
    written = request.config.getoption("--update-golden")
    return lambda name: (PICTURES if written else tmp_path) / name


async def test_services_budgets_and_what_is_wrong_are_told_in_words_with_scripts_off(
    running: Running, page: Page
) -> None:
    await page.look(scripts="off")
    await page.goto(running.url)
    assert page.said == [], "the policy refuses nothing that the page needs"
    # What the tools of developers run is no script of the page's.
    text = await page.ask("document.body.innerText")
    assert await page.ask("document.title") == "PACS: pictures for reporting and wards is down · wardwatch"
    assert re.search(r"Down since \d\d:\d\d \(1[0-5] minutes\)", text)
    for words in (
        "PACS: pictures for reporting and wards",
        "archive, viewer do not work.",
        "The budget of availability goes within hours.",
        "An error budget goes within hours.",
        "12 %",
        "Runbook BudgetBurnFast",
        "Not known since",
        "in maintenance",
    ):
        assert words in text, words
    assert "Watchdog" not in text, "it says only that all is well"
    assert await page.ask("document.querySelectorAll('svg[role=img][aria-label]').length") >= 20
    assert await page.ask("document.querySelectorAll('script, img, [style]').length") == 0
    assert await page.ask("getComputedStyle(document.querySelector('.spark .bad')).fill") != "rgb(0, 0, 0)"


async def test_a_keyboard_reaches_everything_and_sees_where_it_is(running: Running, page: Page) -> None:
    await page.look()
    await page.goto(f"{running.url}/?refresh=off")
    links = await page.ask("document.querySelectorAll('a[href]').length")
    reached = []
    for _ in range(links):
        await page.press("Tab")
        seen = await page.ask(
            "(a => [a.getAttribute('href'), getComputedStyle(a).outlineStyle, a.getBoundingClientRect().width > 1])"
            "(document.activeElement)"
        )
        reached.append(seen[0])
        assert seen[1:] == ["solid", True], f"not to be seen with the focus: {seen}"
    assert reached[0] == "#main"
    assert sorted(reached) == await page.ask("[...document.links].map(a => a.getAttribute('href')).sort()")
    await page.goto(f"{running.url}/?refresh=off")
    await page.press("Tab")
    await page.press("Enter")
    assert await page.ask("document.activeElement.id") == "main"


async def test_the_page_comes_anew_unless_its_reader_wants_it_to_stay(running: Running, page: Page) -> None:
    await page.goto(running.url)
    assert await page.ask("fetch('.').then(x => 0, x => 1)") == 1, "the policy lets a script ask nothing"
    assert await page.ask("[...document.links].some(a => a.getAttribute('href') === '?refresh=off')")


async def test_what_others_write_becomes_no_markup_and_no_link(page: Page) -> None:
    evil = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
    alert = AlertLine(evil, "critical", 1.0, evil, evil, evil, "javascript:document.title='taken'")
    line = ServiceLine(evil, evil, "down", since=1.0, broken=[evil], owner=evil, runbook="javascript:alert(1)")
    stands = Standing(100.0, evil, 99.0, services=[line], alerts=[alert], firing={("critical", evil): 7})
    async with serving(FakeSource(stands=stands)) as server:
        await page.goto(f"http://127.0.0.1:{server.port}/")
        assert await page.ask("document.title") == f"{evil} is down · wardwatch"
        assert await page.ask("document.querySelectorAll('script, img').length") == 0
        assert not await page.ask("[...document.links].some(link => link.protocol === 'javascript:')")
        assert await page.axe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width", "height"), [("phone", 390, 844), ("desk", 1280, 900), ("wall", 3840, 2160)])
async def test_no_fault_is_found_in_any_light_or_width(
    running: Running, page: Page, picture: Callable[[str], Path], scheme: str, name: str, width: int, height: int
) -> None:
    gone = f"{running.url}/devices?state=down"
    await asyncio.to_thread(eventually, "an archive does not answer", 60, lambda: "server-archive-2" in get(gone))
    await page.look(width, height, "dark" if scheme == "dark" else "light")
    for path in ("", "devices", "runbooks/BudgetBurnFast") if name != "wall" else ("",):
        await page.goto(f"{running.url}/{path}")
        assert await page.axe() == [], path
        wide = await page.ask("document.documentElement.scrollWidth")
        assert wide <= width, f"{path}: {wide} pixels of content"
        if drawn := PICTURED.get((path, name, scheme)):
            await page.picture(picture(drawn), most=1900, scale=0.5 if name == "wall" else 1)


async def test_without_prometheus_it_says_so_and_shows_what_the_collector_knows(
    page: Page, free_port: Callable[[], int], tmp_path: Path, picture: Callable[[str], Path]
) -> None:
    port = free_port()
    source = estate_that_asks(f"http://127.0.0.1:{port}", tmp_path)
    settings = source / "wardwatch.yml"
    settings.write_text(f"{settings.read_text()}state: {tmp_path}/state\n")
    config = load(
        moved_config(source, tmp_path / "config", free_port(), free_port()), environ={}, resolve=lambda name: name
    )
    async with at_work(config) as service:
        await page.look(1280, 900)
        await page.goto(f"http://{service.address}")
        text = await page.ask("document.body.innerText")
        assert f"http://127.0.0.1:{port}: no connection: Connection refused." in text
        assert "So it has been since" in text
        assert "PACS: pictures for reporting and wards" in text
        # Those that nobody waits for at this hour are counted by themselves.
        assert sum(int(count) for count in re.findall(r"(\d+) services? not known", text)) == 11
        assert "Devices that are not fresh" in text
        assert await page.axe() == []
        await page.picture(picture("status-page-alone.png"), most=1400)
