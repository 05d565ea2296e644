"""`make run`: the collector, a simulated hospital, Prometheus and Alertmanager, in the foreground on loopback.

    .venv/bin/python deploy/local/run.py

Ports are settings: WARDWATCH_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT, SIMULATOR_PORT, TRAPS_PORT. State, data and
logs live under `.state/` (WARDWATCH_STATE names another place). Ctrl-C or SIGTERM stops all that was started; so does
the end of this process, however it comes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # As a program: the checkout instead of this directory, where venv.py would hide the standard one.
    sys.path[0] = str(ROOT)

from deploy.local import children, parts, ports  # noqa: E402 - after the path

READY_SECONDS = 30.0
"""Longest wait for the collector before the others are started without it."""

SETTLED_SECONDS = 180.0
"""Longest time for which the count of targets is shown: `fragile` devices are due within 150 s."""

WORD_SECONDS = 10.0
"""Shortest time between two words of it: not a line for each target."""

RETENTION = "400d"


class Ended(Exception):
    """Somebody asked us to end."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    started: list[children.Child] = []
    try:
        return _run(started)
    except Ended:
        print("\nstopping", flush=True)
        return 0
    finally:
        # A second Ctrl-C must not leave anything behind: stopping takes seconds at most.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if killed := children.stop(list(reversed(started))):
            print(f"did not end by itself and was killed: {', '.join(killed)}", flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended


def _run(started: list[children.Child]) -> int:
    state = _home(os.environ)
    try:
        at = ports.read(os.environ)
    except ValueError as problem:
        print(f"make run: {problem}", file=sys.stderr)
        return 2
    real = {name: path for name in ("prometheus", "alertmanager") if (path := _part(name))}
    if problems := list(ports.taken(at, ["wardwatch", "simulator", "traps", *real])):
        for line in problems:
            print(f"make run: {line}", file=sys.stderr)
        return 1
    config = configuration(at, state)
    logs = state / "logs"
    wardwatch = [sys.executable, "-m", "collector"]
    env = environment(state)
    begun = time.monotonic()
    simulator = [*wardwatch, "simulate", "--config", str(config), "--port", str(at.simulator)]
    collector = [*wardwatch, "run", "--config", str(config), "--web.listen-address", f"127.0.0.1:{at.wardwatch}"]
    started.append(children.start("simulator", simulator, logs / "simulator.log", env))
    started.append(children.start("collector", collector, logs / "collector.log", env))
    # Prometheus reads the list of targets as it starts, so the collector comes first.
    if not _ready(f"http://127.0.0.1:{at.wardwatch}/-/ready", started, begun):
        return _obituary(started)
    for name, words in servers(real, at, state).items():
        started.append(children.start(name, words, logs / f"{name}.log", {}))
    _announce(at, real, logs)
    return _watch(started, at if "prometheus" in real else None)


def _home(environ: Mapping[str, str]) -> Path:
    """Where state, data and logs live."""
    return Path(environ.get("WARDWATCH_STATE") or ROOT / ".state").absolute()


def environment(state: Path) -> dict[str, str]:
    """The collector's state lies where `wardwatch pause` and `poll`, typed in the checkout, look for it."""
    return {"STATE_DIRECTORY": str(state), "PYTHONUNBUFFERED": "1"}


def _part(name: str) -> Path | None:
    try:
        return parts.part(name)
    except parts.MissingPart as problem:
        print(f"make run: going on without {problem}", file=sys.stderr)
        return None


def configuration(at: ports.Ports, state: Path) -> Path:
    """The example configuration; a copy under `state` where anything has another port."""
    usual = ports.Ports()
    source = ROOT / "config"
    if at == usual:
        return source
    chosen = {str(usual.simulator): str(at.simulator), str(usual.traps): str(at.traps)}
    copy = state / "config"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy)
    for path in copy.rglob("*.yml"):
        path.write_text(re.sub(rf"\b({'|'.join(chosen)})\b", lambda port: chosen[port[0]], path.read_text()))
    places = {"collector": at.wardwatch, "prometheus": at.prometheus, "alertmanager": at.alertmanager}
    with (copy / "wardwatch.yml").open("a") as settings:  # where the status page asks, and its links lead
        settings.write("urls:\n" + "".join(f"  {name}: http://127.0.0.1:{port}\n" for name, port in places.items()))
    return copy


def servers(real: Mapping[str, Path], at: ports.Ports, state: Path) -> dict[str, list[str]]:
    """The command lines of Prometheus and Alertmanager, as far as they are to be had."""
    commands = {}
    if "prometheus" in real:
        commands["prometheus"] = [
            str(real["prometheus"]), f"--config.file={_prometheus_config(at, state)}",
            f"--storage.tsdb.path={state / 'prometheus'}", f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address=127.0.0.1:{at.prometheus}",
        ]  # fmt: skip
    if "alertmanager" in real:
        commands["alertmanager"] = [
            str(real["alertmanager"]), f"--config.file={_alertmanager_config(at, state)}",
            f"--storage.path={state / 'alertmanager'}", f"--web.listen-address=127.0.0.1:{at.alertmanager}",
            # Empty: no gossip, and no port for it.
            "--cluster.listen-address=",
        ]  # fmt: skip
    return commands


