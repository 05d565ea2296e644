"""Real parts come from PATH first, else from Debian's packages; what can't be had is one line with its name."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from deploy.local import parts

PROGRAM = Path(parts.__file__)


def run(*words: str, path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """parts.py as a program, with `path` as the only directory of executables."""
    env: Mapping[str, str] = {"PATH": str(path), "WARDWATCH_PARTS": str(home), "HOME": str(home)}
    return subprocess.run(
        [sys.executable, PROGRAM, *words], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_part_on_path_is_taken_from_there(tmp_path: Path) -> None:
    executable(tmp_path / "prometheus", "#!/bin/sh\n")

    done = run("fetch", "prometheus", path=tmp_path, home=tmp_path / "home")

    assert done.stdout.split() == ["prometheus", str(tmp_path / "prometheus")]
    assert done.returncode == 0
    assert not (tmp_path / "home").exists()


def test_debians_name_is_preferred_to_the_plain_one(tmp_path: Path) -> None:
    executable(tmp_path / "alertmanager", "#!/bin/sh\n")
    executable(tmp_path / "prometheus-alertmanager", "#!/bin/sh\n")

    done = run("fetch", "alertmanager", path=tmp_path, home=tmp_path / "home")

    assert done.stdout.split()[1] == str(tmp_path / "prometheus-alertmanager")


def test_without_apt_one_line_names_the_part(tmp_path: Path) -> None:
    done = run("fetch", "promtool", path=tmp_path, home=tmp_path / "home")

    assert done.returncode == 1
    assert done.stderr == ("parts: missing: promtool: not on PATH, and there is no apt-get here to fetch it with\n")


def test_a_failed_download_is_one_line_with_apts_reason(tmp_path: Path) -> None:
    executable(tmp_path / "apt-get", "#!/bin/sh\necho 'E: Unable to locate package prometheus' >&2\nexit 100\n")
    executable(tmp_path / "dpkg-deb", "#!/bin/sh\n")
    executable(tmp_path / "ldd", "#!/bin/sh\n")

    done = run("fetch", "promtool", path=tmp_path, home=tmp_path / "home")

    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == "parts: missing: prometheus: apt-get failed: E: Unable to locate package prometheus"


def test_an_unknown_part_is_refused_with_the_list(tmp_path: Path) -> None:
    done = run("fetch", "grafana", path=tmp_path, home=tmp_path / "home")

    assert done.returncode == 2
    assert "no such part: grafana; there are prometheus, promtool," in done.stderr


def test_one_fetch_waits_for_another(tmp_path: Path) -> None:
    """Two that want a part at once download it once."""
    executable(tmp_path / "apt-get", f"#!{sys.executable}\n{_APT}")
    executable(tmp_path / "dpkg-deb", f"#!{sys.executable}\n{_DPKG_DEB}")
    executable(tmp_path / "ldd", "#!/bin/sh\n")
    home = tmp_path / "home"
    env = {"PATH": f"{tmp_path}", "WARDWATCH_PARTS": str(home), "LOG": str(tmp_path / "downloads")}
    words = [sys.executable, str(PROGRAM), "fetch", "amtool"]

    both = [subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    assert (tmp_path / "downloads").read_text().splitlines() == ["prometheus-alertmanager"]
    assert os.access(home / "bin" / "amtool", os.X_OK)


_APT = """
import os, pathlib, sys, time
time.sleep(0.2)
with open(os.environ["LOG"], "a") as log:
    log.write(sys.argv[-1] + "\\n")
pathlib.Path(sys.argv[-1] + ".deb").write_text("")
"""

_DPKG_DEB = """
import pathlib, sys
tree = pathlib.Path(sys.argv[3]) / "usr" / "bin"
tree.mkdir(parents=True)
(tree / "amtool").write_text("#!/bin/sh\\n")
"""


@pytest.mark.parts
@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("prometheus", ["--version"], "prometheus, version"),
        ("promtool", ["--version"], "promtool, version"),
        ("alertmanager", ["--version"], "alertmanager, version"),
        ("amtool", ["--version"], "amtool, version"),
        ("node_exporter", ["--version"], "node_exporter, version"),
        ("snmp_exporter", ["--version"], "snmp_exporter, version"),
        ("blackbox_exporter", ["--version"], "blackbox_exporter, version"),
        ("snmpd", ["-v"], "NET-SNMP version"),
        ("snmpget", ["-V"], "NET-SNMP version"),
        ("snmpbulkwalk", ["-V"], "NET-SNMP version"),
    ],
)
def test_each_part_runs(part: Callable[[str], Path], name: str, words: list[str], says: str) -> None:
    done = subprocess.run([part(name), *words], capture_output=True, text=True, timeout=60, check=False)

    assert says in done.stdout + done.stderr


_SHARING = """
import pathlib, sys
tree = pathlib.Path(sys.argv[3])
(tree / "usr" / "bin").mkdir(parents=True, exist_ok=True)
(tree / "usr" / "share" / "prometheus" / "alertmanager").mkdir(parents=True)
(tree / "usr" / "share" / "prometheus" / "alertmanager" / "default.tmpl").write_text("found\\n")
program = tree / "usr" / "bin" / "prometheus-alertmanager"
program.write_text("#!/bin/sh\\ncat /usr/share/prometheus/alertmanager/default.tmpl\\n")
program.chmod(0o755)
"""


def test_a_path_that_is_compiled_in_leads_to_the_unpacked_files(tmp_path: Path) -> None:
    """Debian's Alertmanager reads its templates from /usr/share, and no flag says otherwise."""
    executable(tmp_path / "apt-get", f"#!{sys.executable}\n{_APT}")
    executable(tmp_path / "dpkg-deb", f"#!{sys.executable}\n{_SHARING}")
    executable(tmp_path / "ldd", "#!/bin/sh\n")
    home = tmp_path / "a place with spaces"
    env = {"PATH": f"{tmp_path}", "WARDWATCH_PARTS": str(home), "LOG": str(tmp_path / "downloads")}
    subprocess.run([sys.executable, PROGRAM, "fetch", "alertmanager"], env=env, check=True, timeout=60)

    done = subprocess.run([home / "bin" / "alertmanager"], capture_output=True, text=True, timeout=10, check=True)

    assert done.stdout == "found\n"
