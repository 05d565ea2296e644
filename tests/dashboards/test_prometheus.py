"""In a real Prometheus, whose rules don't run on the hour: an hour takes a minute, and an outage is told."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from collector.cli import rulefiles
from dashboards.objectives import files
from dashboards.timing import Timing
from tests.conftest import Start
from tests.dashboards.promtool import catalogue
from tests.dashboards.test_alerts import service

SAID = {
    'service_agreed{service="epr"}': "1",
    'service_maintenance{service="epr"}': "0",
    'service_month{service="epr",month="2026-11"}': "1",
    'service_period_agreed_seconds{service="epr",objective="open"}': "2592000",
    'service_info{service="epr",owner="desk",key_property="safety"}': "1",
}


@dataclass
class Estate:
    """What is scraped; the component's state changes under way."""

    up: str = "1"

    def page(self) -> bytes:
        lines = SAID | {'component{service="epr"}': self.up}
        return "".join(f"{series} {value}\n" for series, value in lines.items()).encode()


@contextmanager
def scraped(estate: Estate, port: int) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(estate.page())

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parts
@pytest.mark.slow
def test_hours_are_summed_and_an_outage_pages_and_ends(
    part: Callable[[str], Path], start: Start, free_port: Callable[[], int], tmp_path: Path
) -> None:
    page, port = free_port(), free_port()
    estate = Estate()
    rulefiles.write(files(catalogue(service()), Timing(60)), tmp_path)
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        "rule_files: [prometheus/services.yml]\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['127.0.0.1:{page}']}}]}}]\n"
    )

    def ask(query: str) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def until(query: str, seconds: float) -> float:
        """How long until it gives something."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                if ask(query):
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.2)
        pytest.fail(f"{query} gives nothing within {seconds} s")

    with scraped(estate, page):
        words = [str(part("prometheus")), f"--config.file={tmp_path / 'prometheus.yml'}"]
        words += [f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
        start(words)
        until("service:up == 1", 30)
        estate.up = "0"
        paging = 'ALERTS{alertname="BudgetBurnFast", severity="critical", alertstate="firing", owner="desk"}'
        # Three bad evaluations, and two intervals of grace for each of scrape and rule.
        took = until(paging, 15)
        assert took < 3 + 4
        time.sleep(6)
        estate.up = "1"
        until("service:incident == 0", 15)
        until('sum(count_over_time(service:count:hourly{of="agreed"}[10m])) >= 2', 150)
        time.sleep(3)

        assert ask('service:count:sum{of="incidents", window="1d"}')[0]["value"][1] == "1"
        # At one instant that both know: to the sample what a plain sum over all of them is.
        at = float(ask("timestamp(service:bad)")[0]["value"][1])
        for of in ("bad", "agreed", "measured"):
            summed = ask(f'service:count:sum{{of="{of}", window="30d"}} @ {at}')[0]["value"][1]
            assert summed == ask(f"sum_over_time(service:{of}[10m] @ {at})")[0]["value"][1]
        assert ask(paging) == []
        ill = [rule for rule in _rules(port) if rule["health"] != "ok"]
        assert ill == []


def _rules(port: int) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=10) as answer:
        rules: list[dict[str, Any]] = json.load(answer)["data"]["groups"][0]["rules"]
    return rules
