"""What a Grafana is given, and how it is asked whether it has it. A real one is for who has a container engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from deploy.grafana import verify
from deploy.render.__main__ import SCRAPE


class Grafana(BaseHTTPRequestHandler):
    """Answers as Grafana's HTTP API does for the boards that it is told it has."""

    held: ClassVar[dict[str, Any]] = {}
    provisioned: ClassVar[bool] = True

    def do_GET(self) -> None:
        if self.path.startswith("/api/search"):
            self._say(200, [{"uid": uid, "type": "dash-db"} for uid in self.held])
        elif board := self.held.get(self.path.removeprefix("/api/dashboards/uid/")):
            self._say(200, {"meta": {"provisioned": self.provisioned}, "dashboard": board})
        else:
            self._say(404, {"message": "Dashboard not found"})

    def _say(self, status: int, content: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Grafana.held = json.loads(json.dumps(verify.boards(verify.BOARDS)))
    Grafana.provisioned = True
    with ThreadingHTTPServer(("127.0.0.1", 0), Grafana) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def complaints(url: str) -> list[str]:
    return list(verify.complaints(url, verify.boards(verify.BOARDS), seconds=1))


def test_a_grafana_that_has_every_board_is_well(url: str) -> None:
    assert complaints(url) == []


def test_what_it_lost_is_named(url: str) -> None:
    board = Grafana.held["wardwatch-today"]
    board["title"] = "Today"
    lost = board["panels"].pop(0)
    board["templating"]["list"].clear()

    assert complaints(url) == [
        "wardwatch-today is called 'Today'",
        f"wardwatch-today has lost panels: stat {lost['title']}",
        "wardwatch-today has lost variables: datasource datasource, query owner",
    ]


def test_a_board_that_was_refused_is_not_found(url: str) -> None:
    del Grafana.held["wardwatch-today"]

    assert complaints(url) == ["wardwatch-today is not found"]


def test_one_that_somebody_imported_is_not_the_provisioned(url: str) -> None:
    Grafana.provisioned = False

    assert "wardwatch-today is not provisioned" in complaints(url)


def test_without_an_engine_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert verify.main([]) == 2
    assert capsys.readouterr().err == "verify: needs docker or podman, and there is neither\n"


def test_mounts_are_where_provisioning_looks() -> None:
    words = verify.command("docker", "name", 1, "image", Path("/boards"))
    (provider,) = yaml.safe_load((verify.PROVISIONING / "dashboards" / "wardwatch.yml").read_text())["providers"]

    assert f"/boards:{provider['options']['path']}:ro" in words
    assert provider["type"] == "file"
    assert not provider["allowUiUpdates"]


class Strict(BaseModel):
    """A key that Grafana does not know it passes over in silence; here it is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Source(Strict):
    """An entry of `datasources`, as far as Grafana's administration guide has it for Prometheus."""

    class Json(Strict):
        httpMethod: Literal["POST"]
        timeInterval: str

    name: str
    uid: str
    type: Literal["prometheus"]
    access: Literal["proxy"]
    url: str
    isDefault: bool
    editable: bool
    jsonData: Json


class Provider(Strict):
    """An entry of `providers`, of those that read files."""

    class Options(Strict):
        path: str

    name: str
    type: Literal["file"]
    folder: str
    disableDeletion: bool
    allowUiUpdates: bool
    updateIntervalSeconds: int
    options: Options


class Sources(Strict):
    apiVersion: Literal[1]
    datasources: list[Source]


class Providers(Strict):
    apiVersion: Literal[1]
    providers: list[Provider]


def provisioned(kind: str) -> Any:
    (path,) = (verify.PROVISIONING / kind).iterdir()
    return yaml.safe_load(path.read_text())


def test_the_data_source_is_as_the_boards_are_drawn() -> None:
    (source,) = Sources.model_validate(provisioned("datasources")).datasources

    assert source.jsonData.timeInterval == f"{SCRAPE}s"
    assert source.uid == "wardwatch-prometheus", "links that people keep name it"
    assert source.isDefault
    assert not source.editable


def test_boards_are_in_a_folder_of_their_own_and_nobody_changes_them_by_hand() -> None:
    (provider,) = Providers.model_validate(provisioned("dashboards")).providers

    assert provider.folder == "wardwatch"
    assert provider.disableDeletion
    assert not provider.allowUiUpdates
    assert provider.options.path.startswith("/")


def test_nothing_else_is_provisioned() -> None:
    assert sorted(path.name for path in verify.PROVISIONING.iterdir()) == ["dashboards", "datasources"]
