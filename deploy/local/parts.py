"""The real parts that wardwatch runs beside and is tested against: Prometheus, Alertmanager, exporters, net-snmp.

A part comes from PATH where it is there, else from Debian's package, fetched with `apt-get download` and unpacked with
`dpkg-deb -x` under `.state/parts/`: no root, nothing installed, no service started. Standard library only, so that it
works before anything is installed.

    python3 deploy/local/parts.py fetch prometheus snmpd    fetch what is missing, print where each part is
    python3 deploy/local/parts.py list                      the parts there are, and where each would come from
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DOWNLOAD_SECONDS = 300.0
"""Longest wait for one run of apt-get: a mirror that hangs must not hang us."""

SHARED = 9
"""The descriptor by which a moved part finds the files it was built to find under /usr/share."""

LIBRARY_LEVELS = 4
"""How deep library packages are followed. Debian 12's snmpd needs two."""


@dataclass(frozen=True, slots=True)
class Part:
    """An executable: its names on PATH, best first, and where Debian keeps it.

    `flags` are given to a fetched one, `{root}` being where packages are unpacked; `companions` are packages that it
    can do without, and is better with. `environment` holds where the environment does not say otherwise. `shares` is
    the directory whose path is compiled into the binary, where no flag can say otherwise.
    """

    names: tuple[str, ...]
    package: str
    path: str
    flags: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    shares: str = ""


# net-snmp would else complain of 30 MIB files that Debian can't ship, and keep state under /var.
_NET_SNMP = (("MIBS", ""), ("SNMP_PERSISTENT_DIR", "{root}/var/lib/snmp"))

# DCMTK's dictionary, whose path is compiled into it; without it Orthanc does not start. The number is Debian 12's.
_DCMTK = (("DCMDICTPATH", "{root}/usr/share/libdcmtk17/dicom.dic"),)

# A small system has no fonts at all, and pages would be blank: fontconfig's own way to a user's fonts leads to ours.
_LETTERS = (("FONTCONFIG_PATH", "{root}/etc/fonts"), ("XDG_DATA_HOME", "{root}/usr/share"))


def _tool(name: str) -> Part:
    return Part((name,), "snmp", f"usr/bin/{name}", environment=_NET_SNMP)


