"""`make` alone prints help for every target."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_target_with_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"(?m)^\.PHONY: (.*)$", text)[0].split())

    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)

    helped = dict(re.findall(r"(?m)^  make ([a-z]+) +(\S.*)$", done.stdout))
    assert set(helped) == phony
    assert phony >= {"run", "test", "quick", "check", "lock", "bench", "bar", "build", "clean"}


def test_ci_runs_check_and_test() -> None:
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("make ")]

    assert commands == ["make check", "make test"]
