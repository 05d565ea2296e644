"""The glass device (RELIABILITY C4): it dies of what real equipment has died of, and says what killed it.

Death is decided from `Safety`, before the request is answered; it is for good. What a glass device bears is what rule
S11 allows: single GETs of listed objects, at most two packets a second, a retry not before five seconds.
"""

from __future__ import annotations

from simulator import ber, message
from simulator.faults.scene import Mode, Options
from simulator.message import Request
from simulator.safety import Safety


def verdict(request: Request | None, version: int, size: int, retry: float | None, safety: Safety,
            options: Options) -> str | None:  # fmt: skip
    """What this packet does to a glass device: None where it lives, else the cause of death."""
    listed = [ber.dotted(oid) for oid in options["listed"].split()]
    if version != options["version"]:
        return f"version field {version} instead of {options['version']}"
    if request is None:
        return "a packet that is no request"
    if request.kind == message.SET:
        return "a SET"
    if request.kind != message.GET:
        return f"a {message.KINDS[request.kind].upper()}"
    if len(request.oids) != 1:
        return f"{len(request.oids)} variables in one request"
    if size > options["bytes"]:
        return f"a request of {size} bytes"
    if listed and (arcs := ber.arcs_of(request.oids[0])) not in listed:
        return f"an object that is not listed: {'.'.join(map(str, arcs))}"
    if safety.outstanding > 1:
        return f"{safety.outstanding} requests at once"
    if safety.recent > options["packets"]:
        return f"{safety.recent} packets in {safety.window:g} s"
    if retry is not None and retry < options["retry"]:
        return f"a retry after {retry:.2f} s"
    return None


def unasked(kind: str, size: int, since: float | None, safety: Safety, options: Options) -> str | None:
    """What a message of v3 that is no question to the device does to it. `since`: seconds since its engine was asked
    for before, where that is what is asked (rule S14: once, and again only after ten minutes)."""
    if kind != "get":
        return f"a {kind.upper()}"
    if size > options["bytes"]:
        return f"a request of {size} bytes"
    if since is not None and since < options["discovery"]:
        return f"a second discovery after {since:.1f} s"
    if safety.recent > options["packets"]:
        return f"{safety.recent} packets in {safety.window:g} s"
    return None


MODES = (
    Mode("glass", "dies for good of two requests at once, more than `packets` in a window, several variables, "
         "anything but GET, a request above `bytes`, an object not in `listed` (when given), a retry before `retry` "
         "seconds, another version (field: 0 is v1, 1 is v2c, 3 is v3), there of a second discovery within `discovery` "
         "seconds",
         {"packets": 2, "bytes": 484, "retry": 5.0, "version": 1, "listed": "", "discovery": 600.0}),
)  # fmt: skip
