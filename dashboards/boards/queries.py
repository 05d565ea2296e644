"""Expressions that several boards ask alike, and the variables by which boards hand a choice on to each other."""

from __future__ import annotations

from typing import Final

from dashboards import names as n
from dashboards.board import Variable
from dashboards.panels import Link

SERVICE: Final = Variable("service", "Service", f"label_values({n.INFO}, service)")
ONE_SERVICE: Final = Variable("service", "Service", f"label_values({n.INFO}, service)", many=False)
OWNER: Final = Variable("owner", "Owner", f"label_values({n.INFO}, owner)")
SITE: Final = Variable("site", "Site", "label_values(wardwatch_device_info, site)")

TO_SERVICE: Final = Link("Service", "/d/wardwatch-service?var-service=${__data.fields.service}&${__url_time_range}")
TO_DEVICE: Final = Link("Device", "/d/wardwatch-device?var-instance=${__data.fields.instance}&${__url_time_range}")


def service_state(selector: str = "") -> str:
    """0 up, 1 down, 2 nobody knows, 3 in maintenance, by service: as palette.SERVICE names them."""
    up, unknown, maintenance = (f"{name}{{{selector}}}" for name in (n.UP, n.UNKNOWN, n.MAINTENANCE))
    return f"({maintenance} == 1) * 3 or ({unknown} == 1) * 2 or 1 - {up}"
