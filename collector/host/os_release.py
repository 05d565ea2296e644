"""Which operating system this is (node_exporter's `os`)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import Malformed, NoData
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Target, column

LABELS = (
    "build_id", "id", "id_like", "image_id", "image_version", "name",
    "pretty_name", "variant", "variant_id", "version", "version_codename", "version_id",
)  # fmt: skip
INFO = Family("node_os_info", f"A metric with a constant '1' value labeled by {', '.join(LABELS)}.")
VERSION = Family("node_os_version", "Metric containing the major.minor part of the OS version.")

_FILES = ("/etc/os-release", "/usr/lib/os-release")
"""Where os-release(5) looks, in its order."""
_MACOS = "/System/Library/CoreServices/SystemVersion.plist"
_MAJOR_MINOR = re.compile(r"[0-9]+\.?[0-9]*")


@dataclass(slots=True)
class _Memory:
    content: bytes = b""
    columns: Sequence[Column] = ()
    info: Table = field(default_factory=lambda: Table(*LABELS))
    version: Table = field(default_factory=lambda: Table("id", "id_like", "name"))


def parse(content: bytes) -> dict[str, str]:
    """`KEY=value` with a shell's quoting; lines that a shell would not take are left out."""
    fields = {}
    for line in content.decode("utf-8", "replace").split("\n"):
        key, equals, value = line.strip().partition("=")
        if not equals or key.startswith("#"):
            continue
        try:
            fields[key.lower()] = "".join(shlex.split(value))
        except ValueError:
            continue
    return fields


def _macos(content: bytes) -> dict[str, str]:
    # Imported where it is needed: only macOS has such a file, and every start would pay for the XML parser.
    import plistlib
    from xml.parsers.expat import ExpatError

    try:
        found = plistlib.loads(content)
        version = str(found.get("ProductVersion", ""))
    except (plistlib.InvalidFileException, ExpatError, ValueError, AttributeError) as error:
        raise Malformed(f"{_MACOS}: {error}") from error
    return {
        "name": str(found.get("ProductName", "")),
        "version": version,
        "version_id": version,
        "build_id": str(found.get("ProductBuildVersion", "")),
    }


@dataclass(frozen=True, slots=True)
class Os:
    """No options."""

    name: ClassVar[str] = "os"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        content, read = _find(edge.host)
        if content != memory.content or not memory.columns:
            memory.columns = _columns(read(content), memory)
            memory.content = content
        return memory.columns


def _columns(fields: Mapping[str, str], memory: _Memory) -> list[Column]:
    get = fields.get
    columns = [column(INFO, memory.info.rows([tuple(get(label, "") for label in LABELS)]), (1.0,))]
    version = _MAJOR_MINOR.match(get("version_id", ""))
    if version is not None:
        rows = memory.version.rows([(get("id", ""), get("id_like", ""), get("name", ""))])
        columns.append(column(VERSION, rows, (float(version[0]),)))
    return columns


def _find(host: Host) -> tuple[bytes, Callable[[bytes], Mapping[str, str]]]:
    """The file there is, and how it is read."""
    for path in _FILES:
        content = host.read(path)
        if content is not None:
            return content, parse
    content = host.read(_MACOS)
    if content is not None:
        return content, _macos
    raise NoData("there is no os-release file")
