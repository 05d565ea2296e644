"""Why a poll has brought nothing: what was seen on the way, as the one error that says most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

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
from collector.wire.snmp import message
from collector.wire.snmp.walk import Harvest

_CUT_OFF: dict[str, type[PollError]] = {each.reason: each for each in (BreakerOpen, OverBudget, Paused, Unreachable)}
"""What the edge may end a conversation with that is not about answers."""


class Share(NamedTuple):
    """What a module has got of a conversation: `incomplete` are reasons by table, `problem` why there is nothing."""

    harvest: Harvest
    incomplete: Mapping[str, str]
    problem: PollError | None
    skipped: frozenset[int] = frozenset()
    """Columns that were left out because what they name is known."""


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
    if reasons & {"malformed", "wrong_oid", "not_increasing"}:
        return Malformed(f"answers to something else: {', '.join(sorted(reasons))}")
    return NoData("nothing of what the module asks for")


def emptied(incomplete: Mapping[str, str]) -> PollError:
    """The error of a poll whose values make no series: what the series are made of was cut off, or is not there."""
    reasons = set(incomplete.values())
    if cut := min(reasons & _CUT_OFF.keys(), default=""):
        return _CUT_OFF[cut]("cut off before there was a series")
    if "timeout" in reasons:
        return TimedOut("answers stopped, or went on too long, before there was a series")
    return NoData("nothing of what the module is made of")
