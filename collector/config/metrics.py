"""Names and types of metrics as the files under `snmp/` write them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from collector.config.scalars import alternatives, shown, suggestion
from collector.wire.snmp.plan import NUMBERS, TIMES
from collector.wire.snmp.text import INDEX_TYPES

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SUFFIX = re.compile(r"[a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

_TAKEN = ("scrape_", "snmp_scrape_", "wardwatch_", "ALERTS")

VALUE_TYPES = NUMBERS | TIMES | INDEX_TYPES | {"EnumAsInfo", "EnumAsStateSet", "Bits", ""}
"""What a value can be read as (CONTRACTS 3, "type to output"); a lookup has them of the metric that it reads."""

NO_TEXT = NUMBERS | TIMES | {"EnumAsInfo", "EnumAsStateSet", "Bits"}
"""Types from which nothing is extracted."""


def metric_name(text: str) -> str:
    """A name that a series may have. Raises ValueError."""
    if not _METRIC.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a metric name: use letters, digits, '_' and ':'")
    if text == "up" or text.startswith(_TAKEN):
        raise ValueError(f"{shown(text)} would pass for a metric of Prometheus or of wardwatch: choose another name")
    return text


def _read_label(text: str) -> str:
    if not _LABEL.fullmatch(text) or text.startswith("__"):
        raise ValueError(f"{shown(text)} is not a label name: use letters, digits and '_', not '__' at the front")
    return text


def _label(text: str) -> str:
    if _read_label(text) in ("instance", "job"):
        raise ValueError(f"{shown(text)} is the target's own label: a device must not pass for another")
    return text


def _index(text: str) -> str:
    if text not in INDEX_TYPES:
        what = f"{shown(text)} cannot be read from an index.{suggestion(text, INDEX_TYPES)}"
        raise ValueError(f"{what} Write {alternatives(sorted(INDEX_TYPES))}")
    return text


def _value(text: str) -> str:
    if text not in VALUE_TYPES:
        what = f"{shown(text)} is no type that a value can be read as.{suggestion(text, VALUE_TYPES)}"
        raise ValueError(f"{what} Write {alternatives(sorted(VALUE_TYPES - {''}))}")
    return text


def _suffix(text: str) -> str:
    if not _SUFFIX.fullmatch(text):
        raise ValueError(f"{shown(text)} cannot end the name of a metric: use letters, digits, '_' and ':'")
    return text


IndexType = Annotated[str, AfterValidator(_index)]
MetricName = Annotated[str, AfterValidator(metric_name)]
LabelName = Annotated[str, AfterValidator(_label)]
"""Of a label that a device's series get."""
ReadLabel = Annotated[str, AfterValidator(_read_label)]
"""Of a label of series as Prometheus has them."""
ValueType = Annotated[str, AfterValidator(_value)]
Suffix = Annotated[str, AfterValidator(_suffix)]
