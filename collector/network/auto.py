"""`modules: auto`: a device's modules by what it says of itself.

Each poll looks whether the device still is what it was: one question for sysObjectID and sysDescr. The probes of the
rules are asked when it is not, and once a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2s
from typing import Any, ClassVar, Final

from collector.budget import RULES
from collector.model import Collector, Column, DeviceClass, Edge, Family, Target, column, interned
from collector.network import introduction
from collector.network.snmp import limits_of, walks
from collector.wire.snmp.fingerprint import Fingerprint, Identity, Verdict, chosen, verdicts
from collector.wire.snmp.habits import Learned
from collector.wire.snmp.identify import Identification
from collector.wire.snmp.module import Module

MODULES = Family("wardwatch_device_modules_info", "1: the module was chosen for the device, by this rule.")

RENEWED: Final = 86_400.0
"""Seconds after which all probes are asked anew: a feature may have been switched on meanwhile."""

SPREAD: Final = 0.1
"""Share of that time by which devices differ, so that those of one start are not asked anew together (S9)."""

ATTEMPTS: Final = 3
"""Polls in which a probe is tried that the device never answers (F4), before it is left for a day."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of the rules for a device."""

    verdicts: Sequence[Verdict]
    modules: Mapping[str, Sequence[str]]
    """What it is asked for, with the names of the rules that say so."""
    unfit: Sequence[str]
    """What it would be asked for, were it not of a class that is never walked (RELIABILITY S11)."""
    covered: Sequence[str]
    """Modules of single values that the others have as well: what a fragile device would be asked for."""


class Memory:
    """What is known of a device from poll to poll, and over restarts."""

    __slots__ = ("at", "column", "identity", "modules", "rules", "vain")

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self.at = 0.0
        """Unix time at which all probes were asked."""
        self.vain = 0
        """Attempts since then that left some probe unanswered."""
        self.rules = ""
        """Digest of the rules by which the probes were chosen."""
        self.modules: tuple[str, ...] = ()
        """What was chosen."""
        self.column: Column | None = None
        """The same with the rules, as the page shows it."""

    def saved(self) -> Mapping[str, Any] | None:
        """As JSON has it; None where nothing is known."""
        known = self.identity
        if known is None:
            return None
        return {
            "object_id": known.object_id,
            "descr": known.descr,
            "held": sorted(known.held),
            "at": self.at,
            "rules": self.rules,
            "modules": list(self.modules),
        }

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> Memory:
        """What `saved` gave in an earlier run."""
        memory = cls()
        memory.identity = Identity(saved["object_id"], saved["descr"], frozenset(saved["held"]))
        memory.at, memory.rules = saved["at"], saved["rules"]
        memory.modules = tuple(saved["modules"])
        return memory


@dataclass(frozen=True, slots=True)
class Auto:
    """Chooses the modules of a device by the rules of `snmp/fingerprints.yml`."""

    name: ClassVar[str] = "auto"

    rules: tuple[Fingerprint, ...] = ()
    choices: Mapping[str, Collector] = field(default_factory=dict)
    """The modules that rules name."""
    digest: str = field(init=False, default="")
    probes: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        """Once for all devices: what every poll wants of the rules."""
        object.__setattr__(self, "digest", blake2s(repr(self.rules).encode(), digest_size=8).hexdigest())
        object.__setattr__(self, "probes", frozenset(probe for rule in self.rules for probe in rule.probe))

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """Which module was chosen by which rule. The device is asked for them from now on."""
        memory, now = edge.memory(Memory), edge.host.wall()
        due = RENEWED * (1 - SPREAD * target.schedule.offset / target.schedule.interval)
        renew = memory.rules != self.digest or not 0 <= now - memory.at < due
        before = memory.identity
        if before is not None and memory.rules == self.digest:
            before = replace(before, asked=self.probes)
        asked = await self.ask(target, edge, before, renew=renew)
        if asked.identity != before or renew or memory.column is None:
            choice = self.choice(asked, target.device.device_class)
            found = tuple((module, rule) for module, rules in choice.modules.items() for rule in rules)
            memory.column = column(MODULES, interned(("module", "rule"), found), [1.0] * len(found))
            memory.modules = tuple(choice.modules)
            edge.choose({name: self.choices[name] for name in choice.modules})
        memory.identity = asked.identity
        memory.vain = 0 if asked.complete else memory.vain + 1
        if renew and (asked.complete or memory.vain >= ATTEMPTS):
            memory.at, memory.rules, memory.vain = now, self.digest, 0
        elif not asked.complete:
            memory.rules = ""  # what is missing is asked again with the next poll
        return [memory.column]

    async def ask(
        self, target: Target, edge: Edge, before: Identity | None = None, *, renew: bool = False
    ) -> Identification:
        """What the device says of itself. Raises PollError where it says nothing."""
        device = target.device
        limits = limits_of(device.device_class)
        asking = await introduction.survey(
            device,
            edge,
            limits,
            Learned(),
            lambda speech: Identification(speech, limits, self.rules, edge.now, before, renew=renew),
        )
        problem = asking.problem()
        if problem is not None:
            raise problem
        return asking

    def choice(self, asked: Identification, device_class: DeviceClass) -> Choice:
        """What the rules make of an answer, for a device of this class."""
        assert asked.identity is not None
        found = verdicts(self.rules, asked.identity, asked.descr)
        modules = chosen(found)
        unfit = [] if RULES[device_class].bulk else [name for name in modules if walks(self.choices[name])]
        left = [name for name in modules if name not in unfit]
        covered = []
        for name in [name for name in left if not walks(self.choices[name])]:
            others = [_metrics(self.choices[other]) for other in left if other != name]
            if (mine := _metrics(self.choices[name])) and mine <= frozenset().union(*others):
                left.remove(name)
                covered.append(name)
        return Choice(found, {name: modules[name] for name in left}, unfit, covered)


def _metrics(collector: Collector) -> frozenset[str]:
    module: Module | None = getattr(collector, "module", None)
    return frozenset(metric.name for metric in module.metrics) if module is not None else frozenset()
