"""Where on a device a probe goes: the text that an inventory's `target:` and `/probe`'s parameter share.

`[scheme://][user@][host][:port][/path]`. The host says whom a certificate must name and what a web server is asked
for; the connection goes to the device's own address, whatever is written (RELIABILITY S1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PLACE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]{0,15})://)?(?:(?P<user>[^@/]{0,64})@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9_.-]{0,253}))(?::(?P<port>[0-9]{1,5}))?(?P<path>[/?].*)?"
)
_SIX = re.compile(r"[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f.]{0,15}){2,7}")
_PATH = re.compile(r"[!-~]*")

PORTS: Final = {"http": 80, "https": 443}
"""Usual ports of what a URL may begin with here."""

LONGEST: Final = 2048
"""Characters; longer URLs fail in many a server."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place taken apart; what was not said is empty, a port that was not said 0."""

    scheme: str = ""
    user: str = ""
    host: str = ""
    port: int = 0
    path: str = ""


def unfit(at: str, *, port: int = 0, needs_port: bool = True) -> str:
    """Why a probe can't go there, whose usual port is `port`; nothing where it can. For `Collector.unfit`."""
    try:
        found = place(at)
    except ValueError as error:
        return f"has a target that {error}"
    if needs_port and not (found.port or port):
        return "needs a target with a port, such as ':443'"
    return ""


def unfit_url(at: str) -> str:
    """The same of a probe that asks a web server for something."""
    if found := unfit(at, needs_port=False):
        return found
    return "" if place(at).scheme in ("", *PORTS) else "has a target that is no http or https URL"


def named(text: str, host: str) -> str:
    """A place with another host in it: who is asked for there. Raises ValueError."""
    found = place(text)
    host = f"[{host}]" if ":" in host else host
    scheme, user = f"{found.scheme}://" if found.scheme else "", f"{found.user}@" if found.user else ""
    return f"{scheme}{user}{host}{f':{found.port}' if found.port else ''}{found.path}"


@lru_cache(4096)
def place(text: str) -> Place:
    """Raises ValueError, with what is wrong in words for whoever wrote it."""
    if _SIX.fullmatch(text):
        return Place(host=text)
    match = _PLACE.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or not _PATH.fullmatch(match["path"] or ""):
        raise ValueError("is no place on a device: write [scheme://][host][:port][/path]")
    port = int(match["port"] or 0)
    if match["port"] and not 1 <= port <= 65_535:
        raise ValueError("has a port that is no number from 1 to 65535")
    return Place(
        match["scheme"] or "", match["user"] or "", match["six"] or match["host"] or "", port, match["path"] or ""
    )


def whole(where: Place, address: str) -> Place:
    """A URL with nothing left out."""
    scheme = where.scheme or "http"
    path = where.path.partition("#")[0]
    path = path if path.startswith("/") else f"/{path}"
    return Place(scheme, "", where.host or address, where.port or PORTS[scheme], path)


def host_header(where: Place) -> str:
    """The Host header: the port only where it is not the scheme's own."""
    host = f"[{where.host}]" if ":" in where.host else where.host
    return host if where.port == PORTS[where.scheme] else f"{host}:{where.port}"
