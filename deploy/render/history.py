"""A Prometheus of our own, while boards are drawn, over a data directory as `python -m bench.history` makes one."""

from __future__ import annotations

import json
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local import children, parts

BLOCKS: Final = "*/meta.json"
"""What each block of Prometheus has."""

READY_SECONDS: Final = 60.0


class Unserved(Exception):
    """There is no Prometheus over the directory; the message says why."""


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of a Prometheus that answers from `data`, scrapes nothing and ends with us. Raises Unserved."""
    if not any(data.glob(BLOCKS)):
        raise Unserved(f"{data} holds no blocks of Prometheus: python -m bench.history --data {data} makes some")
    try:
        program = parts.part("prometheus")
    except parts.MissingPart as problem:
        raise Unserved(str(problem)) from None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="wardwatch-render-") as place:
        config = Path(place) / "prometheus.yml"
        config.write_text("{}\n")
        words = [
            str(program), f"--config.file={config}", f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=400d", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        child = children.start("prometheus", words, Path(place) / "log")
        try:
            _wait(child, f"http://127.0.0.1:{port}/-/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            children.stop([child])


def until(data: Path) -> float:
    """When the history of `data` ends, in seconds. ValueError where there is none."""
    return float(max(json.loads(meta.read_text())["maxTime"] for meta in data.glob(BLOCKS))) / 1000


def _wait(child: children.Child, url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.process.poll() is None:
        try:
            with opener.open(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise Unserved("\n".join(["Prometheus did not come up; the end of its log:", *child.last_words()]))
