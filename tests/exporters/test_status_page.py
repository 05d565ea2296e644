"""The status page: what it says in which words and order, and that nothing shown can become markup (RELIABILITY K3)."""

import colorsys
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.config.urls import UrlsFile, urls
from dashboards import palette
from exporters.page import spark
from exporters.page.status import ALERTS, DEVICES, SERVICES, page
from exporters.page.templates import clock, minutes, percent, rough, text
from exporters.source import DeviceLine
from exporters.standing import AlertLine, BudgetLine, ServiceLine, Standing
from tests.exporters.fake import FakeSource, ask, serving
from tests.exporters.test_devices_page import ATTACKS, UPS, Seen

URLS = urls(UrlsFile())
NOW = 1_795_870_000.0
PACS = ServiceLine(
    "pacs", "PACS", "down", True, NOW - 840, ("archive", "viewer"),
    (BudgetLine("availability", "30d", 0.12, 5.2, "page"), BudgetLine("quick", "month", 0.9)),
    2, 1500.0, "imaging", "gold", "https://wiki.example/pacs", (1.0, 1.0, 0.5, None), (0.9, 0.5, 0.12),
)  # fmt: skip
WIFI = ServiceLine("wifi", "Wi-Fi", "up", True, budgets=(BudgetLine("availability", "30d", 1.0, 43.0),), incidents=0)
FAST = AlertLine("BudgetBurnFast", "critical", NOW - 600, "A budget goes.", "pacs burns.", "imaging",
                 "http://127.0.0.1:10810/runbooks/BudgetBurnFast")  # fmt: skip
STANDING = Standing(
    NOW, "http://p.example", NOW - 5, answered_at=NOW - 5, services=(WIFI, PACS), alerts=(FAST,),
    firing={("critical", "BudgetBurnFast"): 1},
)  # fmt: skip


def shown(standing: Standing, *lines: DeviceLine) -> Seen:
    return Seen(page(standing, lines, URLS, "0123456789abcdef"))


def words(seen: Seen) -> str:
    return " ".join(" ".join(seen.text).split())


def test_what_is_wrong_since_when_and_where_to_read_on() -> None:
    seen = shown(STANDING, replace(UPS, since=7300.0))
    said = words(seen)
    since = clock(NOW - 840, NOW)

    assert "PACS is down · wardwatch" in said
    assert f"Down since {since} (14 minutes)." in said
    assert "archive, viewer do not work. The budget of availability goes within hours." in said
    assert "12 % 5 min availability, 30 days burning 90 % quick, this month" in said
    assert "2 incidents, down 25 min" in said
    assert "pacs burns. since" in said
    assert [row[:2] for row in seen.rows[1:3]] == [["down", "PACS gold · imaging"], ["up", "Wi-Fi"]]
    assert {"https://wiki.example/pacs", "runbooks/BudgetBurnFast", "runbooks/DeviceDown"} <= set(seen.links)
    assert seen.rows[-1][:3] == ["down", "ups-2 ups · fragile", "it has nothing of what it is asked for"]
    assert seen.rows[-1][3].endswith("(2 hours)")


@pytest.mark.parametrize(
    ("services", "firing", "headline"),
    [
        ([WIFI], {}, "The service is up"),
        ([WIFI, WIFI], {}, "All services are up"),
        ([WIFI, PACS, PACS], {}, "2 services are down"),
        ([WIFI, replace(WIFI, state="unknown")], {}, "Nobody knows how 1 service is"),
        ([WIFI, replace(WIFI, state="unknown", owed=False)], {}, "All services that are owed now are up"),
        ([WIFI, replace(WIFI, state="maintenance")], {}, "All services that are owed now are up"),
        ([replace(PACS, owed=False)], {}, "Nothing is owed now"),
        ([WIFI], {("critical", "X"): 2}, "2 alerts call somebody now"),
        ([replace(PACS, state="up")], {}, "1 error budget will not last"),
        ([replace(PACS, state="events")], {}, "1 error budget will not last"),
        ([], {}, "All devices answer"),
    ],
)
def test_the_first_line_says_what_there_is_to_know(
    services: list[ServiceLine], firing: dict[tuple[str, str], int], headline: str
) -> None:
    standing = replace(STANDING, services=services, alerts=(), firing=firing)
    assert f"<title>{headline} · wardwatch</title>" in page(standing, (), URLS, "")


