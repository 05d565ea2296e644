"""Faults of walks and requests: F1 to F6 and F21 of RELIABILITY part 1."""

from __future__ import annotations

from simulator import ber, message
from simulator.faults.scene import Mode, Options, Scene

ELSEWHERE = ber.identifier(ber.dotted("1.3.6.1.6.3.1.1.6.1.0"))
"""snmpSetSerialNo.0 of SNMPv2-MIB."""

QUIET = 2.0
"""Seconds without a request after which the next one counts as the beginning of another poll."""


def _steps(scene: Scene) -> int:
    """Which request of this poll it is, from 1."""
    memory = scene.memory
    fresh = scene.now - memory.get("last", -QUIET) >= QUIET
    memory["last"] = scene.now
    memory["steps"] = 1 if fresh else memory["steps"] + 1
    return int(memory["steps"])


def not_increasing(scene: Scene, options: Options) -> None:
    """F1. From the given step of a walk on, names do not increase."""
    answer = scene.answer
    if not scene.walks or answer is None or not answer.varbinds or answer.positions[0] < 0:
        return
    if _steps(scene) < options["after"]:
        return
    image, at = scene.view.image, answer.positions[0]
    style = options["style"]
    if style == "elsewhere":  # the same object of another subtree, whatever is asked
        answer.varbinds, answer.positions = [ber.varbind(ELSEWHERE, ber.INTEGER, b"\x01")], [-1]
        return
    if style == "inside" and len(answer.varbinds) > 2:
        answer.varbinds[1], answer.varbinds[2] = answer.varbinds[2], answer.varbinds[1]
        return
    before = {"same": max(0, at - 1), "back": max(0, at - 3), "inside": max(0, at - 1), "cycle": at}[style]
    if style == "cycle":  # three names in turn, for ever
        turn = scene.memory.setdefault("turn", [at, min(at + 1, len(image) - 1), min(at + 2, len(image) - 1)])
        before = turn[0]
        turn.append(turn.pop(0))
    answer.varbinds = scene.view.slice(before, before + 1, scene.moment)
    answer.positions = [before]


def endless_walk(scene: Scene, _: Options) -> None:
    """F2. An object never ends: after its last instance come further ones, their last arc one higher each time."""
    answer, request, image = scene.answer, scene.request, scene.view.image
    if not scene.walks or answer is None:
        return
    asked = ber.arcs_of(request.oids[-1])
    column = asked[:-1]
    at = image.after(ber.identifier(column))
    if at == len(image) or image.arcs(at)[:-1] != column:  # asked for a column, not for what follows one of its rows
        at = image.after(request.oids[-1])
        if at == len(image):
            return
        column, asked = image.arcs(at)[:-1], image.arcs(at)
    count = max(1, min(request.second, 30)) if request.kind == message.GETBULK else 1
    real = [at for at in answer.positions if at >= 0 and image.arcs(at)[:-1] == column][:count]
    answer.varbinds = answer.varbinds[: len(real)]
    answer.positions = real
    last = image.arcs(real[-1])[-1] if real else asked[-1]
    for index in range(last + 1, last + 1 + count - len(real)):
        made_up = ber.identifier((*column, index & 0xFFFFFFFF))
        answer.add(-1, ber.varbind(made_up, ber.INTEGER, b"\x01"))


def walk_error(scene: Scene, options: Options) -> None:
    """F3. The walk's given step, and every one after it, ends in an error status or in silence."""
    if not scene.walks or scene.answer is None:
        return
    if options["style"] == "too_big":
        if scene.request.kind == message.GETBULK and scene.request.second > options["most"]:
            scene.refuse(message.TOO_BIG)
    elif _steps(scene) >= options["after"]:
        if options["style"] == "gen_err":
            scene.refuse(message.GEN_ERR, 1)
        else:
            scene.silence()


