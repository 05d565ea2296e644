"""Spoilt files: whatever happens to a configuration, it loads or says where it does not (RELIABILITY E1)."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.config import Config, ConfigError, Problem

Load = Callable[[Path | None], Config]

PIECES = [
    ":",
    "- ",
    "#",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    "&a",
    "*a",
    "!!x",
    "\t",
    "\0",
    "\n",
    "no",
    "0",
    "-1",
    "1e9",
    "é",
]


def mutant(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    line = lines[at]
    spot = chance.randrange(len(line))
    kind = chance.randrange(7)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(chance.randrange(len(lines)), line)
    elif kind == 2:
        lines[at] = line[:spot] + chance.choice(PIECES) + line[spot:]
    elif kind == 3:
        lines[at] = line[:spot] + line[spot + 1 :]
    elif kind == 4:
        lines[at] = chance.choice(("  ", " ", "")) + line.lstrip()
    elif kind == 5:
        lines[at] = line.partition(":")[0] + ": " + chance.choice(PIECES) + "\n"
    else:
        return text[: chance.randrange(len(text))]
    return "".join(lines)


def problems(site: Path, loaded: Load) -> tuple[Problem, ...]:
    try:
        loaded(site)
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("seed", range(5))
def test_a_spoilt_file_loads_or_is_named_with_its_line(seed: int, site: Path, loaded: Load) -> None:
    chance = random.Random(seed)
    files = sorted(site.rglob("*.yml"))
    refused = 0
    for _ in range(100):
        path = chance.choice(files)
        good = path.read_text()
        path.write_text(mutant(good, chance))
        found = problems(site, loaded)
        refused += bool(found)
        for problem in found:
            assert problem.path in files
            assert problem.what
            assert 1 <= problem.line <= problem.path.read_text().count("\n") + 1
            assert "canary" not in str(problem)
        path.write_text(good)
    assert refused > 30, "most of what happens to a file is seen"
