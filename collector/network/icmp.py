"""ICMP: does a device answer an echo, how quickly, and over how many hops. blackbox_exporter's `icmp` (CONTRACTS 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from collector.model import UNBOUNDED, Column, Device, Echo, Edge, Family, Seconds, Target
from collector.probing import Report, attempt, in_family
from collector.probing.place import unfit

PHASES = Family("probe_icmp_duration_seconds", "How long each phase took.")
HOPS = Family("probe_icmp_reply_hop_limit", "Hop limit (TTL) that the reply came with.")

LARGEST = 1_400
"""Bytes of payload: what fits into one Ethernet frame; a device is never sent more (RELIABILITY S12, S18)."""


@dataclass(frozen=True, slots=True)
class Icmp:
    """Sends one echo."""

    name: ClassVar[str] = "icmp"
    lasting: ClassVar[bool] = True

    preferred_ip_protocol: Literal["ip4", "ip6"] = "ip6"
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    payload_size: int = 56
    """Bytes (RELIABILITY S18)."""
    dont_fragment: bool = False
    ttl: int = 0
    timeout: Seconds = UNBOUNDED

    def __post_init__(self) -> None:
        if not 0 <= self.payload_size <= LARGEST:
            raise ValueError(f"payload_size: 0 to {LARGEST} bytes")
        if not 0 <= self.ttl <= 255:
            raise ValueError("ttl: 1 to 255, or 0 for the system's own")

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit(at, needs_port=False)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._probe, target, edge))

    async def _probe(self, target: Target, edge: Edge, report: Report) -> None:
        for phase in ("resolve", "setup", "rtt"):
            report.set(PHASES, 0.0, phase=phase)
        in_family(report, target.device.address, self.preferred_ip_protocol, fallback=self.ip_protocol_fallback)
        reply = await edge.ping(Echo(self.payload_size, self.ttl, self.dont_fragment, self.source_ip_address))
        report.set(PHASES, reply.seconds, phase="rtt")
        if reply.hop_limit:
            report.set(HOPS, reply.hop_limit)
