"""`.venv` is made from locked files only, shows what it does, and is left alone while nothing has changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import venv

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "deploy" / "local" / "venv.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project that is installed the way the real one is: hashed build backend, then itself, editable."""
    blocks = re.split(r"(?m)^(?=[a-z])", (ROOT / "requirements.lock").read_text())
    wanted = ("hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers")
    root = tmp_path / "checkout"
    (root / "small").mkdir(parents=True)
    (root / "small" / "__init__.py").write_text("")
    (root / "requirements.lock").write_text("".join(b for b in blocks if b.split("==")[0] in wanted))
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "small"\nversion = "1"\n[tool.hatch.build]\ndev-mode-dirs = ["."]\n'
    )
    return root


def make(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, "run", "--root", root], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
def test_a_second_run_starts_at_once_until_the_lock_changes(checkout: Path) -> None:
    first = make(checkout)
    assert first.returncode == 0, first.stderr
    assert "venv: installing 5 packages from requirements.lock (the first time only)" in first.stderr
    assert "venv: 5/5" in first.stderr
    subprocess.run([checkout / ".venv" / "bin" / "python", "-c", "import hatchling, small"], check=True, timeout=30)
    assert list((checkout / "small" / "__pycache__").glob("__init__.*.pyc")), "no start has to compile it"

    second = make(checkout)
    assert (second.returncode, second.stderr) == (0, "")

    lock = checkout / "requirements.lock"
    lock.write_text(lock.read_text() + "# changed\n")
    assert "venv: installing 5 packages" in make(checkout).stderr


@pytest.mark.slow
def test_a_package_with_another_hash_is_refused(checkout: Path) -> None:
    lock = checkout / "requirements.lock"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text()))

    done = make(checkout)

    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "pip could not install 5 packages from requirements.lock: its last words are above"
    )


@pytest.fixture
def without_ensurepip(tmp_path: Path) -> str:
    """A Python like Debian's without python3-venv: the standard library without ensurepip."""
    hidden = tmp_path / "hidden" / "ensurepip"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'ensurepip'\")\n")
    python = tmp_path / "python-without-ensurepip"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={hidden.parent} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)


@pytest.mark.parts
def test_pip_comes_from_debians_package_where_ensurepip_is_missing(
    checkout: Path, without_ensurepip: str, capfd: pytest.CaptureFixture[str]
) -> None:
    inside = venv.ready(checkout, "run", without_ensurepip, wheels=checkout / "none")

    said = capfd.readouterr().err
    assert "venv: this Python has no ensurepip: taking pip from Debian's package python3-pip-whl" in said
    subprocess.run([inside, "-c", "import hatchling, small, pip"], check=True, timeout=30)


def test_where_no_pip_can_be_had_it_says_what_to_install(
    checkout: Path, without_ensurepip: str, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _READY, str(ROOT), str(checkout), without_ensurepip, str(nothing)],
        env={"PATH": str(nothing), "WARDWATCH_PARTS": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.stdout == (
        "no pip here, and none to be had: python3-pip-whl: not on PATH, and there is no apt-get here to fetch it with\n"
        "Install Debian's python3-venv (as root: apt-get install python3-venv), then run this again.\n"
    )


_READY = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from deploy.local import venv
try:
    venv.ready(pathlib.Path(sys.argv[2]), "run", sys.argv[3], wheels=pathlib.Path(sys.argv[4]))
except venv.Trouble as trouble:
    print(trouble)
"""


def test_the_locks_name_no_index_and_no_path() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert not re.search(r"://|--index|--find-links|--trusted|file:|@ |/home|/tmp|/opt", text), name


def test_every_locked_package_has_a_hash_and_the_same_version_in_both() -> None:
    versions: dict[str, set[str]] = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        for block in re.split(r"(?m)^(?=[a-z])", (ROOT / name).read_text())[1:]:
            assert "--hash=sha256:" in block, block.splitlines()[0]
            package, version = block.split()[0].split("==")
            versions.setdefault(package, set()).add(version)
    assert [package for package, held in versions.items() if len(held) > 1] == []
