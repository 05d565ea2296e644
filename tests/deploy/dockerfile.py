"""deploy/Dockerfile as data, and its first stage's steps as the plain commands they are."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "Dockerfile"

PLACES = ("opt", "src", "dist", "empty")
"""Directories at the root of the first stage, which the tests put elsewhere."""

STEP_SECONDS = 300


@dataclass
class Stage:
    """What follows a FROM: instructions and their arguments in order."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, *names: str) -> list[str]:
        return [argument for name, argument in self.steps if name in names]


def stages() -> list[Stage]:
    lines = [line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    found: list[Stage] = []
    for instruction in filter(None, re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()):
        name, _, argument = instruction.partition(" ")
        if name == "FROM":
            found.append(Stage(argument))
        elif found:
            found[-1].steps.append((name, argument.strip()))
    return found


def default(name: str) -> str:
    """The value of a build argument that nobody gives."""
    found = re.search(rf"^ARG {name}=(\S+)$", FILE.read_text(), re.M)
    assert found, name
    return found[1]


def environment(stage: Stage) -> dict[str, str]:
    words = (word for argument in stage.all("ENV") for word in shlex.split(argument))
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def health() -> list[str]:
    """The health check's command."""
    (argument,) = stages()[-1].all("HEALTHCHECK")
    command: list[str] = json.loads(argument.partition("CMD ")[2])
    return command


def moved(text: str, root: Path) -> str:
    """With the first stage's directories below `root`."""
    return re.sub(rf"(?<![\w./-])/(?={'|'.join(PLACES)})", f"{root}/", text)


def build(root: Path) -> None:
    """Do the first stage's steps below `root`, with this Python; AssertionError with what a step said that failed."""
    # This machine's own index, certificates and cache, but none of our own modules. Byte code is made on import:
    # here that is little of what is installed.
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    where = root
    for name, argument in stages()[0].steps:
        if name == "WORKDIR":
            where = Path(moved(argument, root))
            where.mkdir(parents=True)
        elif name == "ENV":
            given = (word.partition("=") for word in shlex.split(argument))
            env |= {key: value for key, _, value in given if key != "PIP_NO_CACHE_DIR"} | {"PIP_NO_COMPILE": "1"}
        elif name == "COPY":
            _copy(shlex.split(argument), where)
        elif name == "RUN":
            _run(shlex.split(moved(argument, root)), where, env)
        else:
            raise AssertionError(f"{name}: no plain step")


def _copy(words: list[str], where: Path) -> None:
    *sources, target = words
    for source in sources:
        to = where / target / source if target.endswith("/") else where / target
        if (ROOT / source).is_dir():
            # As .dockerignore has it.
            ignore = shutil.ignore_patterns("__pycache__", "generated", "secrets")
            shutil.copytree(ROOT / source, to, ignore=ignore)
        else:
            shutil.copy(ROOT / source, to)


def _run(words: list[str], where: Path, env: Mapping[str, str]) -> None:
    program = [sys.executable] if words[0] == "python" else [words[0]]
    done = subprocess.run(
        [*program, *words[1:]], cwd=where, env=env, capture_output=True, text=True, timeout=STEP_SECONDS, check=False
    )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
