"""Ports on loopback: which are settings, and who has taken one. Linux; standard library only."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

TAKEN = "{port}/{kind} on {address} is taken{holder}: stop that, or choose another port: make run {variable}=..."


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens (HOUSE 4). A field is set by the environment variable of its name + `_PORT`."""

    wardwatch: int = 10810
    prometheus: int = 10811
    alertmanager: int = 10812
    simulator: int = 10816
    traps: int = 10162


UDP = ("simulator", "traps")
"""Those that are no TCP ports."""


def read(environ: Mapping[str, str]) -> Ports:
    """Ports from `WARDWATCH_PORT`, `PROMETHEUS_PORT`, ...; ValueError says which is no port, or given twice."""
    chosen: dict[str, int] = {}
    for field in fields(Ports):
        text = environ.get(variable(field.name), "").strip()
        if text and not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
            raise ValueError(f"{variable(field.name)}={text!r} is no port: a number from 1 to 65535")
        chosen[field.name] = int(text) if text else int(str(field.default))
    for name, port in chosen.items():
        # What speaks UDP may share a number with one that speaks TCP.
        same = [o for o, its in chosen.items() if its == port and o != name and (o in UDP) == (name in UDP)]
        if same:
            raise ValueError(f"{variable(name)} and {variable(same[0])} are both {port}")
    return Ports(**chosen)


def variable(name: str) -> str:
    return f"{name.upper()}_PORT"


def taken(ports: Ports, names: list[str]) -> Iterator[str]:
    """A line for each of the named ports that something else listens on."""
    for name in names:
        port = int(getattr(ports, name))
        kind, address = ("udp" if name in UDP else "tcp", "0.0.0.0" if name == "simulator" else "127.0.0.1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as probe:
            if kind == "tcp":
                # As the servers do: a connection that is still closing does not hold the port.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except PermissionError:
                yield f"{port}/{kind} may not be used without root: choose another port: make run {variable(name)}=..."
            except OSError:
                who = _holder(kind, port)
                holder = f" by {who}" if who else ""
                yield TAKEN.format(port=port, kind=kind, address=address, holder=holder, variable=variable(name))


def _holder(kind: str, port: int) -> str:
    """`name (pid N)` of the process that has the port, as far as we may see it; else empty."""
    inodes = set()
    for table in (kind, f"{kind}6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            # TCP: 0A is LISTEN. UDP has no such state.
            if int(words[1].rpartition(":")[2], 16) == port and (kind == "udp" or words[3] == "0A"):
                inodes.add(f"socket:[{words[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:
            continue
    return ""