def _prometheus_config(at: ports.Ports, state: Path) -> Path:
    """The project's configuration; a copy under `state` where ports differ, otherwise the file itself."""
    usual, source = ports.Ports(), ROOT / "deploy" / "prometheus" / "prometheus.yml"
    if at == usual:
        return source
    text = re.sub(
        r"(?<=^  - )\S+/\*\.yml$", lambda rules: str(source.parent / rules[0]), source.read_text(), flags=re.M
    )
    chosen = {getattr(usual, name): getattr(at, name) for name in ("wardwatch", "prometheus", "alertmanager")}
    text = re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda port: str(chosen.get(int(port[0]), port[0])), text)
    copy = state / "prometheus.yml"
    copy.write_text(text)
    return copy


def _alertmanager_config(at: ports.Ports, state: Path) -> Path:
    """What `wardwatch rules` has made of the example estate's contacts; a copy where the collector has another port."""
    usual, source = ports.Ports(), ROOT / "dashboards" / "generated" / "alertmanager"
    if at.wardwatch == usual.wardwatch:
        return source / "alertmanager.yml"
    copy = state / "alertmanager-config"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy)
    path = copy / "alertmanager.yml"
    path.write_text(path.read_text().replace(f"127.0.0.1:{usual.wardwatch}", f"127.0.0.1:{at.wardwatch}"))
    return path


def _get(url: str) -> bytes | None:
    """The body of a page on loopback; None where it does not answer with 200."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as answer:
            return bytes(answer.read())
    except (OSError, urllib.error.HTTPError):
        return None


def _ready(url: str, started: list[children.Child], begun: float) -> bool:
    """Wait until `url` answers, but not for ever; False when one of the children has died instead."""
    while _get(url) is None:
        if any(child.process.poll() is not None for child in started):
            return False
        if time.monotonic() > begun + READY_SECONDS:
            print(f"collector not ready after {READY_SECONDS:.0f} s; going on", flush=True)
            return True
        time.sleep(0.1)
    print(f"collector ready after {time.monotonic() - begun:.1f} s", flush=True)
    return True


def _announce(at: ports.Ports, real: Mapping[str, Path], logs: Path) -> None:
    here = "http://127.0.0.1"
    lines = [
        "",
        "running:",
        f"  collector     {here}:{at.wardwatch}",
        f"  simulator     udp port {at.simulator} on 127.20.0.0/16: a hospital that does not exist",
        f"                tcp port {at.simulator} on 127.20.10.0/24: its archive, interface, viewer and records",
        f"                udp port {at.simulator} on 127.20.10.5: its time server, beside SNMP",
        f"  traps         udp port {at.traps} on 127.0.0.1: docs/traps.md sends one",
    ]
    if "prometheus" in real:
        lines.append(f"  Prometheus    {here}:{at.prometheus}  keeps {RETENTION}")
    if "alertmanager" in real:
        lines.append(f"  Alertmanager  {here}:{at.alertmanager}")
    lines += [
        "",
        "open next:",
        f"  {here}:{at.wardwatch}/  how services stand, what is wrong, and since when",
        f"  {here}:{at.wardwatch}/devices  every device, its state, and why",
    ]
    if "prometheus" in real:
        query = "g0.expr=wardwatch_device_up&g0.tab=1"
        lines += [
            f"  {here}:{at.prometheus}/targets  what Prometheus scrapes",
            f"  {here}:{at.prometheus}/graph?{query}  which devices answer",
        ]
    lines += ["", f"logs: {os.path.relpath(logs)}/*.log     stop: Ctrl-C", ""]
    print("\n".join(lines), flush=True)


def _watch(started: list[children.Child], at: ports.Ports | None) -> int:
    """Say how targets come up, then stay quiet until a child dies or somebody ends us."""
    until, said, next_look, next_word = time.monotonic() + SETTLED_SECONDS, "", 0.0, 0.0
    while True:
        if any(child.process.poll() is not None for child in started):
            return _obituary(started)
        if at is not None and next_look <= time.monotonic() < until:
            next_look = time.monotonic() + 2
            up, known = _targets(at)
            text = f"Prometheus: {up} of {known} targets up"
            if known and text != said and (up == known or next_word <= time.monotonic()):
                said, next_word = text, time.monotonic() + WORD_SECONDS
                print(text, flush=True)
            if known and up == known:
                at = None
        time.sleep(0.2)


def _targets(at: ports.Ports) -> tuple[int, int]:
    """How many of Prometheus' targets are up, and how many there are; the devices among them are listed by /sd."""
    body = _get(f"http://127.0.0.1:{at.prometheus}/api/v1/targets?state=active")
    try:
        active = json.loads(body or b"")["data"]["activeTargets"]
    except (ValueError, KeyError):
        return 0, 0
    if not any(target["labels"].get("job") == "device" for target in active):
        return 0, 0
    return sum(target["health"] == "up" for target in active), len(active)


def _obituary(started: list[children.Child]) -> int:
    """Say which child ended and what it said last."""
    for child in started:
        if (code := child.process.poll()) is not None:
            how = f"signal {-code}" if code < 0 else f"exit {code}"
            print(f"make run: {child.name} ended by itself ({how}). The end of {os.path.relpath(child.log)}:")
            print("\n".join(f"  {line}" for line in child.last_words()), flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
