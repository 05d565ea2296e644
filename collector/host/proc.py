"""Reading the small text files of /proc and /sys, and the words for when they are not as they should be."""

from __future__ import annotations

import re
from types import TracebackType

from collector.errors import Malformed, NoData
from collector.model import Host


def need(host: Host, path: str) -> bytes:
    """The whole file; NoData where this machine has none, which leaves the collector out of the page."""
    content = host.read(path)
    if content is None:
        raise NoData(f"{path} is not there")
    return content


def word(host: Host, path: str) -> str:
    """A file of one line, without the white space around it; empty where it is missing."""
    content = host.read(path)
    return content.decode("utf-8", "replace").strip() if content is not None else ""


def integer(text: bytes) -> int | None:
    """A whole number as the kernel writes it, decimal or `0x` hexadecimal; None for anything else."""
    try:
        return int(text, 16 if text[:2] == b"0x" else 10)
    except ValueError:
        return None


def number(host: Host, path: str) -> int | None:
    """The whole number in a file; None where the file is missing or holds something else."""
    content = host.read(path)
    return integer(content) if content is not None else None


def pattern(option: str, expression: str) -> re.Pattern[str]:
    """A regular expression out of an option; ValueError names the option when it is none."""
    try:
        return re.compile(expression)
    except re.error as error:
        raise ValueError(f"{option}: not a regular expression: {error}") from None


class Parsing:
    """Turns what slicing and `int()` raise on text of an unforeseen shape into Malformed, which names the file."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ValueError | IndexError):
            raise Malformed(f"{self._path}: {error}") from error


def wanted(include: str, exclude: str, device: str) -> bool:
    """node_exporter's two flags for devices: where `include` is given, it alone decides."""
    if include:
        return re.search(include, device) is not None
    return not exclude or re.search(exclude, device) is None
