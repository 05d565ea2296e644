"""Makes `.venv` and installs into it what a lock file names, then the project itself, editable.

    python3 deploy/local/venv.py run    what `make run` needs: requirements.lock
    python3 deploy/local/venv.py dev    what tests and checks need: requirements-dev.lock, which holds the other one

Standard library only, and syntax that an older Python can at least read, to say that it is too old. When nothing has
changed since the last time it returns at once.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # As a program: the checkout instead of this directory, where this file would hide the standard venv.
    sys.path[0] = str(ROOT)

LOCKS = {"run": ("requirements.lock", ("run",)), "dev": ("requirements-dev.lock", ("run", "dev"))}
"""What to install for a purpose, and which purposes that serves."""

OLDEST = (3, 11)
WHEELS = Path("/usr/share/python-wheels")
"""Where Debian's python3-pip-whl keeps pip."""


NAMED = re.compile(r"(?:Collecting|Processing|Ignoring|Requirement already satisfied:) (?:\S*/)?([\w.]+(?:-[a-z]\w*)*)")
"""The lines of pip's output that each open a package, with its name or the beginning of its file's name."""


class Trouble(Exception):
    """The environment can't be made; the message says what to do."""


def ready(root: Path, purpose: str, python: str = sys.executable, wheels: Path = WHEELS) -> Path:
    """The interpreter of `root/.venv`, with everything for `purpose` installed. Raises Trouble."""
    home, state = root / ".venv", root / ".state"
    state.mkdir(parents=True, exist_ok=True)
    with (state / "venv.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        inside, stamp = home / "bin" / "python", home / ".wardwatch.json"
        done = _stamps(stamp)
        if done.get(purpose) == _state(root, purpose) and _works(inside):
            return inside
        if not _works(inside):
            stamp.unlink(missing_ok=True)
            done = {}
            _create(home, python)
        lock, serves = LOCKS[purpose]
        if not _works(inside, "-m", "pip", "--version"):
            _bootstrap(inside, wheels)
        _install(inside, root / lock)
        _pip(inside, ["--no-deps", "--no-build-isolation", "--editable", str(root)], "wardwatch itself", 0)
        compiled(inside, root)
        done.update({name: _state(root, name) for name in serves})
        stamp.write_text(json.dumps(done))
        return inside


def _state(root: Path, purpose: str) -> str:
    """What the installed environment follows from."""
    digest = hashlib.sha256(str(root).encode())
    for name in (LOCKS[purpose][0], "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _stamps(path: Path) -> dict[str, str]:
    try:
        held = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in held.items()} if isinstance(held, dict) else {}


def _works(python: Path, *words: str) -> bool:
    """Whether the interpreter runs at all: a Python that was upgraded or moved leaves a dead link behind."""
    if not python.exists():
        return False
    command = [str(python), *(words or ("-c", ""))]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _create(home: Path, python: str) -> None:
    """A virtual environment, without pip where this Python has no ensurepip: Debian keeps it in python3-venv."""
    _say(f"making {home.name} with {python}")
    words = [python, "-m", "venv", "--clear"]
    if subprocess.run([python, "-c", "import ensurepip"], capture_output=True, timeout=60, check=False).returncode:
        words.append("--without-pip")
    done = subprocess.run([*words, str(home)], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise Trouble(f"{' '.join(words)} failed: {said[-1] if said else 'no reason given'}\n{ADVICE}")


ADVICE = "Install Debian's python3-venv (as root: apt-get install python3-venv), then run this again."


def _bootstrap(inside: Path, wheels: Path) -> None:
    """pip from Debian's wheel of it: installed by python3-pip-whl, else fetched without root."""
    _say("this Python has no ensurepip: taking pip from Debian's package python3-pip-whl")
    from deploy.local import parts

    wheel = next(iter(sorted(wheels.glob("pip-*.whl"), reverse=True)), None)
    if wheel is None:
        try:
            tree = parts.files("python3-pip-whl")
        except parts.MissingPart as problem:
            raise Trouble(f"no pip here, and none to be had: {problem}\n{ADVICE}") from None
        wheel = next(iter((tree / WHEELS.relative_to("/")).glob("pip-*.whl")), None)
    if wheel is None:
        raise Trouble(f"Debian's package python3-pip-whl has no pip in {WHEELS}\n{ADVICE}")
    words = [str(inside), str(wheel / "pip"), "install", "-q", "--no-index", "--no-deps", str(wheel)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise Trouble(f"pip could not be installed from {wheel.name}: {done.stderr.strip()}\n{ADVICE}")


def _install(inside: Path, lock: Path) -> None:
    count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum() and "==" in line)
    # --no-deps: the lock holds every dependency, so the resolver has nothing to add.
    _pip(inside, ["--require-hashes", "--no-deps", "-r", str(lock)], f"{count} packages from {lock.name}", count)


def compiled(inside: Path, root: Path) -> None:
    """Byte code of the project, as pip makes it of what it installs: else the first start has to, and every start where
    Python may not keep it. What can't be compiled says so when it is imported."""
    packages = sorted(str(path.parent) for path in root.glob("*/__init__.py") if path.parent.name != "tests")
    subprocess.run([str(inside), "-m", "compileall", "-q", *packages], capture_output=True, timeout=300, check=False)


def _pip(inside: Path, words: list[str], what: str, count: int) -> None:
    _say(f"installing {what}" + (" (the first time only)" if count else ""))
    command = [
        str(inside),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    process = subprocess.Popen(
        command + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said: list[str] = []
    seen = 0
    for line in process.stdout:
        said.append(line.rstrip())
        if count and (found := NAMED.match(line)):
            seen += 1
            _progress(seen, count, found[1])
    if count and sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if process.wait():
        raise Trouble("\n".join([*said[-15:], f"pip could not install {what}: its last words are above"]))


def _progress(seen: int, count: int, name: str) -> None:
    """A line that moves on a terminal; elsewhere one line for every ten packages."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[Kvenv: {seen}/{count} {name}")
        sys.stderr.flush()
    elif seen % 10 == 0 or seen == count:
        _say(f"{seen}/{count}")


def _say(text: str) -> None:
    print(f"venv: {text}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make .venv and install what is locked.")
    parser.add_argument("purpose", choices=sorted(LOCKS))
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args()
    if sys.version_info < OLDEST:
        _say(
            f"wardwatch needs Python {OLDEST[0]}.{OLDEST[1]} or later; {sys.executable} is {sys.version.split()[0]}:"
            " name another one: make PYTHON=/path/to/python3.12 ..."
        )
        return 1
    # A virtual environment that happens to be active must not become the parent of ours, nor lend it its packages.
    os.environ.pop("PYTHONHOME", None)
    os.environ.pop("PYTHONPATH", None)
    try:
        ready(options.root.resolve(), options.purpose)
    except Trouble as trouble:
        print(f"venv: {trouble}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
