"""`python -m bench.start`: from the start of the process to the first 200 of `/-/ready`, with the example estate.

Wall time, median of several starts, each of a fresh process with an empty state directory. Promise: at most 1.5 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import process
from deploy.local import venv

ROOT = Path(__file__).resolve().parents[1]
PROMISE = 1.5


def once(config: Path) -> float:
    """Seconds of one start."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as name:
        log, port = Path(name) / "log", process.free_port()
        words: list[str | Path] = [sys.executable, "-m", "collector", "run", "--config", config]
        begun = time.perf_counter()
        with process.running(
            [*words, "--web.listen-address", f"127.0.0.1:{port}"], log, {"STATE_DIRECTORY": name}
        ) as collector:
            process.wait(collector, f"http://127.0.0.1:{port}/-/ready", log)
            return time.perf_counter() - begun


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--config", type=Path, default=ROOT / "config")
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    venv.compiled(Path(sys.executable), ROOT)  # as after an installation, whatever was edited since
    seconds = sorted(once(chosen.config) for _ in range(chosen.rounds))
    print(f"start to ready, {chosen.rounds} starts with {chosen.config.name}/, wall seconds")
    print(f"fastest {seconds[0]:.2f}   median {median(seconds):.2f}   slowest {seconds[-1]:.2f}")
    kept = median(seconds) <= PROMISE
    print(f"promise (at most {PROMISE} s): {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
