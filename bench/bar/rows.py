"""The list of rows, in the order in which they run: a quick size for every day, the full one for a release."""

from __future__ import annotations

from collections.abc import Sequence

from bench.bar.a1_decoder import A1
from bench.bar.a3_protos import A3
from bench.bar.a6_encodings import A6
from bench.bar.a7_credit import A7
from bench.bar.a8_walks import A8
from bench.bar.b2_isolation import B2
from bench.bar.c2_budgets import C2
from bench.bar.c3_dead import C3
from bench.bar.c4_glass import C4
from bench.bar.row import Row

QUICK: Sequence[Row] = (A1(), A3(), A6(), A7(), A8(), B2(), C2(), C3(), C4())
FULL: Sequence[Row] = (
    A1(packets=200_000),
    A3(packets=50_000),
    A6(),
    A7(exchanges=100_000, copies=60),
    A8(timeout=30.0),
    B2(healthy=997, interval=10.0, intervals=2),
    C2(devices=50, seconds=60.0),
    C3(devices=3_000),
    C4(devices=500, polls=20),
)
