"""What comes with the program: it loads without a word, and says the defaults as they are."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields
from pathlib import Path

import pytest

import collector.host
from collector.config import Config, ConfigError, load, shipped
from collector.config.document import parse
from collector.config.modules import read_modules
from collector.config.secrets import Secrets
from collector.config.settings import SettingsFile
from collector.config.typed import Findings, typed
from collector.model import Collector
from collector.network.snmp import Snmp
from collector.registry import COLLECTORS


def host_collectors() -> dict[str, type[Collector]]:
    found: dict[str, type[Collector]] = {}
    for module in pkgutil.iter_modules(collector.host.__path__):
        loaded = importlib.import_module(f"collector.host.{module.name}")
        for word in vars(loaded).values():
            if isinstance(word, type) and word.__module__ == loaded.__name__ and hasattr(word, "poll"):
                found[word.name] = word
    return found


HOST = host_collectors()
BY_DEFAULT = {name for name, kind in HOST.items() if getattr(kind, "by_default", True)}


def resolve(name: str) -> str:
    raise OSError(f"the shipped estate names no host, so not {name}")


def example() -> Config:
    return load(shipped(), environ={}, resolve=resolve, collectors=COLLECTORS, kpis="read")


def uncommented(path: Path) -> bytes:
    """The file with its commented-out keys switched on: the lines below a blank line that look like YAML."""
    return re.sub(r"^# ?(?=[ ]*([a-z_]+|- [a-z_]+): ?|  +[a-z-]+:)", "", path.read_text(), flags=re.MULTILINE).encode()


def test_the_example_estate_loads_quietly() -> None:
    config = example()
    assert config.warnings == ()
    assert 25 <= len(config.devices) <= 50
    assert {device.device_class for device in config.devices} == {"it", "fragile", "clinical"}
    assert any(device.passive for device in config.devices)
    assert {target.module for target in config.host} == BY_DEFAULT


def test_without_a_configuration_there_is_this_machine_and_nothing_else() -> None:
    config = load(None, environ={}, resolve=resolve, collectors=(*HOST.values(), Snmp))
    assert config.devices == ()
    assert config.targets == {}
    assert {target.module for target in config.host} == BY_DEFAULT
    assert {"if_mib", "system"} <= set(config.modules)
    assert config.auths == {}, "the example's credentials are the example's"


def test_a_site_sees_the_shipped_kinds_and_modules(tmp_path: Path) -> None:
    (tmp_path / "auths.yml").write_text("auths: {a: {community: public}}")
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "a.yml").write_text(
        "devices:\n- {name: sw, address: 10.0.0.1, kind: access-switch, auth: a}\n"
    )
    config = load(tmp_path, environ={}, resolve=resolve, collectors=(*HOST.values(), Snmp))
    assert [target.module for target in config.targets["sw"]] == ["system", "if_mib"]
    assert config.targets["sw"][0].schedule.interval == 60, "the example's short intervals are the example's"


def test_the_commented_settings_are_the_defaults() -> None:
    text = uncommented(shipped() / "wardwatch.yml").replace(b"collectors: [cpu, meminfo]", b"")
    document = parse(Path("wardwatch.yml"), text)
    written, default = typed(document, SettingsFile), SettingsFile()
    assert set(SettingsFile.model_fields) == written.model_fields_set, "every setting is shown"
    assert written.web.config_file == "web.yml"
    assert written.state == ".state"
    for key in ("polling", "host", "budgets", "breaker", "caps", "privacy"):
        assert getattr(written, key) == getattr(default, key), key
        assert (
            type(getattr(default, key)).model_fields.keys() - {"collectors"} == getattr(written, key).model_fields_set
        )
    assert {**written.urls.model_dump(), "runbooks": None} == default.urls.model_dump()
    assert written.web.listen == default.web.listen
    assert (written.traps.listen, written.traps.rate, written.traps.burst, written.traps.names) == (
        "127.0.0.1:10162", default.traps.rate, default.traps.burst, default.traps.names,
    )  # fmt: skip


def test_every_option_of_every_host_collector_is_shown_with_its_default() -> None:
    findings = Findings()
    document = parse(Path("host.yml"), uncommented(shipped() / "modules" / "host.yml"))
    made = read_modules(document, HOST, Secrets({}, Path(), findings), findings)
    assert findings.problems == []
    assert made == {name: HOST[name]() for name in made}
    optional = {name for name, kind in HOST.items() if fields(kind)}  # type: ignore[arg-type]
    assert set(made) == optional
    for name, written in document.data["modules"].items():  # type: ignore[index,call-overload,union-attr]
        assert set(written) - {"collector"} == {field.name for field in fields(HOST[name])}  # type: ignore[arg-type]
    listed = re.search(r"^# Without options: (.*)\.$", (shipped() / "modules" / "host.yml").read_text(), re.MULTILINE)
    assert listed
    assert listed[1].split() == sorted(set(HOST) - optional)


STOCK = Path(__file__).parents[4] / "shared" / "snmp_exporter" / "snmp.yml"
"""snmp_exporter's own file: test data that is kept beside the repository, not in it."""


