"""One cycle of a device: names and counters that belong together (RELIABILITY F14).

Names are read again only when a sign says that they may be others, when a row comes that was not there, or when they
are older than the settings allow; else the rows that were rendered from them serve on. The signs are looked at when
all has been read, or come in one reply with the last of it, so that they speak for the time between two polls and for
the poll itself. Where they have moved, what was read is discarded and all is read once more; where they then move
again, it is served, and marked `changed`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from collector.compact import Compact
from collector.errors import TimedOut
from collector.model import Column, Edge
from collector.privacy import Privacy, Screen
from collector.wire.snmp.again import Again, Way
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import NO_DIET
from collector.wire.snmp.habits import RETRIAL, Learned
from collector.wire.snmp.joint import Joint
from collector.wire.snmp.lean import Diet, diet, whole_diet
from collector.wire.snmp.module import Module
from collector.wire.snmp.outcome import Share, Told
from collector.wire.snmp.plan import Plan, compile
from collector.wire.snmp.rerun import Script
from collector.wire.snmp.signs import Signs, fresh
from collector.wire.snmp.wraps import refuse

CHANGED = "changed"
"""Why a table is incomplete: the device renumbered its tables again and again while they were read."""

Counters = Literal["all", "lasting"]
"""Which 32-bit counters of octets are served: all, or those that last from poll to poll."""

SCRIPTS = 8
"""Conversations of a device that are known by heart: with and without its names, and by which modules were due."""

_Sheet = tuple[Sheet, Sequence[Column], Mapping[str, int]]
_NONE: Mapping[str, int] = {}

Ask = Callable[[Diet, bool], Awaitable[Told]]
"""Carries out one conversation; whether signs are looked at in the beginning too."""


class Memory:
    """What is kept of a device from poll to poll: its ways, its signs, and the rows of its tables by module."""

    __slots__ = ("_rows", "learned", "scripts", "signs")

    def __init__(self, learned: Learned | None = None) -> None:
        self.learned = learned or Learned()
        self.scripts: dict[tuple[int, int], Script] = {}
        """By the identities of their plan and diet, which they hold."""
        self.signs = Signs()
        self._rows: dict[str, tuple[Module, Privacy, Interned, Again]] = {}

    def saved(self) -> Mapping[str, Any]:
        """The device's ways, as JSON has them."""
        return self.learned.saved()

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> Memory:
        """What `saved` gave in an earlier run."""
        return cls(Learned.restored(saved))

    @classmethod
    def beside(cls, other: Memory) -> Memory:
        """For further polls of the same device: its ways are shared, its signs and rows are not."""
        return cls(other.learned)

    def script(self, plan: Plan | Joint, less: Diet) -> Script | None:
        """How such a conversation went that was over with one answer."""
        return self.scripts.get((id(plan), id(less)))

    def keep(self, script: Script) -> None:
        """For the next conversation like that."""
        if len(self.scripts) >= SCRIPTS:
            del self.scripts[next(iter(self.scripts))]
        self.scripts[id(script.plan), id(script.diet)] = script

    def of(self, module: Module, privacy: Privacy) -> tuple[Interned, Again]:
        """The rows of a module's tables, and how it read last; none where the module, or what may be shown, is not what
        it was."""
        known = self._rows.get(module.name)
        if known is None or known[0] is not module or known[1] is not privacy:
            same = known is not None and known[:2] == (module, privacy)
            kept = known[2:] if known is not None and same else (Interned(), Again())
            known = self._rows[module.name] = module, privacy, *kept
        return known[2:]


@lru_cache(maxsize=1024)
def _whole(modules: tuple[Module, ...], known: bool) -> Diet:
    """The same object for the same modules, whose names may be `known` from an earlier poll."""
    return diet(modules)._replace(roots={}) if known else whole_diet(modules)


class Made(NamedTuple):
    """A module's columns, with what was read for it and left out of it."""

    share: Share
    columns: Sequence[Column]
    sheet: Sheet
    """What it left out of the columns."""
    refused: Mapping[str, int]
    """Rows of counters that come round too fast, by metric (`wire.snmp.wraps`)."""


