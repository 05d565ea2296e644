"""From YAML to devices and targets: layers, floors, includes, several files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.config import Config, ConfigError
from collector.model import Schedule

Load = Callable[[Path | None], Config]


def write(site: Path, name: str, text: str) -> None:
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(text)


def schedule(config: Config, name: str, module: str) -> Schedule:
    (found,) = (target.schedule for target in config.targets[name] if target.module == module)
    return found


def test_the_nearest_layer_wins_and_labels_are_put_together(site: Path, loaded: Load) -> None:
    config = loaded(site)
    device = {device.name: device for device in config.devices}
    assert device["sw-1"].labels == (("team", "network"), ("floor", "2"), ("rack", "a1"))
    assert device["sw-1"].auth is config.auths["lab"]
    assert (device["sw-1"].site, device["sw-1"].location, device["sw-1"].port) == ("north", "room 2.14", 161)
    assert device["sw-2"].address == "10.0.0.6", "resolved once"
    assert schedule(config, "sw-1", "interfaces").interval == 120, "the settings'"
    assert schedule(config, "sw-2", "interfaces").interval == 30, "its own"
    assert schedule(config, "sw-2", "battery").interval == 600, "the module's own"
    assert schedule(config, "sw-2", "battery").timeout == 5


def test_the_general_interval_is_raised_to_the_floor_of_a_class(site: Path, loaded: Load) -> None:
    """RELIABILITY S5: only what is written for such devices is refused."""
    write(site, "wardwatch.yml", (site / "wardwatch.yml").read_text().replace("2m", "20s"))
    config = loaded(site)
    assert [schedule(config, name, "battery").interval for name in ("ups-1", "pump-2")] == [60, 300]
    assert schedule(config, "sw-1", "interfaces").interval == 20


def test_an_inherited_timeout_shrinks_with_a_nearer_interval(site: Path, loaded: Load) -> None:
    device = "- {name: a, address: 10.0.0.1, kind: switch, interval: 10s}\n"
    write(site, "inventory/ward.yml", "defaults: {timeout: 50s, auth: lab}\ndevices:\n" + device)
    assert schedule(loaded(site), "a", "interfaces").timeout == 10


def test_offsets_spread_over_the_interval(site: Path, loaded: Load) -> None:
    config = loaded(site)
    for targets in config.targets.values():
        for target in targets:
            assert 0 <= target.schedule.offset < target.schedule.interval
    assert schedule(config, "sw-1", "interfaces").offset == pytest.approx(113.4255, abs=0.001), "of the name alone"


def test_a_clinical_device_is_passive_until_somebody_approves(site: Path, loaded: Load) -> None:
    config = loaded(site)
    pumps = {device.name: device for device in config.devices if device.kind == "pump"}
    assert pumps["pump-1"].passive
    assert config.targets["pump-1"] == ()
    assert not pumps["pump-2"].passive
    assert [target.module for target in config.targets["pump-2"]] == ["battery"]


def test_an_agent_elsewhere_is_listed_and_never_polled(site: Path, loaded: Load) -> None:
    config = loaded(site)
    (server,) = (device for device in config.devices if device.agent)
    assert (server.agent, server.address, config.targets["srv-1"]) == ("10.0.0.5:10810", "10.0.0.5", ())


def test_included_files_take_the_defaults_of_their_includer(site: Path, loaded: Load) -> None:
    write(site, "inventory/ward.yml", "include: ['wards/*.yml']\ndefaults: {site: north, class: it, location: hall}\n")
    write(site, "inventory/wards/a.yml", "devices: [{name: a, address: 10.0.0.1}]")
    write(site, "inventory/wards/b.yaml", "defaults: {location: room}\ninclude: [deeper/c.yml]")
    write(site, "inventory/wards/deeper/c.yml", "defaults: {class: fragile}\ndevices: [{name: c, address: 10.0.0.3}]")
    devices = loaded(site).devices
    assert [(d.name, d.site, d.location, d.device_class) for d in devices] == [("a", "north", "hall", "it")]
    write(site, "inventory/ward.yml", (site / "inventory/ward.yml").read_text().replace("*.yml", "*"))
    devices = loaded(site).devices
    assert [(d.name, d.site, d.location, d.device_class) for d in devices] == [
        ("a", "north", "hall", "it"),
        ("c", "north", "room", "fragile"),
    ]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a": "include: [b.yml]", "b": "include: [a.yml]"}, "include: leads back to this file"),
        ({"a": "include: [c/c.yml]", "b": "include: [c/c.yml]", "c/c": ""}, "include: c.yml is already included from"),
        ({"a": "include: [c]"}, "include[0]: there is no file 'c', or it does not end in .yml"),
    ],
)
def test_includes_that_cannot_be(files: dict[str, str], problem: str, site: Path, loaded: Load) -> None:
    for name, text in files.items():
        write(site, f"inventory/{name}.yml", text)
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert problem in str(caught.value)


def test_a_link_out_of_the_configuration_is_not_followed(site: Path, loaded: Load, tmp_path: Path) -> None:
    write(tmp_path, "outside.yml", "devices: []")
    (site / "inventory" / "wards").mkdir()
    (site / "inventory" / "wards" / "out.yml").symlink_to(tmp_path / "outside.yml")
    write(site, "inventory/b.yml", "include: [wards/out.yml]")
    with pytest.raises(ConfigError, match="leads out of the configuration through a link"):
        loaded(site)


def test_a_site_replaces_what_is_shipped_and_two_files_of_one_site_do_not(site: Path, loaded: Load) -> None:
    write(site, "modules/more.yml", "modules: {gentle: {collector: cpu}}")
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert str(caught.value).endswith("local.yml: keep one of them")
    assert "more.yml:1: modules.gentle: 'gentle' is also written in" in str(caught.value)


def test_this_machine_is_read_by_all_or_by_those_named(site: Path, loaded: Load) -> None:
    config = loaded(site)
    assert [target.module for target in config.host] == ["cpu", "filesystem"]
    assert config.host[0].device.name == "localhost"
    assert config.host[1].collector.mount_timeout == 2  # type: ignore[attr-defined]
    write(site, "wardwatch.yml", (site / "wardwatch.yml").read_text() + "host: {interval: 10s, collectors: [cpu]}\n")
    config = loaded(site)
    assert [(target.module, target.schedule.interval) for target in config.host] == [("cpu", 10)]


def test_misnamed_files_and_idle_devices_are_warned_of(site: Path, loaded: Load) -> None:
    write(site, "inventry.yml", "devices: []")
    write(site, "wardwatch.yaml", "")
    write(site, "inventory/z.yml", "devices:\n- {name: z, address: 10.0.0.9, class: it}\n")
    said = [str(warning).removeprefix(f"{site}/") for warning in loaded(site).warnings]
    directories = "inventory, modules, probes, services and snmp"
    files = "wardwatch.yml, auths.yml, calendars.yml, contacts.yml, maintenance.yml, kpis.yml, baselines.yml"
    unread = f"is not read: only {files} and the directories {directories} are"
    assert said == [
        "inventory/z.yml:2: devices[z]: nothing is asked: write modules, here or for its kind",
        f"inventry.yml: {unread}",
        f"wardwatch.yaml: {unread}",
    ]


def test_two_names_of_one_address_share_its_polls_with_a_warning(site: Path, loaded: Load) -> None:
    write(site, "inventory/z.yml", "devices:\n- {name: z, address: 10.0.0.1, kind: switch, auth: lab}\n")
    (warning,) = loaded(site).warnings
    assert warning.what == "sw-1 has the same address and port: they share polls"


def test_the_digest_follows_the_data_and_not_comments_or_credentials(site: Path, loaded: Load) -> None:
    first = loaded(site).digest
    auths = (site / "auths.yml").read_text()
    write(site, "auths.yml", "# a comment\n" + auths)
    assert loaded(site).digest == first
    inline = auths.replace("${env:LAB_COMMUNITY}", "canary-one")
    write(site, "auths.yml", inline)
    second = loaded(site).digest
    write(site, "auths.yml", inline.replace("canary-one", "canary-two"))
    assert loaded(site).digest == second, "a short community could be guessed from a digest of it"
    write(site, "inventory/z.yml", "devices:\n- {name: z, address: 10.0.0.9, class: it}\n")
    assert loaded(site).digest not in (first, second)


@pytest.mark.slow
def test_five_thousand_devices_load_in_well_under_two_seconds(site: Path, loaded: Load) -> None:
    lines = ["defaults: {kind: switch, auth: lab, site: north}", "devices:"]
    for i in range(5_000):
        lines += [f"- name: sw-{i}", f"  address: 10.{i // 250}.{i % 250 + 1}.7", f"  location: room {i}"]
        lines += [f"  labels: {{rack: r{i % 40}}}"]
    write(site, "inventory/ward.yml", "\n".join(lines))
    begin = time.process_time()
    config = loaded(site)
    assert time.process_time() - begin < 2, "measured 0.35 s"
    assert len(config.devices) == len(config.targets) == 5_000
    assert len({id(target.collector) for targets in config.targets.values() for target in targets}) == 1


@pytest.mark.slow
def test_all_problems_of_five_thousand_broken_entries_come_at_once(site: Path, loaded: Load) -> None:
    text = "devices:\n" + "".join(f"- {{name: d{i}, address: 10.0.0.1/8, class: its}}\n" for i in range(5_000))
    write(site, "inventory/ward.yml", text)
    begin = time.process_time()
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert time.process_time() - begin < 5
    assert len(caught.value.problems) == 10_000, "the address and the class of each"


def test_a_name_is_resolved_once_however_many_devices_have_it(site: Path) -> None:
    from collector.config import load

    asked: list[str] = []

    def resolve(name: str) -> str:
        asked.append(name)
        return "10.9.9.9"

    text = "".join(f"- {{name: d{i}, address: one.example.org, class: it, port: {i + 1}}}\n" for i in range(50))
    for path in site.rglob("*.yml"):
        path.unlink()
    write(site, "inventory/ward.yml", "devices:\n" + text)
    config = load(site, environ={}, resolve=resolve, collectors=(), defaults=site / "none")
    assert asked == ["one.example.org"]
    assert {device.address for device in config.devices} == {"10.9.9.9"}


def test_a_misnamed_directory_is_a_warning_that_says_what_was_meant(site: Path, loaded: Load) -> None:
    (site / "inventory").rename(site / "inventroy")
    write(site, "wards/a.yml", "devices: []\n")
    (site / "secrets").mkdir()
    (site / ".git").mkdir()
    write(site, ".github/inventory.yml", "")
    what = "is not read: only the directories inventory, modules, probes, services and snmp are."
    assert [str(warning) for warning in loaded(site).warnings if "is not read" in warning.what] == [
        f"{site}/inventroy: {what} Did you mean 'inventory'?",
        f"{site}/wards: {what}",
    ]
