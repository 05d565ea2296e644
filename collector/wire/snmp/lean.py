"""Columns that need not be read in each poll, names above all: what is asked without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from collector.wire.snmp import ber, signs
from collector.wire.snmp.joint import Joint, join
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import Plan, compile
from collector.wire.snmp.units import Unit, entry, leaner
from collector.wire.snmp.walk import Columns


class Diet(NamedTuple):
    """What to leave out of several modules' questions: by root; the signs by which to see whether one may; and by
    module its columns that may be left out, with those of the same table that are read in each poll."""

    roots: Mapping[bytes, Unit]
    signs: tuple[bytes, ...]
    slow: tuple[Mapping[int, tuple[int, ...]], ...] = ()


@lru_cache(maxsize=1024)
def diet(modules: tuple[Module, ...], whole: frozenset[int] = frozenset()) -> Diet:
    """The same object for the same modules. Nothing is left out of what those with the numbers `whole` need."""
    plans = tuple(map(compile, modules))
    if any(plan.filters for plan in plans):
        return whole_diet(modules)
    asked: Plan | Joint = plans[0] if len(plans) == 1 else join(modules)
    least = tuple(map(slow, plans))
    kept = _common(plans, least, asked.columns)
    left_out = _common(plans, [frozenset() if n in whole else each for n, each in enumerate(least)], asked.columns)
    roots = leaner(asked.units, asked.columns, left_out)
    return Diet(roots, signs.of(_looked_up(plans) | kept), tuple(map(_beside, plans, least)))


@lru_cache(maxsize=2048)
def whole_diet(modules: tuple[Module, ...]) -> Diet:
    """Nothing is left out, ever. Names must belong to the counters all the same: the signs of what is looked up."""
    return Diet({}, signs.of(_looked_up(map(compile, modules))))


def _looked_up(plans: Iterable[Plan]) -> frozenset[bytes]:
    """Columns that become labels of others."""
    return frozenset(
        plan.columns.prefixes[column] for plan in plans for series in plan.series for column in series.labels.columns
    )


def _beside(plan: Plan, slow: frozenset[int]) -> Mapping[int, tuple[int, ...]]:
    """By slow column: the columns of its table that are read in each poll. They tell which rows there are."""
    entries = [entry(prefix) for prefix in plan.columns.prefixes]
    read = sorted({series.column for series in plan.series} - slow)
    return {column: tuple(each for each in read if entries[each] == entries[column]) for column in slow}


def _common(plans: Sequence[Plan], least: Sequence[frozenset[int]], columns: Columns) -> frozenset[bytes]:
    """Columns that are slow, by `least`, to every plan that has anything of them."""
    left_out = [
        frozenset(plan.columns.prefixes[column] for column in each) for plan, each in zip(plans, least, strict=True)
    ]
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
    ber.encode_oid(f"{table}.{column}")
    for table, columns in {
        "1.3.6.1.2.1.2.2.1": (
            1,  # ifIndex
            2,  # ifDescr
            3,  # ifType
            4,  # ifMtu
            6,  # ifPhysAddress
            22,  # ifSpecific
        ),
        "1.3.6.1.2.1.31.1.1.1": (
            1,  # ifName
            14,  # ifLinkUpDownTrapEnable
            17,  # ifConnectorPresent
            18,  # ifAlias
        ),
        "1.3.6.1.2.1.47.1.1.1.1": (
            2,  # entPhysicalDescr
            3,  # entPhysicalVendorType
            4,  # entPhysicalContainedIn
            6,  # entPhysicalParentRelPos
            7,  # entPhysicalName
            8,  # entPhysicalHardwareRev
            9,  # entPhysicalFirmwareRev
            10,  # entPhysicalSoftwareRev
            11,  # entPhysicalSerialNum
            12,  # entPhysicalMfgName
            13,  # entPhysicalModelName
            14,  # entPhysicalAlias
            15,  # entPhysicalAssetID
            16,  # entPhysicalIsFRU
            17,  # entPhysicalMfgDate
            18,  # entPhysicalUris
            19,  # entPhysicalUUID
        ),
    }.items()
    for column in columns
)
"""Columns that say what a thing is or how it is configured, not how it fares. Of IF-MIB (RFC 2863): speeds are none of
them, they are negotiated; a row that comes or goes moves `signs.INTERFACES`. Of ENTITY-MIB (RFC 6933): whatever changes
in the table moves `signs.ENTITIES`; entPhysicalClass is read each time all the same, so that rows that come or go show
where a device has no such sign."""


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
    beside = {entry(prefixes[series.column]) for series in read}
    shown = {series.column for series in plan.series}
    return frozenset(
        column
        for column in candidates
        if (column not in looked_up or column in named)
        and (column not in shown or entry(prefixes[column]) in beside)
        and (column in shown or column in looked_up)
    )
