"""The command line as a person meets it: what is printed, where, and with which exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from collector.cli import app, control, rulefiles
from collector.edge.state import sole, wall, write_state
from simulator.server import play
from simulator.synthetic import switch, ups
from tests.collector.cli.estate import INVENTORY, SETTINGS, estate, player

Wardwatch = Callable[..., Result]


@pytest.fixture
def wardwatch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wardwatch:
    """Run a command in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="wardwatch")

    return run


def test_help_names_every_command(wardwatch: Wardwatch) -> None:
    shown = wardwatch("--help").stdout
    for command in (
        "run",
        "init",
        "check",
        "poll",
        "retry",
        "pause",
        "resume",
        "maintenance",
        "baseline",
        "list",
        "simulate",
        "schema",
        "rules",
        "boards",
        "systemd",
    ):
        assert f"\n  {command} " in shown
    assert "--install-completion" in shown


def test_version(wardwatch: Wardwatch) -> None:
    assert wardwatch("--version").stdout.startswith("wardwatch 0.")


@pytest.mark.slow
def test_check_summarises_a_good_configuration(wardwatch: Wardwatch, tmp_path: Path) -> None:
    result = wardwatch("check", "--config", str(estate(tmp_path)))
    assert result.exit_code == 0, result.stderr
    assert "clinical 1, fragile 1, it 1" in result.stdout