# fmt: off
PARTS: Mapping[str, Part] = {
    "prometheus": Part(
        ("prometheus",), "prometheus", "usr/bin/prometheus",
        # Debian's own flag: without it the pages are looked for in /usr/share, and answer 404.
        flags=("--web.local-assets={root}/usr/share/prometheus/web/",),
        companions=(
            "fonts-glyphicons-halflings", "libjs-bootstrap4", "libjs-d3", "libjs-eonasdan-bootstrap-datetimepicker",
            "libjs-jquery", "libjs-jquery-hotkeys", "libjs-moment", "libjs-moment-timezone", "libjs-mustache",
            "libjs-popper.js", "libjs-rickshaw",
        ),
    ),
    "promtool": Part(("promtool",), "prometheus", "usr/bin/promtool"),
    "alertmanager": Part(
        ("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager", "usr/bin/prometheus-alertmanager",
        # Debian's build reads its templates from there, and ends without them.
        shares="usr/share/prometheus/alertmanager",
    ),
    "amtool": Part(("amtool",), "prometheus-alertmanager", "usr/bin/amtool"),
    "node_exporter": Part(
        ("prometheus-node-exporter", "node_exporter"), "prometheus-node-exporter", "usr/bin/prometheus-node-exporter"
    ),
    "snmp_exporter": Part(
        ("prometheus-snmp-exporter", "snmp_exporter"), "prometheus-snmp-exporter", "usr/bin/prometheus-snmp-exporter"
    ),
    "blackbox_exporter": Part(
        ("prometheus-blackbox-exporter", "blackbox_exporter"),
        "prometheus-blackbox-exporter",
        "usr/bin/prometheus-blackbox-exporter",
    ),
    # A picture archive, another server of DICOM's, a time server: what probes of clinical systems are tested against.
    "orthanc": Part(("Orthanc",), "orthanc", "usr/sbin/Orthanc", environment=_DCMTK),
    "storescp": Part(("storescp",), "dcmtk", "usr/bin/storescp", environment=_DCMTK),
    "chronyd": Part(("chronyd",), "chrony", "usr/sbin/chronyd"),
    "snmpd": Part(("snmpd",), "snmpd", "usr/sbin/snmpd", environment=_NET_SNMP),
    # What pages and boards are looked at in; the other packages have what it reads at its start, and letters.
    "chromium": Part(
        ("chromium", "chromium-browser", "google-chrome"), "chromium", "usr/lib/chromium/chromium",
        companions=("chromium-common", "fontconfig-config", "fonts-dejavu-core"), environment=_LETTERS,
    ),
    # What judges how our unit is hardened.
    "systemd-analyze": Part(("systemd-analyze",), "systemd", "usr/bin/systemd-analyze"),
    "snmpget": _tool("snmpget"),
    "snmpgetnext": _tool("snmpgetnext"),
    "snmpbulkget": _tool("snmpbulkget"),
    "snmpwalk": _tool("snmpwalk"),
    "snmpbulkwalk": _tool("snmpbulkwalk"),
    "snmpset": _tool("snmpset"),
    "snmptrap": _tool("snmptrap"),
}
# fmt: on


class MissingPart(Exception):
    """A part is not on PATH and could not be fetched; the message is one line for a person."""


def directory() -> Path:
    """Where fetched parts live: `WARDWATCH_PARTS`, else `.state/parts` of this checkout."""
    return Path(os.environ.get("WARDWATCH_PARTS") or ROOT / ".state" / "parts").absolute()


def found(name: str) -> Path | None:
    """The part as it is now, on PATH or fetched before; None: neither."""
    part = PARTS[name]
    # A plain user's PATH leaves out sbin, where Debian keeps daemons.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    for word in part.names:
        if there := shutil.which(word, path=path):
            return Path(there)
    wrapper = directory() / "bin" / name
    return wrapper if os.access(wrapper, os.X_OK) else None


def part(name: str) -> Path:
    """The executable of a part, fetched where it is missing. Raises MissingPart; KeyError for a name not in PARTS."""
    if there := found(name):
        return there
    _able(name)
    with _alone(directory()):
        return found(name) or _fetch(name, directory())


def files(package: str) -> Path:
    """The root under which the files of a Debian package lie, fetched where it is missing. Raises MissingPart."""
    _able(package)
    with _alone(directory()):
        _unpack(package, directory())
    return directory() / "root"


def _able(name: str) -> None:
    for tool in ("apt-get", "dpkg-deb", "ldd"):
        if shutil.which(tool) is None:
            raise MissingPart(f"{name}: not on PATH, and there is no {tool} here to fetch it with")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One fetch at a time: test runs and `make run` may want the same part at once."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(name: str, home: Path) -> Path:
    wanted = PARTS[name]
    root = home / "root"
    _unpack(wanted.package, home)
    for companion in wanted.companions:
        try:
            _unpack(companion, home)
        except MissingPart as problem:
            _say(f"{name} runs without {problem}")
    binary = root / wanted.path
    if not binary.is_file():
        raise MissingPart(f"{name}: Debian's package {wanted.package} has no {wanted.path}")
    libraries = _libraries(wanted.package, binary, home)
    wrapper = home / "bin" / name
    wrapper.parent.mkdir(exist_ok=True)
    lines = ["#!/bin/sh", f"# {name} from Debian's package {wanted.package}"]
    if libraries:
        paths = shlex.quote(os.pathsep.join(libraries))
        lines.append(f'export LD_LIBRARY_PATH={paths}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"')
    for word, value in wanted.environment:
        lines.append(f'[ -n "${{{word}+set}}" ] || export {word}={shlex.quote(value.format(root=root))}')
    # exec: the part keeps the pid that its starter knows, and gets the starter's signals.
    if wanted.shares and _moved(binary, wanted.shares):
        lines.append(f"exec {SHARED}<{shlex.quote(str((root / wanted.shares).parent))}")
    words = [str(binary), *(flag.format(root=root) for flag in wanted.flags)]
    lines.append(f'exec {shlex.join(words)} "$@"')
    fresh = wrapper.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n")
    fresh.chmod(0o755)
    fresh.rename(wrapper)
    return wrapper


def _moved(binary: Path, shares: str) -> bool:
    """Make our copy of `binary` look for `/shares` beside an open descriptor, which its wrapper opens for it.

    The path is a constant of the program, so the new one has its length: `/proc/self/fd/9//////NAME`. False where the
    program has no such path, as when a later version carries its files in itself.
    """
    old = f"/{shares}".encode()
    name = Path(shares).name
    beside = f"/proc/self/fd/{SHARED}"
    new = beside.encode() + b"/" * (len(old) - len(beside) - len(name)) + name.encode()
    content = binary.read_bytes()
    if old not in content and new not in content:
        return False
    fresh = binary.with_suffix(".new")
    fresh.write_bytes(content.replace(old, new))
    fresh.chmod(0o755)
    fresh.rename(binary)
    return True


def _libraries(package: str, binary: Path, home: Path) -> list[str]:
    """Directories with the shared libraries that `binary` needs and this system lacks, fetched level by level."""
    level, seen = [package], {package}
    for _ in range(LIBRARY_LEVELS):
        if not _unresolved(binary, []):
            return []
        if not _unresolved(binary, paths := _library_paths(home)):
            return paths
        level = list(dict.fromkeys(name for parent in level for name in _dependencies(parent, home)))
        level = [name for name in level if name not in seen]
        seen.update(level)
        for name in level:
            _unpack(name, home)
    if missing := _unresolved(binary, paths := _library_paths(home)):
        raise MissingPart(f"{binary.name}: shared libraries not found in Debian's packages: {', '.join(missing)}")
    return paths


def _library_paths(home: Path) -> list[str]:
    # Pulseaudio, which Chromium is linked to, and systemd keep one of their own a level deeper.
    patterns = ("*/lib*.so.*", "*/pulseaudio/lib*.so", "*/systemd/lib*.so")
    trees = (home / "root" / place for place in ("lib", "usr/lib"))
    return sorted({str(file.parent) for tree in trees for pattern in patterns for file in tree.glob(pattern)})


def _unresolved(binary: Path, paths: Sequence[str]) -> list[str]:
    """Names of shared libraries that the loader does not find for `binary`."""
    env = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(paths)}
    done = subprocess.run(["ldd", str(binary)], env=env, capture_output=True, text=True, timeout=30, check=False)
    return [line.split()[0] for line in done.stdout.splitlines() if line.rstrip().endswith("not found")]


