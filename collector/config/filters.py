"""`filters:` of a module of `snmp/*.yml`: snmp_exporter's with `oid`, and our own with `column`.

snmp_exporter's filters know the last number of an index only, and narrow what `walk` and `get` say to the letter. Ours
know the whole index, tables and names (snmp_exporter's issues 1687, 943, 1005).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from collector.config.document import Document, Step
from collector.config.oids import Oid, Regex, oid
from collector.config.scalars import Listed, Written, shown, suggestion
from collector.config.typed import Findings, Strict
from collector.wire.snmp.module import Filter

if TYPE_CHECKING:
    from collector.config.snmp import IndexFile, MetricFile


class FilterFile(Strict):
    oid: Annotated[Oid | None, Written, Field(description="column that is walked, as snmp_exporter has it")] = None
    column: Annotated[
        str | None,
        Written,
        Field(description="or, in a filter of our own: the same, an OID or a metric of the module"),
    ] = None
    targets: Annotated[
        tuple[str, ...],
        Listed,
        Field(description="what is asked only where a value matches: columns; with column also tables and metrics"),
    ] = ()
    values: Annotated[tuple[Regex, ...], Listed, Field(description="regular expressions, searched for")] = ()


class _Filters:
    """The filters of one module, being read."""

    def __init__(
        self, document: Document, where: Sequence[Step], metrics: Sequence[MetricFile], findings: Findings
    ) -> None:
        self._document = document
        self._where = where
        self._findings = findings
        self._metrics = metrics
        self._oids = {metric.name: metric.oid for metric in reversed(metrics)}
        self._narrowed: dict[str, list[IndexFile]] = {}
        """What a column was narrowed by before: the index of that filter's column."""

    def read(self, number: int, written: FilterFile) -> Filter | None:
        spot: list[Step] = [*self._where, "filters", number]
        if (written.oid is None) == (written.column is None):
            self._say(spot, "write oid, for a filter as snmp_exporter has it, or column, for one of our own")
            return None
        if written.column is None:
            targets = [self._oid([*spot, "targets", at], text) for at, text in enumerate(written.targets)]
            return Filter(written.oid or "", tuple(t for t in targets if t is not None), written.values)
        column = self._named([*spot, "column"], written.column)
        for key in ("targets", "values"):
            if not getattr(written, key):
                self._say([*spot, key], "is missing: without it a filter filters nothing")
        targets = [self._named([*spot, "targets", at], text) for at, text in enumerate(written.targets)]
        if column is None or None in targets:
            return None
        metric = next((metric for metric in self._metrics if metric.oid == column), None)
        for at, target in enumerate(targets):
            self._fits([*spot, "targets", at], target or "", metric)
        names = metric.enum_values if metric is not None else {}
        return Filter(column, tuple(t for t in targets if t is not None), written.values, "whole", names)

    def _oid(self, spot: Sequence[Step], text: str) -> str | None:
        try:
            return oid(text)
        except ValueError as error:
            self._say(spot, str(error))
            return None

    def _named(self, spot: Sequence[Step], text: str) -> str | None:
        """The OID that a name of the module's, or an OID, stands for."""
        if text in self._oids:
            return self._oids[text]
        if text[:1].isdigit() or text[:1] == ".":
            return self._oid(spot, text)
        self._say(spot, f"there is no metric {shown(text)} in this module.{suggestion(text, self._oids)}")
        return None

    def _fits(self, spot: Sequence[Step], target: str, by: MetricFile | None) -> None:
        """A target must narrow something, and something whose rows are those of the filter's column."""
        inside = [m for m in self._metrics if f"{m.oid}.".startswith(f"{target}.")]
        looked_up = any(f"{u.oid}.".startswith(f"{target}.") for m in self._metrics for u in m.lookups if u.oid)
        if not inside and not looked_up:
            self._say(spot, "no metric of this module lies in it: it would narrow nothing")
        if by is None:
            return
        own = list(by.indexes)
        for metric in inside:
            if _shape(metric.indexes)[: len(own)] != _shape(own) or not own:
                what = f"{metric.name} has other rows than {by.name}: its index does not begin with "
                self._say(spot, what + (", ".join(index.labelname for index in own) or "one"))
                return
            if _shape(self._narrowed.setdefault(metric.oid, own)) != _shape(own):
                self._say(spot, f"{metric.name} is narrowed by another index already: filters of one index go together")
                return

    def _say(self, spot: Sequence[Step], what: str) -> None:
        self._findings.problem(self._document, spot, what)


def read_filters(
    document: Document,
    where: Sequence[Step],
    written: Sequence[FilterFile],
    metrics: Sequence[MetricFile],
    findings: Findings,
) -> tuple[Filter, ...] | None:
    """The filters of the module at `where`; None after adding what is wrong with them to `findings`."""
    before = len(findings.problems)
    filters = _Filters(document, where, metrics, findings)
    made = [filters.read(number, each) for number, each in enumerate(written)]
    return tuple(each for each in made if each is not None) if len(findings.problems) == before else None


def _shape(indexes: Sequence[IndexFile]) -> list[tuple[str, str, int, bool]]:
    """What makes the rows of two tables correspond: the same labels, read the same way."""
    return [(index.labelname, index.type, index.fixed_size, index.implied) for index in indexes]
