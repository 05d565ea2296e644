"""docs/power.md and the example estate speak of climates as the rules have them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from collector.config import load, shipped

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((ROOT / "dashboards" / "causes" / "power.yml").read_text())
PAGE = (ROOT / "docs" / "power.md").read_text()


def limits() -> dict[str, dict[str, float]]:
    """By climate: its limits by name."""
    found: dict[str, dict[str, float]] = {}
    records: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"] if "record" in rule]
    for record in records:
        if record["record"].startswith("wardwatch:climate_celsius:"):
            value = re.fullmatch(r"vector\((-?[0-9.]+)\)", record["expr"])
            assert value
            found.setdefault(record["labels"]["climate"], {})[record["record"].rpartition(":")[2]] = float(value[1])
    return found


def test_the_page_has_every_climate_with_its_limits() -> None:
    said = {}
    for name, low, high in re.findall(r"^\| `([a-z-]+)` \| *([^|]*?) *\| ([^|]*) \|", PAGE, re.MULTILINE):
        if name in limits():
            numbers = [float(number) for number in re.findall(r"(-?[0-9]+) C", high)]
            words = dict(zip(("high", "highest"), numbers, strict=False))
            said[name] = words | ({"low": float(low.removesuffix(" C"))} if low.strip() else {})
    assert said == limits()


def test_climates_of_the_example_estate_have_limits() -> None:
    devices = load(shipped(), environ={}, resolve=str).devices
    climates = {dict(device.labels).get("climate") for device in devices} - {None}
    assert climates == {"it-room", "medicine-fridge"}
    assert climates <= limits().keys()