def broken_getbulk(scene: Scene, options: Options) -> None:
    """F4. GETBULK as ZTE C300, Zyxel GS1920, MikroTik and others have it."""
    answer, request = scene.answer, scene.request
    if request.kind != message.GETBULK or answer is None:
        return
    style = options["style"]
    if style == "silent":
        scene.silence()
    elif style == "hangs_at_zero":
        if request.second <= 0:
            scene.memory["until"] = scene.now + options["seconds"]
        if scene.now < scene.memory.get("until", 0.0):
            scene.silence()
    elif style == "skips_rows":
        keep = options["most"]
        if len(answer.varbinds) > keep:  # the rows between are lost: the last ones follow at once
            answer.varbinds = answer.varbinds[: keep - 1] + answer.varbinds[-1:]
            answer.positions = answer.positions[: keep - 1] + answer.positions[-1:]
    elif style == "too_big_empty":
        if request.second > options["most"]:
            scene.refuse(message.TOO_BIG, names=False)
    else:
        column = ber.arcs_of(request.oids[-1])
        first = answer.positions[0] if answer.positions else -1
        if first < 0 or scene.view.image.arcs(first)[: len(column) - 1] != column[:-1]:
            scene.silence()


def multi_varbind(scene: Scene, _: Options) -> None:
    """F5. Requests for more than one variable are dropped without a word."""
    if len(scene.request.oids) > 1:
        scene.silence()


def other_oid(scene: Scene, options: Options) -> None:
    """F6. GET replies come under another name: with `.0` added, or with the last arc taken for a negative number."""
    answer, request = scene.answer, scene.request
    if request.kind != message.GET or answer is None or answer.status:
        return
    for number, oid in enumerate(request.oids):
        arcs = ber.arcs_of(oid)
        other = (*arcs, 0) if options["style"] == "adds_zero" else (*arcs[:-1], 0xFFFFFFFF - arcs[-1])
        at = answer.positions[number]
        tag, body = scene.view.image.body(at, scene.moment) if at >= 0 else (ber.NO_SUCH_INSTANCE, b"")
        answer.varbinds[number] = ber.varbind(ber.identifier(other), tag, body)


def stall(scene: Scene, options: Options) -> None:
    """F21. Answers the first requests of a poll, then nothing until its internal time-out has passed."""
    if scene.now < scene.memory.get("until", 0.0):
        scene.silence()
        return
    if scene.memory.pop("until", None) is not None:
        scene.memory.pop("last", None)
    if _steps(scene) > options["after"]:
        scene.memory["until"] = scene.now + options["seconds"]
        scene.silence()


MODES = (
    Mode("f01_not_increasing", "a walk's names do not increase: the same again, a step back, a circle of three, "
         "two exchanged inside one reply, or an object of another subtree", {"style": "same", "after": 3},
         ("same", "back", "cycle", "inside", "elsewhere"),
         answer=not_increasing),
    Mode("f02_endless_walk", "the column that is walked never ends", answer=endless_walk),
    Mode("f03_walk_error", "a walk ends in genErr or silence after some requests, or in tooBig above `most` "
         "repetitions", {"style": "gen_err", "after": 3, "most": 5}, ("gen_err", "too_big", "silence"),
         answer=walk_error),
    Mode("f04_broken_getbulk", "GETBULK is not answered, hangs at 0 repetitions, loses rows above `most`, says "
         "tooBig without variables above `most`, or is not answered at the end of a table",
         {"style": "silent", "most": 55, "seconds": 30.0},
         ("silent", "hangs_at_zero", "skips_rows", "too_big_empty", "silent_at_end"), answer=broken_getbulk),
    Mode("f05_multi_varbind", "a request for more than one variable is dropped", answer=multi_varbind),
    Mode("f06_other_oid", "GET replies name another object: `.0` added, or the last arc read as negative",
         {"style": "adds_zero"}, ("adds_zero", "sign"), answer=other_oid),
    Mode("f21_stall", "answers the first requests of a poll, then nothing for so many seconds",
         {"after": 5, "seconds": 30.0}, answer=stall),
)  # fmt: skip
