"""Thirty seconds of coverage-guided fuzzing in every full run; a finding fails with its input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_codec_survives_the_fuzzer() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.ber", "--seconds", "30"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "stat::number_of_executed_units" in done.stderr
