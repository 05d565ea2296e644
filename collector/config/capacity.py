"""`capacity:` in wardwatch.yml: when what fills up counts as full, and when a forecast is told."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from collector.capacity import DAYS, EARLIEST, RESOURCES, Limits
from collector.config.scalars import Count, Keyed, shown
from collector.config.typed import Strict

_PART: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%")
PART_PATTERN: Final = f"^{_PART.pattern}$"


def _part(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _PART.fullmatch(value)
    if match is None:
        raise ValueError(f"{shown(value)} is not a percentage: write it like 80%")
    part = float(Decimal(match[1]) / 100)
    if not 0 < part <= 1:
        raise ValueError(f"{shown(value)} is out of range: write more than 0%, and at most 100%")
    return part


Part = Annotated[float, BeforeValidator(_part), WithJsonSchema({"type": "string", "pattern": PART_PATTERN})]
"""Above 0 and at most 1, written as a percentage."""

FullFile: Final = create_model(  # type: ignore[call-overload]  # a key for each resource
    "FullFile",
    __base__=Strict,
    **{name: (Annotated[Part, Field(description=each.what)], each.full) for name, each in RESOURCES.items()},
)


class CapacityFile(Strict):
    """docs/capacity.md says where each default comes from."""

    full: Annotated[FullFile, Keyed, Field(description="the used part from which something counts as full")] = (  # type: ignore[valid-type]
        FullFile()
    )
    days: Annotated[Count, Field(le=3650, description="a forecast is told where less than so many days are left")] = (
        DAYS
    )
    earliest: Annotated[
        Count, Field(le=3650, description="and where, at the earliest, less than so many are; at most `days`")
    ] = EARLIEST

    def limits(self) -> Limits:
        return Limits(dict(self.full.model_dump()), self.days, self.earliest)  # type: ignore[attr-defined]
