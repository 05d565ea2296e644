"""The list of rows, in the order in which they run: a quick size for every day, the full one for a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.bar.a1_decoder import A1
from bench.bar.a3_protos import A3
from bench.bar.a6_encodings import A6
from bench.bar.a7_credit import A7
from bench.bar.a8_walks import A8
from bench.bar.a9_forgeries import A9
from bench.bar.a10_huge_table import A10
from bench.bar.b1_scale import B1
from bench.bar.b2_isolation import B2
from bench.bar.b6_descriptors import B6
from bench.bar.c1_outstanding import C1
from bench.bar.c2_budgets import C2
from bench.bar.c3_dead import C3
from bench.bar.c4_glass import C4
from bench.bar.c5_reading import C5
from bench.bar.c6_inventory import C6
from bench.bar.c7_kill_switch import C7
from bench.bar.c8_dicom import C8
from bench.bar.c9_canaries import C9
from bench.bar.c10_hurt import C10
from bench.bar.d4_strings import D4
from bench.bar.d5_bomb import D5
from bench.bar.d6_partial import D6
from bench.bar.d7_duplicates import D7
from bench.bar.l2_storm import L2
from bench.bar.row import Row
from bench.scale import FULL_SMALL, SMALL

QUICK: Sequence[Row] = (
    A1(), A3(), A6(), A7(), A8(), A9(), A10(), B1(), B2(), B6(), C1(), C2(), C3(), C4(), C5(), C6(), C7(), C8(), C9(),
    C10(), D4(), D5(), D6(), D7(), L2(),
)  # fmt: skip
FULL: Sequence[Row] = (
    A1(packets=200_000),
    A3(packets=50_000),
    A6(),
    A7(exchanges=100_000, copies=20),
    A8(timeout=30.0),
    A9(rounds=100),
    A10(devices=500, addresses=100_000, interval=10.0),
    B1(replace(SMALL, **FULL_SMALL)),
    B2(healthy=997, interval=10.0, intervals=2),
    B6(replace(SMALL, **FULL_SMALL), descriptors=1024),
    C1(devices=200, clients=50, requests=1_000_000, seconds=1800.0),
    C2(devices=50, seconds=60.0),
    C3(devices=3_000),
    C4(devices=500, polls=20),
    C5(),
    C6(targets=100_000, configurations=1_000),
    C7(switches=200, supplies=50, talkers=40),
    C8(echoes=1_000, scrapes=300),
    C9(canaries=500),
    C10(devices=200),
    D4(strings=100_000),
    D5(others=50, timeout=30.0),
    D6(),
    D7(recordings=1000, seconds=1800.0),
    L2(hours=24.0, lost=(5, 5, 10, 10)),
)
