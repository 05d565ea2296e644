"""`wardwatch systemd`: whom the kernel lets the service talk to is who is listed, and nobody else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from collector.cli import app, reach
from tests.collector.cli.estate import SETTINGS, estate

INVENTORY = """devices:
  - {name: sw-1, address: 10.1.0.10, class: it, auth: lab, modules: [system]}
  - {name: sw-2, address: 10.1.0.11, class: it, auth: lab, modules: [system], reply_from: [10.9.0.1]}
  - {name: sw-6, address: "2001:db8::6", class: it, auth: lab, modules: [system]}
  - {name: sw-3, address: 10.1.0.12, class: it, auth: lab, modules: []}
  - {name: here, address: 127.9.3.1, class: it, auth: lab, modules: [system]}
  - {name: pump-1, address: 10.2.0.7, class: clinical}
  - {name: pump-2, mac: "02:00:5e:00:00:01", class: clinical}
  - {name: srv-1, agent: "10.3.0.9:10810"}
"""

SERVERS = """search hospital.example
nameserver 10.0.0.53
nameserver\tfe80::1%eth0
nameserver 127.0.0.53
# nameserver 192.0.2.1
"""


@pytest.fixture
def resolvers(tmp_path: Path) -> Path:
    path = tmp_path / "resolv.conf"
    path.write_text(SERVERS)
    return path


def allowed(text: str) -> set[str]:
    lines = (line.partition("=")[2] for line in text.splitlines() if line.startswith("IPAddressAllow="))
    return {word for line in lines for word in line.split()}


def agents(where: Path, inventory: str = INVENTORY, settings: str = SETTINGS) -> Path:
    return estate(where, inventory=inventory.replace('0810"}', '0810", class: it}'), settings=settings)


def test_each_line_says_why_it_is_there(tmp_path: Path, resolvers: Path) -> None:
    settings = SETTINGS + (
        "on_demand: {allow: [{addresses: [10.20.0.0/22], auths: [lab]}]}\n"
        "urls: {prometheus: 'https://10.5.0.1/prom', alertmanager: 'http://[2001:db8::5]:9093'}\n"
    )

    text = reach.drop_in(agents(tmp_path, settings=settings), ["10.40.0.0/16", "10.50.0.1"], None, resolvers)

    assert text == reach.HEADER + (
        "\n# Devices of the inventory that may be asked something: 5.\n"
        "IPAddressAllow=10.1.0.10/31 10.1.0.12 10.9.0.1 2001:db8::6\n"
        "\n# What `/snmp` and `/probe` may ask beyond the inventory (on_demand.allow).\n"
        "IPAddressAllow=10.20.0.0/22\n"
        f"\n# Name servers of {resolvers}.\n"
        "IPAddressAllow=10.0.0.53 fe80::1\n"
        "\n# Prometheus, which scrapes us and is asked for the status page; Alertmanager, which tells us of calls.\n"
        "IPAddressAllow=10.5.0.1 2001:db8::5\n"
        "\n# Whoever was named on the command line (--allow).\n"
        "IPAddressAllow=10.40.0.0/16 10.50.0.1\n"
    )


def test_who_is_asked_nothing_is_let_in_for_its_traps_only(tmp_path: Path, resolvers: Path) -> None:
    """Not a packet to a passive clinical device: the kernel holds to it too. Who polls for itself is none of ours."""
    assert allowed(reach.drop_in(agents(tmp_path), (), None, resolvers)).isdisjoint({"10.2.0.7", "10.3.0.9"})

    settings = SETTINGS + "traps: {listen: '0.0.0.0:10162'}\n"
    heard = allowed(reach.drop_in(agents(tmp_path, settings=settings), (), None, resolvers))
    assert "10.2.0.7" in heard
    assert "10.3.0.9" not in heard


def test_no_configuration_talks_to_this_machine_and_its_name_servers(resolvers: Path) -> None:
    assert allowed(reach.drop_in(None, (), None, resolvers)) == {"localhost", "10.0.0.53", "fe80::1"}


def test_every_name_is_told_with_file_and_line(
    tmp_path: Path, resolvers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = INVENTORY.replace("10.1.0.10", "sw-1.hospital.example").replace("10.2.0.7", "pump.hospital.example")
    settings = SETTINGS + "prometheus: {url: 'http://prom.hospital.example:9090'}\n"
    config = agents(tmp_path, inventory, settings)

    with pytest.raises(typer.Exit):
        reach.drop_in(config, (), None, resolvers)

    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{config}/inventory/all.yml:2: devices[sw-1].address: 'sw-1.hospital.example' {reach.NAMED}",
        f"{config}/inventory/all.yml:7: devices[pump-1].address: 'pump.hospital.example' {reach.NAMED}",
        f"{config}/wardwatch.yml:2: prometheus.url: 'prom.hospital.example' {reach.NAMED}",
        "wardwatch: 3 problems in the configuration",
    ]

    today = {"sw-1.hospital.example": "10.1.0.10", "pump.hospital.example": "10.2.0.7"}

    def resolve(name: str) -> str:
        if name not in today:
            raise OSError("no such name")
        return today[name]

    with pytest.raises(typer.Exit):
        reach.drop_in(config, (), resolve, resolvers)
    (problem, _) = capsys.readouterr().err.splitlines()
    assert problem.endswith("wardwatch.yml:2: prometheus.url: 'prom.hospital.example' has no address now: no such name")

    today["prom.hospital.example"] = "10.5.0.1"
    assert {"10.1.0.10/31", "10.5.0.1"} <= allowed(reach.drop_in(config, (), resolve, resolvers))


def test_thousands_of_devices_are_lines_that_can_be_read(tmp_path: Path, resolvers: Path) -> None:
    line = "  - {{name: d{0}, address: 10.{1}.{2}.9, class: it, auth: lab, modules: [system]}}\n"
    inventory = "devices:\n" + "".join(line.format(n, n // 200, n % 200) for n in range(1000))

    text = reach.drop_in(estate(tmp_path, inventory=inventory), (), None, resolvers)

    assert len(allowed(text) - {"localhost", "10.0.0.53", "fe80::1"}) == 1000
    assert max(map(len, text.splitlines())) <= 120


def test_the_file_is_written_once_and_found_to_be_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = str(agents(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["systemd", "--config", config, *words], prog_name="wardwatch")
        return done.exit_code, done.stdout, done.stderr

    path = f"units/{reach.FILE}"
    assert run("--out", "units", "--check")[0] == 1
    assert run("--out", "units") == (0, f"{path}\n", "")
    assert run("--out", "units", "--check") == (0, "", "")
    assert run() == (0, (tmp_path / path).read_text(), "")
    assert run("--out", "units", "--check", "--allow", "10.7.0.0/16") == (
        1, "", f"{path} is behind: `wardwatch systemd` writes it\n",
    )  # fmt: skip
    assert run("--allow", "everybody")[2].startswith("wardwatch: --allow everybody is neither a subnet")
    assert run("--allow", "0.0.0.0/0")[0] == 1
    assert run("--check")[0] == 1


@pytest.mark.parts
def test_systemd_understands_it(tmp_path: Path, resolvers: Path, part: Callable[[str], Path]) -> None:
    text = reach.drop_in(agents(tmp_path), ["10.40.0.0/16"], None, resolvers)
    unit = tmp_path / "wardwatch.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    path = tmp_path / reach.FILE
    path.parent.mkdir()

    def said() -> str:
        words: list[str | Path] = [part("systemd-analyze"), "verify", "--man=no", unit]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    path.write_text(text)
    assert "addresses.conf" not in said()
    path.write_text(text.replace("10.40.0.0/16", "10.40.0.0/99"))
    assert "addresses.conf" in said(), "it would be told"
