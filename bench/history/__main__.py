"""`python -m bench.history --data DIR`: a data directory of Prometheus with 90 days of an estate that grew large.

Which series there are is taken from a running Prometheus (`--like http://127.0.0.1:10811`), or from the example estate,
which is started for that and is ill in places. What rules record is told hourly, and every minute of the last hours;
what was scraped, of names that boards read, every minute of the last two hours. Prometheus is then started on DIR.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bench.history import large


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="made if it is missing")
    options.add_argument("--like", metavar="URL", default="", help="a Prometheus whose series are told")
    for name, value in asdict(large.FULL).items():
        options.add_argument(f"--{name}", type=int, default=value, help=f"{value} unless said")
    chosen = options.parse_args()
    size = large.Size(**{name: getattr(chosen, name) for name in asdict(large.FULL)})
    begun = time.perf_counter()
    made = large.make(size, chosen.data, chosen.like)
    print(
        f"{made.samples:,} samples of {made.series:,} series in {time.perf_counter() - begun:.0f} s, until {made.now}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
