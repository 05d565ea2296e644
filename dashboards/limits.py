"""Numbers at which alerts about causes fire, read out of their expressions: boards draw these and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Sources = Mapping[str, Sequence[Mapping[str, Any]]]
"""Groups of rules by the name of their file, as `dashboards/causes/` has them."""

_NUMBER: Final = r"[<>]=? *(?P<number>[0-9.]+(?:e[+-]?[0-9]+)?)"


def limit(sources: Sources, alert: str, severity: str = "warning", of: str = "") -> float:
    """With which number the alert compares: the last of its expression, or the first behind the series `of`.

    KeyError where there is no such alert, ValueError where it compares with none.
    """
    for rule in rules(sources):
        if rule.get("alert") == alert and rule["labels"]["severity"] == severity:
            found = re.search(rf"\b{re.escape(of)}\b[^<>]*?{_NUMBER}" if of else rf"{_NUMBER}\s*$", rule["expr"])
            if found is None:
                raise ValueError(f"{alert}: its expression ends in no number")
            return float(found["number"])
    raise KeyError(f"{alert}, {severity}")


def rules(sources: Sources) -> Iterator[Mapping[str, Any]]:
    """Records and alerts of all groups."""
    for groups in sources.values():
        for group in groups:
            yield from group["rules"]
