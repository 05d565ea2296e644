"""D6: partial beats nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from bench.bar.devices import Plays, playing
from bench.bar.hospital import run
from bench.bar.program import Make, Program, entry, running
from bench.bar.row import Verdict
from collector.cli.service import Service

GOOD = ("system", "if_mib", "hrSystem", "hrStorage", "hrDevice", "ucd_memory", "twice")
FAILS = "silent"

PORTS = 6
TYPES = 2
"""A server's interfaces are of two types, its own loopback and Ethernet: that many rows of `twice` are unlike."""

IF_ENTRY = "1.3.6.1.2.1.2.2.1"
MODULES: dict[str, Any] = {
    "twice": {
        "walk": [f"{IF_ENTRY}.3", f"{IF_ENTRY}.4"],
        "metrics": [
            {
                "name": "mtu_by_type",
                "oid": f"{IF_ENTRY}.4",
                "type": "gauge",
                "help": "Rows are told apart by a label that several have.",
                "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
                "lookups": [
                    {"labels": ["ifIndex"], "labelname": "ifType", "oid": f"{IF_ENTRY}.3", "type": "gauge"},
                    {"labels": [], "labelname": "ifIndex"},
                ],
            }
        ],
    },
    FAILS: {
        "walk": ["1.3.6.1.4.1.32473.77"],
        "metrics": [
            {"name": "nothing", "oid": "1.3.6.1.4.1.32473.77.1", "type": "gauge", "help": "The device has none."}
        ],
    },
}


@dataclass(frozen=True, slots=True)
class D6:
    """A server asked for eight modules, of which one gives nothing and one has the same index again and again, on its
    page and on `/snmp`."""

    id: ClassVar[str] = "D6"
    promise: ClassVar[str] = "partial beats nothing"
    target: ClassVar[str] = "HTTP 200, 7 of 8 modules, the eighth said to have failed, duplicates counted right"

    make: Make = Service

    def measure(self, seed: int) -> Verdict:
        with playing([Plays("server", "127.18.0.1", "server", PORTS)], seed) as devices:
            return run(self._ask(devices.port))

    async def _ask(self, port: int) -> Verdict:
        device = entry("server", "127.18.0.1", port, (*GOOD, FAILS), interval="60s", timeout="10s")
        async with running([device], modules=MODULES, make=self.make) as program:
            status, page, _ = await program.page(device="server", timeout=15)
            outcomes = {
                dict(labels)["module"]: value
                for (name, labels), value in page.samples.items()
                if name == "wardwatch_poll_success"
            }
            counted = sum(v for (name, _), v in page.samples.items() if name == "wardwatch_snmp_duplicates")
            demand = await self._on_demand(program)
        duplicates = PORTS + 1 - TYPES
        figure = {
            "status": status,
            "modules_served": sum(outcomes.get(name) == 1 for name in GOOD),
            "failed_says": outcomes.get(FAILS),
            "duplicates_counted": counted,
            "duplicates_there": duplicates,
            "on_demand": demand,
        }
        kept = status == 200 and figure["modules_served"] == len(GOOD) and outcomes.get(FAILS) == 0
        return Verdict(kept and counted == duplicates and all(demand.values()), figure)

    async def _on_demand(self, program: Program) -> dict[str, bool]:
        """The same over `/snmp`, in snmp_exporter's words."""
        status, page, _ = await program.page("/snmp", target="server", module="if_mib,twice")
        success = {
            dict(labels)["module"]: value
            for (name, labels), value in page.samples.items()
            if name == "snmp_scrape_success"
        }
        return {
            "status 200": status == 200,
            "the rest served": success.get("if_mib") == 1 and "ifHCInOctets" in page.names(),
            "duplicates said": success.get("twice") == 0,
        }
