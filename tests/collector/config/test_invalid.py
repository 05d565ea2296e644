"""Every mistake has a case: a file under tests/config/invalid whose first lines say what is expected of it.

`KIND-CASE.yml` stands for the one file of its kind in the valid configuration beside it (wardwatch, auths, inventory,
modules, snmp, fingerprints, normal, traps, services, sloth, calendars, contacts, maintenance, kpis, baselines); a
directory is laid over it.
`# expect: file:line: where: what` names one problem, and all of them must be named.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collector.config import ConfigError

CASES = Path(__file__).parents[2] / "config" / "invalid"
PLACES = {
    "wardwatch": "wardwatch.yml",
    "auths": "auths.yml",
    "inventory": "inventory/ward.yml",
    "modules": "modules/local.yml",
    "snmp": "snmp/lab.yml",
    "fingerprints": "snmp/fingerprints.yml",
    "normal": "snmp/normal.yml",
    "traps": "snmp/traps.yml",
    "services": "services/lab.yml",
    "sloth": "services/sloth.yml",
    "calendars": "calendars.yml",
    "contacts": "contacts.yml",
    "maintenance": "maintenance.yml",
    "kpis": "kpis.yml",
    "baselines": "baselines.yml",
}
MARK = "# expect: "


def expected(path: Path) -> list[str]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    lines = [line for file in files for line in file.read_text().splitlines() if line.startswith(MARK)]
    return sorted(line.removeprefix(MARK) for line in lines)


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda path: path.stem)
def test_each_mistake_is_named_with_file_and_line(case: Path, site: Path, loaded) -> None:  # type: ignore[no-untyped-def]
    if case.is_dir():
        shutil.copytree(case, site, dirs_exist_ok=True)
    else:
        shutil.copy(case, site / PLACES[case.stem.partition("-")[0]])
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert expected(case), "the case says what it expects"
    assert sorted(str(p).replace(f"{site}/", "") for p in caught.value.problems) == expected(case)
    assert "canary" not in str(caught.value)
