"""`python -m bench.bar [ID ...] [--full] [--seed N]`: one JSON line for each row, ends with 1 when one is red.

What all of them took together is the last line, on stderr.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog

from bench.bar.row import Row, Verdict
from bench.bar.rows import FULL, QUICK

AIM = 900.0
"""Seconds in which all rows are to be measured in their quick size (RELIABILITY part 5)."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("bench.bar", description=__doc__)
    known = [row.id for row in QUICK]
    parser.add_argument("ids", nargs="*", metavar="ID", help=f"which: {' '.join(known)}; none: all")
    parser.add_argument("--full", action="store_true", help="the size that the promise names, for a release")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(words)
    if unknown := [name for name in chosen.ids if name not in known]:
        parser.error(f"no such row: {', '.join(unknown)}; there are {', '.join(known)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    red, measured, begun = False, 0, time.perf_counter()
    for row in FULL if chosen.full else QUICK:
        if not chosen.ids or row.id in chosen.ids:
            found = line(row, chosen.seed, "full" if chosen.full else "quick")
            print(json.dumps(found), flush=True)
            red, measured = red or not found["pass"], measured + 1
    took = time.perf_counter() - begun
    aim = "" if chosen.full or chosen.ids else f" (aim: at most {AIM:.0f} s: {'kept' if took <= AIM else 'MISSED'})"
    print(f"{measured} rows in {took:.0f} s{aim}", file=sys.stderr)
    return 1 if red else 0


def line(row: Row, seed: int, size: str) -> dict[str, Any]:
    """Measure a row; what came of it as one line of JSON has it. An error is a red row, not the end of the run."""
    load, begun = os.getloadavg()[0], time.perf_counter()
    try:
        verdict = row.measure(seed)
    except Exception as error:  # noqa: BLE001 - the other rows are to be measured all the same
        verdict = Verdict(False, {"error": f"{type(error).__name__}: {error}"})
    return {
        "id": row.id,
        "pass": verdict.kept,
        "promise": row.promise,
        "figure": dict(verdict.figure),
        "target": row.target,
        "size": size,
        "seed": seed,
        "seconds": round(time.perf_counter() - begun, 1),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in ("wardwatch", "uvloop")},
        "machine": {"system": platform.platform(), "cores": os.cpu_count(), "load_before": round(load, 2)},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


if __name__ == "__main__":
    sys.exit(main())
