"""Recordings of real devices: `.snmprec` files, plain or bz2, as snmpsim writes them.

A line is `oid|type|value`: the type is the BER tag in decimal, followed by `x` where the value is in hexadecimal. Lines
with a `:` in the type ask snmpsim to vary the value: a number stays at its `initial` value, other such lines are left
out, as are NULLs and lines that cannot be read.

Counters in a recording go on from where they were, each at its own average since the device had started. Some had
counted for longer than that, and 64 bits hold a lot of it: none of those goes faster than a busy port does.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from simulator import ber
from simulator.image import Image
from simulator.values import Clock, Fixed, Grow, Value

OWN = Path(__file__).parent / "recordings"
PACKAGE = "snmpsim-data"
SUFFIXES = (".snmprec", ".snmprec.bz2")

UPTIME = ber.dotted("1.3.6.1.2.1.1.3.0")
VARIED = ":numeric"
BUSY = 5e7
"""Most that a counter of 64 bits grows by in a second: 400 Mb/s, of octets."""
LONGEST_STRING = 3000
"""Octet strings are cut to this many bytes, so that each fits a datagram."""


class NoRecording(Exception):
    """There is no such recording; the message says what to do."""


def find(name: str) -> Path:
    """A recording by its path without suffix: one of ours (`printer`) or of snmpsim-data (`UPS/apc-7902b`).

    Raises NoRecording.
    """
    for suffix in SUFFIXES:
        if (OWN / (name + suffix)).is_file() and ".." not in name:
            return OWN / (name + suffix)
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        what = f"recording {name} is not ours, and {PACKAGE} is not installed: install wardwatch[demo]"
        raise NoRecording(what) from None
    for file in files:
        for suffix in SUFFIXES:
            if str(file).endswith(f"/data/{name}{suffix}"):
                return Path(str(file.locate()))
    raise NoRecording(f"there is no recording {name}, neither ours nor in {PACKAGE}")


def lines(path: Path, within: Sequence[str] = ("",)) -> Iterator[tuple[ber.Arcs, int, bytes]]:
    """Name, tag and content of each readable line; `within` are OIDs that lines are left out but below."""
    raw = path.read_bytes()
    if path.suffix == ".bz2":
        raw = bz2.decompress(raw)
    below = tuple(f"{oid}." if oid else "" for oid in within)
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        if not line.startswith(below):
            continue
        try:
            oid, kind, text = line.rstrip("\r").split("|", 2)
            if kind.endswith(VARIED):
                kind, text = kind.removesuffix(VARIED), text.rpartition("initial=")[2]
            arcs = ber.dotted(oid)
            read = _value(kind, text)
        except (ValueError, UnicodeError, OverflowError):
            continue
        if read is not None:
            yield arcs, *read


def load(path: Path, within: Sequence[str] = ("",)) -> Image:
    """The recording as an image, or what of it is below the OIDs `within`. Raises OSError."""
    read = {arcs: (tag, body) for arcs, tag, body in lines(path, within)}
    tag, body = read.get(UPTIME, (ber.TICKS, b"\0"))
    running = max(3600.0, int.from_bytes(body, "big") / 100)
    cells: dict[ber.Arcs, Value] = {}
    for arcs, (tag, body) in read.items():
        number = int.from_bytes(body, "big") if tag in ber.UNSIGNED else 0
        if tag in (ber.COUNTER32, ber.COUNTER64) and number:
            cells[arcs] = Grow(tag, number, _pace(tag, number, running))
        elif arcs == UPTIME:
            cells[arcs] = Clock(number)
        else:
            cells[arcs] = Fixed(tag, body)
    return Image(cells)


def _pace(tag: int, number: int, running: float) -> float:
    """By how much a counter grows in a second."""
    average = number / running
    # Not all alike: a board that shows the busiest ports has something to put in order.
    return BUSY * (number % 97 + 3) / 100 if tag == ber.COUNTER64 and average > BUSY else average


def _value(kind: str, text: str) -> tuple[int, bytes] | None:
    """Tag and content. None for what an agent would not send; raises ValueError for what nobody can read."""
    hexadecimal = kind.endswith("x")
    tag = int(kind[:-1] if hexadecimal else kind)
    raw = bytes.fromhex(text) if hexadecimal else text.encode("utf-8", "surrogateescape")
    if tag == ber.INTEGER:
        return tag, ber.signed(int.from_bytes(raw, "big", signed=True) if hexadecimal else int(text))
    if tag in ber.UNSIGNED:
        value = int.from_bytes(raw, "big") if hexadecimal else int(text)
        return tag, ber.unsigned(value & ((1 << 64) - 1 if tag == ber.COUNTER64 else (1 << 32) - 1))
    if tag == ber.IDENTIFIER:
        return tag, ber.identifier(ber.dotted(text))
    if tag == ber.ADDRESS:
        if hexadecimal and len(raw) != 4:
            raise ValueError("an address of another length than four bytes")
        return tag, raw if hexadecimal else ber.address(text)
    if tag == ber.OCTETS:
        return tag, raw[:LONGEST_STRING]
    return (tag, raw) if tag == ber.OPAQUE else None
