"""Counters of the IP, ICMP, TCP and UDP stacks (node_exporter's `netstat`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, pattern
from collector.model import Column, Edge, Family, Target, single

FIELDS = (
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)"
    "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
_PROTOCOL6 = re.compile("^([A-Za-z]+6)(.+)$")

Wanted = tuple[tuple[int, Family], ...]
"""Which words of a line are wanted, by position."""


@dataclass(slots=True)
class _Memory:
    """What is wanted under a header line: the header is parsed again only when the kernel writes another one."""

    headers: dict[bytes, Wanted] = field(default_factory=dict)
    names6: dict[bytes, Family | None] = field(default_factory=dict)


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
        for path in ("/proc/net/netstat", "/proc/net/snmp"):
            content = edge.host.read(path)
            if content is not None:
                with Parsing(path):
                    columns.extend(self._pairs_of_lines(content, memory))
        content = edge.host.read("/proc/net/snmp6")
        if content is not None:
            with Parsing("/proc/net/snmp6"):
                columns.extend(self._names_and_numbers(content, memory))
        if not columns:
            raise NoData("there are no protocol statistics")
        return columns

    def _pairs_of_lines(self, content: bytes, memory: _Memory) -> Iterator[Column]:
        """`Tcp: InSegs OutSegs`, then `Tcp: 4420 2909`."""
        lines = content.splitlines()
        for header, line in zip(lines[::2], lines[1::2], strict=True):
            wanted = memory.headers.get(header)
            if wanted is None:
                wanted = memory.headers[header] = self._wanted(header)
            if wanted:
                words = line.split()
                for i, known in wanted:
                    yield single(known, int(words[i]))

    def _wanted(self, header: bytes) -> Wanted:
        words = header.decode("ascii", "replace").split()
        protocol = words[0].rstrip(":")
        return tuple(
            (i, family(protocol, name))
            for i, name in enumerate(words[1:], 1)
            if re.search(self.fields, f"{protocol}_{name}")
        )

    def _names_and_numbers(self, content: bytes, memory: _Memory) -> Iterator[Column]:
        """`Ip6InReceives 12`, one on a line; a name without a protocol that ends in 6 is none of ours."""
        words = content.split()
        for name, digits in zip(words[::2], words[1::2], strict=True):
            if name not in memory.names6:
                parts = _PROTOCOL6.match(name.decode("ascii", "replace"))
                wanted = parts is not None and re.search(self.fields, f"{parts[1]}_{parts[2]}")
                memory.names6[name] = family(parts[1], parts[2]) if parts and wanted else None
            known = memory.names6[name]
            if known is not None:
                yield single(known, int(digits))
