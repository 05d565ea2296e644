"""Writes requirements.lock and requirements-dev.lock from pyproject.toml: every package pinned, with its hashes.

    python3 deploy/local/lock.py            as few changes as possible
    python3 deploy/local/lock.py --upgrade  the newest of everything

The resolver is uv, in an environment of its own under `.state/lock`. The files name no index and no local path, so
that they hold on a machine with a mirror of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = "uv==0.13.9"
TARGETS = (
    # The demo's recordings belong to what `make run` shows.
    ("requirements.lock", ["--extra", "demo"]),
    # The same versions as above wherever both have a package.
    ("requirements-dev.lock", ["--extra", "demo", "--group", "dev", "--constraint", "requirements.lock"]),
)


def main() -> int:
    home = ROOT / ".state" / "lock"
    uv = home / "bin" / "uv"
    if not uv.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
    subprocess.run([home / "bin" / "python", "-m", "pip", "install", "-q", UV], check=True)
    for target, options in TARGETS:
        words = [
            str(uv), "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes",
            "--custom-compile-command", "make lock", "--constraint", "deploy/local/constraints.in",
            *options, *sys.argv[1:],
            "pyproject.toml", "deploy/local/build.in", "--output-file", target,
        ]  # fmt: skip
        subprocess.run(words, cwd=ROOT, check=True)
        print(f"lock: wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
