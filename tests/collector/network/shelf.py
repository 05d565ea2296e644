"""The recordings of `snmpsim-data` as agents that answer from the text itself: to read them whole takes minutes."""

from __future__ import annotations

import bz2
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import files
from pathlib import Path

from collector.wire.snmp import ber
from tests.collector.wire.snmp.agents import Agent, Varbind, names, parse_value

_OID = re.compile(rb"[0-9]+(\.[0-9]+)+")

LARGE = 300_000
"""Bytes of a compressed recording that takes its time to unpack."""


def shelf() -> Mapping[str, Path]:
    """Every recording by its name: `network/switch/cisco-c3560`."""
    found = {}
    for path in files("snmpsim-data") or ():
        text = str(path)
        if ".snmprec" in text and "/data/" in text:
            found[text.split("/data/", 1)[1].split(".snmprec", maxsplit=1)[0]] = Path(str(path.locate()))
    return dict(sorted(found.items()))


@dataclass
class Shelved(Agent):
    """Looks names up by bisection: the lines of a recording stand in the order of their OIDs."""

    values: dict[str, bytes] = field(default_factory=dict)
    text: bytes = b""

    @classmethod
    def of(cls, path: Path) -> Shelved:
        raw = path.read_bytes()
        return cls(text=bz2.decompress(raw) if path.suffix == ".bz2" else raw)

    def get(self, name: bytes) -> Varbind:
        arcs = ber.decode_oid(name)
        found = self._from(arcs)
        if found is not None and found[0] == arcs:
            return name, found[1]
        return name, bytes((ber.NO_SUCH_INSTANCE, 0))

    def next(self, name: bytes) -> Varbind:
        found = self._from((*ber.decode_oid(name), -1))
        if found is None:
            return name, bytes((ber.END_OF_MIB_VIEW, 0))
        return ber.encode_oid(".".join(map(str, found[0]))), found[1]

    def holds(self, root: str) -> bool:
        """Whether there is anything at `root` or below it."""
        raw = ber.encode_oid(root)
        return self.get(raw)[1][0] not in ber.ABSENT or self.next(raw)[0].startswith(raw)

    def _from(self, arcs: Sequence[int]) -> tuple[tuple[int, ...], bytes] | None:
        """The first readable line whose OID is `arcs` or comes after it."""
        low, high = 0, len(self.text)
        while low < high:
            first = start = self.text.rfind(b"\n", 0, (low + high) // 2) + 1
            while start < high and (here := self._arcs(start)) is None:
                start = self._end(start)
            if start < high and here is not None and here < tuple(arcs):
                low = self._end(start)
            else:
                high = first
        while low < len(self.text):
            stop = self._end(low)
            _, kind, content = (*self.text[low:stop].rstrip(b"\r\n").split(b"|", 2), b"", b"")[:3]
            found = self._arcs(low)
            value = _value(kind, content)
            if found is not None and value is not None:
                return found, value
            low = stop
        return None

    def _arcs(self, start: int) -> tuple[int, ...] | None:
        """The OID of a line; None for a comment, or what is left of a broken value."""
        oid = self.text[start : self.text.find(b"|", start, start + 2000)]
        return names(oid.decode()) if _OID.fullmatch(oid) else None

    def _end(self, start: int) -> int:
        stop = self.text.find(b"\n", start)
        return len(self.text) if stop < 0 else stop + 1


def _value(kind: bytes, content: bytes) -> bytes | None:
    try:
        return None if b":" in kind else parse_value(kind.decode(), content)
    except ValueError:
        return None
