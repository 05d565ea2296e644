"""SNMP: what a module of `snmp.yml` asks of a device.

The asking is `wire.snmp.dialogue`, the meaning `wire.snmp.columns`; here they meet the device, its class and its
poll. What a class may be asked is `budget.RULES`, whatever a module says (RELIABILITY S11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import ClassVar

from collector.budget import RULES
from collector.compact import SMALL
from collector.errors import PollError
from collector.model import (
    DROPPED,
    INCOMPLETE,
    Collector,
    Column,
    Common,
    Device,
    DeviceClass,
    Edge,
    Family,
    Reading,
    Target,
    column,
    interned,
    rows,
    single,
)
from collector.network import aside, introduction, security
from collector.network.cycle import Counters, Cycle, Memory
from collector.network.normal import Fitted
from collector.network.normalising import Made, normalise
from collector.privacy import Screen
from collector.wire.snmp import ber, outcome, said
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Limits
from collector.wire.snmp.joint import join
from collector.wire.snmp.lean import Diet
from collector.wire.snmp.module import Module
from collector.wire.snmp.outcome import Told
from collector.wire.snmp.plan import compile
from collector.wire.snmp.rerun import Rerun, scripted
from collector.wire.snmp.speech import Speech
from collector.wire.snmp.whole import Whole

DUPLICATES = Family(
    "wardwatch_snmp_duplicates",
    "Rows of a table left out because a row before had the same labels; the table is named by its first metric.",
)

REFUSED = Family(
    "wardwatch_snmp_counters_refused",
    "Rows of a 32-bit counter of octets left out because the interface is faster than 1 Gb/s: it comes round within "
    "seconds. Take the 64-bit one.",
)

VARIABLES = Family("wardwatch_snmp_variables", "Variables of which the module's series on this page are made.")

INVALID = Family(
    "wardwatch_snmp_invalid",
    "Values left out because they make no sense. reason: value (it is no SNMP, table is the subtree), index (it is no "
    "OID), bits (they are no string of bytes).",
)

UNEXPECTED = Family(
    "wardwatch_snmp_unexpected_types", "Variables of the module's last poll of a type that SNMP has not."
)

ANY_ORDER = "allow_nonincreasing_oids"
"""The quirk of a device whose tables are out of order: what comes twice is skipped instead of ending the walk."""

LISTED_ONLY = "listed_oids_only"
"""The quirk of a device that must not be asked for anything unknown to it: some agents do not bear that (F23)."""


@dataclass(frozen=True, slots=True)
class Snmp:
    """Asks for one module."""

    name: ClassVar[str] = "snmp"
    company: ClassVar[str] = "snmp"

    module: Module
    lookup_ttl: float = 0.0
    """Seconds for which names are known without being read again (`cycle`); 0: they are read in each poll."""
    counters: Counters = "all"
    """Whether 32-bit counts of octets that come round between two polls are served."""
    normal: tuple[Fitted, ...] = ()
    """What is made of the module's columns under names that hold whatever the vendor."""

    @staticmethod
    def about(device: Device, common: Common) -> Sequence[Column]:
        """How well the device's SNMP is protected."""
        return security.columns(device, common)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The module's columns; `INCOMPLETE` names each table that was only partly read, and why."""
        (reading,) = await self.poll_together((target,), edge)
        return reading()

    async def poll_together(self, targets: Sequence[Target], edge: Edge) -> Sequence[Reading]:
        """One walk over the union of what the modules need. One with filters is asked by itself, for what it needs is
        only known on the way; what was read before it is not asked again."""
        device, memory = targets[0].device, edge.memory(Memory)
        made, asides = edge.memory(Made), edge.memory(aside.Memory)
        readings: dict[str, Reading] = {}
        known = Whole() if len(targets) > 1 and any(_module(target).filters for target in targets) else None
        for together in _conversations(targets):
            ttl = None if LISTED_ONLY in device.quirks else min(_snmp(target).lookup_ttl for target in together)
            counters = _snmp(together[0]).counters
            cycle = Cycle([_module(target) for target in together], memory, edge, ttl, counters)
            survey = await cycle.read(partial(_survey, device, together, memory, edge, known))
            for number, target in enumerate(together):
                readings[target.module] = partial(_read, target, cycle, number, made, asides, edge)
            if not survey.answered and (problem := survey.problem()) is not None:
                # A device that says nothing is not asked for more.
                return [readings.get(target.module, partial(_raise, problem)) for target in targets]
        return [readings[target.module] for target in targets]


