"""Faults of the way and of the machine: loss, delay, silence, slowness, damage. They know nothing of SNMP."""

from __future__ import annotations

from simulator import ber
from simulator.agent import Answer
from simulator.faults.scene import Datagram, Mode, Options, Scene


def lose(scene: Scene, options: Options) -> None:
    if scene.random.random() < options["requests"] or scene.random.random() < options["replies"]:
        scene.silence()


def delay(scene: Scene, options: Options) -> None:
    for datagram in scene.datagrams:
        datagram.delay += max(0.0, scene.random.uniform(-1, 1) * options["spread"] + options["seconds"])


def dead(scene: Scene, _: Options) -> None:
    scene.silence()


def slow(scene: Scene, options: Options) -> None:
    """One request at a time: what comes meanwhile waits its turn."""
    free = max(scene.now, scene.memory.get("free", 0.0)) + options["seconds"]
    scene.memory["free"] = free
    for datagram in scene.datagrams:
        datagram.delay += free - scene.now


def drip(scene: Scene, options: Options) -> None:
    """A byte at a time, as a device does whose buffer is broken; over UDP each is a datagram."""
    for datagram in tuple(scene.datagrams):
        parts = [datagram.payload[at : at + 1] for at in range(min(len(datagram.payload), options["most"]))]
        scene.datagrams.remove(datagram)
        scene.datagrams += [
            Datagram(part, datagram.delay + n * options["seconds"], honest=False) for n, part in enumerate(parts)
        ]


def flood(scene: Scene, options: Options) -> None:
    """The answer, then copies of it without end while somebody asks."""
    if scene.now < scene.memory.get("until", 0.0) or not scene.datagrams:
        return
    scene.memory["until"] = scene.now + options["seconds"]
    payload, count = scene.datagrams[0].payload, int(options["packets"] * options["seconds"])
    scene.datagrams += [Datagram(payload, (n + 1) / options["packets"], honest=False) for n in range(count)]


def _truncated(scene: Scene, payload: bytes) -> bytes:
    return payload[: scene.random.randrange(len(payload))]


def _flipped(scene: Scene, payload: bytes) -> bytes:
    damaged = bytearray(payload)
    for _ in range(scene.random.randint(1, 4)):
        damaged[scene.random.randrange(len(damaged))] ^= scene.random.randint(1, 255)
    return bytes(damaged)


def _length(scene: Scene, payload: bytes) -> bytes:
    """The message's own length replaced."""
    return payload[:1] + scene.random.choice((b"\x80", b"\x7f", b"\x84\xff\xff\xff\xff", b"\x00")) + payload[2:]


def _empty(scene: Scene, payload: bytes) -> bytes:
    return b""


def _noise(scene: Scene, payload: bytes) -> bytes:
    return scene.random.randbytes(scene.random.randint(1, 1400))


def malform(scene: Scene, options: Options) -> None:
    for datagram in scene.datagrams:
        if scene.random.random() < options["share"]:
            datagram.payload = scene.random.choice(DAMAGE)(scene, datagram.payload)


DAMAGE = (_truncated, _flipped, _length, _empty, _noise)


def other_address(scene: Scene, options: Options) -> None:
    for datagram in scene.datagrams:
        own = scene.address
        datagram.source = bytes(map(int, options["address"].split("."))) if options["address"] else (
            own[:3] + bytes((own[3] % 254 + 1,))
        )  # fmt: skip


def many_ids(scene: Scene, options: Options) -> None:
    """F7. Answers to questions that were not asked, with wrong values, come before, after or instead of the right one.

    The false answers carry every value as an INTEGER -7, so that a test sees when one was believed. An old one has the
    number of a question for other objects: that of an earlier attempt at this one may still be answered.
    """
    held: list[Datagram] = scene.memory.setdefault("held", [])
    before, number_before = scene.memory.get("asked", ((), b"\x01"))
    if set(before).isdisjoint(scene.request.oids):
        scene.memory["last"] = number_before
    last: bytes = scene.memory.get("last", b"\x01")
    scene.memory["asked"] = scene.request.oids, scene.request.request_id
    if not scene.datagrams:
        return
    honest = scene.datagrams[0]
    style = options["style"]
    if style == "mixed":
        style = scene.random.choice(STYLES[:-1])
    if style in ("wrong", "old", "zero"):
        number = int.from_bytes(scene.request.request_id, "big", signed=True)
        wrong = ((number + 1) & 0x7FFFFFFF).to_bytes(5, "big").lstrip(b"\0") or b"\0"
        wrong = b"\0" + wrong if wrong[0] >= 0x80 else wrong
        false = {"wrong": wrong, "old": last, "zero": b"\0"}[style]
        honest.delay += options["seconds"]
        if false != scene.request.request_id:
            scene.datagrams.insert(0, Datagram(_false(scene, false), honest=False))
    elif style == "late":
        honest.delay += options["late"]
    elif style == "duplicate":
        scene.datagrams.append(Datagram(honest.payload, honest=False))
        scene.datagrams.append(Datagram(honest.payload, delay=options["seconds"], honest=False))
    elif held:
        scene.datagrams += held
        held.clear()
    else:
        held += scene.datagrams
        scene.datagrams = []


def _false(scene: Scene, request_id: bytes) -> bytes:
    names = [scene.view.image.oids[at] for at in (scene.answer.positions if scene.answer else ()) if at >= 0]
    lie = Answer([ber.varbind(name, ber.INTEGER, b"\xf9") for name in names or scene.request.oids])
    return scene.encode(lie, request_id)


STYLES = ("wrong", "old", "zero", "late", "duplicate", "reordered", "mixed")

MODES = (
    Mode("loss", "loses this share of requests and of replies", {"requests": 0.05, "replies": 0.05}, send=lose),
    Mode("delay", "every reply comes late by so many seconds, give or take", {"seconds": 0.2, "spread": 0.0},
         send=delay),
    Mode("dead", "never answers", send=dead),
    Mode("slow", "takes so many seconds for each request, one after another", {"seconds": 3.0}, send=slow),
    Mode("drip", "answers in datagrams of one byte, one each so many seconds, the first `most` of them",
         {"seconds": 1.0, "most": 30}, send=drip),
    Mode("flood", "sends copies of an answer after it, so many packets a second for so many seconds",
         {"packets": 1000, "seconds": 1.0}, send=flood),
    Mode("malformed", "damages this share of replies: cut, flipped bits, wrong lengths, nothing, noise",
         {"share": 1.0}, send=malform),
    Mode("f07_request_id", "false, old, zero, late, doubled and reordered replies; false ones say -7 everywhere",
         {"style": "mixed", "seconds": 0.01, "late": 1.5}, STYLES, send=many_ids),
    Mode("f08_other_address", "answers from another address (its own plus one, or the one given)", {"address": ""},
         send=other_address),
)  # fmt: skip
