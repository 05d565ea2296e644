"""What a simulated device answers beside SNMP: DICOM's Verification, MLLP, FHIR, a page over TCP, NTP over UDP.

It shares no code with what asks it (docs/decisions.md), and counts what was said to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from simulator.services.conversation import Conversation
from simulator.services.counts import Counts, Wrong
from simulator.services.dicom import Dicom
from simulator.services.mllp import Mllp
from simulator.services.ntp import Ntp
from simulator.services.web import Fhir, Page

S = TypeVar("S")


class Service(Protocol):
    """One of a device's services over TCP, over all of its connections."""

    counts: Counts

    async def hear(self, client: Conversation) -> None:
        """Until the client has gone or there is no more to say. Raises Wrong."""
        ...


SPOKEN: Mapping[str, Callable[..., Service]] = {"dicom": Dicom, "mllp": Mllp, "fhir": Fhir, "page": Page}

OVER_UDP: Mapping[str, Callable[..., Ntp]] = {"ntp": Ntp}
"""What has no connections, and takes packet by packet at the port that SNMP has too."""

NUMBERS = ("associations", "stratum")
"""Options that are whole numbers."""


def service(speaks: str, **options: str) -> Service:
    """A service over TCP by its name, with options as a file has them. Raises ValueError."""
    return _made(SPOKEN, speaks, options)


def spoken(speaks: str, **options: str) -> Service | Ntp:
    """The same for those over UDP too."""
    known: Mapping[str, Callable[..., Service | Ntp]] = {**SPOKEN, **OVER_UDP}
    return _made(known, speaks, options)


def _made(known: Mapping[str, Callable[..., S]], speaks: str, options: Mapping[str, str]) -> S:
    if speaks not in known:
        raise ValueError(f"'{speaks}' is not spoken here: write one of {', '.join(known)}")
    try:
        return known[speaks](**{key: int(text) if key in NUMBERS else text for key, text in options.items()})
    except TypeError:
        raise ValueError(f"'{speaks}' has no such option: {', '.join(options)}") from None


__all__ = ["OVER_UDP", "SPOKEN", "Conversation", "Counts", "Ntp", "Service", "Wrong", "service", "spoken"]