def _snmp(target: Target) -> Snmp:
    collector = target.collector
    assert isinstance(collector, Snmp)
    return collector


def _module(target: Target) -> Module:
    return _snmp(target).module


def _conversations(targets: Sequence[Target]) -> Iterator[Sequence[Target]]:
    plain = [target for target in targets if not _module(target).filters]
    if plain:
        yield plain
    for target in targets:
        if _module(target).filters:
            yield (target,)


async def _survey(
    device: Device, targets: Sequence[Target], memory: Memory, edge: Edge, known: Whole | None, less: Diet, early: bool
) -> Told:
    """One conversation, over: as the one before went, where it does."""
    modules = tuple(_module(target) for target in targets)
    plan = join(modules) if len(modules) > 1 else compile(modules[0])
    seconds = [target.schedule.timeout for target in targets] if len(targets) > 1 else ()
    limits, learned = limits_of(device.device_class), memory.learned
    any_order = ANY_ORDER in device.quirks
    plain = partial(
        Survey, plan, limits=limits, learned=learned, now=edge.now,
        any_order=any_order, seconds=seconds, diet=less, early=early, known=known,
    )  # fmt: skip
    usual = not any_order and known is None
    script = memory.script(plan, less) if usual and not early else None
    if script is not None and not script.holds(learned, limits):
        script = None

    def start(speech: Speech) -> Survey | Rerun:
        if script is None:
            return plain(speech=speech)
        return Rerun(script, speech, limits, learned, edge.now, partial(plain, speech=speech))

    made = await introduction.survey(device, edge, limits, learned, start)
    survey = made.survey if isinstance(made, Rerun) else made
    if survey is None:
        return made
    if usual and (again := scripted(survey, plan, less, learned)) is not None:
        memory.keep(again)
    return survey


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
    return getattr(collector, "walks", False) or (module is not None and bool(module.walk or module.filters))


def _raise(problem: PollError) -> Sequence[Column]:
    raise problem


def _read(target: Target, cycle: Cycle, number: int, made: Made, asides: aside.Memory, edge: Edge) -> Sequence[Column]:
    """A module's columns. Raises the `PollError` of a module that has got nothing."""
    fitted = _snmp(target).normal
    if not fitted and (again := cycle.again(number)) is not None:
        return again
    share, columns, sheet, refused = cycle.made(number)
    invalid = {(table, "value"): count for table, count in share.damaged.items()} | sheet.invalid
    damaged = {table: said.damaged(count) for table, count in share.damaged.items()}
    words = [*(damaged | dict(share.said)).items(), *sheet.told]
    wrong = [*_invalid(target.module, invalid), *outcome.details(words)]
    incomplete = dict.fromkeys(damaged, "malformed") | dict(share.incomplete)
    if not columns and not sheet.dropped:
        error = outcome.emptied(incomplete, invalid)
        error.columns = wrong
        raise error
    found = [*columns, *wrong, *normalise(target.module, fitted, columns, made)]
    runs = [run for several in share.harvest.runs.values() for run in several]
    named = interned(("module",), ((target.module,),))
    variables = sum([len(run.values) for run in runs])
    found.append(column(VARIABLES, named, (variables,)))
    if odd := sum([len(run.values) for run in runs if run.tag not in ber.TYPES]):
        found.append(column(UNEXPECTED, named, (odd,)))
    if sheet.dropped:
        found.append(single(DROPPED, sheet.dropped))
    if incomplete:
        marks = sorted(incomplete.items())
        found.append(column(INCOMPLETE, rows(("table", "reason"), marks), [1.0] * len(marks)))
    if refused:
        counts = sorted(refused.items())
        pairs = [(metric, target.module) for metric, _ in counts]
        found.append(column(REFUSED, rows(("metric", "module"), pairs), [n for _, n in counts]))
        found += asides.columns(_module(target), share, edge.room, edge.common(Screen))
    if sheet.duplicates:
        left_out = sorted(sheet.duplicates.items())
        found.append(column(DUPLICATES, rows(("table",), [(t,) for t, _ in left_out]), [n for _, n in left_out]))
    if variables > SMALL or fitted or wrong or incomplete or sheet.dropped:  # of duplicates is told in `wrong`
        return found
    return cycle.learn(number, sheet, found)


def _invalid(module: str, counts: Mapping[tuple[str, str], int]) -> Iterator[Column]:
    """What makes no sense, by table and reason."""
    if counts:
        found = sorted(counts.items())
        over = rows(("module", "table", "reason"), [(module, *key) for key, _ in found])
        yield column(INVALID, over, [count for _, count in found])
