"""Every command that README.md shows does what README.md says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from collector.cli import console
from deploy.local import run as local_run
from tests.conftest import Start
from tests.e2e.conftest import ROOT, Running, eventually, get

TEXT = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"(?ms)^```sh\n(.*?)^```$", TEXT) for line in block.splitlines()]

ASKING = {
    "wardwatch list devices": "sw-core-1",
    "wardwatch poll sw-core-1 --debug": "ifHCInOctets{",
    "wardwatch poll sw-core-2 --explain": "Modules, and the rules that say so:",
    'curl -s "http://127.0.0.1:10810/metrics?device=sw-core-1"': "\nwardwatch_device_up 1\n",
    "curl -s http://127.0.0.1:10810/metrics": "\nnode_load1 ",
    "curl -s http://127.0.0.1:10810/sd": '"__param_device"',
}
"""Commands that ask the running estate, and what their output holds."""

STARTING = ["wardwatch init my-config", "wardwatch check --config my-config", "wardwatch run --config my-config"]
MAKING = {"make run": "deploy/local/run.py", "make test": "-m pytest"}


def test_every_command_is_one_that_a_test_below_runs() -> None:
    assert sorted(COMMANDS) == sorted([*ASKING, *STARTING, *MAKING])


@pytest.mark.parametrize(("command", "does"), MAKING.items())
def test_make_knows_the_target(command: str, does: str) -> None:
    """What they do is tested in test_run.py, and by whoever runs this."""
    done = subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)

    assert does in done.stdout


@pytest.mark.slow  # the estate starts for them
@pytest.mark.parametrize(("command", "says"), ASKING.items())
def test_a_question_to_the_running_estate(estate: Running, command: str, says: str) -> None:
    words = shlex.split(command.replace("10810", str(estate.port)))
    if words[0] == "curl":
        assert says in get(words[-1])
        return
    words = [sys.executable, "-m", "collector", *words[1:]]
    done = subprocess.run(words, cwd=estate.config.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    if "--debug" in words:
        assert re.search(r"(?m)> \d+ bytes: GETBULK", done.stderr), done.stderr[:2000]
        assert re.search(r"(?m)< \d+ bytes after [\d.]+ ms: RESPONSE", done.stderr), done.stderr[:2000]


@pytest.mark.slow
def test_a_configuration_of_ones_own(tmp_path: Path, start: Start, free_port: Callable[[], int]) -> None:
    program = [sys.executable, "-m", "collector"]
    env = {**os.environ, "STATE_DIRECTORY": str(tmp_path)}
    for command in STARTING[:2]:
        words = [*program, *command.split()[1:]]
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    port = free_port()
    start(
        [*program, *STARTING[2].split()[1:], "--web.listen-address", f"127.0.0.1:{port}"],
        cwd=tmp_path, env={"STATE_DIRECTORY": str(tmp_path)},
    )  # fmt: skip
    eventually("it is ready", 30, lambda: get(f"http://127.0.0.1:{port}/-/ready"))


def test_every_link_to_a_file_leads_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))):
        text = (ROOT / name).read_text()
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"


@pytest.mark.slow
def test_the_configuration_directory_is_where_wardwatch_looks(tmp_path: Path) -> None:
    """README runs `wardwatch list` in the checkout, whose `config/` is then used."""
    done = subprocess.run(
        [sys.executable, "-m", "collector", "list", "devices"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "sw-core-1" not in done.stdout


def test_pause_and_poll_in_the_checkout_find_the_collector_of_make_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second terminal has neither an option nor the environment of the first."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    theirs = local_run.environment(local_run._home({}))["STATE_DIRECTORY"]
    with monkeypatch.context() as second:
        second.setenv("STATE_DIRECTORY", theirs)
        started = console.state_of(console.load_from(ROOT / "config"), None)

    assert console.state_of(console.load_from(console.directory_of(None)), None).absolute() == started


async def test_the_collector_that_contributing_shows_works() -> None:
    (code,) = re.findall(r"(?ms)^   ```python\n(.*?)^   ```$", (ROOT / "CONTRIBUTING.md").read_text())
    room: dict[str, Any] = {"__name__": "shown"}
    # A dataclass looks its module up.
    sys.modules["shown"] = ModuleType("shown")
    try:
        exec(compile(textwrap.dedent(code), "CONTRIBUTING.md", "exec"), room)
    finally:
        del sys.modules["shown"]
    edge = SimpleNamespace(host=SimpleNamespace(psutil=SimpleNamespace(users=lambda: ["a", "b"])))

    (column,) = await room["Users"]().poll(None, edge)

    assert (column.family.name, list(column.values)) == ("wardwatch_users", [2.0])
