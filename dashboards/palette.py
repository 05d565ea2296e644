"""Colours and words of states. Colours are those of Okabe and Ito (2008), which people with any of the usual
weaknesses of colour vision tell apart; a state is never a colour alone, it has a sign and a word besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

GOOD: Final = "#009E73"
NOTICE: Final = "#56B4E9"
WARN: Final = "#E69F00"
BAD: Final = "#D55E00"
UNKNOWN: Final = "#CC79A7"
CALM: Final = "#0072B2"
QUIET: Final = "#8A8A8A"


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on (None: from below everything), this colour. In the panel's unit."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class Word:
    """What a value is called: a sign, a word, a colour."""

    text: str
    colour: str


Words = Mapping[str, Word]
"""Words by value, as text: "1", "0"; "null" is no data."""

UP: Final[Words] = {
    "1": Word("✓ up", GOOD),
    "0": Word("✗ down", BAD),
    "null": Word("? no data", UNKNOWN),
}
SERVICE: Final[Words] = {
    "0": Word("✓ up", GOOD),
    "1": Word("⚒ maintenance", NOTICE),
    "2": Word("? unknown", UNKNOWN),
    "3": Word("✗ down", BAD),
    "null": Word("? no data", UNKNOWN),
}
"""States of a service as `service_state` (dashboards/states.py) numbers them."""

OWED: Final[Words] = {
    "1": Word("✓ owed", CALM),
    "0": Word("– not owed", QUIET),
    "null": Word("? no data", UNKNOWN),
}
"""Whether it is within agreed hours, and outside maintenance."""

DEVICE: Final[Words] = {
    "0": Word("✓ up", GOOD),
    "1": Word("✗ down", BAD),
    "2": Word("? unknown", UNKNOWN),
    "3": Word("⚒ paused", NOTICE),
    "4": Word("! partial", WARN),
    "5": Word("– never asked", QUIET),
    "null": Word("? no data", UNKNOWN),
}
"""States of a device as `device_state` (dashboards/states.py) numbers them."""

EQUIPMENT: Final[Words] = {
    "0": Word("✓ seen", GOOD),
    "1": Word("○ quiet", CALM),
    "2": Word("→ moved", WARN),
    "3": Word("✗ unseen", BAD),
    "4": Word("? unknown", UNKNOWN),
    "null": Word("? no data", UNKNOWN),
}
"""Where clinical equipment is, as `wardwatch_equipment:state` (dashboards/causes/equipment.yml) numbers it."""

WORKS: Final[Words] = {
    "1": Word("✓ works", GOOD),
    "0": Word("✗ fails", BAD),
    "null": Word("– none", QUIET),
}

LINK: Final[Words] = {
    "1": Word("✓ up", GOOD),
    "2": Word("✗ down", QUIET),
    "3": Word("? testing", UNKNOWN),
    "4": Word("? unknown", UNKNOWN),
    "5": Word("○ dormant", QUIET),
    "6": Word("– not there", QUIET),
    "7": Word("✗ down below", QUIET),
    "8": Word("– switched off", QUIET),
    "9": Word("! half duplex", WARN),
}
"""ifOperStatus of RFC 2863; 8 is down as ifAdminStatus wants it, 9 is up. That a port is down is no fault by itself."""

ALERT: Final[Words] = {
    "firing": Word("! fires", BAD),
    "pending": Word("○ waits", WARN),
}
"""alertstate, a label."""

CLIMATE: Final[Words] = {
    "0": Word("✓ kept", GOOD),
    "1": Word("▲ too warm", BAD),
    "2": Word("▼ too cold", BAD),
}


def wrong(text: str, colour: str = WARN) -> Words:
    """Words of what is 1 where something is not as it should be."""
    return {"0": Word("✓ no", GOOD), "1": Word(text, colour)}


KPI: Final[Words] = {
    "2": Word("✓ kept", GOOD),
    "1": Word("! close", WARN),
    "0": Word("✗ missed", BAD),
    "-1": Word("? not known", UNKNOWN),
    "3": Word("– no target", QUIET),
}
"""States of a KPI as `kpi:status` numbers them, and one besides for those without."""
TREND: Final[Words] = {
    "1": Word("▲ better", GOOD),
    "0": Word("→ steady", QUIET),
    "-1": Word("▼ worse", BAD),
    "null": Word("– too early", QUIET),
}
"""Where something is going: up is better, whichever way its numbers go."""


def rising(warn: float, bad: float) -> Sequence[Step]:
    """Good while small."""
    return (Step(None, GOOD), Step(warn, WARN), Step(bad, BAD))


def falling(warn: float, bad: float) -> Sequence[Step]:
    """Good while large."""
    return (Step(None, BAD), Step(bad, WARN), Step(warn, GOOD))


def above(limit: float, colour: str = BAD) -> Sequence[Step]:
    """Good below the limit, this colour from it on."""
    return (Step(None, GOOD), Step(limit, colour))


def any_is(colour: str) -> Sequence[Step]:
    """Good at none, this colour from one on."""
    return above(1, colour)


def ticket_from(limit: float) -> tuple[Step, Step]:
    """Neither good nor bad below the limit of an alert that is a ticket."""
    return (Step(None, CALM), Step(limit, WARN))
