"""`snmp/normal.yml`: a site's families stand beside the shipped ones, and are fitted to modules of devices only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from collector.config import Config, load
from collector.model import Family
from collector.network.normal import Fitted, Normal, Source
from collector.network.snmp import Snmp
from tests.collector.config.conftest import COLLECTORS, ENVIRON, Asks, Cpu, Filesystem, Probe, resolve

Load = Callable[[Path | None], Config]

CHARGE = """normal:
- name: wardwatch_ups_battery_charge_ratio
  help: Charge of the battery.
  unit: ratio
  from: [{metric: upsEstimatedChargeRemaining, scale: 0.01}]
"""


def written(directory: Path, text: str) -> Path:
    (directory / "snmp").mkdir(parents=True, exist_ok=True)
    (directory / "snmp" / "normal.yml").write_text(text)
    return directory


def test_a_family_is_read(site: Path, loaded: Load) -> None:
    assert loaded(written(site, CHARGE)).normal == (
        Normal(
            Family("wardwatch_ups_battery_charge_ratio", "Charge of the battery.", "gauge"),
            "ratio",
            (Source("upsEstimatedChargeRemaining", scale=0.01),),
        ),
    )


def test_a_sites_family_replaces_the_shipped_one_of_its_name_and_without_sources_switches_it_off(
    site: Path, tmp_path: Path
) -> None:
    written(site, CHARGE)
    own = written(
        tmp_path / "own",
        "normal:\n- {name: wardwatch_ups_battery_charge_ratio, help: None, unit: ratio, from: []}\n"
        "- {name: wardwatch_ups_charge, help: Mine, from: [{metric: upsEstimatedChargeRemaining}]}\n",
    )
    normal = load(own, environ=ENVIRON, resolve=resolve, collectors=COLLECTORS, defaults=site).normal
    assert [(each.family.name, len(each.sources)) for each in normal] == [
        ("wardwatch_ups_battery_charge_ratio", 0),
        ("wardwatch_ups_charge", 1),
    ]


def test_modules_of_devices_have_what_fits_and_those_of_snmp_have_nothing(site: Path) -> None:
    config = load(
        written(site, CHARGE), environ=ENVIRON, resolve=resolve, collectors=(Cpu, Filesystem, Probe, Snmp),
        defaults=Path("none"),
    )  # fmt: skip
    targets = [t for each in config.targets.values() for t in each if isinstance(t.collector, Snmp)]
    fitted: dict[str, tuple[Fitted, ...]] = {t.module: t.collector.normal for t in targets}  # type: ignore[attr-defined]
    assert {name: [each.family.name for each in made] for name, made in fitted.items() if made} == {
        "battery": ["wardwatch_ups_battery_charge_ratio"]
    }
    plain: Any = config.modules["battery"]
    assert plain.normal == ()


@dataclass(frozen=True)
class NoSnmp(Asks):
    name: ClassVar[str] = "ping"


def test_without_snmp_nothing_is_missed(site: Path) -> None:
    for path in (site / "inventory").iterdir():
        path.unlink()
    (site / "snmp" / "fingerprints.yml").unlink()
    text = CHARGE.replace("upsEstimatedChargeRemaining", "whatever")
    kinds = (Cpu, Filesystem, Probe, NoSnmp)
    (site / "wardwatch.yml").write_text("host: {collectors: [cpu]}\n")
    config = load(written(site, text), environ=ENVIRON, resolve=resolve, collectors=kinds, defaults=Path("none"))
    assert len(config.normal) == 1
