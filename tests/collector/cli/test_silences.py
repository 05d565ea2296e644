"""A real Alertmanager says which alerts are silenced."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.process import free_port
from collector.cli.prometheus import silenced

pytestmark = [pytest.mark.parts, pytest.mark.slow]

READY_SECONDS = 10.0


@contextmanager
def at_work(program: Path, home: Path) -> Iterator[str]:
    (home / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    url = f"http://127.0.0.1:{free_port()}"
    words = [
        program,
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home}",
        "--cluster.listen-address=",
    ]
    words.append(f"--web.listen-address={url.removeprefix('http://')}")
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                said(f"{url}/-/ready")
                break
            except OSError:
                assert time.monotonic() < deadline, "it is not ready"
                time.sleep(0.1)
        yield url
    finally:
        running.terminate()
        running.wait(10)


def said(url: str, what: Any = None) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = None if what is None else json.dumps(what).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with opener.open(request, timeout=5) as answer:
        return bytes(answer.read())


async def test_an_alert_that_is_silenced_is_told_and_no_other(part: Callable[[str], Path], tmp_path: Path) -> None:
    now = datetime.now(UTC)
    loud, quiet = ({"alertname": "DeviceDown", "instance": name, "severity": "warning"} for name in ("loud", "quiet"))
    with at_work(part("alertmanager"), tmp_path) as url:
        said(f"{url}/api/v2/alerts", [{"labels": {**labels, "cluster": "a"}} for labels in (loud, quiet)])
        assert await silenced(url, None) == []
        matcher = {"name": "instance", "value": "quiet", "isRegex": False}
        until = {"startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
        said(f"{url}/api/v2/silences", {"matchers": [matcher], "createdBy": "me", "comment": "repair", **until})
        deadline = time.monotonic() + READY_SECONDS
        while not (found := await silenced(url, None)):
            assert time.monotonic() < deadline, "the silence does not hold"
            time.sleep(0.1)
    assert found == [{**quiet, "cluster": "a"}]
