"""The image's steps, run as the commands they are: the wheel works in an empty environment, far from the repository."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.deploy import dockerfile
from tests.deploy.dockerfile import moved
from tests.e2e.conftest import eventually, get

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the steps of the image's first stage were done: the wheel is in `dist`, the environment in `opt`."""
    place = tmp_path_factory.mktemp("image")
    dockerfile.build(place)
    return place


@pytest.fixture(scope="module")
def wheel(root: Path) -> Path:
    (built,) = (root / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(root: Path) -> Path:
    """`bin/` of an environment that holds the wheel and what it needs, by the hashes of requirements.lock."""
    return root / "opt" / "wardwatch" / "bin"


def run(bin_: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [bin_ / "wardwatch", *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_wheel_holds_the_program_its_defaults_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "collector",
        "dashboards",
        "exporters",
        "simulator",
    }
    assert not [name for name in names if "/generated/" in name], "the example's rules are not a site's"
    assert "collector/defaults/snmp/if_mib.yml" in names
    assert "collector/defaults/wardwatch.yml" in names
    assert "exporters/page/runbooks/Watchdog.md" in names
    assert "dashboards/alertmanager/templates/message.tmpl" in names
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_it_is_complete(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version").returncode == 0
    check = run(installed, tmp_path, "check")
    assert check.returncode == 0, check.stdout + check.stderr
    assert "if_mib" in run(installed, tmp_path, "list", "modules").stdout

    assert run(installed, tmp_path, "init", "mine").returncode == 0
    check = run(installed, tmp_path, "check", "--config", "mine")
    assert check.returncode == 0, check.stdout + check.stderr

    assert (
        "rules/prometheus/power.yml" in run(installed, tmp_path, "rules", "--config", "mine", "--out", "rules").stdout
    )


def test_it_serves_this_machine_and_ends_in_time(
    installed: Path, tmp_path: Path, start: Start, free_port: Callable[[], int]
) -> None:
    port = free_port()
    process = start(
        [installed / "wardwatch", "run", "--web.listen-address", f"127.0.0.1:{port}"],
        cwd=tmp_path, env={"STATE_DIRECTORY": str(tmp_path)},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    assert healthy(installed, url) != 0
    eventually("it is ready", 30, lambda: get(f"{url}/-/ready"))
    assert healthy(installed, url) == 0

    page = eventually("the host's page", 15, lambda: loaded(get(f"{url}/metrics")))
    assert "\nnode_cpu_seconds_total{" in page
    assert "<html" in get(f"{url}/")
    assert "<h1>Watchdog</h1>" in get(f"{url}/runbooks/Watchdog")

    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - begun < 5


def healthy(bin_: Path, url: str) -> int:
    """The exit status of the image's health check."""
    command = [moved(word, bin_.parents[2]) for word in dockerfile.health()]
    env = {**os.environ, "WARDWATCH_URL": url}
    return subprocess.run(command, env=env, capture_output=True, timeout=10, check=False).returncode


def loaded(page: str) -> str:
    return page if "\nnode_load1 " in page else ""
