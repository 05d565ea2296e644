"""`wardwatch init` and the summary that `wardwatch check` ends with."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from collector.config import Config, load, starter
from collector.config.summary import summary
from collector.network.snmp import Snmp

Load = Callable[[Path | None], Config]


def check(directory: Path, kpis: Literal["read", "left"] = "left") -> Config:
    return load(directory, environ={}, resolve=lambda name: "10.1.2.3", collectors=(Snmp,), kpis=kpis)


@pytest.mark.parametrize("hostname", ["collector-1", "collector-1.example.org", "odd {name}\n", ""])
def test_what_is_written_passes_the_check_as_it_is(hostname: str, tmp_path: Path) -> None:
    directory = tmp_path / "site"
    written = starter.write(directory, hostname=hostname)
    assert {str(path.relative_to(directory)) for path in written} == set(starter.FILES)
    config = check(directory, kpis="read")
    assert config.devices == ()
    assert config.warnings == ()
    assert config.contacts is None
    assert "{" not in re.sub(r"\$?\{[a-z_]+: ?[^}]*\}", "", (directory / "inventory/devices.yml").read_text())


def test_what_is_commented_out_is_right_too(tmp_path: Path) -> None:
    """Somebody who takes the '#' away gets what the comment promises."""
    starter.write(tmp_path / "site", hostname="collector-1")
    for path in (tmp_path / "site").rglob("*.yml"):
        text = path.read_text()
        if path.name == "devices.yml":
            text = text.removesuffix("devices:\n")
        path.write_text(re.sub(r"^#(?! \S|$)", "", text, flags=re.MULTILINE))
    (tmp_path / "site" / "modules" / "host.yml").unlink()  # names a collector that this test does not have
    secret = tmp_path / "site" / "secrets" / "network"
    secret.write_text("canary")
    secret.chmod(0o600)
    (tmp_path / "site" / "web.yml").write_text("{}")
    config = check(tmp_path / "site", kpis="read")
    devices = {device.name: device for device in config.devices}
    assert devices.keys() == {"sw-access-1", "ups-1", "infusion-gateway-1", "infusion-pump-1", "server-2"}
    assert devices["infusion-gateway-1"].passive
    assert devices["ups-1"].device_class == "fragile"
    assert [target.module for target in config.targets["sw-access-1"]] == ["system", "if_mib"]
    assert config.contacts is not None
    assert list(config.contacts.owners) == ["service-desk"]
    kpis = config.kpis.kpis
    assert kpis["availability-gold"].target == 0.9995
    assert kpis["printers-up"].benchmark is not None
    assert "nps" not in kpis
    assert config.kpis.normalisers["bed"] == "vector(620.0)"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "auths.yml").write_text("mine")
    with pytest.raises(FileExistsError, match=r"auths\.yml is there already: nothing was written"):
        starter.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["auths.yml"]


def test_the_place_for_secrets_is_closed_to_others(tmp_path: Path) -> None:
    starter.write(tmp_path / "site")
    assert (tmp_path / "site" / "secrets").stat().st_mode & 0o077 == 0


def test_the_summary_in_full(site: Path, loaded: Load) -> None:
    config = loaded(site)
    assert summary(config, 0.0).replace(config.digest[:12], "DIGEST") == (
        "devices:      6 (clinical 2, fragile 1, it 3)\n"
        "kinds:        (none) 1, pump 2, switch 2, ups 1\n"
        "sites:        north 6\n"
        "passive:      1\n"
        "agents:       1\n"
        "targets:      5 on 4 devices, 3.3 polls a minute\n"
        "this machine: 2 collectors every 5s\n"
        "services:     3 (gold 1), 4 objectives\n"
        "modules:      4 in use of 6\n"
        "files:        10, digest DIGEST"
    )


def test_the_summary_of_nothing() -> None:
    assert "devices:      0\n" in summary(load(None, environ={}, resolve=lambda name: name, collectors=()), 0.0)


WORK = """maintenance:
- {name: archive, services: [lab], from: 2026-12-08 22:00, until: 2026-12-09 02:00}
- {name: nights, services: [lab], hours: "Su 02:00-04:00"}
- {name: always, services: [lab], hours: 24/7}
"""


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-12-01T12:00", "now always; next nights at 2026-12-06T02:00+0000"),
        ("2026-12-06T02:00", "now always, nights until 2026-12-06T04:00+0000; next archive at 2026-12-08T22:00+0000"),
    ],
)
def test_the_summary_of_planned_work(now: str, said: str, site: Path, loaded: Load) -> None:
    (site / "maintenance.yml").write_text(WORK)
    at = datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    assert f"maintenance:  3 planned, 2 of them again and again; {said}\n" in summary(loaded(site), at)


def test_the_summary_of_planned_work_that_is_over(site: Path, loaded: Load) -> None:
    (site / "maintenance.yml").write_text("".join(WORK.splitlines(keepends=True)[:2]))
    assert "maintenance:  1 planned; none now\n" in summary(loaded(site), 2e9)
