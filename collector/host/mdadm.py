"""Software RAID (node_exporter's `mdadm`); node-mixin alerts when an array is degraded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import need
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Target, column

DISKS = Family("node_md_disks", "Number of active/failed/spare disks of device.")
REQUIRED = Family("node_md_disks_required", "Total number of disks of device.")
STATE = Family("node_md_state", "Indicates the state of md-device.")
BLOCKS = Family("node_md_blocks", "Total number of blocks on device.")
SYNCED = Family("node_md_blocks_synced", "Number of blocks synced on device.")

STATES = ("active", "inactive", "recovering", "resync", "check")
_ARRAY = re.compile(r"^(\S+) : (\S+)(.*)$", re.MULTILINE)
_NEXT = re.compile(r"\n(?=\S)")
_BLOCKS = re.compile(r"(\d+) blocks")
_FILLED = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
_PROGRESS = re.compile(r"(recovery|reshape|resync|check) *=.*?\((\d+)/\d+\)")
_WAITING = re.compile(r"resync=(PENDING|DELAYED)")
_MEMBER = re.compile(r"\S+\[\d+\]((?:\([A-Z]\))*)")
_WORDS = {"recovery": "recovering", "reshape": "recovering", "resync": "resync", "check": "check"}


@dataclass(frozen=True, slots=True)
class Array:
    """One array: disks by state, how many it needs, blocks of 1 KiB."""

    name: str
    state: str
    active: int
    failed: int
    spare: int
    required: int
    blocks: int
    synced: int


def parse(content: str) -> list[Array]:
    """/proc/mdstat: a line for each array with its members, and indented lines with more about it."""
    arrays = []
    starts = [found for found in _ARRAY.finditer(content) if found[1] not in ("Personalities", "unused")]
    for start in starts:
        body = _NEXT.split(content[start.end() :], 1)[0]
        flags = [found[1] for found in _MEMBER.finditer(start[3])]
        failed = sum("(F)" in flag for flag in flags)
        spare = sum("(S)" in flag for flag in flags)
        blocks = int(found[1]) if (found := _BLOCKS.search(body)) else 0
        filled = _FILLED.search(body)
        # Arrays without redundancy say nothing of their members: all there are, are needed and in use.
        required, active = (int(filled[1]), int(filled[2])) if filled else (len(flags) - failed - spare,) * 2
        progress = _PROGRESS.search(body)
        state = "active" if start[2] == "active" else "inactive"
        synced = blocks
        if progress:
            state, synced = _WORDS[progress[1]], int(progress[2])
        elif _WAITING.search(body):
            state, synced = "resync", 0
        if state == "inactive":
            required = active = 0
        arrays.append(Array(start[1], state, active, failed, spare, required, blocks, synced))
    return arrays


@dataclass(slots=True)
class _Memory:
    devices: Table = field(default_factory=lambda: Table("device"))
    disks: Table = field(default_factory=lambda: Table("device", "state"))
    states: Table = field(default_factory=lambda: Table("device", "state"))


@dataclass(frozen=True, slots=True)
class Mdadm:
    """No options. Absent where there is no array."""

    name: ClassVar[str] = "mdadm"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        arrays = parse(need(edge.host, "/proc/mdstat").decode("utf-8", "replace"))
        if not arrays:
            raise NoData("there is no array")
        memory = edge.memory(_Memory)
        rows = memory.devices.rows([(array.name,) for array in arrays])
        disks = memory.disks.rows([(array.name, state) for array in arrays for state in ("active", "failed", "spare")])
        states = memory.states.rows([(array.name, state) for array in arrays for state in STATES])
        return [
            column(DISKS, disks, [n for array in arrays for n in (array.active, array.failed, array.spare)]),
            column(REQUIRED, rows, [array.required for array in arrays]),
            column(STATE, states, [array.state == state for array in arrays for state in STATES]),
            column(BLOCKS, rows, [array.blocks for array in arrays]),
            column(SYNCED, rows, [array.synced for array in arrays]),
        ]