def large() -> str:
    """A file of the stock one's size and shape: 53 modules, 4,823 metrics (CONTRACTS 2)."""
    metric = """
    - name: metric{m}x{n}
      oid: 1.3.6.1.4.1.{m}.{n}
      type: gauge
      help: A number that is told of a thing - 1.3.6.1.4.1.{m}.{n}
      indexes: [{{labelname: thingIndex, type: gauge}}]
      lookups: [{{labels: [thingIndex], labelname: thingName, oid: 1.3.6.1.4.1.{m}.999, type: DisplayString}}]
      enum_values: {{1: up, 2: down, 3: testing}}"""
    modules = (
        f"\n  module{m}:\n    walk: [1.3.6.1.4.1.{m}]\n    metrics:"
        + "".join(metric.format(m=m, n=n) for n in range(91))
        for m in range(1, 54)
    )
    return "auths: {public_v2: {version: 2}}\nmodules:" + "".join(modules)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["generated", *(["stock"] if STOCK.is_file() else [])])
def test_a_file_as_large_as_snmp_exporters_loads(source: str, tmp_path: Path) -> None:
    (tmp_path / "snmp").mkdir()
    (tmp_path / "snmp" / "all.yml").write_text(large() if source == "generated" else STOCK.read_text())
    config = load(tmp_path, environ={}, resolve=resolve, collectors=(Snmp,))
    modules = [module.module for module in config.modules.values() if isinstance(module, Snmp)]
    assert len(modules) >= 53
    assert sum(len(module.metrics) for module in modules) >= 4_802
    assert config.auths["public_v2"].community.reveal() == "public", "snmp_exporter's default"
    assert config.auths["public_v2"].auth_protocol == "MD5", "snmp_exporter's default"


def test_no_directory_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no directory: `wardwatch init DIR` writes a new one"):
        load(tmp_path / "gone", environ={}, resolve=resolve, collectors=())


def verified_every(tmp_path: Path, module: str) -> Config:
    """An archive whose entry says 15 s, with this use of a module."""
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "a.yml").write_text(
        f"devices: [{{name: pacs, address: 10.0.0.1, class: it, interval: 15s, modules: [{module}]}}]"
    )
    return load(tmp_path, environ={}, resolve=resolve, collectors=COLLECTORS)


def test_an_archive_is_verified_every_five_minutes_at_most(tmp_path: Path) -> None:
    """RELIABILITY S15; what the device's interval says is said of all its modules."""
    config = verified_every(tmp_path, "{module: dicom_echo, target: 'ARCHIVE@'}, {module: http_2xx}")
    assert [target.schedule.interval for target in config.targets["pacs"]] == [300, 15]


def test_a_shorter_interval_for_a_verification_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"4m59s between polls of dicom_echo is too often: at least 5m \(.* S15\)"):
        verified_every(tmp_path, "{module: dicom_echo, target: 'ARCHIVE@', interval: 299s}")
