"""A large history behind a Prometheus of its own, for what is measured on it; kept where that is asked for."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import process
from bench.history import large
from deploy.local import parts
from tests.dashboards.boards.asking import Prometheus


def options(doc: str | None, full: str) -> argparse.ArgumentParser:
    """`--full` with its help, and `--data`."""
    found = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--full", action="store_true", help=full)
    found.add_argument("--data", type=Path, help="where history is to stay; used again where there is some")
    return found


@contextmanager
def served(
    size: large.Size,
    kept: Path | None,
    by: Callable[[], Collection[str]] = large.read,
    env: Mapping[str, str] | None = None,
) -> Iterator[tuple[Prometheus, float]]:
    """The Prometheus, started with `env`, and the Unix time to ask it at. Its history is made of what is read by `by`
    (`large.make`), unless `kept` has one."""
    with tempfile.TemporaryDirectory(prefix="bench-history-") as name:
        home = Path(name)
        data: Path = kept or home / "data"
        until = data / "until"
        if not until.exists():
            begun = time.perf_counter()
            made = large.make(size, data, only_read=True, by=by)
            until.write_text(str(made.now))
            took = time.perf_counter() - begun
            print(f"{size}: {made.samples:,} samples of {made.series:,} series in {took:.0f} s", flush=True)
        port = process.free_port()
        (home / "prometheus.yml").write_text("{}\n")
        words: list[str | Path] = [
            parts.part("prometheus"), f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=400d", f"--web.listen-address=127.0.0.1:{port}",
            # History stays in the blocks in which it was written: while they are put together nothing is measured.
            "--storage.tsdb.max-block-duration=162h",
        ]  # fmt: skip
        with process.running(words, home / "log", env) as server:
            process.wait(server, f"http://127.0.0.1:{port}/-/ready", home / "log")
            yield Prometheus(f"http://127.0.0.1:{port}"), float(until.read_text()) - 60
