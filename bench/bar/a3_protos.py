"""A3: X of Y packets in the manner of PROTOS, one exceptional element each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import ClassVar

from bench.bar.a1_decoder import SLOWEST, survey
from bench.bar.decoders import DECODERS, Decoder
from bench.bar.exceptional import exceptional
from bench.bar.row import Verdict

SUPPLIED = "WARDWATCH_PROTOS"
"""Names a folder with the suite's own packets, one a file, where a person has it: it may not be passed on with ours."""


@dataclass(frozen=True, slots=True)
class A3:
    """Answers, questions and traps with one element each written wrongly; the suite's own where they are supplied."""

    id: ClassVar[str] = "A3"
    promise: ClassVar[str] = "exceptional elements are decoded or refused"
    target: ClassVar[str] = "every generated packet and every supplied one; slowest 5 ms"

    packets: int = 5_000
    decoders: Sequence[Decoder] = DECODERS

    def measure(self, seed: int) -> Verdict:
        generated = list(dict.fromkeys(exceptional()))
        chosen = Random(seed).sample(generated, min(self.packets, len(generated)))
        escapes, slowest = survey(chosen, self.decoders)
        folder = os.environ.get(SUPPLIED)
        supplied = [path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()] if folder else []
        more, slower = survey(supplied, self.decoders)
        figure = {
            "generated": len(chosen),
            "survived": len(chosen) - len(escapes),
            "supplied": len(supplied),
            "supplied_survived": len(supplied) - len(more),
            "slowest_ms": round(max(slowest, slower) * 1e3, 2),
            "first_escape": (escapes + more)[0] if escapes or more else None,
        }
        survived = len(chosen) >= self.packets and not escapes and not more
        return Verdict(survived and max(slowest, slower) <= SLOWEST, figure)
