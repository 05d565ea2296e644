"""Why a poll gave nothing: the only exceptions that leave a codec, a collector or the edge.

Each class carries a bounded word, `reason`, that becomes a label; the message is for a person's log line.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class PollError(Exception):
    """A poll that failed for a reason we know. A bug is never one of these (HOUSE 7.5)."""

    reason: ClassVar[str]

    def __init__(self, message: str = "", *, word: str = "") -> None:
        super().__init__(message)
        self.word = word or self.reason
        """The reason more closely, of a probe: a word of a bounded list too, `status` or `certificate`."""
        self.columns: Sequence[Any] = ()
        """What is to be shown all the same (`model.Column`): that a probe failed is what it was asked for (HOUSE 4)."""


class Unreachable(PollError):
    """The network says there is no way there."""

    reason = "unreachable"


class TimedOut(PollError):
    """No answer before the deadline."""

    reason = "timeout"


class Refused(PollError):
    """The device answered, and said no: an error status, a closed port."""

    reason = "refused"


class Malformed(PollError):
    """The device answered with something its protocol does not allow."""

    reason = "malformed"


class Denied(PollError):
    """The device does not accept our credentials."""

    reason = "denied"


class NoData(PollError):
    """The device answered, and has nothing of what was asked."""

    reason = "no_data"


class BreakerOpen(PollError):
    """The device has not answered for a while and is left alone."""

    reason = "breaker_open"


class Paused(PollError):
    """A person asked us to leave the device alone."""

    reason = "paused"


class OverBudget(PollError):
    """Asking would spend more packets than the device is allowed in the time there is."""

    reason = "over_budget"


REASONS: tuple[str, ...] = (
    "unreachable", "timeout", "refused", "malformed", "denied", "no_data", "breaker_open", "paused", "over_budget",
)  # fmt: skip

BY_REASON: Mapping[str, type[PollError]] = {
    kind.reason: kind
    for kind in (Unreachable, TimedOut, Refused, Malformed, Denied, NoData, BreakerOpen, Paused, OverBudget)
}
"""The error that says a reason."""
