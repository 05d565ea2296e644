"""Why a poll has brought nothing: what was seen on the way, as the one error that says most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from collector.errors import (
    BreakerOpen,
    Denied,
    Malformed,
    NoData,
    OverBudget,
    Paused,
    PollError,
    Refused,
    TimedOut,
    Unreachable,
)
from collector.model import DETAIL, Column, column, rows
from collector.wire.snmp import message
from collector.wire.snmp.walk import Harvest

_CUT_OFF: dict[str, type[PollError]] = {each.reason: each for each in (BreakerOpen, OverBudget, Paused, Unreachable)}
"""What the edge may end a conversation with that is not about answers."""

_NO_ANSWERS = frozenset({"malformed", "wrong_oid", "not_increasing"})


class Share(NamedTuple):
    """What a module has got of a conversation: `incomplete` are reasons by table, `problem` why there is nothing.

    `said` is what a peer says of tables that are incomplete, `damaged` how many varbinds of a table made no sense.
    """

    harvest: Harvest
    incomplete: Mapping[str, str]
    problem: PollError | None
    skipped: frozenset[int] = frozenset()
    """Columns that were left out because what they name is known."""
    said: Mapping[str, str] = {}
    damaged: Mapping[str, int] = {}


class Told(Protocol):
    """What a conversation has brought."""

    early_signs: Mapping[bytes, int]
    """The diet's signs before all was read, by OID, and after: those that the device has."""
    signs: Mapping[bytes, int]
    skipped: frozenset[int]
    """Columns that were left out."""

    @property
    def answered(self) -> bool:
        """Whether the device has said anything."""

    def share(self, number: int) -> Share:
        """What the plan, or one of those of a `Joint`, has got, as if it had been asked alone."""

    def problem(self) -> PollError | None:
        """Why there is nothing at all; None where there is something."""


def word(status: int) -> str:
    """The bounded word for an error status."""
    return {message.TOO_BIG: "too_big", message.GEN_ERR: "gen_err"}.get(status, "refused")


def problem(
    *, cut: str, asked: bool, answered: bool, malformed: int, refused: int, incomplete: Iterable[str]
) -> PollError:
    """The error of a poll without a value.

    `cut` is what the edge ended it with, `asked` whether there was anything that the device's class may be asked,
    `refused` the last error status, `incomplete` the words for why tables were not read.
    """
    if cut in _CUT_OFF:
        return _CUT_OFF[cut]("cut off before there was a value")
    if not asked:
        return Refused("the device's class is asked for single values only, and the module has none")
    if not answered:
        return Malformed("no answer that is SNMP") if malformed else TimedOut("no answer")
    reasons = set(incomplete)
    if refused in (message.NO_ACCESS, message.AUTHORIZATION_ERROR):
        return Denied(f"error status {refused}")
    if refused:
        return Refused(f"error status {refused}")
    if "timeout" in reasons:
        return TimedOut("answers stopped before there was a value")
    if reasons & _NO_ANSWERS:
        return Malformed(f"answers to something else: {', '.join(sorted(reasons))}")
    return NoData("nothing of what the module asks for")


def details(words: Collection[tuple[str, str]]) -> Sequence[Column]:
    """What a peer says, by table."""
    return (column(DETAIL, rows(("table", "said"), words), [1.0] * len(words)),) if words else ()


def emptied(incomplete: Mapping[str, str], invalid: Collection[object] = ()) -> PollError:
    """The error of a poll whose values make no series: what the series are made of was cut off, or is not there."""
    reasons = set(incomplete.values())
    if cut := min(reasons & _CUT_OFF.keys(), default=""):
        return _CUT_OFF[cut]("cut off before there was a series")
    if "timeout" in reasons:
        return TimedOut("answers stopped, or went on too long, before there was a series")
    if reasons & _NO_ANSWERS:
        return Malformed(f"answers to something else: {', '.join(sorted(reasons))}")
    if reasons & {"refused", "gen_err"}:
        return Refused("an error status, before there was a series")
    if invalid:
        return Malformed("nothing but values that make no sense")
    return NoData("nothing of what the module is made of")
