"""Durations. `scale` shrinks all of them together: with 60 an hour takes a minute, and a rule runs every second."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

SHORT: Final = ("5m", "30m", "1h", "2h", "6h")
"""Windows that are read from every minute: at most 360."""

LONG: Final = ("1d", "3d", "7d", "28d", "30d", "90d")
"""Windows that are read from hourly sums."""

PERIODS: Final = ("quarter", "year", "financial_year")
"""Calendar windows beside the month, which there always is."""

SCALES: Final = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
"""Scales by which an interval is whole milliseconds, and an hour sixty of them."""

_MILLISECONDS: Final = {"ms": 1} | {unit: count * 1000 for unit, count in SECONDS.items()}
_STRING: Final = r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\#[^\n]*)"""
_AHEAD: Final = r"(?:(?<=\])(?P<ahead>\s*,\s*[0-9][0-9.* ]*)(?=\)))"
_TIMES: Final = re.compile(
    rf"{_STRING}|(?P<opening>\[\s*)(?P<range>[^\]]*)|(?P<word>\boffset\s+-?)(?P<offset>\w+)|{_AHEAD}"
)
"""Where an expression says how far it looks back, and how far ahead: a number behind a range is predict_linear's."""


def seconds(text: str) -> int:
    """`5m` in seconds."""
    return int(text[:-1]) * SECONDS[text[-1]]


def milliseconds(text: str) -> int:
    """`23h59m59s` in milliseconds."""
    return sum(int(count) * _MILLISECONDS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhd])", text))


def duration(milliseconds: int) -> str:
    """As Prometheus writes it, with no unit twice: `4m59s`."""
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


@dataclass(frozen=True, slots=True)
class Timing:
    """`interval` is how often rules run, in seconds before scaling. ValueError for a scale that is none."""

    scale: int = 1
    interval: int = 60

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"scale {self.scale}: {', '.join(map(str, SCALES))} divide a minute")

    def lasts(self, text: str) -> str:
        """So long, scaled."""
        return duration(milliseconds(text) // self.scale)

    @property
    def every(self) -> str:
        """The interval, scaled."""
        return self.lasts(f"{self.interval}s")

    def range(self, text: str) -> str:
        """A range that holds as many samples as fit into `text`.

        It is a sixtieth of an interval short of it. A range of Prometheus 2 includes the sample at its left end, one of
        Prometheus 3 does not; rules run to the millisecond, so that with this there is no sample at the left end.
        """
        return duration((seconds(text) * 1000 - self.interval * 1000 // 60) // self.scale)

    def expression(self, text: str) -> str:
        """PromQL with its ranges, its offsets and how far it predicts scaled.

        Other numbers stay: what devices say in seconds, as how long a battery lasts, and rates a second are of a world
        that hurries no more than before.
        """
        return text if self.scale == 1 else _TIMES.sub(self._time, text)

    def _time(self, found: re.Match[str]) -> str:
        if found["range"] is not None:
            return found["opening"] + re.sub(r"\w+", lambda each: self.lasts(each[0]), found["range"])
        if found["offset"] is not None:
            return found["word"] + self.lasts(found["offset"])
        return found["string"] or f"{found['ahead']} / {self.scale}"

    @property
    def hour(self) -> str:
        """Seconds in an hour, scaled, as PromQL writes numbers."""
        return f"{3600 / self.scale:g}"
