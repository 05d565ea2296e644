"""What the page is given for a board, from known answers of Prometheus: compared whole."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from deploy.render.boards import Asking, answered
from deploy.render.prometheus import Prometheus

HERE = Path(__file__).parent
NOW = 1_800_000_000_000


def _series(labels: dict[str, str], *values: str) -> dict[str, Any]:
    points = [[NOW / 1000 - 60 * (len(values) - 1 - i), value] for i, value in enumerate(values) if value]
    return {"metric": labels, "values": points}


class Known(BaseHTTPRequestHandler):
    """A server that knows a few expressions, and remembers what it was asked."""

    asked: ClassVar[list[str]] = []
    ranges: ClassVar[dict[str, list[dict[str, Any]]]] = {
        'up{site=~".+"}': [
            _series({"__name__": "up", "instance": "a", "site": "x"}, "1", "", "NaN", "+Inf"),
            _series({"__name__": "up", "instance": "b"}, "0", "0", "0", "0"),
        ],
        "ALERTS": [_series({"alertname": "Fire"}, "1", "1", "", "1")],
    }

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        self.asked.append(f"{path} {json.dumps(asked, sort_keys=True)}")
        status, answer = self._answer(path, asked)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def _answer(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path.endswith("/values"):
            return 200, {"status": "success", "data": ["x", "y"]}
        expr = asked["query"]
        if expr == "broken(":
            return 400, {"status": "error", "errorType": "bad_data", "error": "parse error: unclosed left parenthesis"}
        series = self.ranges.get(expr, [])
        if path.endswith("/query"):
            result = [{"metric": each["metric"], "value": each["values"][-1]} for each in series]
            return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": series}}

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def asking() -> Iterator[Asking]:
    Known.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Known) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Asking(Prometheus(f"http://127.0.0.1:{server.server_port}"), NOW, 60_000)
        finally:
            server.shutdown()
            thread.join()


def _target(expr: str, how: str, letter: str = "A", legend: str = "__auto") -> dict[str, Any]:
    kind = "table" if how == "table" else "time_series"
    return {"expr": expr, "instant": how != "range", "format": kind, "refId": letter, "legendFormat": legend}


def _panel(number: int, *targets: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "title": f"Panel {number}", "type": "stat", "gridPos": {"w": 12}, "targets": list(targets)}


UP = 'up{site=~"$site"}'
BOARD: dict[str, Any] = {
    "time": {"from": "now-6h", "to": "now"},
    "templating": {
        "list": [
            {"type": "datasource", "name": "datasource"},
            {
                "type": "query", "name": "site", "label": "Site", "query": "label_values(up, site)", "multi": True,
                "includeAll": True, "allValue": ".+",
            },
        ]
    },
    "annotations": {
        "list": [
            {
                "name": "Alerts", "enable": True, "expr": "ALERTS", "iconColor": "red", "step": "60s",
                "titleFormat": "{{alertname}}", "textFormat": "{{ instance }}!",
            }
        ]
    },
    "panels": [
        _panel(1, _target(UP, "range", legend="of {{instance}}")),
        _panel(2, _target(UP, "instant"), _target("nothing", "instant", "B")),
        _panel(3, _target(UP, "table")),
        _panel(4, _target(UP, "table"), _target("nothing", "table", "B")),
        _panel(5, _target("nothing", "table")),
        _panel(6, _target("broken(", "range")),
    ],
}  # fmt: skip


def test_a_board_is_answered(asking: Asking, golden: Callable[[Path, str], None]) -> None:
    given, problems = answered(BOARD, 1600, asking)

    del given["board"]
    golden(HERE / "golden" / "answered.json", json.dumps(given, indent=1) + "\n")
    assert [str(problem) for problem in problems] == ["Panel 6: parse error: unclosed left parenthesis"]


def test_prometheus_is_asked_as_grafana_asks_and_each_thing_once(
    asking: Asking, golden: Callable[[Path, str], None]
) -> None:
    answered(BOARD, 390, asking)

    golden(HERE / "golden" / "asked.txt", "\n".join(Known.asked) + "\n")


def test_a_panel_says_how_far_apart_its_rows_are_at_least(asking: Asking) -> None:
    rows = {**_panel(1, _target("ALERTS", "range")), "interval": "1h", "maxDataPoints": 3000}

    answered({**BOARD, "annotations": {}, "panels": [rows]}, 390, asking)

    assert '"step": "3600.000"' in Known.asked[-1]


def test_a_variable_that_cannot_be_had_is_said(asking: Asking) -> None:
    board = {**BOARD, "templating": {"list": [{"type": "query", "name": "site", "query": "metrics(x)"}]}, "panels": []}

    _, problems = answered(board, 390, asking)

    assert [str(problem) for problem in problems] == [
        "variables: $site: metrics(x) is no label_values(SELECTOR, LABEL)"
    ]


def test_no_server_is_said_with_the_panels_name() -> None:
    asking = Asking(Prometheus("http://127.0.0.1:9"), NOW, 60_000)

    _, problems = answered({**BOARD, "templating": {}, "annotations": {}, "panels": BOARD["panels"][:1]}, 390, asking)

    assert [problem.panel for problem in problems] == ["Panel 1"]
    assert "127.0.0.1:9 does not answer" in problems[0].message
