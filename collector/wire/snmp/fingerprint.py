"""What a device says of itself, and the modules that this gives it: the rules of `snmp/fingerprints.yml`.

Pure: what is asked is `wire.snmp.identify`'s, who asks is `network.auto`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s
from typing import Final

from collector.wire.re2 import pattern
from collector.wire.snmp.expression import LONGEST

SYS_DESCR: Final = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID: Final = "1.3.6.1.2.1.1.2.0"

SHOWN: Final = 3
"""Alternatives of a condition that an explanation spells out."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One rule: where all its conditions hold, its modules are asked of the device.

    A condition holds where any of its alternatives does; one without alternatives is no condition. OIDs are dotted
    text, `sys_descr` are expressions in RE2's syntax. A probe that ends in `.0` is a single value, any other a subtree.
    """

    name: str
    modules: tuple[str, ...] = ()
    sys_object_id: tuple[str, ...] = ()
    sys_descr: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device has said of itself: `held` are the probes that hold something, of those in `asked`.

    `descr` is a digest of sysDescr: enough to see that it changed, and small enough to keep of thousands.
    """

    object_id: str = ""
    descr: str = ""
    held: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one rule, and why, in words for a person."""

    rule: Fingerprint
    matched: bool
    why: str


def single(probe: str) -> bool:
    """Whether a probe is one value, which a GET brings: all that a fragile device is asked for (RELIABILITY S11)."""
    return probe.endswith(".0")


def possible(rules: Iterable[Fingerprint], object_id: str, descr: str) -> tuple[str, ...]:
    """The probes that still decide something, each once, in the order of the rules."""
    wanted: dict[str, None] = {}
    for rule in rules:
        if rule.probe and rule.modules and _below(rule, object_id) is not None and _found(rule, descr) is not None:
            wanted |= dict.fromkeys(rule.probe)
    return tuple(wanted)


def digest(descr: str) -> str:
    """What `Identity` keeps of a sysDescr."""
    return blake2s(descr.encode("utf-8", "replace"), digest_size=8).hexdigest()


def verdicts(rules: Iterable[Fingerprint], identity: Identity, descr: str) -> list[Verdict]:
    """What becomes of each rule for a device that has said this of itself; `descr` is its sysDescr."""
    return [_verdict(rule, identity, descr) for rule in rules]


def chosen(found: Iterable[Verdict]) -> dict[str, list[str]]:
    """Modules in the order in which rules gave them, with the names of those rules."""
    modules: dict[str, list[str]] = {}
    for verdict in found:
        if verdict.matched:
            for module in verdict.rule.modules:
                modules.setdefault(module, []).append(verdict.rule.name)
    return modules


def _verdict(rule: Fingerprint, identity: Identity, descr: str) -> Verdict:
    reasons = []
    below = _below(rule, identity.object_id)
    if below is None:
        return Verdict(rule, False, f"sysObjectID is not below {_some(rule.sys_object_id)}")
    if below:
        reasons.append(f"sysObjectID is below {below}")
    found = _found(rule, descr)
    if found is None:
        return Verdict(rule, False, f"sysDescr has no {_some([repr(text) for text in rule.sys_descr])}")
    if found:
        reasons.append(f"sysDescr has {found!r}")
    if rule.probe:
        held = next((probe for probe in rule.probe if probe in identity.held), None)
        if held is None:
            asked = [probe for probe in rule.probe if probe in identity.asked]
            if len(asked) == len(rule.probe):
                return Verdict(rule, False, f"nothing at {_some(asked)}")
            untold = [probe for probe in rule.probe if probe not in identity.asked]
            return Verdict(rule, False, f"not asked whether there is something at {_some(untold)}")
        reasons.append(f"something at {held}")
    return Verdict(rule, bool(rule.modules), "; ".join(reasons) + ("" if rule.modules else "; switched off"))


def _below(rule: Fingerprint, object_id: str) -> str | None:
    """The OID that `object_id` is or lies below; "" where the rule has none, None where it lies below none."""
    if not rule.sys_object_id:
        return ""
    return next((oid for oid in rule.sys_object_id if f"{object_id}.".startswith(f"{oid}.")), None)


def _found(rule: Fingerprint, descr: str) -> str | None:
    """The expression found in `descr`; "" where the rule has none, None where none is found."""
    if not rule.sys_descr:
        return ""
    return next((text for text in rule.sys_descr if _compiled(text).search(descr[:LONGEST])), None)


_compiled = lru_cache(maxsize=1024)(pattern)


def _some(words: Sequence[str] | Collection[str]) -> str:
    several = list(words)
    more = f" or {len(several) - SHOWN} more" if len(several) > SHOWN else ""
    return " or ".join(several[:SHOWN]) + more
