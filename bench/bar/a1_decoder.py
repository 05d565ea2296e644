"""A1: no datagram can crash, hang or bloat the decoder."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from bench.bar.corpus import distinct, valid
from bench.bar.decoders import DECODERS, Decoder
from bench.bar.row import Verdict
from collector.errors import PollError

SLOWEST = 0.005
"""Seconds of CPU for one datagram: the machine may be busy. Of several tries the best counts."""

MEMORY, FOLD = 64 * 1024, 10
"""Bytes that reading may take besides `FOLD` times the datagram."""

MEASURED = 500
"""Datagrams whose memory is measured, the longest among them: tracing makes reading twenty times as slow."""


@dataclass(frozen=True, slots=True)
class A1:
    """Structured mutation of 40 and more valid messages of all versions and kinds."""

    id: ClassVar[str] = "A1"
    promise: ClassVar[str] = "no datagram can crash, hang or bloat the decoder"
    target: ClassVar[str] = "0 escapes, slowest decode 5 ms, peak memory 64 KiB + 10 x datagram"

    packets: int = 20_000
    decoders: Sequence[Decoder] = DECODERS

    def measure(self, seed: int) -> Verdict:
        packets = distinct(self.packets, Random(seed))
        escapes, slowest = survey(packets, self.decoders)
        over = most = 0
        measured = sorted(packets, key=len)[-100:] + packets[:: max(1, len(packets) // (MEASURED - 100))]
        for packet in measured:
            peak = max(memory(decode, packet) for decode in self.decoders)
            most = max(most, peak)
            over += peak > MEMORY + FOLD * len(packet)
        figure = {
            "packets": len(packets),
            "messages": len(valid()),
            "escapes": len(escapes),
            "slowest_ms": round(slowest * 1e3, 2),
            "memory_measured_of": len(measured),
            "peak_bytes": most,
            "over_memory": over,
            "first_escape": escapes[0] if escapes else None,
        }
        return Verdict(not escapes and slowest <= SLOWEST and not over, figure)


def survey(packets: Sequence[bytes], decoders: Sequence[Decoder]) -> tuple[list[str], float]:
    """What escaped, each with its datagram in hex, and the CPU seconds of the slowest decoding."""
    escapes, slowest = [], 0.0
    for packet in packets:
        for decode in decoders:
            begun = time.thread_time()
            escape = hear(decode, packet)
            seconds = time.thread_time() - begun
            if escape:
                escapes.append(f"{escape}: {packet[:200].hex()}")
            if seconds > max(slowest, SLOWEST / 5):
                slowest = max(slowest, min(_again(decode, packet) for _ in range(5)))
    return escapes, slowest


def hear(decode: Decoder, packet: bytes) -> str:
    """Have a datagram decoded; what escaped, or nothing."""
    try:
        decode(packet)
    except PollError:
        pass
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return repr(error)
    return ""


def memory(decode: Decoder, packet: bytes) -> int:
    """Bytes at the peak of decoding. What is imported and compiled once is not counted."""
    hear(decode, packet)
    tracemalloc.start()
    try:
        hear(decode, packet)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _again(decode: Decoder, packet: bytes) -> float:
    begun = time.thread_time()
    hear(decode, packet)
    return time.thread_time() - begun
