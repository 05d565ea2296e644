"""B6: few descriptors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bench.bar.b1_scale import B1
from bench.bar.row import Verdict
from bench.scale import PROGRAM, SMALL, Fleet, Words

FEW = replace(SMALL, devices=300, rounds=2)


@dataclass(frozen=True, slots=True)
class B6:
    """B1 with so few descriptors that a socket for each device, or for each poll under way, would not do."""

    id: ClassVar[str] = "B6"
    promise: ClassVar[str] = "few descriptors"
    target: ClassVar[str] = "B1 with at most 1,024 (quick: 160 for 300 devices)"

    fleet: Fleet = FEW
    descriptors: int = 160
    program: Words = PROGRAM

    def measure(self, seed: int) -> Verdict:
        limited = ("sh", "-c", f'ulimit -n {self.descriptors} && exec "$@"', "sh", *self.program)
        verdict = B1(self.fleet, limited).measure(seed)
        return Verdict(verdict.kept, {"descriptors_allowed": self.descriptors, **verdict.figure})
