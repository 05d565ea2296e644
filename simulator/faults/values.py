"""Faults of encoding: F9 to F12, F17 and F25 of RELIABILITY part 1."""

from __future__ import annotations

from collections.abc import Callable

from simulator import ber
from simulator.agent import Answer
from simulator.faults.scene import Mode, Options, Scene

Change = Callable[[int, int, bytes], bytes | None]
"""From position, tag and content to the value's whole encoding, or None to leave it."""


def _each(scene: Scene, change: Change) -> None:
    """Put other encodings in the place of values."""
    answer = scene.answer
    if answer is None:
        return
    image = scene.view.image
    for number, at in enumerate(answer.positions):
        if at >= 0:
            tag, body = image.body(at, scene.moment)
            value = change(at, tag, body)
            if value is not None:
                answer.varbinds[number] = ber.tlv(ber.SEQUENCE, ber.tlv(ber.IDENTIFIER, image.oids[at]) + value)


def looks_negative(scene: Scene, _: Options) -> None:
    """F9. No leading zero before a set top bit."""
    _each(
        scene,
        lambda at, tag, body: (
            ber.tlv(tag, body[1:]) if tag in ber.UNSIGNED and len(body) > 1 and body[0] == 0 else None
        ),
    )


def odd_integers(scene: Scene, _: Options) -> None:
    """F10. By position: zero-length, over-long, a 32-bit counter above 32 bits, every fourth as it should be."""

    def change(at: int, tag: int, body: bytes) -> bytes | None:
        if tag != ber.INTEGER and tag not in ber.UNSIGNED:
            return None
        match at % 4:
            case 0:
                return ber.tlv(tag, b"")
            case 1:
                sign = b"\xff" if tag == ber.INTEGER and body[0] >= 0x80 else b"\0"
                return ber.tlv(tag, body.rjust(12, sign))
            case 2 if tag == ber.COUNTER32:
                return ber.tlv(tag, b"\x01" + body.rjust(4, b"\0")[-4:])
        return None

    _each(scene, change)


def opaque_floats(scene: Scene, options: Options) -> None:
    """F11. Gauges as Opaque float and double in turn, or as NaN or infinity."""

    def change(at: int, tag: int, body: bytes) -> bytes | None:
        if tag != ber.GAUGE32:
            return None
        value = float(int.from_bytes(body, "big"))
        style = options["style"]
        if style == "both":
            style = ("float", "double")[at % 2]
        if style in ("nan", "inf"):
            value = float(style)
        return ber.tlv(ber.OPAQUE, ber.opaque_double(value) if style == "double" else ber.opaque_float(value))

    _each(scene, change)


def hostile_strings(scene: Scene, options: Options) -> None:
    """F12. Bytes that are no UTF-8, NUL, line ends, and strings of 60,000 bytes where one variable was asked."""
    alone = scene.answer is not None and len(scene.answer.positions) == 1

    def change(at: int, tag: int, body: bytes) -> bytes | None:
        if tag != ber.OCTETS:
            return None
        kinds = HOSTILE if not alone else (*HOSTILE, b"A" * int(options["long"]))
        return ber.tlv(tag, kinds[at % len(kinds)])

    _each(scene, change)


HOSTILE = (
    b"\xff\xfe not \xc3( UTF-8",
    b"nul\0inside",
    b'line\nend "quote" back\\slash',
    b"\xed\xa0\x80 lone surrogate",
    b"\x1b[31mescape\x07\x7f",
    b"} 1\nwardwatch_injected 1\n",
    b"{{ .Labels }} {% raw %} <script>alert(1)</script>",
)


def large_counter64(scene: Scene, _: Options) -> None:
    """F17. Every Counter64 has 2^63 added: its value modulo 2^53 stays what it was."""
    _each(
        scene,
        lambda at, tag, body: (
            ber.tlv(tag, ber.unsigned(int.from_bytes(body, "big") + (1 << 63) & (1 << 64) - 1))
            if tag == ber.COUNTER64
            else None
        ),
    )


def says(scene: Scene, options: Options) -> None:
    """Not ill itself: it tells of a trouble, as a supply on battery does."""
    image, under = scene.view.image, ber.identifier(ber.dotted(options["object"]))
    number = ber.signed(options["number"])
    _each(scene, lambda at, tag, _: ber.tlv(tag, number) if image.oids[at].startswith(under) else None)


def hostile_encoding(scene: Scene, options: Options) -> None:
    """F25. What a decoder without bounds follows into the ground."""
    style = options["style"]
    if style == "mixed":
        style = scene.random.choice(STYLES[:-1])
    for datagram in scene.datagrams:
        payload = datagram.payload
        match style:
            case "indefinite":
                datagram.payload = b"\x30\x80" + payload[2:] + b"\0\0"
            case "huge_length":
                datagram.payload = payload[:1] + b"\x84\xff\xff\xff\xff" + payload[2:]
            case "nested":
                datagram.payload = _nest(scene, 5000)
            case "many_arcs":
                datagram.payload = _spoilt(scene, scene.request.oids[0] + b"\x01" * 1000)
            case "large_arc":
                datagram.payload = _spoilt(scene, scene.request.oids[0] + b"\x9f\xff\xff\xff\x7f")
            case _:
                datagram.payload = _spoilt(scene, scene.request.oids[0] + b"\xff" * 60)


def _spoilt(scene: Scene, oid: bytes) -> bytes:
    return scene.encode(Answer([ber.varbind(oid, ber.INTEGER, b"\x01")]))


def _nest(scene: Scene, depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = ber.tlv(ber.SEQUENCE, inner)
    return scene.encode(Answer([inner]))


STYLES = ("indefinite", "huge_length", "nested", "many_arcs", "large_arc", "endless_arc", "mixed")

MODES = (
    Mode("f09_looks_negative", "unsigned values come without the leading zero their top bit needs",
         answer=looks_negative),
    Mode("f10_odd_integers", "integers of no bytes, of too many, and 32-bit counters of 33 bits, by position",
         answer=odd_integers),
    Mode("f11_opaque_float", "gauges come as Opaque float and double, or as NaN or infinity", {"style": "both"},
         ("both", "float", "double", "nan", "inf"), answer=opaque_floats),
    Mode("f12_hostile_strings", "strings are not UTF-8, hold NUL and line ends, or 60,000 bytes", {"long": 60000},
         answer=hostile_strings),
    Mode("f17_large_counter64", "every Counter64 has 2^63 added", answer=large_counter64),
    Mode("f25_hostile_encoding", "indefinite and huge lengths, 5,000 levels, 1,000 arcs, arcs above 32 bits",
         {"style": "mixed"}, STYLES, send=hostile_encoding),
    Mode("says", "tells this number as the value of an object, and of all below it", {"object": "1.3", "number": 0},
         answer=says),
)  # fmt: skip
