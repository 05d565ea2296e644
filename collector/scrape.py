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
from collector.network.snmp import DUPLICATES, INVALID, UNEXPECTED, VARIABLES, Snmp
from collector.ondemand import Reading
from collector.wire.snmp.agenda import GETS
from collector.wire.snmp.said import STATUS, twice

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


OURS: Final = "wardwatch_"
"""What begins so is ours: said of a poll, or made beside what a module has. No module may name a metric so."""

_PEER_IGNORES: Final = frozenset({"too_big", "gen_err", "refused"})
"""Error statuses end a peer's walk as if it were complete (CONTRACTS 3). A GET's are errors there too."""

_SAMPLE: Final = ("collected metric ", "error collecting metric ")
"""What is said of a single sample begins so."""

_SAMPLE_TWICE: Final = 'collected metric "{}" {{ }} was collected before with the same name and label values'
"""Where nobody knows any more which one."""


@dataclass(frozen=True, slots=True)
class Error:
    """`oid` is the subtree or the metric's, empty for the whole module; `reason` a bounded word."""

    module: str
    oid: str
    reason: str


def page(readings: Mapping[str, Reading]) -> list[Column]:
    """The series of all modules, and how each of them went."""
    page = [c for reading in readings.values() for c in reading.columns if not c.family.name.startswith(OURS)]
    each = interned(("module",), tuple((name,) for name in readings))
    values = list(readings.values())
    errors = list(dict.fromkeys(e for name, reading in readings.items() for e in errors_of(name, reading)))
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
    for _, values in _marks(reading, INVALID):
        if values["reason"] != "value":  # the subtree is incomplete by that
            yield Error(name, _oid(reading, values["table"]), f"invalid_{values['reason']}")
    if reading.dropped:
        yield Error(name, "", "series_cap")


def faults(device: Device, readings: Mapping[str, Reading]) -> list[str]:
    """What snmp_exporter would have failed on, in its words; empty where it would have answered.

    A module ends there with the first thing that it can't read. Besides, whatever else we know to be missing.
    """
    found: list[str] = []
    for name, reading in readings.items():
        if failure := _failure(device, reading):
            what = f'help: "Error scraping target", constLabels: {{module="{name}"}}, variableLabels: {{}}'
            found.append(f'error collecting metric Desc{{fqName: "snmp_error", {what}}}: {failure}')
            continue
        told = {table for table, _ in reading.said}
        found += [text for _, text in reading.said if text.startswith(_SAMPLE)]
        found += [_SAMPLE_TWICE.format(table) for table, _ in _duplicates(reading) if table not in told]
    return found + _conflicts(readings)


def _failure(device: Device, reading: Reading) -> str:
    """Why a module could not be read, GETs first, then walks in their order; empty: a peer would have read it."""
    said = {table: text for table, text in reversed(reading.said) if not text.startswith(_SAMPLE)}
    walks = _walks(reading)
    marks = {values["table"]: values["reason"] for _, values in _marks(reading, INCOMPLETE)}
    reasons = marks or _of_nothing(reading, said)
    for table in sorted(reasons, key=lambda table: (table != GETS, walks.get(table, len(walks)))):
        reason, text = reasons[table], said.get(table, "")
        if table == GETS and text.startswith(STATUS):
            return f"error reported by target {device.address}: {text}"
        if table != GETS and table and reason in _PEER_IGNORES:
            continue
        verb = "getting" if table == GETS or (not table and _gets_first(reading)) else "walking"
        if reason == "timeout":
            text = f"request timeout (after {RULES[device.device_class].retries} retries)"
        return f"error {verb} target {device.address}: {text or f'{reason} {table}'.rstrip()}"
    if reading.dropped:
        return f"{reading.dropped} series of target {device.address} left out: series_cap"
    return ""


def _of_nothing(reading: Reading, said: Mapping[str, str]) -> Mapping[str, str]:
    """Reasons by table of a module that has got nothing, as far as they were said; no table: the whole of it."""
    if said:
        return {table: "refused" if text.startswith(STATUS) else "malformed" for table, text in said.items()}
    samples_only = reading.outcome == "malformed" and any(_marks(reading, INVALID))
    if reading.outcome in ("success", "partial", "no_data") or samples_only:
        return {}
    return {"": reading.outcome}


def _gets_first(reading: Reading) -> bool:
    """Whether the module begins with GETs: then that is what failed when nothing came."""
    collector = reading.collector
    return isinstance(collector, Snmp) and bool(collector.module.get)


def _walks(reading: Reading) -> Mapping[str, int]:
    """Subtrees of the module in their order."""
    collector = reading.collector
    return {root: n for n, root in enumerate(collector.module.walk)} if isinstance(collector, Snmp) else {}


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
            if name.startswith(OURS):
                continue
            if helps.setdefault(name, c.family.help) != c.family.help:
                found.append(f'collected metric {name} has help "{c.family.help}" but should have "{helps[name]}"')
                continue
            known = series.setdefault(name, set())
            for values, number in zip(c.rows.values, c.values, strict=True):
                labels = frozenset((n, v) for n, v in zip(c.rows.names, values, strict=True) if v)
                if labels in known:
                    found.append(twice(c.family, c.rows.names, values, number))
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
