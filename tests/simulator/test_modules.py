"""The shipped SNMP modules: they say of each object what snmp_exporter's stock file says, where both have it.

The stock file lies beside the repository where it lies at all; each comparison is one test there, and where it does
not, one test says so by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.config.document import read
from simulator import ber, synthetic
from simulator.image import Image
from simulator.values import Moment

ROOT = Path(__file__).parents[2]
NO_MODULES = {"fingerprints.yml", "normal.yml", "traps.yml"}
SHIPPED = sorted(path for path in (ROOT / "config" / "snmp").glob("*.yml") if path.name not in NO_MODULES)
STOCK = ROOT.parent / "shared" / "snmp_exporter" / "snmp.yml"

FRAGILE = {"ups_scalars": "ups", "printer_scalars": "printer", "environment_scalars": "environment",
           "system_scalars": "gateway"}  # fmt: skip

Modules = dict[str, dict[str, Any]]


def modules(path: Path) -> Modules:
    data = read(path).data
    assert isinstance(data, dict)
    return dict(data["modules"])


OURS: Modules = {name: module for path in SHIPPED for name, module in modules(path).items()}
THEIRS: Modules = modules(STOCK) if STOCK.exists() else {}
BOTH = sorted(OURS.keys() & THEIRS.keys()) or ["the stock snmp.yml is not here to compare with"]


def test_the_modules_that_are_promised_are_there() -> None:
    assert set(OURS) >= {
        "system", "if_mib", "ip_mib", "hrSystem", "hrStorage", "hrDevice", "ups_mib", "printer_mib", "entity_sensor",
        "ucd_memory", "ucd_la_table", "ucd_system_stats", *FRAGILE,
    }  # fmt: skip
    assert not THEIRS or len(BOTH) >= 11


@pytest.mark.parametrize("name", BOTH)
def test_our_modules_walk_the_same_and_say_the_same_of_every_object(name: str) -> None:
    if not THEIRS:
        assert not STOCK.exists()
        return
    ours, theirs = OURS[name], THEIRS[name]
    assert ours["walk"] == theirs["walk"]
    assert facts(ours) == facts(theirs)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_help_is_ours_and_ends_in_its_oid(name: str) -> None:
    stock = {metric["help"].split(" - ")[0] for module in THEIRS.values() for metric in module["metrics"]}
    for metric in OURS[name]["metrics"]:
        words, _, oid = metric["help"].rpartition(" - ")
        assert oid == metric["oid"]
        assert words
        assert len(words.split()) < 5 or words not in stock


@pytest.mark.parametrize(("name", "kind"), FRAGILE.items())
def test_modules_for_fragile_devices_ask_for_instances_that_their_devices_have(name: str, kind: str) -> None:
    module, image = OURS[name], synthetic.image(kind)
    assert "walk" not in module
    for oid in module["get"]:
        assert image.find(ber.identifier(ber.dotted(oid))) >= 0, oid
        covered = [metric["oid"] for metric in module["metrics"]] + [
            lookup["oid"] for metric in module["metrics"] for lookup in metric.get("lookups", [])
        ]
        assert any(oid.startswith(f"{each}.") for each in covered), oid
    for metric in module["metrics"]:
        assert any(oid.startswith(f"{metric['oid']}.") for oid in module["get"]), metric["name"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("system", "switch"), ("if_mib", "switch"), ("hrStorage", "server"), ("ups_mib", "ups"),
     ("printer_mib", "printer"), ("entity_sensor", "environment"), ("ucd_memory", "server"),
     ("ucd_la_table", "server"), ("ucd_system_stats", "server")],
)  # fmt: skip
def test_made_up_devices_answer_what_modules_ask_with_the_types_they_expect(name: str, kind: str) -> None:
    image = synthetic.image(kind)
    known = 0
    for metric in OURS[name]["metrics"]:
        tag = first(image, metric["oid"])
        if tag is None:
            continue
        known += 1
        assert tag in EXPECTED.get(metric["type"], {ber.OCTETS, ber.IDENTIFIER, ber.INTEGER}), metric["name"]
    assert known >= len(OURS[name]["metrics"]) * 0.4


EXPECTED = {
    "gauge": {ber.INTEGER, ber.GAUGE32, ber.TICKS, ber.COUNTER32},
    "counter": {ber.COUNTER32, ber.COUNTER64},
    "DisplayString": {ber.OCTETS},
    "Float": {ber.OPAQUE},
    "EnumAsInfo": {ber.INTEGER},
    "EnumAsStateSet": {ber.INTEGER},
}


def first(image: Image, oid: str) -> int | None:
    """The tag of a column's first value."""
    root = ber.dotted(oid)
    at = image.after(ber.identifier(root))
    if at == len(image) or image.arcs(at)[: len(root)] != root:
        return None
    return image.body(at, Moment(0, 0))[0]


def facts(module: dict[str, Any]) -> dict[str, Any]:
    """All that is said of each metric but the words."""
    return {m["name"]: {k: v for k, v in m.items() if k != "help"} for m in module["metrics"]}
