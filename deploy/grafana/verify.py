"""Does a real Grafana load the boards? For who has a container engine; no test runs it.

    .venv/bin/python deploy/grafana/verify.py [--image grafana/grafana:11.6.0] [--boards DIR]

Starts Grafana with `deploy/grafana/provisioning` and the boards mounted, on loopback, waits until it is well, and asks
for every board: it must be found, provisioned, and come back with its panels, variables and annotations. Exit status 1
where one is not, with what Grafana's log says; 2 without an engine. Nothing is left running.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
BOARDS = ROOT / "dashboards" / "generated" / "grafana"

IMAGE = "docker.io/grafana/grafana:11.6.0"
"""The oldest that docs/boards.md promises for."""

PULL_SECONDS = 900.0
READY_SECONDS = 120.0

ANYBODY = {
    "GF_AUTH_ANONYMOUS_ENABLED": "true",
    "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Load the boards in a real Grafana.")
    parser.add_argument("--image", default=IMAGE, help="default: %(default)s")
    parser.add_argument("--boards", type=Path, default=BOARDS, help="default: dashboards/generated/grafana")
    options = parser.parse_args(argv)
    engine = shutil.which("docker") or shutil.which("podman")
    if engine is None:
        print("verify: needs docker or podman, and there is neither", file=sys.stderr)
        return 2
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name = f"wardwatch-verify-{secrets.token_hex(4)}"
    started = subprocess.run(
        command(engine, name, port, options.image, options.boards.resolve()), timeout=PULL_SECONDS, check=False
    )
    if started.returncode:
        print(f"verify: {Path(engine).name} could not start {options.image}", file=sys.stderr)
        return 2
    try:
        wrong = list(complaints(f"http://127.0.0.1:{port}", boards(options.boards)))
        if wrong:
            subprocess.run([engine, "logs", name], timeout=60, check=False)
    finally:
        subprocess.run([engine, "rm", "--force", name], capture_output=True, timeout=120, check=False)
    for line in wrong:
        print(f"verify: {line}", file=sys.stderr)
    if not wrong:
        print(f"{options.image} loads every board")
    return 1 if wrong else 0


def command(engine: str, name: str, port: int, image: str, directory: Path) -> list[str]:
    """The engine's words that start Grafana in the background."""
    # The data source need not answer: whether queries are right is tested with a real Prometheus.
    environment = {**ANYBODY, "PROMETHEUS_URL": "http://127.0.0.1:9090"}
    return [
        engine, "run", "--detach", "--name", name, "--publish", f"127.0.0.1:{port}:3000",
        "--volume", f"{PROVISIONING}:/etc/grafana/provisioning:ro", "--volume", f"{directory}:/etc/grafana/boards:ro",
        *(word for key, value in environment.items() for word in ("--env", f"{key}={value}")),
        image,
    ]  # fmt: skip


def boards(directory: Path) -> dict[str, dict[str, Any]]:
    """By uid."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(directory.glob("*.json"))}


def complaints(url: str, wanted: Mapping[str, Mapping[str, Any]], seconds: float = READY_SECONDS) -> Iterator[str]:
    """What a Grafana does not have as it ought to, once it is well; nothing when all is."""
    deadline = time.monotonic() + seconds
    found: set[str] = set()
    # It is well before it has read what is provisioned.
    while not found >= wanted.keys() and time.monotonic() < deadline:
        try:
            found = {each["uid"] for each in _asked(f"{url}/api/search?type=dash-db&tag=wardwatch&limit=500")}
        except (OSError, ValueError):
            pass
        time.sleep(0.2)
    yield from (f"{uid} is not found" for uid in wanted if uid not in found)
    for uid in wanted.keys() & found:
        try:
            answer = _asked(f"{url}/api/dashboards/uid/{uid}")
        except (OSError, ValueError) as problem:
            yield f"{uid} does not open: {problem}"
            continue
        if not answer["meta"].get("provisioned"):
            yield f"{uid} is not provisioned"
        yield from (f"{uid} {what}" for what in _differences(wanted[uid], answer["dashboard"]))


LISTS = {"panels": ("panels",), "variables": ("templating", "list"), "annotations": ("annotations", "list")}
"""What a board consists of, and where it stands in its JSON."""


def _differences(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> Iterator[str]:
    if held.get("title") != wanted["title"]:
        yield f"is called {held.get('title')!r}"
    for what, place in LISTS.items():
        ours, theirs = (_names(board, place) for board in (wanted, held))
        if missing := [name for name in ours if name not in theirs]:
            yield f"has lost {what}: {', '.join(missing)}"


def _names(board: Mapping[str, Any], place: Sequence[str]) -> list[str]:
    content: Any = board
    for key in place:
        content = content.get(key, {})
    return [f"{each.get('type', '')} {each.get('title') or each.get('name') or each.get('id')}" for each in content]


def _asked(url: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return json.loads(answer.read())


if __name__ == "__main__":
    sys.exit(main())
