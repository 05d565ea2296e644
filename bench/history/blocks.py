"""Samples of the past as blocks of Prometheus: OpenMetrics in, `promtool tsdb create-blocks-from openmetrics`.

promtool reads its whole file once for each block. So history is written a block's time after the other, each to a file
that lasts as long as its block is made, beside which the next is told: neither memory nor disk grows with the length
of what is told.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deploy.local import parts

HOUR: Final = 3600
LONGEST: Final = 162 * HOUR
"""Of a block. promtool makes them of 2 h times a power of 3, and begins each at a multiple of its length."""

Told = Callable[[int, int], Iterable[str]]
"""Lines of samples from a time to before another, as text with their ends."""


def write(told: Told, begins: int, ends: int, home: Path, data: Path) -> int:
    """How many lines were written as blocks of `data`. `home` holds two files meanwhile.

    Raises RuntimeError with what promtool says.
    """
    count = 0
    with TemporaryDirectory(prefix="told-", dir=home) as name, ThreadPoolExecutor(1) as pool:
        made: Future[None] | None = None
        for place, (since, until) in enumerate(windows(begins, ends)):
            file = Path(name) / f"{place % 2}.txt"
            with file.open("w") as text:
                here = sum(text.write(lines) and lines.count("\n") for lines in told(since, until))
                text.write("# EOF\n")
            if made is not None:
                made.result()
            made = pool.submit(_made, file, data) if here else None
            count += here
        if made is not None:
            made.result()
    return count


def windows(begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """Whole seconds from `begins` to before `ends`, a longest block's time at once, as promtool cuts them."""
    while begins < ends:
        until = min(ends, (begins // LONGEST + 1) * LONGEST)
        yield begins, until
        begins = until


def between(times: Iterable[int], since: int, until: int) -> list[int]:
    return [at for at in times if since <= at < until]


def _made(file: Path, data: Path) -> None:
    words: list[str | Path] = [parts.part("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q"]
    words += [f"--max-block-duration={LONGEST // HOUR}h", file, data]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"promtool: {done.stdout}{done.stderr}")
