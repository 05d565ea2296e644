"""What a simulated device answers over TCP, beside SNMP: DICOM's Verification, MLLP, FHIR, a page.

It shares no code with what asks it (docs/decisions.md), and counts what was said to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.services.conversation import Conversation
from simulator.services.counts import Counts, Wrong
from simulator.services.dicom import Dicom
from simulator.services.mllp import Mllp
from simulator.services.web import Fhir, Page


class Service(Protocol):
    """One of a device's services, over all of its connections."""

    counts: Counts

    async def hear(self, client: Conversation) -> None:
        """Until the client has gone or there is no more to say. Raises Wrong."""
        ...


SPOKEN: Mapping[str, Callable[..., Service]] = {"dicom": Dicom, "mllp": Mllp, "fhir": Fhir, "page": Page}


def service(speaks: str, **options: str) -> Service:
    """A service by its name, with options as a file has them. Raises ValueError."""
    if speaks not in SPOKEN:
        raise ValueError(f"'{speaks}' is not spoken here: write one of {', '.join(SPOKEN)}")
    given: dict[str, str | int] = dict(options)
    try:
        if "associations" in options:
            given["associations"] = int(options["associations"])
        return SPOKEN[speaks](**given)
    except TypeError:
        raise ValueError(f"'{speaks}' has no such option: {', '.join(options)}") from None


__all__ = ["SPOKEN", "Conversation", "Counts", "Service", "Wrong", "service"]
