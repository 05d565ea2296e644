"""A6: odd encodings are read as meant, and a bad varbind discards no other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bench.bar.row import Verdict
from collector.model import Column
from tests.collector.wire.snmp.faulty import poll, table_values
from tests.collector.wire.snmp.odd import CASES, NONSENSE, Breaks, one

ROWS = 40
Read = Callable[[bytes], Column | None]


@dataclass(frozen=True, slots=True)
class A6:
    """F9 to F11 and F17 of RELIABILITY part 1, each between two values that must stay as they are."""

    id: ClassVar[str] = "A6"
    promise: ClassVar[str] = "odd encodings are read as meant"
    target: ClassVar[str] = "24 cases and more, all of them; 0 other varbinds lost to a bad one"

    read: Read = one

    def measure(self, seed: int) -> Verdict:
        wrong = [value for value, meant in CASES if not self._meant(bytes.fromhex(value.replace(" ", "")), meant)]
        lost = 0
        for nonsense in NONSENSE:
            agent = Breaks(table_values(ROWS))
            agent.nonsense = bytes.fromhex(nonsense)
            result = poll(agent)
            lost += 2 * (ROWS - 1) - result.rows("alpha") - result.rows("beta")
        figure = {"cases": len(CASES), "right": len(CASES) - len(wrong), "others_lost": lost, "wrong": wrong[:5]}
        return Verdict(len(CASES) >= 24 and not wrong and not lost, figure)

    def _meant(self, value: bytes, meant: float) -> bool:
        column = self.read(value)
        if column is None or len(column.values) != 3:
            return False
        first, middle, last = column.values
        return (first, last) == (11, 33) and (middle == meant or (math.isnan(meant) and math.isnan(middle)))
