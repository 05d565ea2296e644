"""How often each trap came from each device, and why others did not count. What must survive a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2s
from typing import Final

from collector.edge.journal import Record
from collector.network.traps.notice import OTHER, REASONS, Notice
from collector.network.traps.usm import Engine

REMEMBERED: Final = 20_000
"""Copies recognised: the last so many notices."""
RECOGNISED: Final = 150.0
"""Seconds for which a copy is recognised: as long as an SNMPv3 message may be old (RFC 3414, 2.2.3)."""

Key = tuple[str, str, str]
"""Device, name of the trap, security level."""


class Counts:
    """Counts of notices and refusals. Numbers only grow."""

    def __init__(self) -> None:
        self.names: Mapping[str, str] = {}
        """Names by OID."""
        self.most_names = 50
        """Traps without a name that are told apart for one device."""
        self.counts: dict[Key, tuple[int, float]] = {}
        """How often, and Unix seconds of the last time."""
        self.refused: Counter[str] = Counter(dict.fromkeys(REASONS, 0))
        self.received = 0
        """Datagrams taken from the socket: counted, refused (but by the kernel) or waiting."""
        self.counted = 0
        """Notices counted, those of devices included that are gone."""
        self.waiting = 0
        """Datagrams not read yet. A restart loses them."""
        self._changed: dict[Key, None] = {}
        self._numbers: dict[str, set[str]] = {}
        self._seen: dict[tuple[str, bytes], float] = {}
        self._said: tuple[int, ...] = ()

    def repeated(self, notice: Notice, now: float) -> bool:
        """Whether this is a copy of an earlier one. `now` in monotonic seconds."""
        if not notice.mark:
            return False
        key = (notice.device, blake2s(notice.mark).digest())
        at = self._seen.pop(key, None)
        self._seen[key] = now
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return at is not None and now - at <= RECOGNISED

    def add(self, notice: Notice, wall: float) -> None:
        """Count it. `wall` in Unix seconds."""
        key = (notice.device, self._name(notice.device, notice.trap), notice.auth)
        count, _ = self.counts.get(key, (0, 0.0))
        self.counts[key] = (count + 1, wall)
        self.counted += 1
        self._changed[key] = None

    def _name(self, device: str, trap: str) -> str:
        """The trap's name, else its OID, else `other`: what a device sends must not make ever more series."""
        name = self.names.get(trap)
        if name is None and (head := trap.rpartition(".")[0]).endswith(".0"):
            # A trap whose MIB has no 0 there gets one from v1 (RFC 3584, 3.1).
            name = self.names.get(f"{head[:-2]}.{trap.rpartition('.')[2]}")
        if name is not None:
            return name
        numbers = self._numbers.setdefault(device, set())
        if trap not in numbers:
            if len(numbers) >= self.most_names:
                return OTHER
            numbers.add(trap)
        return trap

    def changes(self) -> list[Record]:
        """What is new since the last call."""
        changed, self._changed = self._changed, {}
        records: list[Record] = [["trap", *key, *self.counts[key]] for key in changed]
        totals = (self.received, self.counted, self.waiting, *self.refused.values())
        if totals != self._said:
            self._said = totals
            records.append(self._totals())
        return records

    def everything(self, devices: Iterable[str]) -> list[Record]:
        """All of it, of these devices."""
        wanted = set(devices)
        records: list[Record] = [["trap", *key, *value] for key, value in self.counts.items() if key[0] in wanted]
        return [*records, self._totals()]

    def _totals(self) -> Record:
        refused = {reason: count for reason, count in self.refused.items() if count}
        return ["totals", self.received, refused, self.counted, self.waiting]

    def restore(self, records: Iterable[Record]) -> None:
        """Take up what was written; the last word on each thing holds."""
        for record in records:
            match record:
                case ["trap", str(device), str(trap), str(auth), int(count), int() | float() as last]:
                    self.counts[device, trap, auth] = (count, float(last))
                    if trap[:1].isdigit():
                        self._numbers.setdefault(device, set()).add(trap)
                case ["totals", int(received), dict(refused), *more]:
                    self.refused.update({r: n - self.refused[r] for r, n in refused.items() if r in REASONS})
                    self.received = received
                    read = received - self.refused.total() + self.refused["kernel_buffer"]
                    self.counted, self.waiting = more[:2] or (read, 0)  # older journals do not say
        self.refused["lost_at_restart"] += self.waiting
        self.waiting = 0


def engine_record(auth: str, engine: bytes, known: Engine) -> Record:
    """What of an engine must survive a restart: whose it is, and that it never goes back in time."""
    return ["engine", auth, engine.hex(), known.device, known.boots, known.time]


def engines(records: Iterable[Record]) -> dict[tuple[str, bytes], Engine]:
    """The engines in a journal."""
    found: dict[tuple[str, bytes], Engine] = {}
    for record in records:
        match record:
            case ["engine", str(auth), str(engine), str(device), int(boots), int(time)]:
                key = (auth, bytes.fromhex(engine))
                found.pop(key, None)
                found[key] = Engine(device, boots, time, None)
    return found
