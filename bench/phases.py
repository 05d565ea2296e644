"""Where a collector's CPU time goes: the program as it is, with a clock on each of its four steps.

`python -m bench.phases FILE run --config DIR ...` is `wardwatch run --config DIR ...` that adds up, in FILE, the CPU
seconds of each step as they are spent. What is left of the process' own is the event loop, HTTP and system calls.
The clocks are the thread's and cost a microsecond a call; they are in no other figure.
"""

from __future__ import annotations

import mmap
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from collector.cli import main as collector
from collector.network.cycle import Cycle
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.rerun import Rerun
from exporters import routes
from exporters.encoding import compress
from exporters.forms import Forms

PHASES: Final = ("decode", "columns", "render", "gzip")
_BYTES: Final = 8


def read(path: Path) -> Mapping[str, float]:
    """CPU seconds of each phase, so far."""
    found = memoryview(path.read_bytes()).cast("d")
    return dict(zip(PHASES, found, strict=True))


class Clocks:
    """Adds up what is spent in each phase, in a file mapped into memory: to read it costs the process nothing."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(_BYTES * len(PHASES)))
        with path.open("r+b") as file:
            self._spent = memoryview(mmap.mmap(file.fileno(), 0)).cast("d")
        self._runs = False

    def on(self, phase: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, clocked, unless a phase is under way: one that calls another has its time too."""
        spent, place, clock = self._spent, PHASES.index(phase), time.thread_time

        def clocked(*words: Any, **named: Any) -> Any:
            if self._runs:
                return work(*words, **named)
            self._runs, began = True, clock()
            try:
                return work(*words, **named)
            finally:
                spent[place] += clock() - began
                self._runs = False

        return clocked


def attach(clocks: Clocks) -> None:
    """Put the clocks where each step begins. `decode`: a reply is read and the next question made; `columns`: values
    to columns with their labels; `render`: columns to text."""
    for phase, owner, names in (
        ("decode", Survey, ("send", "receive")),
        ("decode", Rerun, ("send", "receive")),
        ("columns", Cycle, ("_share", "_sheet", "again", "learn")),
        ("render", Forms, ("render",)),
    ):
        for name in names:
            setattr(owner, name, clocks.on(phase, getattr(owner, name)))
    vars(routes)["compress"] = clocks.on("gzip", compress)


if __name__ == "__main__":
    attach(Clocks(Path(sys.argv[1])))
    collector(sys.argv[2:])
