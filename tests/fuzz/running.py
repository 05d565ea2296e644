"""How a fuzz target is run from the command line: for so many seconds, from seeds, within a gigabyte."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import atheris


def fuzz(description: str, one: Callable[[bytes], None], seeds: Sequence[bytes]) -> None:
    """Gives `one` input after input. Ends the process: with 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    # The kernel counts what the process that started us held into our own peak, in KB.
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with tempfile.TemporaryDirectory() as folder:
        for number, packet in enumerate(seeds):
            Path(folder, str(number)).write_bytes(packet)
        atheris.Setup(
            [
                sys.argv[0], folder, f"-max_total_time={chosen.seconds}", f"-seed={chosen.seed}", "-max_len=2048",
                "-timeout=5", f"-rss_limit_mb={inherited + 1024}",
                f"-artifact_prefix={folder}/", "-print_final_stats=1",
            ],
            one,
        )  # fmt: skip
        atheris.Fuzz()
