"""`wardwatch baseline freeze`, against a Prometheus that knows forty days."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from collector.cli import app
from tests.collector.cli.estate import estate

HOUR = 3600
DAY = 24 * HOUR

KPIS = """
kpis:
- {id: own, title: Own, definition: o, unit: ratio, direction: up, formula: o, baseline: {value: 4%, date: 2026-01-01}}
"""

Freeze = Callable[..., Result]


def history(now: int) -> str:
    """mtrs rises from 100 to 400 ten days ago; coverage is known for two days; days-to-full was known until then."""
    lines = ["# TYPE kpi:value unknown"]
    for id, begins, ends, value in (
        ("mtrs", 40, 10, 100),
        ("mtrs", 10, 0, 400),
        ("coverage", 2, 0, 0.123456789012345),
        ("days-to-full", 40, 35, 7),
    ):
        hours = range(now - begins * DAY, now - ends * DAY, HOUR)
        lines += [f'kpi:value{{kpi="{id}"}} {value} {at}' for at in hours]
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """Run the command on a small estate."""
    (estate(tmp_path) / "kpis.yml").write_text(KPIS)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["baseline", "freeze", *arguments, "--config", "estate"], prog_name="wardwatch")

    return run


def baselines(tmp_path: Path) -> dict[str, tuple[str, str, str]]:
    read = yaml.load((tmp_path / "estate" / "baselines.yml").read_text(), yaml.BaseLoader)
    return {each["id"]: (each["value"], each["date"], each["window"]) for each in read["baselines"]}


@pytest.fixture(scope="module")
def prometheus(
    part: Callable[[str], Path], free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Its address."""
    directory, port = tmp_path_factory.mktemp("prometheus"), free_port()
    now = int(time.time()) // HOUR * HOUR
    (directory / "history.txt").write_text(history(now))
    (directory / "prometheus.yml").write_text("{}")
    words: list[str | Path] = [part("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q"]
    words += ["--max-block-duration=162h", directory / "history.txt", directory / "data"]
    subprocess.run(words, check=True, timeout=60, stdout=subprocess.DEVNULL)
    words = [part("prometheus"), f"--config.file={directory / 'prometheus.yml'}", "--storage.tsdb.retention.time=400d"]
    words += [f"--storage.tsdb.path={directory / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (directory / "log").open("w") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            _ready(f"http://127.0.0.1:{port}/-/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer within 30 s")


def day(before: int) -> str:
    return (datetime.now(UTC) - timedelta(days=before)).date().isoformat()


@pytest.mark.parts
@pytest.mark.slow
def test_what_is_known_is_frozen_once(frozen: Freeze, prometheus: str, tmp_path: Path) -> None:
    done = frozen("--prometheus", prometheus)

    assert done.exit_code == 0, done.stderr
    written = baselines(tmp_path)
    assert written.keys() == {"mtrs", "coverage"}
    value, date, window = written["mtrs"]
    # A third of 30 days at 400; up to an hour of them is to come.
    assert float(value) == pytest.approx(200, abs=1)
    assert (date, window) == (day(0), "30d")
    assert written["coverage"] == ("0.123456789", day(0), "30d")
    assert "coverage  12.345679%  " in done.stdout
    assert "Prometheus knows nothing of" in done.stderr
    assert "days-to-full" in done.stderr
    assert "coverage: only 7% of the 30d is known" in done.stderr
    assert "mtrs: only" not in done.stderr
    listed = CliRunner().invoke(app, ["list", "kpis", "--config", "estate"]).stdout
    assert " 12.345679% " in next(line for line in listed.splitlines() if line.startswith("coverage "))

    assert f"mtrs has a baseline of {day(0)}: --again replaces it" in frozen("mtrs", "--prometheus", prometheus).stderr
    earlier = frozen("mtrs", "--prometheus", prometheus, "--again", "--at", day(12), "--window", "7d")
    assert earlier.exit_code == 0, earlier.stderr
    assert baselines(tmp_path) == written | {"mtrs": ("100.0", day(12), "7d")}


@pytest.mark.parts
@pytest.mark.slow
def test_what_is_not_known_is_not_written(frozen: Freeze, prometheus: str, tmp_path: Path) -> None:
    done = frozen("mtrs", "days-to-full", "--prometheus", prometheus)

    said = f"Prometheus knows nothing of days-to-full in the 30d until {day(0)}. Nothing is written"
    assert (done.exit_code, said in done.stderr) == (1, True)
    nothing = frozen("--prometheus", prometheus, "--at", "2020-01-01")
    assert (nothing.exit_code, "Nothing is written" in nothing.stderr) == (1, True)
    wrong = frozen("--prometheus", prometheus + "/elsewhere")
    assert f"{prometheus}/elsewhere: status 404, and no answer of Prometheus'" in wrong.stderr
    assert not (tmp_path / "estate" / "baselines.yml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mtr"], "there is no KPI 'mtr'; did you mean mtrs?"),
        (["fcr"], "fcr waits for its source of data: needs a service desk"),
        (["own", "--again"], "own has its baseline in kpis.yml: change or remove it there"),
        (["--at", "yesterday"], "--at 'yesterday' is no day: write it like 2026-03-31"),
        (["--at", "2999-01-01"], "--at 2999-01-01 is yet to come"),
        (["--window", "month"], "--window 'month' is no number of days: write it like 30d"),
        (["--prometheus", "127.0.0.1:9"], "'127.0.0.1:9' is no address: write it like http://127.0.0.1:10811"),
        (["--prometheus", "http://user:canary@127.0.0.1:9/p"], "http://127.0.0.1:9/p: no connection: Connect"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: str, frozen: Freeze, tmp_path: Path) -> None:
    done = frozen(*arguments)

    assert done.exit_code == 1
    assert said in done.stderr
    assert "canary" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "estate" / "baselines.yml").exists()


def test_without_a_configuration_there_is_no_place_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["baseline", "freeze"])

    assert "there is no configuration here to keep baselines in" in done.stderr
