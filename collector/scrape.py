"""What `/snmp` answers of the modules that were read: their series, how each went, and what peers would have failed on.

snmp_exporter fails a whole scrape for one bad table. Here what is right is served, and what is not is named; `faults`
says in snmp_exporter's words what it would have failed on, for those who want it to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector.budget import RULES
from collector.model import INCOMPLETE, Column, Device, Family, column, interned, rows
from collector.network.snmp import DUPLICATES, REFUSED, UNEXPECTED, VARIABLES, Snmp
from collector.ondemand import Reading
from collector.wire.snmp.agenda import GETS

# snmp_exporter's own words (CONTRACTS 1).
WALK = Family("snmp_scrape_walk_duration_seconds", "Time SNMP walk/bulkwalk took.")
SENT = Family("snmp_scrape_packets_sent", "Packets sent for get, bulkget, and walk; including retries.")
RETRIED = Family("snmp_scrape_packets_retried", "Packets retried for get, bulkget, and walk.")
RETURNED = Family("snmp_scrape_pdus_returned", "PDUs returned from get, bulkget, and walk.")
DURATION = Family("snmp_scrape_duration_seconds", "Total SNMP time scrape took (walk and processing).")
# What it does not have.
SUCCESS = Family("snmp_scrape_success", "1: all of the module was read. 0: snmp_scrape_error_info says what was not.")
ERROR = Family("snmp_scrape_error_info", "1: why this part of the module was not read; no oid: the whole module.")
TWICE = Family("snmp_scrape_duplicates", "Rows left out because a row before had the same labels.")

_ABOUT: Final = frozenset({INCOMPLETE.name, DUPLICATES.name, REFUSED.name, VARIABLES.name, UNEXPECTED.name})

_PEER_IGNORES: Final = frozenset({"too_big", "gen_err", "refused"})
"""Error statuses end a peer's walk as if it were complete (CONTRACTS 3). A GET's are errors there too."""


@dataclass(frozen=True, slots=True)
class Error:
    """`oid` is the subtree or the metric's, empty for the whole module; `reason` a bounded word."""

    module: str
    oid: str
    reason: str


def page(readings: Mapping[str, Reading]) -> list[Column]:
    """The series of all modules, and how each of them went."""
    page = [c for reading in readings.values() for c in reading.columns if c.family.name not in _ABOUT]
    each = interned(("module",), tuple((name,) for name in readings))
    values = list(readings.values())
    errors = [error for name, reading in readings.items() for error in errors_of(name, reading)]
    failed = {error.module for error in errors}
    page.append(column(WALK, each, (reading.talked for reading in values)))
    page.append(column(SENT, each, (reading.sent for reading in values)))
    page.append(column(RETRIED, each, (reading.repeated for reading in values)))
    page.append(column(RETURNED, each, (_counted(reading, VARIABLES) for reading in values)))
    page.append(column(DURATION, each, (reading.duration for reading in values)))
    page.append(column(SUCCESS, each, (name not in failed for name in readings)))
    page.append(
        column(
            ERROR, rows(("module", "oid", "reason"), [(e.module, e.oid, e.reason) for e in errors]), [1.0] * len(errors)
        )
    )
    twice = [((name, table), n) for name, reading in readings.items() for table, n in _duplicates(reading)]
    page.append(column(TWICE, rows(("module", "table"), [pair for pair, _ in twice]), (n for _, n in twice)))
    return page


def unexpected(readings: Mapping[str, Reading]) -> int:
    """Variables of a type that SNMP has not."""
    return int(sum(_counted(reading, UNEXPECTED) for reading in readings.values()))


def errors_of(name: str, reading: Reading) -> Iterator[Error]:
    """What is not right about a module. That the device has nothing of it is no error, there as here."""
    if reading.outcome not in ("success", "partial", "no_data"):
        yield Error(name, "", reading.outcome)
    for _, values in _marks(reading, INCOMPLETE):
        yield Error(name, "" if values["table"] == GETS else values["table"], values["reason"])
    for table, _ in _duplicates(reading):
        yield Error(name, _oid(reading, table), "duplicate")
    if reading.dropped:
        yield Error(name, "", "series_cap")


def faults(device: Device, readings: Mapping[str, Reading]) -> list[str]:
    """What snmp_exporter would have failed on, in its words; empty where it would have answered.

    Besides, whatever else we know to be missing.
    """
    found: list[str] = []
    for name, reading in readings.items():
        for error in errors_of(name, reading):
            if error.reason == "duplicate":
                continue
            gets = not error.oid
            if not gets and error.reason in _PEER_IGNORES:
                continue
            what = f'constLabels: {{module="{name}"}}, variableLabels: {{}}'
            verb = "getting" if gets and _gets_first(reading) else "walking"
            said = _said(error, RULES[device.device_class].retries)
            found.append(
                f'error collecting metric Desc{{fqName: "snmp_error", help: "Error scraping target", {what}}}: '
                f"error {verb} target {device.address}: {said}"
            )
        found += [_collected_before(table) for table, _ in _duplicates(reading)]
    return found + _conflicts(readings)


def _said(error: Error, retries: int) -> str:
    if error.reason == "timeout":
        return f"request timeout (after {retries} retries)"
    if error.reason == "not_increasing":
        return f"OID not increasing: below {error.oid}"
    return f"{error.reason} {error.oid}".rstrip()


def _gets_first(reading: Reading) -> bool:
    """Whether the module begins with GETs: then that is what failed when nothing came."""
    collector = reading.collector
    return isinstance(collector, Snmp) and bool(collector.module.get)


def _collected_before(name: str, labels: str = "") -> str:
    return f'collected metric "{name}" {labels or "{ }"} was collected before with the same name and label values'


def _conflicts(readings: Mapping[str, Reading]) -> list[str]:
    """Series and help texts of which two modules have one each."""
    if len(readings) < 2:
        return []
    found: list[str] = []
    helps: dict[str, str] = {}
    series: dict[str, set[frozenset[tuple[str, str]]]] = {}
    for reading in readings.values():
        for c in reading.columns:
            name = c.family.name
            if name in _ABOUT:
                continue
            if helps.setdefault(name, c.family.help) != c.family.help:
                found.append(f'collected metric {name} has help "{c.family.help}" but should have "{helps[name]}"')
                continue
            known = series.setdefault(name, set())
            for values in c.rows.values:
                labels = frozenset((n, v) for n, v in zip(c.rows.names, values, strict=True) if v)
                if labels in known:
                    shown = " ".join(f'label:{{name:"{n}" value:"{v}"}}' for n, v in sorted(labels))
                    found.append(_collected_before(name, f"{{ {shown} }}"))
                known.add(labels)
    return found


def _marks(reading: Reading, family: Family) -> Iterator[tuple[float, Mapping[str, str]]]:
    for c in reading.columns:
        if c.family is family:
            for values, number in zip(c.rows.values, c.values, strict=True):
                yield number, dict(zip(c.rows.names, values, strict=True))


def _duplicates(reading: Reading) -> Sequence[tuple[str, float]]:
    return [(labels["table"], number) for number, labels in _marks(reading, DUPLICATES)]


def _counted(reading: Reading, family: Family) -> float:
    return sum(number for number, _ in _marks(reading, family))


def _oid(reading: Reading, table: str) -> str:
    """The OID of the metric that a table is named by."""
    collector = reading.collector
    metrics = collector.module.metrics if isinstance(collector, Snmp) else ()
    return next((metric.oid for metric in metrics if metric.name == table), "")
