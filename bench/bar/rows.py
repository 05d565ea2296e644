"""The list of rows, in the order in which they run: a quick size for every day, the full one for a release."""

from __future__ import annotations

from collections.abc import Sequence

from bench.bar.a1_decoder import A1
from bench.bar.a3_protos import A3
from bench.bar.a6_encodings import A6
from bench.bar.row import Row

QUICK: Sequence[Row] = (A1(), A3(), A6())
FULL: Sequence[Row] = (A1(packets=200_000), A3(packets=50_000), A6())
