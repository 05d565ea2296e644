"""Thirty seconds of coverage-guided fuzzing in every full run; a finding fails with its input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(("target", "seconds"), [("ber", 20), ("codecs", 10)])
def test_the_codecs_survive_the_fuzzer(target: str, seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.{target}", "--seconds", str(seconds)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "stat::number_of_executed_units" in done.stderr
