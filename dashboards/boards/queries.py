"""Expressions that several boards ask alike, and the variables by which boards hand a choice on to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboards import names as n
from dashboards.board import ANY_OR_NONE, Variable, with_service
from dashboards.palette import ALERT
from dashboards.panels import Column, Link, Query

SERVICE: Final = Variable("service", "Service", f"label_values({n.INFO}, service)")
ONE_SERVICE: Final = Variable("service", "Service", f"label_values({n.INFO}, service)", many=False)
OWNER: Final = Variable("owner", "Owner", f"label_values({n.INFO}, owner)")
DEVICE: Final = Variable("instance", "Device", "label_values(wardwatch_device_info, instance)", many=False)
SITE: Final = Variable("site", "Site", "label_values(wardwatch_device_info, site)", every=ANY_OR_NONE)

TO_SERVICE: Final = Link("Service", "/d/wardwatch-service?var-service=${__data.fields.service}&${__url_time_range}")


def to_device(field: str = "instance") -> Link:
    """From a row of a table to the device that its column `field` names."""
    return Link("Device", f"/d/wardwatch-device?var-instance=${{__data.fields.{field}}}&${{__url_time_range}}")


TO_DEVICE: Final = to_device()
SERIES_TO_DEVICE: Final = Link(
    "Device", "/d/wardwatch-device?var-instance=${__field.labels.instance}&${__url_time_range}"
)
"""From a line or a bar that has the label instance."""


def alert_columns(
    runbooks: str, *, devices: bool = False, services: bool = False, reasons: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """Of `alert_queries`; an alert leads to its runbook, and where there are several `devices` or `services` each to
    its board. With `reasons`, by name of alerts, all are of one severity, which is not shown."""
    runbook = Link("Runbook", runbooks + "/${__data.fields.alertname}")
    if reasons is not None:
        return (
            # Both are seen on a phone.
            Column("why", "Why", texts=reasons, links=(runbook,), least=215),
            Column("Value #A", "Since", "dateTimeFromNow", width=120),
            Column("alertname", "Alert", links=(runbook,)),
            Column("instance", "Device", links=(TO_DEVICE,), width=180),
            Column("service", "Service", links=(TO_SERVICE,), width=150),
            Column("alertstate", "State", words=ALERT, width=90),
            Column("owner", "Owner", width=160),
        )
    return (
        Column("alertname", "Alert", links=(runbook,)),
        *((Column("instance", "Device", links=(TO_DEVICE,)),) if devices else ()),
        *((Column("service", "Service", links=(TO_SERVICE,)),) if services else ()),
        Column("alertstate", "State", words=ALERT, width=100),
        Column("Value #A", "Since", "dateTimeFromNow", width=140),
        Column("severity", "Severity", width=100),
        Column("owner", "Owner", width=160),
    )


def alert_queries(selector: str, those: str = "", *, reasons: bool = False) -> tuple[Query, ...]:
    """Since when alerts have been there, and how far they are; of `those`, series by instance, where given. With
    `reasons` their name comes twice, once to be shown as what it means."""
    by = "alertname, severity, instance, service, owner"
    only = f"\nand on (instance) {those}" if those else ""
    since, there = (with_service(name, selector) for name in ("ALERTS_FOR_STATE", "ALERTS"))
    found = (f"min by ({by}) ({since}) * 1000{only}", f"count by ({by}, alertstate) ({there}){only}")
    if reasons:
        return tuple(Query(f'label_replace({each}, "why", "$1", "alertname", "(.+)")') for each in found)
    return tuple(Query(each) for each in found)


FORECAST_OF: Final = (n.DAYS, n.DAYS_LOW, n.DAYS_HIGH, n.USED)
FORECAST: Final = (
    Column("Value #A", "Days", "none", 0, width=90),
    Column("resource", "Resource"),
    Column("item", "Item"),
    Column("Value #B", "Earliest", "none", 0),
    Column("Value #C", "Latest", "none", 0),
    Column("Value #D", "Used", "percentunit", 0),
)
"""Of a machine's resources, when they are full: columns of queries of FORECAST_OF, in this order. The series' names
must be off, as rows are joined by all labels that the queries share."""
