"""Pictures of boards that are answered: one Chromium draws them one after the other."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.render.boards import Problem
from deploy.render.tools import SOURCE, Tools


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture to draw: the page's input (`boards.answered`), how, and where to."""

    given: Mapping[str, Any]
    theme: str
    width: int
    out: Path


@dataclass(frozen=True, slots=True)
class Picture:
    """One that was drawn: what went wrong in it, and the text that is to be read in it."""

    name: str
    problems: Sequence[Problem]
    text: str


def drawn(tools: Tools, wanted: Sequence[Wanted]) -> Iterator[Picture]:
    """Each picture as it is done. The last says so where drawing ended before all were."""
    with tempfile.TemporaryDirectory(prefix="wardwatch-render-") as place:
        job = Path(place) / "job.json"
        job.write_text(json.dumps(_job(tools, wanted, Path(place))))
        words = [tools.node, str(SOURCE / "draw.cjs"), str(job)]
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=tools.environment
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said = json.loads(line)
                problems = [Problem(f"{said['name']}: {each['panel']}", each["message"]) for each in said["problems"]]
                yield Picture(said["name"], problems, said["text"])
        if process.returncode:
            problem = Problem("drawing", f"ended with {process.returncode} before all was drawn")
            yield Picture("drawing", [problem], "")


def _job(tools: Tools, wanted: Sequence[Wanted], place: Path) -> dict[str, Any]:
    inputs: dict[int, Path] = {}
    for each in wanted:
        if id(each.given) not in inputs:
            path = inputs[id(each.given)] = place / f"{len(inputs)}.json"
            path.write_text(json.dumps(each.given))
    jobs = [
        {
            "name": each.out.stem,
            "input": str(inputs[id(each.given)]),
            "out": str(each.out),
            "theme": each.theme,
            "width": each.width,
        }
        for each in wanted
    ]
    return {
        "chromium": str(tools.chromium),
        "assets": str(tools.assets),
        "icons": str(tools.icons),
        "fonts": str(tools.fonts) if tools.fonts else None,
        "page": str(SOURCE / "page.html"),
        "jobs": jobs,
    }
