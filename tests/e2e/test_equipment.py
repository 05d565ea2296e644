"""The whole program on the example estate: each clinical device's page says its switch port, and none gets a packet."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import Running, eventually
from tests.exporters.exposition import parse

pytestmark = pytest.mark.slow  # every box of the estate is read, one of them over a line that loses packets

PLACES = {
    "ct-1": ("sw-access-6", "Gi1/0/11", "20", "Imaging", "seen"),
    "infusion-gateway-1": ("sw-access-3", "Gi1/0/2", "10", "Intensive care", "seen"),
    "monitoring-gateway-1": ("sw-access-3", "Gi1/0/4", "10", "Intensive care", "seen"),
    "ventilator-gateway-1": ("sw-access-4", "Gi1/0/7", "10", "Ward 3", "moved"),
    "infusion-pump-1": ("wlc-1", "ap03", "30", "Intensive care", "seen"),
    "infusion-pump-2": ("wlc-1", "ap04", "30", "Intensive care", "seen"),
    "infusion-pump-3": ("sw-access-4", "Gi1/0/10", "30", "Ward 3", "seen"),
}
BOXES = ("sw-core-1", "sw-access-1", "sw-access-2", "sw-access-3", "sw-access-4", "sw-access-5", "sw-access-6",
         "sw-access-7", "router-1", "router-2", "wlc-1", "counter-1")  # fmt: skip


def test_each_clinical_device_s_page_says_where_it_is(estate: Running) -> None:
    for box in BOXES:
        estate.page(box)

    def found() -> dict[str, tuple[str, ...]]:
        said = {}
        for name in PLACES:
            page = parse(estate.page(name).encode())
            ((_, labels),) = [key for key in page.samples if key[0] == "wardwatch_equipment_port_info"]
            where = dict(labels)
            (state,) = [dict(key[1])["state"] for key, value in page.samples.items()
                        if key[0] == "wardwatch_equipment_state" and value == 1]  # fmt: skip
            said[name] = (where["switch"], where["ifName"], where["vlan"], where["ward"], state)
        return said if said == PLACES else {}

    # Every box is read at the first scrape of its page; the slowest is one whose link loses packets.
    eventually("every clinical device is found", 90, found)
    for name in PLACES:
        page = estate.page(name)
        assert parse(page.encode()).value("wardwatch_equipment_seen") == 1
        assert not re.search("(?i)02[:-]?00[:-]?5e", page)
        assert "wardwatch_packets_total" not in page
    for box in BOXES:
        assert not re.search("(?i)c1:00:0|02005ec1", estate.page(box))