def test_check_tells_every_problem_at_once_with_file_and_line(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = estate(tmp_path, inventory=INVENTORY.replace("class: clinical", "class: alive").replace("sw-1", "sw 1"))
    result = wardwatch("check", "--config", str(config))
    assert result.exit_code == 1
    assert result.stdout == ""
    file = config / "inventory" / "all.yml"
    lines = [line for line in result.stderr.splitlines() if line.startswith(str(file))]
    assert len(lines) == 2
    assert all(":2: " in line or ":4: " in line for line in lines), lines
    assert "2 problems" in result.stderr


def test_check_reads_the_web_configuration_file_too(wardwatch: Wardwatch, tmp_path: Path) -> None:
    """As `run` does, which would refuse it; its problems stand among the others."""
    settings = "state: STATE\nweb: {config_file: web.yml}\nhost: {intervall: 5s}\n"
    config = estate(tmp_path, settings=settings)
    (config / "web.yml").write_text("basic_auth_users:\n  anna: canary-password\ntls_serverconfig: {}\n")
    result = wardwatch("check", "--config", str(config))
    assert result.exit_code == 1
    assert f"{config}/wardwatch.yml:3: host.intervall: " in result.stderr
    assert f"{config}/web.yml:3: tls_serverconfig: " in result.stderr
    assert "2 problems" in result.stderr
    (config / "web.yml").write_text("basic_auth_users:\n  anna: canary-password\n")
    estate(tmp_path, settings=settings.replace("intervall", "interval"))
    result = wardwatch("check", "--config", str(config))
    assert f"{config}/web.yml:2: basic_auth_users.anna: is not a bcrypt hash" in result.stderr
    assert "canary" not in result.stderr


@pytest.mark.slow
def test_no_configuration_at_all_is_a_host_agent(wardwatch: Wardwatch) -> None:
    result = wardwatch("check")
    assert result.exit_code == 0
    assert wardwatch("list", "devices").stdout.splitlines()[1:] == []
    assert any(line.startswith("cpu ") for line in wardwatch("list", "modules").stdout.splitlines())


def test_config_in_the_working_directory_is_found(wardwatch: Wardwatch, tmp_path: Path) -> None:
    estate(tmp_path, name="config")
    names = [line.split()[0] for line in wardwatch("list", "devices").stdout.splitlines()]
    assert names == ["NAME", "sw-1", "pump-1", "ups-1"]


def test_init_writes_what_check_accepts_and_never_overwrites(wardwatch: Wardwatch, tmp_path: Path) -> None:
    result = wardwatch("init", "mine")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "mine" / "wardwatch.yml").exists()
    assert wardwatch("check", "--config", "mine").exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*.yml")}
    again = wardwatch("init", "mine")
    assert again.exit_code == 1
    assert "mine" in again.stderr
    assert before == {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*.yml")}


def test_schema_of_every_file_for_editors(wardwatch: Wardwatch, tmp_path: Path) -> None:
    assert "inventory" in json.loads(wardwatch("schema").stdout)
    written = wardwatch("schema", "schemas").stdout.splitlines()
    assert len(written) >= 4
    assert all("$schema" in json.loads(Path(path).read_text()) for path in written)


def test_list_collectors_tells_what_each_reads(wardwatch: Wardwatch) -> None:
    lines = wardwatch("list", "collectors").stdout.splitlines()
    assert len(lines) > 20
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


SERVICES = """services:
  - name: network
    title: The network
    tier: gold
    components: [{device: sw-1}, {any: [{device: ups-1}, {device: pump-1}]}]
    objectives:
      - {name: availability, kind: availability, target: 99.95%, window: month}
      - {name: queue, kind: events, target: 90%, ratio: "avg_over_time(busy[{{.window}}])"}
  - {name: telephones, components: [{device: sw-1}]}
"""


KPIS = """
kpis:
- {id: mtrs, target: 2h, amber: 4h, baseline: {value: 3h, date: 2026-11-28}}
- {id: beds, title: Beds, definition: b, unit: count, direction: up, formula: beds, target: 12.5, source: wards}
"""


def test_list_kpis_tells_what_a_board_is_told_and_check_counts_it(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = estate(tmp_path)
    (config / "kpis.yml").write_text(KPIS)
    lines = [" ".join(line.split()) for line in wardwatch("list", "kpis", "--config", str(config)).stdout.splitlines()]
    assert lines[0] == "ID TITLE TARGET PERIOD BASELINE PILLAR SCORECARD DATA"
    assert "mtrs Mean time to restore service <=2h month 3h Alignment 3,5,7 services" in lines
    assert "beds Beds >=12.5 now - - - wards" in lines
    assert any(line.startswith("fcr ") and line.endswith(" waiting: needs a service desk") for line in lines)
    counted = "(28 waiting, 1 with a baseline), 11 scorecard items\n"
    assert f"kpis:         62 {counted}" in wardwatch("check", "--config", str(config)).stdout
    (config / "kpis.yml").write_text(KPIS.replace("amber: 4h", "amber: 1h"))
    problems = wardwatch("check", "--config", str(config)).stderr
    assert "kpis.yml:3: kpis[mtrs].amber: 3600 is on the wrong side of the target" in problems


def test_list_services_tells_what_was_promised_and_check_counts_it(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = estate(tmp_path)
    (config / "services").mkdir()
    (config / "services" / "all.yml").write_text(SERVICES)
    assert wardwatch("list", "services", "--config", str(config)).stdout.splitlines() == [
        "NAME        TITLE        TIER  HOURS  COMPONENTS  OBJECTIVES",
        "network     The network  gold  24x7   3           availability=99.95%/month,queue=90%/30d",
        "telephones  telephones   -     24x7   1           -",
    ]
    assert "services:     2 (gold 1), 2 objectives\n" in wardwatch("check", "--config", str(config)).stdout
    (config / "services" / "all.yml").write_text(SERVICES.replace("device: sw-1}]}", "device: sw-2}]}"))
    assert "all.yml:9: services[telephones].components[0].device: there is no device 'sw-2'" in (
        wardwatch("check", "--config", str(config)).stderr
    )


def test_poll_prints_a_devices_metrics_and_debug_tells_the_packets(wardwatch: Wardwatch, tmp_path: Path) -> None:
    with play([player("127.9.3.1", switch(4))]) as server:
        config = str(estate(tmp_path, port=server.port))
        result = wardwatch("poll", "sw-1", "--config", config)
        assert result.exit_code == 0, result.stderr
        assert "ifHCInOctets{" in result.stdout
        assert "wardwatch_device_up 1" in result.stdout.splitlines()
        debug = wardwatch("poll", "sw-1", "--module", "system", "--debug", "--config", config)
        assert debug.exit_code == 0
        assert "ifHCInOctets{" not in debug.stdout
        assert "sysUpTime" in debug.stdout
        assert "> " in debug.stderr
        assert "RESPONSE" in debug.stderr
        assert "canary-community" not in debug.stderr + debug.stdout


AUTOMATIC = """devices:
  - {name: sw-1, address: 127.9.3.1, port: PORT, class: it, auth: lab, modules: auto}
  - {name: ups-1, address: 127.9.3.3, port: PORT, class: fragile, auth: lab, modules: [ups_scalars]}
"""
RULES = """fingerprints:
  - {name: lab-switch, sys_descr: ['(?i)switch'], probe: [1.3.6.1.2.1.31.1.1], modules: [system, if_mib]}
  - {name: lab-ups, sys_object_id: [1.3.6.1.4.1.32473.1.6], modules: [ups_mib, ups_scalars]}
"""


@pytest.mark.slow
def test_poll_explains_which_modules_a_device_gets_and_why(wardwatch: Wardwatch, tmp_path: Path) -> None:
    with play([player("127.9.3.1", switch(4)), player("127.9.3.3", ups())]) as server:
        config = estate(tmp_path, port=server.port, inventory=AUTOMATIC)
        (config / "snmp").mkdir()
        (config / "snmp" / "fingerprints.yml").write_text(RULES)
        told = wardwatch("poll", "sw-1", "--explain", "--config", str(config))
        assert told.exit_code == 0, told.stderr
        assert re.search(r"^sysObjectID  1\.3\.", told.stdout)
        assert re.search(r"^  if_mib +lab-switch", told.stdout, re.MULTILINE)
        why = r"^  \+ lab-switch +sysDescr has '\(\?i\)switch'; something at 1\.3\.6\.1\.2\.1\.31\.1\.1$"
        assert re.search(why, told.stdout, re.MULTILINE)
        gentle = wardwatch("poll", "ups-1", "--explain", "--config", str(config)).stdout
        assert "The inventory says: ups_scalars. By `modules: auto` it would get" in gentle
        assert re.search(r"^  ups_scalars +lab-ups", gentle, re.MULTILINE)
        assert re.search(r"^  ups_mib +not asked: it walks tables", gentle, re.MULTILINE)
        assert "not asked whether there is something at" in gentle, "a subtree is no question for a fragile device"
        polled = wardwatch("poll", "sw-1", "--config", str(config))
        assert polled.exit_code == 0, polled.stderr
        assert 'wardwatch_device_modules_info{module="if_mib",rule="lab-switch"} 1' in polled.stdout
        assert "ifHCInOctets{" in polled.stdout
    silent = wardwatch("poll", "sw-1", "--explain", "--config", str(config))
    assert (silent.exit_code, silent.stdout) == (1, "sw-1 did not say what it is: timeout\n")


UPLINKS = """modules:
  uplinks:
    walk: [1.3.6.1.2.1.31.1.1]
    metrics:
    - {name: ifName, oid: 1.3.6.1.2.1.31.1.1.1.1, type: DisplayString, indexes: [{labelname: ifIndex, type: gauge}]}
    - {name: ifHCInOctets, oid: 1.3.6.1.2.1.31.1.1.1.6, type: counter, indexes: [{labelname: ifIndex, type: gauge}]}
    - {name: ifHCOutOctets, oid: 1.3.6.1.2.1.31.1.1.1.10, type: counter, indexes: [{labelname: ifIndex, type: gauge}]}
    filters:
    - {column: ifName, targets: [1.3.6.1.2.1.31.1.1], values: ['/4[78]$']}
"""


def test_filters_ask_for_the_rows_that_matter_and_no_others(wardwatch: Wardwatch, tmp_path: Path) -> None:
    with play([player("127.9.3.1", switch(48))]) as server:
        config = estate(tmp_path, port=server.port, inventory=INVENTORY.replace("[system, if_mib]", "[uplinks]"))
        (config / "snmp").mkdir()
        (config / "snmp" / "uplinks.yml").write_text(UPLINKS)
        result = wardwatch("poll", "sw-1", "--config", str(config))
        assert result.exit_code == 0, result.stderr
        assert len(re.findall("^ifHC(?:In|Out)Octets{", result.stdout, re.MULTILINE)) == 4
        assert len(re.findall("^ifName{", result.stdout, re.MULTILINE)) == 2
        sent = re.search(r'^wardwatch_packets_total{kind="get"} (\d+)', result.stdout, re.MULTILINE)
        assert sent
        assert sent[1] == "1", "four cells in one question"


@pytest.mark.slow
def test_poll_says_why_it_cannot(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = str(estate(tmp_path))
    nobody = wardwatch("poll", "sw-11", "--config", config)
    assert (nobody.exit_code, "sw-1" in nobody.stderr) == (1, True)
    (tmp_path / "estate" / "inventory" / "pumps.csv").write_text("name,MAC\npump-2,00:1b:54:0a:32:f0\n")
    nowhere = wardwatch("poll", "pump-2", "--config", config)
    assert (nowhere.exit_code, nowhere.stderr) == (
        1, "wardwatch: pump-2 has a MAC address only: there is nothing to ask. `wardwatch list equipment` has it\n",
    )  # fmt: skip
    listed = wardwatch("list", "devices", "--config", config).stdout
    assert re.search(r"^pump-2 +00:1b:54:0a:32:f0 +clinical .* passive$", listed, re.MULTILINE)
    passive = wardwatch("poll", "pump-1", "--config", config)
    assert (passive.exit_code, "passive" in passive.stderr) == (1, True)
    module = wardwatch("poll", "sw-1", "--module", "nope", "--config", config)
    assert (module.exit_code, "if_mib" in module.stderr) == (1, True)
    silent = wardwatch("poll", "sw-1", "--module", "system", "--config", config)
    assert silent.exit_code == 1
    assert 'reason="timeout"' in silent.stdout


def test_pause_and_resume_are_written_where_the_collector_looks(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config, state = str(estate(tmp_path)), tmp_path / "state"
    for scope in ("all", "class:clinical", "site:main", "sw-1"):
        result = wardwatch("pause", scope, "--reason", "theatre 3 asked", "--config", config)
        assert result.exit_code == 0, result.stderr
    assert control.read(state).pauses.scopes == {"all", "class:clinical", "site:main", "device:sw-1"}
    assert control.read(state).paused["all"]["reason"] == "theatre 3 asked"
    result = wardwatch("resume", "all", "--config", config)
    assert "still paused" in result.stderr
    assert control.read(state).pauses.scopes == {"class:clinical", "site:main", "device:sw-1"}
    assert wardwatch("resume", "all", "--config", config).exit_code == 1


@pytest.mark.parametrize("scope", ["sw-2", "device:sw-2", "class:cheap", "site:moon"])
def test_a_pause_of_nothing_is_refused_so_that_nobody_relies_on_it(
    wardwatch: Wardwatch, tmp_path: Path, scope: str
) -> None:
    result = wardwatch("pause", scope, "--config", str(estate(tmp_path)))
    assert result.exit_code == 1
    assert not (tmp_path / "state" / "control.json").exists()


def test_the_kill_switch_works_with_a_broken_configuration(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = estate(tmp_path, settings=SETTINGS + "nonsense: 1\n")
    unsaid = wardwatch("pause", "all", "--config", str(config))
    assert unsaid.exit_code == 1
    assert "--state" in unsaid.stderr
    said = wardwatch("pause", "all", "--config", str(config), "--state", str(tmp_path / "state"))
    assert said.exit_code == 0
    assert control.read(tmp_path / "state").pauses.scopes == {"all"}


def test_a_class_is_checked_without_a_configuration_too(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = estate(tmp_path, settings=SETTINGS + "nonsense: 1\n")
    result = wardwatch("pause", "class:cheap", "--config", str(config), "--state", str(tmp_path / "state"))
    assert (result.exit_code, "clinical, fragile, it" in result.stderr) == (1, True)


@pytest.mark.parametrize("typed", ["gone-1", "device:gone-1"])
def test_a_device_that_has_left_the_inventory_can_be_resumed(wardwatch: Wardwatch, tmp_path: Path, typed: str) -> None:
    config, state = str(estate(tmp_path)), tmp_path / "state"
    control.change(state, control.paused("device:gone-1", "a test"))
    assert wardwatch("resume", typed, "--config", config).exit_code == 0
    assert not control.read(state).paused


def test_an_order_on_top_of_damaged_ones_keeps_everything_paused(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config, state = str(estate(tmp_path)), tmp_path / "state"
    assert wardwatch("pause", "sw-1", "--config", config).exit_code == 0
    (state / control.FILE).write_text("rubbish")
    assert wardwatch("pause", "ups-1", "--config", config).exit_code == 0
    assert control.read(state).pauses.scopes == {"all", "device:ups-1"}
    assert "damaged" in control.read(state).paused["all"]["reason"]
    assert (state / "control.json.damaged").read_text() == "rubbish"
    assert wardwatch("resume", "all", "--config", config).exit_code == 0
    assert control.read(state).pauses.scopes == {"device:ups-1"}


def test_poll_leaves_a_persons_pause_and_asks_one_question_at_a_time(wardwatch: Wardwatch, tmp_path: Path) -> None:
    with play([player("127.9.3.1", switch(4))]) as server:
        config, state = str(estate(tmp_path, port=server.port)), tmp_path / "state"
        write_state(state / "agent.json", {"breakers": {"sw-1": {"failures": 3, "wait": 60, "until_wall": 0}}})
        told = wardwatch("poll", "sw-1", "--module", "system", "--config", config)
        assert told.exit_code == 0
        assert "the breaker of sw-1 is open" in told.stderr
        assert control.read(state).holds == {}
        asked = server.stats()["devices"]["127.9.3.1"]["packets"]
        by_hand = control.read(state).asked["sw-1"]
        assert sum(by_hand["packets"].values()) == asked, "what was sent is known to whoever asks later"
        control.change(state, control.paused("device:sw-1", "a test"))
        assert wardwatch("poll", "sw-1", "--module", "system", "--config", config).exit_code == 1
        assert control.read(state).paused["device:sw-1"]["reason"] == "a test"
        with sole(state / f"poll-127.9.3.1-{server.port}.lock", ""):
            second = wardwatch("poll", "sw-1", "--config", config)
        assert (second.exit_code, "another `wardwatch poll`" in second.stderr) == (1, True)
        assert server.stats()["devices"]["127.9.3.1"]["packets"] == asked


def test_poll_says_what_is_wrong_with_the_state_directory(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = str(estate(tmp_path))
    (tmp_path / "state").write_text("in the way")
    result = wardwatch("poll", "sw-1", "--config", config)
    assert result.exit_code == 1
    assert f"wardwatch: {tmp_path / 'state'}" in result.stderr


def test_retry_is_an_order_too(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = str(estate(tmp_path))
    assert wardwatch("retry", "sw-1", "--config", config).exit_code == 0
    assert set(control.read(tmp_path / "state").retries) == {"sw-1"}
    assert wardwatch("retry", "nobody", "--config", config).exit_code == 1


def test_other_machines_are_let_in_only_knowingly(wardwatch: Wardwatch, tmp_path: Path) -> None:
    result = wardwatch("run", "--config", str(estate(tmp_path)), "--web.listen-address", "0.0.0.0:0")
    assert result.exit_code == 1
    assert "--web.config.file" in result.stderr


def test_equipment_is_listed_by_ward_and_state(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = estate(tmp_path)
    (config / "inventory" / "equipment.csv").write_text(
        "asset number,device type,MAC,IP,ward,criticality,support contract\n"
        "P2,pump,00:1b:54:0a:32:f0,127.9.3.12,ICU,high,none\nP1,pump,,127.9.3.11,ICU,,Acme until 2999-01-31\n"
        "C1,CT scanner,,127.9.3.13,,life support,Acme\n"
    )
    told = {"P1": "quiet", "P2": "passive", "C1": "up"}

    def listed() -> list[list[str]]:
        result = wardwatch("list", "equipment", "--config", str(config))
        assert result.exit_code == 0, result.stderr
        return [re.split(r"  +", line) for line in result.stdout.splitlines()]

    (tmp_path / "state").mkdir()
    write_state(tmp_path / "state" / "states.json", {"states": told, "at": wall()})
    head, *lines = listed()
    assert head == ["NAME", "TYPE", "WARD", "STATE", "CRITICALITY", "SUPPORT", "MAKER", "MODEL", "ASSET", "MAC", "SITE"]
    assert [[*line[:6], line[9]] for line in lines] == [
        ["pump-1", "-", "-", "unknown", "-", "-", "-"],
        ["C1", "CT scanner", "-", "up", "life_support", "yes", "-"],
        ["P2", "pump", "ICU", "passive", "high", "ended", "00:1b:54:0a:32:f0"],
        ["P1", "pump", "ICU", "quiet", "-", "2999-01-31", "-"],
    ]
    for at in (wall() - 91, wall() + 60):
        write_state(tmp_path / "state" / "states.json", {"states": told, "at": at})
        assert {line[3] for line in listed()[1:]} == {"unknown"}, "nobody says so now"
    (tmp_path / "state" / "states.json").write_text("rubbish")
    assert len(listed()) == 5


def test_an_empty_web_configuration_file_lets_nobody_in(wardwatch: Wardwatch, tmp_path: Path) -> None:
    (tmp_path / "web.yml").touch()
    words = ("--web.listen-address", "0.0.0.0:0", "--web.config.file", str(tmp_path / "web.yml"))
    result = wardwatch("run", "--config", str(estate(tmp_path)), *words)
    assert result.exit_code == 1
    assert "web.yml has neither: write one with TLS and users" in result.stderr


@pytest.mark.parametrize("words", [("init", "/proc/nope"), ("schema", "/proc/nope"), ("init", "/dev/null/x")])
def test_where_nothing_can_be_written_the_path_and_the_reason_are_told(
    wardwatch: Wardwatch, words: tuple[str, str]
) -> None:
    result = wardwatch(*words)
    assert result.exit_code == 1
    assert not isinstance(result.exception, OSError)
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"wardwatch: {words[1]}")
    assert "Errno" not in line


def test_rules_are_written_and_checked(wardwatch: Wardwatch, tmp_path: Path) -> None:
    path = tmp_path / "out" / "prometheus" / "services.yml"

    assert wardwatch("rules", "--out", "out", "--check").exit_code == 1
    assert not path.exists()
    told = wardwatch("rules", "--out", "out").stdout.splitlines()
    assert {"out/prometheus/services.yml", "out/prometheus/kpis.yml", "out/prometheus/devices.yml"} < set(told)
    assert told == [f"out/prometheus/{Path(line).name}" for line in told]
    assert path.read_text().startswith("# Generated by `wardwatch rules`: do not edit.\n")
    assert wardwatch("rules", "--out", "out", "--check").exit_code == 0
    assert wardwatch("rules", "--out", "out").stdout == ""
    path.write_text("edited")
    behind = wardwatch("rules", "--out", "out", "--check")
    assert (behind.exit_code, behind.stderr) == (
        1,
        "out/prometheus/services.yml is behind: `wardwatch rules` writes it\n",
    )
    assert "scale 7" in wardwatch("rules", "--out", "out", "--scale", "7").stderr


def test_rules_tell_alertmanager_of_contacts_and_link_to_where_people_are(wardwatch: Wardwatch, tmp_path: Path) -> None:
    site = tmp_path / "there"
    (site / "services").mkdir(parents=True)
    (site / "services" / "a.yml").write_text("services: [{name: a, owner: desk, components: {name: a, expr: up}}]\n")
    (site / "wardwatch.yml").write_text(
        "urls: {collector: https://wardwatch.hospital.example/, grafana: https://grafana.hospital.example}\n"
    )
    (site / "contacts.yml").write_text(
        "default: desk\nreceivers: [{name: desk, webhook: {url: 'https://desk.hospital.example/'}}]\n"
        "owners: [{name: desk, critical: [desk], warning: [desk]}]\n"
    )

    done = wardwatch("rules", "--config", str(site), "--out", str(tmp_path / "made"))

    assert done.exit_code == 0, done.stderr
    causes = ["devices.yml", *sorted(path.name for path in rulefiles.SOURCES.glob("*.yml"))]
    assert [Path(line).name for line in done.stdout.splitlines()] == [
        "services.yml", "oncall.yml", *causes, "kpis.yml", "capacity.yml",
        "alertmanager.yml", "message.tmpl", "email.tmpl", "slack.tmpl", "pagerduty.tmpl",
    ]  # fmt: skip
    rules = (tmp_path / "made" / "prometheus" / "services.yml").read_text()
    assert "runbook_url: https://wardwatch.hospital.example/runbooks/BudgetBurnFast\n" in rules
    assert 'dashboard_url: "https://grafana.hospital.example/d/wardwatch-service?' in rules
    assert "127.0.0.1" not in rules
    about_power = (tmp_path / "made" / "prometheus" / "power.yml").read_text()
    assert "runbook_url: https://wardwatch.hospital.example/runbooks/UpsOnBattery\n" in about_power
    assert "{{ else }}desk{{ end }}" in about_power
    routes = (tmp_path / "made" / "alertmanager" / "alertmanager.yml").read_text()
    assert "https://desk.hospital.example/" in routes

    (site / "wardwatch.yml").write_text("urls: {runbooks: https://wiki.hospital.example/alerts/}\n")
    assert wardwatch("rules", "--config", str(site), "--out", str(tmp_path / "made")).exit_code == 0
    rules = (tmp_path / "made" / "prometheus" / "services.yml").read_text()
    assert "runbook_url: https://wiki.hospital.example/alerts/BudgetBurnFast\n" in rules