class Cycle:
    """What several modules get of one cycle. `lookup_ttl` is in seconds; 0: names are read in each poll; None: so they
    are, and the device is asked for no signs."""

    def __init__(
        self, modules: Sequence[Module], memory: Memory, edge: Edge, lookup_ttl: float | None, counters: Counters
    ) -> None:
        self._modules = tuple(modules)
        self._screen = edge.common(Screen)
        kept = [memory.of(module, self._screen.privacy) for module in modules]
        self._rows = [rows for rows, _ in kept]
        self._before = [again for _, again in kept]
        self._signs = memory.signs
        self._edge = edge
        self._ttl = lookup_ttl or 0.0
        self._counters = counters
        self._whole = NO_DIET if lookup_ttl is None else _whole(self._modules, bool(lookup_ttl))
        """Nothing is left out."""
        self._slow = self._whole.slow or ({},) * len(self._modules)
        self._torn = False
        self._unsure = False
        self._shares: list[Share] = []
        self._sheets: dict[int, _Sheet | Exception] = {}
        self._again: dict[int, Compact] = {}

    async def read(self, ask: Ask) -> Told:
        """Read what is needed. Afterwards `made` says what each module has got. Raises PollError."""
        signs = self._signs
        if not self._whole.signs:
            survey = await ask(NO_DIET, False)
            self._share(survey)
            return survey
        # Where names are read anyway, what the device says of when it changed is enough for a beginning.
        began, known = self._edge.now(), signs.known
        epoch, early = signs.epoch, signs.restless or (not known and bool(self._ttl))
        survey = await ask(diet(self._modules, self._unknown()) if self._ttl else self._whole, early)
        if survey.early_signs:
            signs.moved(survey.early_signs, self._edge.now())
        begun = signs.epoch if early else epoch
        self._share(survey)
        if not survey.signs:
            return await self._unseen(ask, survey)
        signs.moved(survey.signs, self._edge.now())
        moved = signs.epoch != begun if known or early else fresh(survey.signs, self._edge.now() - began)
        void = bool(survey.skipped) and (signs.epoch != epoch or self._stale())
        if void or (moved and not signs.restless):
            survey = await ask(self._whole, False)
            self._share(survey)
            before = signs.epoch
            signs.moved(survey.signs, self._edge.now())
            moved = signs.epoch != before
        signs.restless = self._torn = moved
        self._note()
        return survey

    async def _unseen(self, ask: Ask, survey: Told) -> Told:
        """The device does not show its signs, or no longer: then no name is known but what was just read."""
        if survey.skipped and survey.answered and self._edge.now() < self._edge.deadline:
            survey = await ask(self._whole, False)
            self._share(survey)
        self._unsure = bool(survey.skipped)
        for interned in self._rows:
            interned.epoch = -1
        return survey

    def made(self, number: int) -> Made:
        """What the module with that number has got. Raises the `PollError` of one that has got nothing."""
        share = self._shares[number]
        if share.problem is not None:
            raise share.problem
        if self._unsure and share.skipped:
            raise TimedOut("there was no time to see whether names are what they were")
        if self._torn:
            marks = dict.fromkeys(self._named(number), CHANGED)
            share = share._replace(incomplete={**marks, **share.incomplete})
        made = self._sheets.get(number) or self._sheet(number)
        if isinstance(made, Exception):
            raise made
        sheet, columns, refused = made
        return Made(share, columns, sheet, refused)

    def _share(self, survey: Told) -> None:
        self._shares = [survey.share(number) for number in range(len(self._modules))]
        self._sheets.clear()
        self._again.clear()

    def again(self, number: int) -> Sequence[Column] | None:
        """All that `learn` was given of the module, where it reads as it did then but for its numbers."""
        share = self._shares[number]
        if share.problem or share.incomplete or share.damaged or share.said or self._torn:
            return None
        if share.skipped and self._unsure:
            return None
        if (known := self._again.get(number)) is not None:
            return known
        way = self._way(number)
        if way is None or (made := self._before[number].columns(share.harvest, way, self._edge.room)) is None:
            return None
        self._again[number] = made
        return made

    def learn(self, number: int, sheet: Sheet, columns: Sequence[Column]) -> Sequence[Column]:
        """The module's columns, of which nothing was wrong and nothing left out, as `again` may give them next time."""
        way = self._way(number)
        if way is None:
            return columns
        harvest = self._shares[number].harvest
        return self._before[number].learn(self._modules[number], harvest, sheet.harvest, way, columns)

    def _way(self, number: int) -> Way | None:
        """How the module was read; None where that was with what is read now and then, for a sheet keeps that too."""
        share = self._shares[number]
        return (share.skipped, self._counters) if self._slow[number].keys().isdisjoint(share.harvest.numbers) else None

    def _sheet(self, number: int) -> _Sheet:
        self._before[number].lapse()
        share, module, refused = self._shares[number], self._modules[number], _NONE
        harvest = share.harvest
        if self._counters == "lasting":
            harvest, refused = refuse(module, harvest)
        rows, slow = self._rows[number], self._slow[number]
        sheet = Sheet(compile(module), harvest, rows, share.skipped, slow, self._edge.room, self._screen)
        return sheet, sheet.columns(), refused

    def _stale(self) -> bool:
        """Whether a row needs a name that was left out and is not known."""
        stale = False
        for number, share in enumerate(self._shares):
            if share.problem is not None or not share.skipped:
                continue
            try:
                if self.again(number) is not None:
                    continue
                made = self._sheets[number] = self._sheet(number)
            except Exception as error:  # noqa: BLE001 - raised again by `made`: one module's bug is not another's
                self._sheets[number] = error
                continue
            if made[0].stale:
                stale = True
                self._rows[number].hesitate(RETRIAL)
        return stale

    def _unknown(self) -> frozenset[int]:
        """The modules whose names have to be read: not known, or too old, or their rows come and go."""
        now, epoch = self._edge.now(), self._signs.epoch
        return frozenset(
            number
            for number, interned in enumerate(self._rows)
            if not interned.trusted() or interned.epoch != epoch or now - interned.read_at >= self._ttl
        )

    def _note(self) -> None:
        for share, interned in zip(self._shares, self._rows, strict=True):
            if self._torn or (not share.skipped and (share.problem is not None or share.incomplete)):
                interned.epoch = -1  # a name that could not be read is no name
            elif not share.skipped:
                interned.epoch, interned.read_at = self._signs.epoch, self._edge.now()

    def _named(self, number: int) -> Sequence[str]:
        """The tables of a module, dotted, that are named by what the device renumbered."""
        return compile(self._modules[number]).module.walk