def _dependencies(package: str, home: Path) -> list[str]:
    """Library packages that `package` depends on; never the C library, which must stay the system's own."""
    words = [
        "apt-cache", *_options(home), "depends", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
        "--no-replaces", "--no-enhances", "--no-pre-depends", package,
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    names = (line.split()[-1] for line in done.stdout.splitlines() if "Depends:" in line)
    return [name for name in names if name.startswith("lib") and name not in ("libc6", "libc-bin", "libcrypt1")]


def _unpack(package: str, home: Path) -> None:
    """The package's files under `home/root`: one tree, as Debian's packages link to one another's files."""
    done = home / "packages" / package
    if done.exists():
        return
    done.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".fetch-") as name:
        deb = _download(package, Path(name), home)
        _run(["dpkg-deb", "-x", str(deb), str(home / "root")], Path(name), package)
        done.write_text(deb.name + "\n")


def _download(package: str, into: Path, home: Path) -> Path:
    # The system's own lists first; where they are missing or old, lists of ours, which need no root.
    for refresh in (False, True):
        if refresh:
            _say(f"fetching Debian's package lists for {package}")
            (home / "apt" / "lists" / "partial").mkdir(parents=True, exist_ok=True)
            (home / "apt" / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
            _run(["apt-get", *_options(home), "-q", "update"], into, package)
        _say(f"fetching Debian's package {package}")
        try:
            _run(["apt-get", *_options(home), "-q", "download", package], into, package)
        except MissingPart:
            if refresh:
                raise
            continue
        if deb := next(into.glob("*.deb"), None):
            return deb
    raise MissingPart(f"{package}: apt-get download gave no package")


def _options(home: Path) -> list[str]:
    """apt's options: our own lists once they exist, and no complaint about running as root."""
    options = ["-o", "APT::Sandbox::User=root"]
    if (home / "apt" / "lists").is_dir():
        options += ["-o", f"Dir::State::lists={home}/apt/lists", "-o", f"Dir::Cache={home}/apt/cache"]
    return options


def _run(words: Sequence[str], cwd: Path, package: str) -> None:
    env = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise MissingPart(f"{package}: {words[0]} took longer than {DOWNLOAD_SECONDS:.0f} s") from None
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith(("E:", "dpkg-deb: error"))] or said
        raise MissingPart(f"{package}: {words[0]} failed: {errors[-1] if errors else f'exit {done.returncode}'}")


def _say(text: str) -> None:
    print(f"parts: {text}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Real parts from PATH or from Debian's packages.")
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help="fetch what is missing, print where each part is")
    fetch.add_argument("names", nargs="*", metavar="NAME", help="parts; none: all of them")
    commands.add_parser("list", help="the parts there are, and where each would come from")
    options = parser.parse_args(argv)
    if options.command == "list":
        for name, wanted in PARTS.items():
            print(f"{name:18} {found(name) or f'Debian package {wanted.package}'}")
        return 0
    if unknown := [name for name in options.names if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    failed = 0
    for name in options.names or PARTS:
        try:
            print(f"{name:18} {part(name)}", flush=True)
        except MissingPart as problem:
            failed = 1
            print(f"parts: missing: {problem}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
