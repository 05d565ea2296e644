"""How well the kernel's clock is disciplined, from adjtimex(2) (node_exporter's `timex`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.errors import NoData
from collector.host.tables import Singles
from collector.model import Column, Edge, Family, Target

SYNC = Family("node_timex_sync_status", "Is clock synchronized to a reliable server (1 = yes, 0 = no).")
OFFSET = Family("node_timex_offset_seconds", "Time offset in between local system and reference clock.")
FREQUENCY = Family("node_timex_frequency_adjustment_ratio", "Local clock frequency adjustment.")
MAXERROR = Family("node_timex_maxerror_seconds", "Maximum error in seconds.")
ESTERROR = Family("node_timex_estimated_error_seconds", "Estimated error in seconds.")
STATUS = Family("node_timex_status", "Value of the status array bits.")
CONSTANT = Family("node_timex_loop_time_constant", "Phase-locked loop time constant.")
TICK = Family("node_timex_tick_seconds", "Seconds between clock ticks.")
PPS_FREQUENCY = Family("node_timex_pps_frequency_hertz", "Pulse per second frequency.")
PPS_JITTER = Family("node_timex_pps_jitter_seconds", "Pulse per second jitter.")
PPS_SHIFT = Family("node_timex_pps_shift_seconds", "Pulse per second interval duration.")
PPS_STABILITY = Family(
    "node_timex_pps_stability_hertz", "Pulse per second stability, average of recent frequency changes."
)
PPS_JITTERS = Family(
    "node_timex_pps_jitter_total", "Pulse per second count of jitter limit exceeded events.", "counter"
)
PPS_CALIBRATIONS = Family(
    "node_timex_pps_calibration_total", "Pulse per second count of calibration intervals.", "counter"
)
PPS_ERRORS = Family("node_timex_pps_error_total", "Pulse per second count of calibration errors.", "counter")
PPS_STABILITIES = Family(
    "node_timex_pps_stability_exceeded_total",
    "Pulse per second count of stability limit exceeded events.",
    "counter",
)
TAI = Family("node_timex_tai_offset_seconds", "International Atomic Time (TAI) offset.")

_FAMILIES = (
    SYNC,
    OFFSET,
    FREQUENCY,
    MAXERROR,
    ESTERROR,
    STATUS,
    CONSTANT,
    TICK,
    PPS_FREQUENCY,
    PPS_JITTER,
    PPS_SHIFT,
    PPS_STABILITY,
    PPS_JITTERS,
    PPS_CALIBRATIONS,
    PPS_ERRORS,
    PPS_STABILITIES,
    TAI,
)

_TIME_ERROR = 5
"""adjtimex's answer when the clock is not synchronised."""
_STA_NANO = 0x2000
"""Status bit: `offset` and `jitter` are in nanoseconds, else in microseconds."""
_MICRO = 1e6
_PPM = 1e6 * 65536
"""Frequencies are parts per million with a 16-bit fraction (adjtimex(2), NOTES)."""


@dataclass(frozen=True, slots=True)
class Timex:
    """No options. Absent where there is no adjtimex(2), or a container forbids it."""

    name: ClassVar[str] = "timex"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        clock = edge.host.adjtimex()
        if clock is None:
            raise NoData("adjtimex is not there")
        fine = 1e9 if clock["status"] & _STA_NANO else _MICRO
        return edge.memory(Singles).columns(
            _FAMILIES,
            (
                clock["state"] != _TIME_ERROR,
                clock["offset"] / fine,
                1 + clock["freq"] / _PPM,
                clock["maxerror"] / _MICRO,
                clock["esterror"] / _MICRO,
                clock["status"],
                clock["constant"],
                clock["tick"] / _MICRO,
                clock["ppsfreq"] / _PPM,
                clock["jitter"] / fine,
                clock["shift"],
                clock["stabil"] / _PPM,
                clock["jitcnt"],
                clock["calcnt"],
                clock["errcnt"],
                clock["stbcnt"],
                clock["tai"],
            ),
        )
