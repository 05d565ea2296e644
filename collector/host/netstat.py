"""Counters of the IP, ICMP, TCP and UDP stacks (node_exporter's `netstat`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, pattern
from collector.host.tables import Names, Singles
from collector.model import Column, Edge, Family, Target

FIELDS = (
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)"
    "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
_PROTOCOL6 = re.compile("^([A-Za-z]+6)(.+)$")

_Pick = tuple[int, Sequence[int]]
"""Of one line, by its place among the lines: the places of its words that are wanted."""


@dataclass(slots=True)
class _Lines:
    """A file of pairs of lines: `Tcp: InSegs OutSegs`, then `Tcp: 4420 2909`. What is wanted is found again only when
    the kernel writes other headers."""

    headers: Sequence[bytes] = ()
    picks: Sequence[_Pick] = ()
    families: Sequence[Family] = ()
    singles: Singles = field(default_factory=Singles)


@dataclass(slots=True)
class _Memory:
    files: tuple[tuple[str, _Lines], ...] = field(
        default_factory=lambda: (("/proc/net/netstat", _Lines()), ("/proc/net/snmp", _Lines()))
    )
    six: Names = field(default_factory=Names)


def family(protocol: str, name: str) -> Family:
    return Family(f"node_netstat_{protocol}_{name}", f"Statistic {protocol}{name}.", "untyped")


@dataclass(frozen=True, slots=True)
class Netstat:
    """`fields` chooses by regular expression, as `--collector.netstat.fields` does."""

    name: ClassVar[str] = "netstat"
    fields: str = FIELDS

    def __post_init__(self) -> None:
        pattern("fields", self.fields)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        columns: list[Column] = []
        for path, known in memory.files:
            content = edge.host.read(path)
            if content is not None:
                with Parsing(path):
                    columns.extend(self._pairs_of_lines(content, known))
        content = edge.host.read("/proc/net/snmp6")
        if content is not None:
            with Parsing("/proc/net/snmp6"):
                columns.extend(memory.six.columns(content, self._family6))
        if not columns:
            raise NoData("there are no protocol statistics")
        return columns

    def _pairs_of_lines(self, content: bytes, known: _Lines) -> Sequence[Column]:
        lines = content.splitlines()
        headers, rest = lines[::2], lines[1::2]
        if len(headers) != len(rest):
            raise ValueError("a line of names has no line of numbers")
        if headers != known.headers:
            known.headers, known.picks, known.families = headers, *self._wanted(headers)
        values = []
        for line, places in known.picks:
            words = rest[line].split(None, places[-1] + 1)
            values += [int(words[place]) for place in places]
        return known.singles.columns(known.families, values)

    def _wanted(self, headers: Sequence[bytes]) -> tuple[Sequence[_Pick], Sequence[Family]]:
        picks, families = list[_Pick](), list[Family]()
        for line, header in enumerate(headers):
            words = header.decode("ascii", "replace").split()
            protocol = words[0].rstrip(":")
            places = [i for i, name in enumerate(words[1:], 1) if re.search(self.fields, f"{protocol}_{name}")]
            if places:
                picks.append((line, places))
                families += [family(protocol, words[place]) for place in places]
        return picks, families

    def _family6(self, name: str) -> Family | None:
        """`Ip6InReceives`; a name without a protocol that ends in 6 is none of ours."""
        parts = _PROTOCOL6.match(name)
        return family(parts[1], parts[2]) if parts and re.search(self.fields, f"{parts[1]}_{parts[2]}") else None
