"""The kept form of a large file: it means what the file means, and is never trusted further than the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from collector.config import Config, ConfigError, load
from collector.network.snmp import Snmp
from tests.collector.config.conftest import ENVIRON, resolve
from tests.collector.config.test_modules import EVERYTHING

AUTHS = EVERYTHING.partition("modules:")[0]
MODULES = "modules:" + EVERYTHING.partition("modules:")[2]
FILLING = "# filling\n" * 7_000
"""Only large files are kept."""

Read = Callable[[], Config]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A site with a state directory and one large file."""
    for name in ("snmp", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "wardwatch.yml").write_text(f"state: {tmp_path / 'state'}\n")
    (tmp_path / "snmp" / "large.yml").write_text(AUTHS + MODULES + FILLING)
    return tmp_path


def read(site: Path, large: Literal["read", "kept"] = "kept") -> Config:
    return load(site, environ=ENVIRON, resolve=resolve, collectors=(Snmp,), defaults=site / "none", large=large)


def kept(site: Path) -> Path:
    (found,) = (site / "state" / "compiled").glob("*.json")
    return found


@pytest.mark.parametrize(
    "text",
    [AUTHS + MODULES, MODULES + AUTHS, MODULES, "# a\n" + MODULES.replace("modules:", AUTHS + "\n# b\nmodules:", 1)],
    ids=["auths first", "auths last", "no auths", "between"],
)
def test_what_is_kept_means_what_the_file_means(large: Path, text: str) -> None:
    (large / "snmp" / "large.yml").write_text(text + FILLING)
    first = read(large)
    place = kept(large)
    written = place.stat().st_mtime_ns
    second = read(large)
    assert second == first
    assert second.digest == first.digest
    assert list(second.modules["everything"].module.metrics) == list(first.modules["everything"].module.metrics)  # type: ignore[attr-defined]
    assert place.stat().st_mtime_ns == written, "it was used"


def test_what_is_kept_is_used(large: Path) -> None:
    read(large)
    spoil(large, lambda tables: tables["modules"][0].__setitem__(4, 11))
    assert read(large).modules["everything"].module.max_repetitions == 11  # type: ignore[attr-defined]


def spoil(site: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change the kept tables and their checksum with them."""
    from collector.edge.state import read_state, write_state

    place = kept(site)
    content = json.loads(json.dumps(read_state(place)))
    change(content["tables"])
    write_state(place, content)


def test_no_credential_is_kept_and_each_load_reads_them_anew(large: Path) -> None:
    text = AUTHS + MODULES + FILLING
    (large / "snmp" / "large.yml").write_text(text.replace("{version: 1}", "{version: 1, community: canary-written}"))
    assert read(large).auths["old"].community.reveal() == "canary-written"
    before = kept(large).read_bytes()
    for secret in (b"canary", b"LAB_PASSWORD"):
        assert secret not in before
    (large / "snmp" / "large.yml").write_text(text.replace("{version: 1}", "{version: 1, community: canary-changed}"))
    config = read(large)
    assert config.auths["old"].community.reveal() == "canary-changed"
    assert kept(large).read_bytes() == before, "not even a digest of them"
    assert config.warnings == read(large, "read").warnings, "with the same lines"
    assert config.warnings


def test_a_file_that_changed_is_read(large: Path) -> None:
    read(large)
    path = large / "snmp" / "large.yml"
    path.write_text(path.read_text().replace("max_repetitions: 10", "max_repetitions: 12"))
    assert read(large).modules["everything"].module.max_repetitions == 12  # type: ignore[attr-defined]
    path.write_text(path.read_text().replace("max_repetitions: 12", "max_repetitions: many"))
    with pytest.raises(ConfigError, match=r"large.yml:\d+: modules.everything.max_repetitions: 'many'"):
        read(large)


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: place.write_bytes(place.read_bytes()[:-200]),
        lambda place: place.write_bytes(b""),
        lambda place: place.write_bytes(place.read_bytes().replace(b"everything", b"everythink")),
        lambda place: place.write_bytes(b"{}\n{}\n"),
        lambda place: (place.unlink(), place.mkdir()),
    ],
)
def test_what_is_damaged_is_ignored_and_written_anew(large: Path, damage: Callable[[Path], object]) -> None:
    first = read(large)
    good = kept(large).read_bytes()
    damage(kept(large))
    assert read(large) == first
    if kept(large).is_file():
        assert kept(large).read_bytes() == good


@pytest.mark.parametrize("wrong", [lambda t: t.pop("states"), lambda t: t["modules"][0].pop(), lambda t: t.clear()])
def test_so_is_what_has_another_shape(large: Path, wrong: Callable[[dict[str, object]], object]) -> None:
    first = read(large)
    spoil(large, wrong)
    assert read(large) == first


def test_what_others_may_write_is_not_used(large: Path) -> None:
    read(large)
    spoil(large, lambda tables: tables["modules"][0].__setitem__(4, 11))
    (large / "state" / "compiled").chmod(0o777)
    assert read(large).modules["everything"].module.max_repetitions == 10  # type: ignore[attr-defined]
    (large / "state" / "compiled").chmod(0o700)
    place = kept(large)
    place.rename(place.with_suffix(".elsewhere"))
    place.symlink_to(place.with_suffix(".elsewhere"))
    assert read(large).modules["everything"].module.max_repetitions == 10  # type: ignore[attr-defined]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_another_is_not_used(large: Path) -> None:
    read(large)
    spoil(large, lambda tables: tables["modules"][0].__setitem__(4, 11))
    os.chown(kept(large), 65534, 65534)
    assert read(large).modules["everything"].module.max_repetitions == 10  # type: ignore[attr-defined]


def test_a_file_in_one_line_is_read_each_time(large: Path) -> None:
    (large / "snmp" / "large.yml").write_text(
        "{auths: {a: {version: 1}}, modules: {m: {get: [1.3.6.1.2.1.1.3.0]}}}" + FILLING
    )
    assert set(read(large).modules) == {"auto", "m"}
    assert not (large / "state" / "compiled").exists()


def test_small_files_and_a_site_without_state_are_read_each_time(large: Path) -> None:
    (large / "snmp" / "large.yml").write_text(AUTHS + MODULES)
    read(large)
    assert not (large / "state" / "compiled").exists()
    (large / "state").rmdir()
    (large / "snmp" / "large.yml").write_text(AUTHS + MODULES + FILLING)
    read(large)
    assert not (large / "state").exists()