def test_without_prometheus_it_says_so_and_since_when() -> None:
    alone = Standing(
        NOW, "http://p.example", problem="http://p.example: no answer in time", failing_since=NOW - 3600,
        answered_at=NOW - 3700, services=(ServiceLine("pacs", "PACS", "unknown", True, broken=("archive",)),),
    )  # fmt: skip
    said = words(shown(alone, UPS))
    assert f"http://p.example: no answer in time. So it has been since {clock(NOW - 3600, NOW)} at least" in said
    assert f"it answered last at {clock(NOW - 3700, NOW)}" in said
    assert "archive does not work." in said
    assert "What is wrong No alert" not in said, "nobody knows whether one fires"


def test_a_service_of_which_nothing_is_recorded_says_so() -> None:
    said = words(shown(replace(STANDING, services=(ServiceLine("new", "New", "unknown", True),), alerts=(), firing={})))
    assert "Prometheus has nothing recorded of it: has it the rules of this catalogue?" in said


def test_in_the_first_minutes_it_says_that_measuring_has_just_begun() -> None:
    new = ServiceLine("ups", "Power", "unknown", True, incidents=0, begun=NOW - 120)
    standing = replace(STANDING, services=(WIFI, new, replace(new, name="b")), alerts=(), firing={})
    began = clock(NOW - 120, NOW)
    said = words(shown(standing))
    assert f"Measuring began at {began}: nothing is seen yet of 2 services" in said
    assert f"Nothing is seen of it yet: measuring began at {began}." in said
    assert "more than a day" not in said

    later = words(shown(replace(standing, now=NOW + 3600)))
    assert "Nobody knows how 2 services are" in later, "an hour is no beginning"
    assert f"measuring began at {began}." in later
    one = words(shown(replace(standing, services=(new, replace(new, name="b", begun=None, since=NOW - 9000)))))
    assert "Nobody knows how 2 services are" in one, "of the other it was known"


def test_figures_and_the_first_line_agree_on_how_many_services_are_not_known() -> None:
    new = ServiceLine("new", "New", "unknown", True, incidents=0, begun=NOW - 120)
    closed = replace(new, name="closed", owed=False)
    broken = replace(PACS, name="broken", owed=False)
    standing = replace(STANDING, services=(new, replace(new, name="b"), closed), alerts=(), firing={})
    said = words(shown(standing))
    assert "nothing is seen yet of 2 services" in said
    assert "2 services not known 1 service not known, outside agreed hours 0 critical" in said
    said = words(shown(replace(standing, services=(WIFI, broken, closed))))
    assert "1 service down, outside agreed hours 1 service not known, outside agreed hours 1 service up" in said


def test_of_what_nobody_has_seen_nobody_says_that_it_had_no_incident() -> None:
    new = ServiceLine("new", "New", "unknown", True, incidents=0, begun=NOW - 120)
    for line, incidents in (
        (new, "not known"),
        (replace(new, begun=None), "not known"),
        (replace(new, owed=False), "not known"),
        (replace(new, begun=None, since=NOW - 600), "no incident"),
        (replace(new, incidents=2), "2 incidents"),
        (WIFI, "no incident"),
    ):
        assert shown(replace(STANDING, services=(line,), alerts=(), firing={})).rows[1][4] == incidents, line


def test_before_prometheus_has_recorded_anything_it_says_since_when_it_could() -> None:
    new = ServiceLine("new", "New", "unknown", True)
    standing = replace(STANDING, services=(new,), alerts=(), firing={}, started=NOW - 60)
    said = words(shown(standing))
    assert f"Measuring began at {clock(NOW - 60, NOW)}: nothing is seen yet of 1 service" in said
    assert "has it the rules of this catalogue?" not in said
    assert "has it the rules of this catalogue?" in words(shown(replace(standing, now=NOW + 3600)))


