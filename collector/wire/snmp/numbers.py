"""Raw cells to arrays of floats, a run at a time: the second half of the hot path (HOUSE 5)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache, partial

from collector.wire.snmp import ber
from collector.wire.snmp.walk import Run

WRAP = 2**53
"""Counter64 counts modulo this, so that a float holds it exactly (RELIABILITY F17; snmp_exporter's default)."""

_FROM_BYTES = int.from_bytes
_SIGNED = partial(int.from_bytes, byteorder="big", signed=True)


def floats(runs: Sequence[Run]) -> tuple[Sequence[bytes], array[float]]:
    """Raw indexes and numbers of a column, in step. Text is 0, as snmp_exporter has it; NULL is no value at all."""
    if len(runs) == 1 and runs[0].tag != ber.NULL:
        return runs[0].indexes, decoded(runs[0].values, runs[0].tag)
    indexes: list[bytes] = []
    values = array("d")
    for run in runs:
        if run.tag != ber.NULL:
            indexes += run.indexes
            values += decoded(run.values, run.tag)
    return indexes, values


def decoded(raw: Sequence[bytes], tag: int) -> array[float]:
    """The numbers of cells of one type, of which there is at least one."""
    if raw.count(raw[0]) == len(raw) > 1:  # errors, speeds, states: the same in every row, and on many devices
        return alike(decoded(raw[:1], tag)[0], len(raw))
    if tag in ber.UNSIGNED:
        numbers = list(map(_FROM_BYTES, raw))  # a list: an iterator would leave room to grow
        most = WRAP - 1 if tag == ber.COUNTER64 else 2**32 - 1
        if max(numbers) > most:  # both wrap at a power of two
            numbers = [number & most for number in numbers]
        return array("d", numbers)
    if tag == ber.INTEGER:
        widths = set(map(len, raw))
        if widths == {1}:
            return array("d", array("b", b"".join(raw)))
        return array("d", list(map(_SIGNED if max(widths) <= 8 else ber.signed, raw)))
    if tag == ber.OPAQUE:
        return array("d", (ber.opaque(value) or 0.0 for value in raw))
    return array("d", bytes(8 * len(raw)))


SHARED = 1000
"""Longest column that is worth sharing: a long one is hardly ever as long as another, or as itself a poll later."""


def alike(value: float, count: int) -> array[float]:
    """`count` times `value`; one array for every column that looks so. Nobody writes into a column."""
    return _alike(value, count) if count <= SHARED else array("d", (value,)) * count


@lru_cache(maxsize=1024)
def _alike(value: float, count: int) -> array[float]:
    return array("d", (value,)) * count


def integers(run: Run) -> list[int]:
    """A run's numbers as whole ones, for enumerations; what is no number is 0."""
    if run.tag == ber.INTEGER:
        return [ber.signed(value) for value in run.values]
    return [_whole(ber.number(run.tag, value)) for value in run.values]


def _whole(value: float | None) -> int:
    try:
        return int(value or 0)
    except (ValueError, OverflowError):  # not a number, or no end to it
        return 0
