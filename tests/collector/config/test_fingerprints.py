"""`snmp/fingerprints.yml`: a site's rules stand before the shipped ones, and may replace them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from collector.config import Config, load
from collector.wire.snmp.fingerprint import Fingerprint
from tests.collector.config.conftest import COLLECTORS, ENVIRON, resolve

Load = Callable[[Path | None], Config]


def test_rules_are_read_in_their_order(site: Path, loaded: Load) -> None:
    assert loaded(site).auto.rules == (
        Fingerprint("switch", ("interfaces",), sys_object_id=("1.3.6.1.4.1.9", "1.3.6.1.4.1.11")),
        Fingerprint("power", ("interfaces",), sys_descr=("UPS ",), probe=("1.3.6.1.2.1.33",)),
    )


def test_a_sites_rules_stand_first_and_replace_shipped_ones_of_their_name(site: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "snmp").mkdir(parents=True)
    (own / "snmp" / "fingerprints.yml").write_text(
        "fingerprints:\n"
        "- {name: power, sys_descr: [x], modules: []}\n"
        "- {name: mine, probe: [1.3.6.1.4.1.1], modules: [battery]}\n"
    )
    rules = load(own, environ=ENVIRON, resolve=resolve, collectors=COLLECTORS, defaults=site).auto.rules
    assert [(rule.name, rule.modules) for rule in rules] == [
        ("power", ()),
        ("mine", ("battery",)),
        ("switch", ("interfaces",)),
    ]