def test_down_since_it_is_measured_is_said_so() -> None:
    down = replace(PACS, since=None, begun=NOW - 7200)
    said = words(shown(replace(STANDING, services=(down,))))
    assert f"Down since measuring began at {clock(NOW - 7200, NOW)}." in said


def test_what_is_silenced_says_so_comes_last_and_calls_nobody() -> None:
    quiet = replace(FAST, name="AAA", summary="Being repaired.", silenced=True)
    other = replace(FAST, description="wifi burns.", silenced=True)
    key = ("critical", "BudgetBurnFast")
    standing = replace(
        STANDING,
        services=(WIFI,),
        alerts=(FAST, other, quiet),
        firing={key: 1},
        silenced={key: 1, ("critical", "AAA"): 1},
    )
    said = words(shown(standing))
    assert "1 alert calls somebody now" in said
    assert "1 critical 0 warnings 2 silenced" in said
    assert said.index("critical A budget goes.") < said.index("silenced critical Being repaired.")
    assert re.search(r"wifi burns\. since .+? for imaging silenced", said)
    assert "does not say which of them are silenced" not in said
    all_quiet = replace(standing, alerts=(quiet,), firing={}, silenced={("critical", "AAA"): 7})
    assert "The service is up" in words(shown(all_quiet))
    assert "6 more." in words(shown(all_quiet))
    assert "Alertmanager does not say which of them are silenced." in words(shown(replace(standing, silenced=None)))


def test_an_agent_elsewhere_is_what_prometheus_sees_of_it() -> None:
    lines = [replace(UPS, name=name, state="elsewhere", reason="", since=None) for name in ("there", "away", "new")]
    seen = shown(replace(STANDING, services=(), alerts=(), firing={}, agents={"there": True, "away": False}), *lines)
    said = words(seen)
    assert [row[:3] for row in seen.rows[1:]] == [
        ["down", "away ups · fragile", "its agent does not answer Prometheus"]
    ]
    assert "1 of 2 that are asked are fresh" in said
    assert "1 device up" in said
    assert "1 device down" in said


def test_a_host_agent_says_that_it_is_one_and_asks_nobody() -> None:
    said = words(shown(Standing(NOW)))
    assert "No devices are listed" in said
    assert "Prometheus does not answer" not in said
    assert "No alert fires" not in said


def test_it_stays_readable_in_the_worst_of_times() -> None:
    services = [replace(PACS, name=f"s{i}", title=f"S {i}") for i in range(SERVICES + 7)]
    alerts = [replace(FAST, name=f"A{i:03}") for i in range(ALERTS + 3)]
    firing = {("critical", each.name): 9 for each in alerts}
    seen = shown(replace(STANDING, services=services, alerts=alerts, firing=firing), *[UPS] * 5000)
    said = words(seen)
    assert len(seen.rows) == 1 + SERVICES + 1 + DEVICES
    assert "And 7 more that are no worse." in said
    assert "And 3 more: all alerts in Prometheus" in said
    assert f"and {5000 - DEVICES} more are not" in said


def test_alerts_that_are_only_counted_are_shown_all_the_same() -> None:
    standing = replace(STANDING, alerts=(), firing={("warning", "DeviceDown"): 9000, ("critical", "X"): 1})
    said = words(shown(standing))
    assert "9000 of them. Runbook of DeviceDown" in said
    assert "1 critical" in said


@settings(max_examples=200)
@given(st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(max_size=40)), min_size=9, max_size=9))
def test_no_text_becomes_markup(texts: list[str]) -> None:
    a, b, c, d, e, f, g, h, i = texts
    service = ServiceLine(a, b, "down", None, 1.0, (c,), (BudgetLine(d, e, 0.5),), 1, 1.0, f, g, h, (1.0,), (1.0, 0.5))
    alert = AlertLine(a, "critical", 1.0, b, c, d, i)
    device = DeviceLine(a, b, c, d, e, f, g, 1.0, 1.0, since=3.0)
    standing = Standing(NOW, h, NOW, services=(service,), alerts=(alert,), firing={("critical", a): 8})
    plain, seen = shown(STANDING, UPS), shown(standing, device)

    assert set(seen.tags) <= set(plain.tags)
    assert seen.attributes <= plain.attributes
    assert all(link.startswith(("http://", "https://")) or ":" not in link.split("?")[0] for link in seen.links)


