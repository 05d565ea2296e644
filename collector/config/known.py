"""Names of metrics in expressions: whether anything is known to give them.

A name that nobody knows is mostly a typing mistake. What an exporter gives that is none of ours can't be known, so this
only warns; `other_metrics` in `wardwatch.yml` ends that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from collector.config.document import Document, Step
from collector.config.scalars import shown, suggestion
from collector.config.typed import Findings
from collector.model import Collector
from collector.network.normal import Normal

FAMILIES: Final = (
    "node_",
    "prometheus_",
    "alertmanager_",
    "snmp_",
    "scrape_",
    "go_",
    "process_",
    "promhttp_",
    "orthanc_",
)
"""Beginnings: of node_exporter's names, which a host agent of another kind may give, of what Prometheus, Alertmanager
and their libraries say of themselves, of snmp_exporter and an archive."""

OTHERS: Final = ("up", "ALERTS", "ALERTS_FOR_STATE", "net_conntrack_dialer_conn_attempted_total")

BLACKBOX: Final = (
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "probe_dns_authority_rrs",
    "probe_failed_due_to_regex",
    "probe_failed_due_to_cipher",
    "probe_grpc_status_code",
    "probe_grpc_healthcheck_response",
    "probe_http_duration_seconds",
)
"""blackbox_exporter's that a probe of ours does not have (CONTRACTS 6)."""

EXPRESSIONS: Final = frozenset(
    ("expr", "formula", "errors", "total", "ratio", "error_query", "total_query", "error_ratio_query", "histogram")
)
"""Keys under which PromQL, or a histogram's name, stands in files of services and KPIs, Sloth's included."""
NORMALISERS: Final = "normalisers"

HISTOGRAM: Final = ("", "_bucket", "_sum", "_count")

_TEXT = re.compile(r"""\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'|`[^`]*`|#.*""")
_BRACES = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")
_LABELS = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])")
_WORDS: Final = frozenset(("and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"))
_JOINS: Final = frozenset(("by", "without", "on", "ignoring", "group_left", "group_right"))


def names_in(expression: str) -> list[str]:
    """The metrics that an expression reads, in their order. Of an expression that does not parse: something."""
    text = _TEXT.sub("''", expression.replace("{{", "").replace("}}", ""))
    text = _LABELS.sub("", _BRACES.sub("", text))
    found = (match[1] for match in _NAME.finditer(text))
    return list(dict.fromkeys(name for name in found if name.lower() not in _WORDS | _JOINS))


class Known:
    """All names that are known: `exported` by this program and its rules, of SNMP modules, of other exporters."""

    def __init__(
        self, exported: Iterable[str], modules: Iterable[Collector], normal: Iterable[Normal], others: Sequence[str]
    ) -> None:
        self._names = {*exported, *OTHERS, *BLACKBOX, *(each.family.name for each in normal)}
        for module in modules:
            self._names.update(_of_module(getattr(module, "module", None)))
        self._names.update(each for each in others if not each.endswith("*"))
        self._beginnings = (*FAMILIES, *(each.removesuffix("*") for each in others if each.endswith("*")))
        # Of these levels all recording rules are ours; rules of other levels, and those that alerts read, may be
        # anybody's.
        self._levels = {name.partition(":")[0] for name in self._names if ":" in name} - {"wardwatch"}

    def __contains__(self, name: str) -> bool:
        level, colon, _ = name.partition(":")
        if colon and level not in self._levels:
            return True
        return name in self._names or name.startswith(self._beginnings)

    def suggestion(self, name: str) -> str:
        return suggestion(name, self._names)


def _of_module(module: Any) -> Iterator[str]:
    for metric in getattr(module, "metrics", ()):
        yield metric.name
        if metric.type == "EnumAsInfo":
            yield f"{metric.name}_info"
        yield from (metric.name + suffix for suffix in metric.regex_extracts)


def check_names(document: Document, known: Known, findings: Findings) -> None:
    """Warn of each name that nobody knows, at the expression in which it stands."""
    for where, text, key in _expressions(document.data, ()):
        for name in names_in(text):
            forms = [name + suffix for suffix in HISTOGRAM] if key == "histogram" else [name]
            if not any(form in known for form in forms):
                what = f"nothing is known to export {shown(name)}.{known.suggestion(name)}"
                findings.warn(document, where, f"{what} If another exporter does, write it under other_metrics")


def _expressions(data: Any, where: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    if isinstance(data, list):
        for index, each in enumerate(data):
            yield from _expressions(each, (*where, index))
    elif isinstance(data, dict):
        for key, each in data.items():
            below = (*where, key)
            if isinstance(each, str) and (key in EXPRESSIONS or where[-1:] == (NORMALISERS,)):
                yield below, each, key
            else:
                yield from _expressions(each, below)
