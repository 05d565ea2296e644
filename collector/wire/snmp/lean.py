"""Columns that need not be read in each poll, names above all: what is asked without them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from collector.wire.snmp import ber, signs
from collector.wire.snmp.abreast import Table, tables
from collector.wire.snmp.joint import Joint, join
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import Plan, compile
from collector.wire.snmp.walk import Columns


class Lean(NamedTuple):
    """A subtree without its slow columns: what to read abreast, and the numbers of those that are left out."""

    tables: tuple[Table, ...]
    skipped: frozenset[int]


class Diet(NamedTuple):
    """What to leave out of several modules' questions: by root; the signs by which to see whether one may; and by
    module its columns that may be left out."""

    roots: Mapping[bytes, Lean]
    signs: tuple[bytes, ...]
    slow: tuple[frozenset[int], ...] = ()


@lru_cache(maxsize=512)
def diet(modules: tuple[Module, ...]) -> Diet:
    """The same object for the same modules. Nothing is left out of modules with filters."""
    plans = tuple(map(compile, modules))
    if any(plan.filters for plan in plans):
        return Diet({}, ())
    asked: Plan | Joint = plans[0] if len(plans) == 1 else join(modules)
    left_out = _common(plans, asked.columns)
    looked_up = {
        plan.columns.prefixes[column] for plan in plans for series in plan.series for column in series.labels.columns
    }
    return Diet(lean(asked.tables, asked.columns, left_out), signs.of(looked_up | left_out), tuple(map(slow, plans)))


def _common(plans: Sequence[Plan], columns: Columns) -> frozenset[bytes]:
    """Columns that are slow to every plan that has anything of them."""
    left_out = [frozenset(plan.columns.prefixes[column] for column in slow(plan)) for plan in plans]
    found = []
    for prefix in columns.prefixes:
        having = [
            out
            for plan, out in zip(plans, left_out, strict=True)
            if any(mine.startswith(prefix) for mine in plan.columns.prefixes)
        ]
        if all(prefix in out for out in having):
            found.append(prefix)
    return frozenset(found)


STEADY = frozenset(
    ber.encode_oid(oid)
    for oid in (
        "1.3.6.1.2.1.2.2.1.1",  # ifIndex
        "1.3.6.1.2.1.2.2.1.2",  # ifDescr
        "1.3.6.1.2.1.2.2.1.3",  # ifType
        "1.3.6.1.2.1.2.2.1.4",  # ifMtu
        "1.3.6.1.2.1.2.2.1.6",  # ifPhysAddress
        "1.3.6.1.2.1.2.2.1.22",  # ifSpecific
        "1.3.6.1.2.1.31.1.1.1.1",  # ifName
        "1.3.6.1.2.1.31.1.1.1.14",  # ifLinkUpDownTrapEnable
        "1.3.6.1.2.1.31.1.1.1.17",  # ifConnectorPresent
        "1.3.6.1.2.1.31.1.1.1.18",  # ifAlias
    )
)
"""Columns of IF-MIB (RFC 2863) that say what an interface is or how it is configured, not how it fares. Speeds are none
of them: they are negotiated. A row that comes or goes moves `signs.INTERFACES`."""


def slow(plan: Plan) -> frozenset[int]:
    """Columns of a plan that need not be read in each poll, by number: its names, and what is `STEADY`.

    A name is a column that becomes labels and nothing else. What may be more (a number, a state, the type of an
    address) is read each time. Whatever is left out belongs to rows that are read in each poll, and tell when there
    are others: of metrics that look it up, and of the same table where a metric shows it.
    """
    prefixes = plan.columns.prefixes
    steady = {number for number, prefix in enumerate(prefixes) if prefix in STEADY}
    looked_up = {column for series in plan.series for column in series.labels.columns}
    more = {series.column for series in plan.series if series.read != "text"} - steady
    candidates = (looked_up | steady) - more - {series.kin for series in plan.series}
    read = [series for series in plan.series if series.column not in candidates]
    named = {column for series in read for column in series.labels.columns}
    beside = {_table(prefixes[series.column]) for series in read}
    shown = {series.column for series in plan.series}
    return frozenset(
        column
        for column in candidates
        if (column not in looked_up or column in named)
        and (column not in shown or _table(prefixes[column]) in beside)
        and (column in shown or column in looked_up)
    )


def _table(column: bytes) -> tuple[int, ...]:
    return ber.decode_arcs(column)[:-1]


def lean(
    found: Mapping[bytes, tuple[Table, ...]], columns: Columns, left_out: Collection[bytes]
) -> Mapping[bytes, Lean]:
    """By root: how to read it without some columns, where that can be done at all."""
    rest = Columns(prefix for prefix in columns.prefixes if prefix not in left_out)
    made = {}
    for root in found:
        skipped = frozenset(
            number for number, prefix in enumerate(columns.prefixes) if prefix in left_out and prefix.startswith(root)
        )
        if skipped and (less := tables(root, rest)):
            made[root] = Lean(less, skipped)
    return made