async def test_over_http_it_comes_anew_unless_told_not_to_and_old_links_lead_to_the_devices() -> None:
    source = FakeSource(stands=STANDING, lines=[UPS])
    async with serving(source) as server:
        answer = await ask(server, "/")
        stays = await ask(server, "/?refresh=off")
        moved = await ask(server, "/?state=down&q=a%26b")
        style = await ask(server, "/style.css")
    assert answer.headers["refresh"] == "60"
    assert "refresh" not in stays.headers
    assert 'href="?refresh=off"' in answer.text
    assert moved.status == 308
    assert moved.headers["location"] == "devices?state=down&q=a%26b"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "http-equiv" not in answer.text
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert all(f".mark.{sign}::before" in style.text for sign in ("maintenance", "critical", "warning", "events"))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hue(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)[0]


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_are_the_palettes_hues_and_can_be_read(mode: int) -> None:
    """At least 4.5 to 1, as WCAG 2.2 wants of text (1.4.3)."""
    roots = re.findall(r":root \{(.*?)\}", text("style.css"), re.S)
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", roots[mode].replace("#fff;", "#ffffff;")))
    told = {"bad": palette.BAD, "warn": palette.WARN, "good": palette.GOOD, "lost": palette.UNKNOWN,
            "work": palette.NOTICE}  # fmt: skip
    for name in ("ink", "quiet", "link", *told):
        for behind in ("paper", "raised"):
            light = sorted((_luminance(colours[name]), _luminance(colours[behind])))
            assert (light[1] + 0.05) / (light[0] + 0.05) >= 4.5, f"{name} on {behind}"
    for name, original in told.items():
        assert abs(_hue(colours[name]) - _hue(original)) < 0.02, name


def test_a_strip_shows_minutes_that_are_missing_and_says_the_same_in_words() -> None:
    strip = spark.strip((1.0, 1.0, 0.99, None))
    assert strip is not None
    assert strip.label == "Up 99.7 % of the time known in the last 24 hours; not known for 6 of them"
    assert strip.bad == "M72 0h36v6h-36z", "at least a quarter of the height"
    assert strip.good == "M0 0h72v24h-72zM72 6h36v18h-36z"
    assert strip.unknown == "M108 22h36v2h-36z"
    assert spark.strip((None, None)) is None
    assert spark.strip(()) is None


def test_a_line_has_gaps_where_nothing_is_known_and_a_floor_where_the_budget_is_spent() -> None:
    line = spark.line((1.0, None, 0.0, -9.0))
    assert line is not None
    assert line.path == "M0 1M96 12L144 23"
    assert line.zero == "12"
    assert line.label == "Budget left over 7 days: from 100 % to -900 %"
    assert spark.line((None, 0.5)) is None


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100 %"), (0.99999, "99.9 %"), (0.5, "50 %"), (1e-6, "0.1 %"), (0, "0 %"), (-0.31, "-31 %")],
)
def test_shares_are_never_rounded_to_all_or_nothing(share: float, said: str) -> None:
    assert percent(share) == said


def test_times_in_words() -> None:
    assert [rough(x) for x in (3, 60, 3599, 7300, 100_000, 2e5)] == [
        "less than a minute", "1 minute", "59 minutes", "2 hours", "27 hours", "2 days",
    ]  # fmt: skip
    assert re.fullmatch(r"\d\d:\d\d", clock(NOW, NOW))
    assert re.fullmatch(r"\d+ \w{3} \d\d:\d\d", clock(NOW - 2e5, NOW))
    assert (minutes(42.4), minutes(-12), minutes(216)) == ("42 min", "-12 min", "3.6 h")
