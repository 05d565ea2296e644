"""The stock `snmp.yml` as modules, read here by other means than the product's, and what snmp_exporter made of it."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from collector.model import Seconds, clean
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module, RegexExtract

FOLDER = Path(__file__).parents[4].parent / "shared" / "snmp_exporter"
"""Beside the repository; not part of it."""


def _enum(data: dict[str, str] | None) -> dict[int, str]:
    return {int(number): word for number, word in (data or {}).items()}


def _metric(data: dict[str, Any]) -> Metric:
    return Metric(
        name=data["name"], oid=data["oid"], type=data.get("type", ""), help=data.get("help", ""),
        indexes=tuple(
            Index(
                i["labelname"], i.get("type", ""), int(i.get("fixed_size", 0)), i.get("implied") == "true",
                _enum(i.get("enum_values")),
            )
            for i in data.get("indexes", ())
        ),
        lookups=tuple(
            Lookup(
                tuple(look.get("labels", ())), look["labelname"], look.get("oid", ""), look.get("type", ""),
                look.get("display_hint", ""), _enum(look.get("enum_values")),
            )
            for look in data.get("lookups", ())
        ),
        regex_extracts={
            suffix: tuple(RegexExtract(e["regex"], e.get("value", "$1")) for e in several)
            for suffix, several in data.get("regex_extracts", {}).items()
        },
        datetime_pattern=data.get("datetime_pattern", ""), enum_values=_enum(data.get("enum_values")),
        offset=float(data.get("offset", 0)), scale=float(data.get("scale", 0)),
        display_hint=data.get("display_hint", ""),
    )  # fmt: skip


def module(name: str, data: dict[str, Any]) -> Module:
    return Module(
        name=name,
        walk=tuple(data.get("walk") or ()),
        get=tuple(data.get("get") or ()),
        metrics=tuple(_metric(each) for each in data.get("metrics") or ()),
        max_repetitions=int(data.get("max_repetitions", 25)),
        timeout=Seconds(5.0),
        allow_nonincreasing_oids=data.get("allow_nonincreasing_oids") == "true",
        filters=tuple(Filter(f["oid"], tuple(f["targets"]), tuple(f["values"])) for f in data.get("filters") or ()),
    )


@cache
def modules() -> dict[str, Module]:
    with (FOLDER / "snmp.yml").open("rb") as file:
        data = yaml.load(file, Loader=yaml.CBaseLoader)
    return {name: module(name, each) for name, each in data["modules"].items()}


@cache
def golden_pairs() -> tuple[tuple[str, str], ...]:
    """Device and module of each answer of the real snmp_exporter; none where the folder is not there."""
    index = FOLDER / "golden" / "index.json"
    return tuple((device, name) for device, name, _ in json.loads(index.read_text())) if index.exists() else ()


@cache
def left_out() -> dict[str, set[str]]:
    """Metrics that the older snmp_exporter could not do."""
    return {name: set(each) for name, each in json.loads((FOLDER / "metrics-not-in-golden.json").read_text()).items()}


Series = tuple[str, frozenset[tuple[str, str]]]

_LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@lru_cache(maxsize=1)  # the tests of a pair come one after another
def golden(device: str, name: str) -> tuple[dict[Series, float], dict[str, str]]:
    """Samples and types by family of one recorded answer."""
    return said(gzip.decompress((FOLDER / "golden" / device / f"{name}.prom.gz").read_bytes()).decode())


def said(text: str) -> tuple[dict[Series, float], dict[str, str]]:
    """Samples and types by family of an answer. Labels are cleaned as ours are, empty ones are none."""
    samples: dict[Series, float] = {}
    types = {}
    for line in text.split("\n"):
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            types[family] = kind
        elif line and not line.startswith("#") and not line.startswith("snmp_scrape_"):
            match = _LINE.fullmatch(line)
            assert match, line
            labels = frozenset(
                (label, clean(re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)))
                for label, value in _PAIR.findall(match[2] or "")
                if value
            )
            samples[match[1], labels] = float(match[3])
    return samples, {family: kind for family, kind in types.items() if not family.startswith("snmp_scrape_")}
