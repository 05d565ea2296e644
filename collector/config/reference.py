"""The tables of docs/configuration.md, docs/contacts.md, docs/services.md and docs/kpis.md, made from the models.

`python -m collector.config.reference docs/configuration.md docs/contacts.md docs/services.md docs/kpis.md` renews them.

A table stands between `<!-- keys: NAME -->` and `<!-- end -->`; a test fails when one of them is not as made here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from collector.config import (
    auths,
    baselines,
    calendars,
    capacity,
    components,
    contacts,
    filters,
    fingerprints,
    inventory,
    kpi,
    kpis,
    maintenance,
    modules,
    normal,
    objectives,
    oncall,
    ondemand,
    probes,
    prometheus,
    services,
    settings,
    sloth,
    snmp,
    traps,
    urls,
)
from collector.config.scalars import DURATION_PATTERN, duration

MODELS: Final[dict[str, type[BaseModel]]] = {
    "wardwatch.yml": settings.SettingsFile,
    "web": settings.WebFile,
    "polling": settings.PollingFile,
    "host": settings.HostFile,
    "budgets": settings.BudgetsFile,
    "limit": settings.LimitFile,
    "breaker": settings.BreakerFile,
    "longest": settings.LongestFile,
    "caps": settings.CapsFile,
    "on_demand": ondemand.OnDemandFile,
    "allow": ondemand.AllowFile,
    "snmp settings": ondemand.SnmpSettingsFile,
    "traps": settings.TrapsFile,
    "oncall": oncall.OnCallFile,
    "privacy": settings.PrivacyFile,
    "urls": urls.UrlsFile,
    "prometheus": prometheus.PrometheusFile,
    "capacity": capacity.CapacityFile,
    "full": capacity.FullFile,
    "kind": inventory.KindFile,
    "defaults": inventory.DefaultsFile,
    "device": inventory.DeviceFile,
    "use": inventory.UseFile,
    "active": inventory.ApprovalFile,
    "inventory": inventory.InventoryFile,
    "auths": auths.AuthsFile,
    "auth": auths.Credentials,
    "own auth": auths.OwnCredentials,
    "maintenance": maintenance.MaintenanceFile,
    "maintenance entry": maintenance.WorkFile,
    "modules": modules.ModulesFile,
    "module": modules.ModuleFile,
    "probes": probes.ProbesFile,
    "probe": probes.ProbeFile,
    "snmp": snmp.SnmpFile,
    "trap names": traps.TrapNamesFile,
    "snmp module": snmp.SnmpModuleFile,
    "metric": snmp.MetricFile,
    "index": snmp.IndexFile,
    "lookup": snmp.LookupFile,
    "regex_extracts": snmp.RegexExtractFile,
    "filter": filters.FilterFile,
    "fingerprints": fingerprints.FingerprintsFile,
    "fingerprint": fingerprints.FingerprintFile,
    "normal": normal.NormalsFile,
    "normal family": normal.NormalFile,
    "normal source": normal.SourceFile,
    "bits": normal.BitsFile,
    "where": normal.WhereFile,
    "services": services.ServicesFile,
    "service": services.ServiceFile,
    "component": components.ComponentFile,
    "probe of a device": components.ProbeOfFile,
    "objective": objectives.ObjectiveFile,
    "contacts": contacts.ContactsFile,
    "owner": contacts.OwnerFile,
    "out of hours": contacts.OutOfHoursFile,
    "receiver": contacts.ReceiverFile,
    "webhook": contacts.WebhookFile,
    "email": contacts.EmailFile,
    "slack": contacts.SlackFile,
    "pagerduty": contacts.PagerDutyFile,
    "smtp": contacts.SmtpFile,
    "calendars": calendars.CalendarsFile,
    "calendar": calendars.CalendarFile,
    "kpis": kpis.KpisFile,
    "kpi": kpi.KpiFile,
    "baseline": kpi.BaselineFile,
    "benchmark": kpi.BenchmarkFile,
    "drivers": kpi.DriversFile,
    "scorecard item": kpis.ItemFile,
    "normalisers": kpis.NormalisersFile,
    "baselines": baselines.BaselinesFile,
    "frozen baseline": baselines.FrozenFile,
    "sloth": sloth.SlothFile,
    "sloth slo": sloth.SlothSloFile,
    "sloth sli": sloth.SlothSliFile,
    "sloth events": sloth.SlothEventsFile,
    "sloth raw": sloth.SlothRawFile,
    "sloth alerting": sloth.SlothAlertingFile,
    "sloth alert": sloth.SlothAlertFile,
}
"""Every mapping that may be written, by the name of its table."""

_TABLE = re.compile(r"(<!-- keys: ([^>]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(model: type[BaseModel]) -> str:
    """A model's own keys; those of the model below it stand in that one's table."""
    below = next(base for base in model.__mro__[1:] if issubclass(base, BaseModel))
    lines = ["| key | meaning | default |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if name not in below.model_fields:
            lines.append(f"| `{field.alias or name}` | {field.description} | {_default(field)} |")
    return "\n".join(lines) + "\n"


def renewed(text: str) -> str:
    """A page with all its tables as they are now. Raises KeyError for a table of no model."""
    return _TABLE.sub(lambda match: match[1] + table(MODELS[match[2]]) + match[3], text)


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, settings.LimitFile):
        return f"`{{packets: {value.packets}, window: {duration(value.window)}}}`"
    if value in (None, "", (), {}) or isinstance(value, BaseModel):
        return ""
    if any(getattr(m, "json_schema", {}).get("pattern") == capacity.PART_PATTERN for m in field.metadata if m):
        return f"`{value * 100:g}%`"
    timed = any(getattr(m, "json_schema", {}).get("pattern") == DURATION_PATTERN for m in field.metadata if m)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{duration(value)}`" if timed else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
