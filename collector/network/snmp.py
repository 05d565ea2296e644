"""SNMP: what a module of `snmp.yml` asks of a device.

The asking is `wire.snmp.dialogue`, the meaning `wire.snmp.columns`; here they meet the device, its class and its
poll. What a class may be asked is `budget.RULES`, whatever a module says (RELIABILITY S11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from collector.budget import RULES
from collector.errors import NoData
from collector.model import (
    INCOMPLETE,
    Collector,
    Column,
    Common,
    Device,
    DeviceClass,
    Edge,
    Family,
    Target,
    column,
    interned,
    rows,
)
from collector.network import introduction, security
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import compile

DUPLICATES = Family(
    "wardwatch_snmp_duplicates",
    "Rows of a table left out because a row before had the same labels; the table is named by its first metric.",
)

VARIABLES = Family("wardwatch_snmp_variables", "Variables of which the module's series on this page are made.")

ANY_ORDER = "allow_nonincreasing_oids"
"""The quirk of a device whose tables are out of order: what comes twice is skipped instead of ending the walk."""


class Memory:
    """What is kept of a target from poll to poll: the device's ways, and the rows of its tables."""

    __slots__ = ("interned", "learned")

    def __init__(self) -> None:
        self.learned = Learned()
        self.interned = Interned()


@dataclass(frozen=True, slots=True)
class Snmp:
    """Asks for one module."""

    name: ClassVar[str] = "snmp"

    module: Module

    @staticmethod
    def about(device: Device, common: Common) -> Sequence[Column]:
        """How well the device's SNMP is protected."""
        return security.columns(device, common)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The module's columns; `INCOMPLETE` names each table that was only partly read, and why."""
        device = target.device
        limits = limits_of(device.device_class)
        memory = edge.memory(Memory)
        plan = compile(self.module)
        any_order = ANY_ORDER in device.quirks
        survey = await introduction.survey(
            device,
            edge,
            limits,
            memory.learned,
            lambda speech: Survey(plan, speech, limits, memory.learned, edge.now, any_order=any_order),
        )
        problem = survey.problem()
        if problem is not None:
            raise problem
        sheet = Sheet(plan, survey.harvest, memory.interned)
        columns = sheet.columns()
        if not columns:
            raise NoData(f"{device.name}: nothing of what the module is made of")
        variables = sum(len(run.values) for runs in survey.harvest.runs.values() for run in runs)
        columns.append(column(VARIABLES, interned(("module",), ((target.module,),)), (variables,)))
        if survey.incomplete:
            marks = sorted(survey.incomplete.items())
            columns.append(column(INCOMPLETE, rows(("table", "reason"), marks), [1.0] * len(marks)))
        if sheet.duplicates:
            counts = sorted(sheet.duplicates.items())
            columns.append(column(DUPLICATES, rows(("table",), [(t,) for t, _ in counts]), [n for _, n in counts]))
        return columns


@cache
def limits_of(device_class: DeviceClass) -> Limits:
    """What a class may be asked at a time."""
    rules = RULES[device_class]
    return Limits(
        retries=rules.retries,
        patience=rules.patience,
        varbinds=rules.varbinds,
        bulk=rules.bulk,
        request_bytes=rules.request_bytes,
        reply_bytes=rules.reply_bytes,
    )


def walks(collector: Collector) -> bool:
    """Whether a collector walks tables, which only devices of class `it` are asked to bear (RELIABILITY S11)."""
    module: Module | None = getattr(collector, "module", None)
    return module is not None and bool(module.walk or module.filters)
