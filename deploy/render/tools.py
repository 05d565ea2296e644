"""What draws: node, Chromium, Grafana's libraries from npm, and the page bundled from them.

All of it lies under `.state/render/`, kept by what it is made of: the second time nothing is fetched or built.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import parts

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "dashboards" / "render"
OLDEST: Final = 18
"""The node of Debian 12; what esbuild and puppeteer-core ask for as well."""

FONTS: Final = "usr/share/fonts/opentype/inter"
"""Where Debian's fonts-inter keeps them."""

INSTALL_SECONDS: Final = 1800
BUILD_SECONDS: Final = 300


class Missing(Exception):
    """Something to draw with can't be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Tools:
    node: str
    chromium: Path
    modules: Path
    assets: Path
    fonts: Path | None
    """Inter, which Grafana writes in; None: the system's own."""

    @property
    def icons(self) -> Path:
        return self.modules / "@grafana" / "ui" / "dist" / "public"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "NODE_PATH": str(self.modules)}


def ready(home: Path) -> Tools:
    """Everything that drawing needs, fetched and built where it is missing. Raises Missing."""
    node = _node()
    try:
        chromium = parts.part("chromium")
    except parts.MissingPart as problem:
        raise Missing(f"make render needs Chromium: {problem}. As root: apt-get install chromium") from None
    with _alone(home):
        modules = _installed(home)
        return Tools(node, chromium, modules, _built(home, modules), _fonts())


def _node() -> str:
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or shutil.which("npm") is None:
        raise Missing(f"make render needs nodejs ({OLDEST} or later) and npm. As root: apt-get install nodejs npm")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    number = said.removeprefix("v").split(".")[0]
    if not number.isdigit() or int(number) < OLDEST:
        raise Missing(f"make render needs nodejs {OLDEST} or later; {node} is {said or 'not to be run'}")
    return node


def _fonts() -> Path | None:
    if (place := Path("/") / FONTS).is_dir():
        return place
    try:
        return parts.files("fonts-inter") / FONTS
    except parts.MissingPart as problem:
        _say(f"letters will be of another font: {problem}")
        return None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _installed(home: Path) -> Path:
    """node_modules of the committed lock."""
    lock = SOURCE / "package-lock.json"
    place = home / f"npm-{_digest([lock])}"
    done = place / "node_modules" / ".wardwatch"
    if not done.exists():
        _say("installing Grafana's libraries from npm (the first time only, some 500 MB)")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, place / name)
        # No scripts: nothing of 475 packages runs here but what draws. Peers: Grafana's own do not agree.
        words = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"]
        _run(words, place, {}, INSTALL_SECONDS)
        done.touch()
    return place / "node_modules"


def _built(home: Path, modules: Path) -> Path:
    """The page's script and style, bundled."""
    sources = sorted((SOURCE / "src").glob("*.jsx"))
    place = home / f"page-{_digest([SOURCE / 'package-lock.json', *sources])}"
    if not (place / "app.js").exists():
        _say("bundling the page")
        words = [
            str(modules / ".bin" / "esbuild"), str(SOURCE / "src" / "app.jsx"), "--bundle", f"--outfile={place}/app.js",
            "--format=iife", "--platform=browser", "--main-fields=browser,module,main", "--jsx=automatic", "--minify",
            "--log-level=error", '--define:process.env.NODE_ENV="production"', "--define:global=window",
            *(f"--loader:.{kind}=dataurl" for kind in ("svg", "woff2", "png", "ttf")),
            # @grafana/ui still asks for the bridge from router 5, whose router 6 is another than that of scenes.
            f"--alias:react-router-dom-v5-compat={modules}/react-router-dom/dist/index.js",
        ]  # fmt: skip
        _run(words, home, {"NODE_PATH": str(modules)}, BUILD_SECONDS)
    return place


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _run(words: Sequence[str], cwd: Path, env: Mapping[str, str], seconds: float) -> None:
    try:
        done = subprocess.run(
            words, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(words[0]).name} took longer than {seconds:.0f} s") from None
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines()[-15:]
        raise Missing("\n".join([f"{Path(words[0]).name} failed:", *said]))


def _say(text: str) -> None:
    print(f"render: {text}", file=sys.stderr, flush=True)
