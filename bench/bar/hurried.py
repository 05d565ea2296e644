"""`python -m bench.bar.hurried`: wardwatch where a minute takes a second.

What the configuration cannot shrink is shrunk here: how long an answer is waited for, so that as many attempts as ever
find room in an interval.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from collector.budget import RULES
from collector.cli import main

PATIENCE: Final = 0.05
"""Seconds: six attempts take 0.7 s, of an interval of one. Of a minute they take 14 s."""

if __name__ == "__main__":
    rules: Any = RULES
    rules["it"] = replace(RULES["it"], patience=PATIENCE)
    main()
