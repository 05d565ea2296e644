"""File descriptors of the whole machine (node_exporter's `filefd`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.host.proc import Parsing, need
from collector.model import Column, Edge, Family, Target, single

ALLOCATED = Family("node_filefd_allocated", "File descriptor statistics: allocated.")
MAXIMUM = Family("node_filefd_maximum", "File descriptor statistics: maximum.")


@dataclass(frozen=True, slots=True)
class Filefd:
    """No options."""

    name: ClassVar[str] = "filefd"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        path = "/proc/sys/fs/file-nr"
        with Parsing(path):
            words = need(edge.host, path).split()
            return [single(ALLOCATED, int(words[0])), single(MAXIMUM, int(words[2]))]
