"""How an honest agent answers: RFC 3416 section 4.2 for v2c, RFC 1157 section 4.1 and RFC 3584 for v1.

`Answer` is what the faults take apart: the variable bindings as a list, and the error status.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator import ber, message
from simulator.image import Image
from simulator.message import Request
from simulator.values import Moment

REPLY_BYTES = 1472
"""A GETBULK reply is cut to this, as agents with an Ethernet's worth of buffer do; one variable always fits."""

LARGEST_REPETITIONS = 2000


@dataclass(slots=True)
class Answer:
    """A response in the making. `positions[i]` is the object in `varbinds[i]`, or -1 where it is none."""

    varbinds: list[bytes] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    status: int = 0
    index: int = 0
    fixed: bool = False
    """True: made of fixed objects only, so the same bytes would come at any other time."""

    def add(self, position: int, varbind: bytes) -> None:
        self.positions.append(position)
        self.varbinds.append(varbind)

    def refuse(self, request: Request, status: int, index: int) -> Answer:
        """Turn into an error response with the request's names."""
        self.varbinds = [message.echo(request)]
        self.positions = [-1] * len(request.oids)
        self.status, self.index = status, index
        return self


class View:
    """An image as one device shows it: with names of its own in place of some objects."""

    __slots__ = ("_last", "_own", "image", "reply_bytes")

    def __init__(self, image: Image, own: dict[int, bytes] | None = None, reply_bytes: int = REPLY_BYTES) -> None:
        self.image = image
        self._own = own or {}
        image.claim(self._own)
        self._last = max(self._own, default=-1)
        self.reply_bytes = reply_bytes

    def shared(self, positions: list[int]) -> bool:
        """Whether every device with this image would give the same bytes for these positions, at any time."""
        moving, claimed = self.image.moving, self.image.claimed
        return not any(at >= 0 and (moving[at] is not None or at in claimed) for at in positions)

    def slice(self, start: int, stop: int, moment: Moment) -> list[bytes]:
        """The variable bindings at positions `start` to `stop`."""
        found = self.image.slice(start, stop, moment)
        if start <= self._last:
            for at in range(start, min(stop, self._last + 1)):
                if at in self._own:
                    found[at - start] = self._own[at]
        return found

    def answer(self, request: Request, moment: Moment) -> Answer | None:
        """What an honest agent says, or None where it says nothing. Raises ValueError for an impossible name."""
        answer = Answer()
        match request.kind:
            case message.GET:
                self._get(request, moment, answer)
            case message.GETNEXT:
                self._next(request, moment, answer)
            case message.GETBULK if request.version != message.V1:
                self._bulk(request, moment, answer)
            case message.SET:
                v1 = request.version == message.V1
                return answer.refuse(request, message.NO_SUCH_NAME if v1 else message.NOT_WRITABLE, 1)
            case _:
                return None
        answer.fixed = answer.fixed or (answer.status == 0 and self.shared(answer.positions))
        return answer

    def _get(self, request: Request, moment: Moment, answer: Answer) -> None:
        image, v1 = self.image, request.version == message.V1
        for number, oid in enumerate(request.oids, 1):
            at = image.find(oid)
            if at >= 0 and not (v1 and image.values[at].tag == ber.COUNTER64):
                answer.add(at, self.slice(at, at + 1, moment)[0])
            elif v1:
                answer.refuse(request, message.NO_SUCH_NAME, number)
                return
            else:
                answer.add(-1, ber.varbind(oid, self._absent(oid), b""))

    def _absent(self, oid: bytes) -> int:
        """noSuchInstance where the image has other instances of the same object, else noSuchObject."""
        image = self.image
        object_ = ber.arcs_of(oid)[:-1]
        at = image.after(ber.identifier(object_)) if object_ else len(image)
        known = at < len(image) and image.arcs(at)[: len(object_)] == object_
        return ber.NO_SUCH_INSTANCE if known else ber.NO_SUCH_OBJECT

    def _next(self, request: Request, moment: Moment, answer: Answer) -> None:
        image, v1 = self.image, request.version == message.V1
        for number, oid in enumerate(request.oids, 1):
            at = image.after(oid)
            while v1 and at < len(image) and image.values[at].tag == ber.COUNTER64:
                at += 1
            if at < len(image):
                answer.add(at, self.slice(at, at + 1, moment)[0])
            elif v1:
                answer.refuse(request, message.NO_SUCH_NAME, number)
                return
            else:
                answer.add(-1, ber.varbind(oid, ber.END_OF_MIB_VIEW, b""))

    def _bulk(self, request: Request, moment: Moment, answer: Answer) -> None:
        image = self.image
        single = max(0, min(request.first, len(request.oids)))
        repetitions = max(0, min(request.second, LARGEST_REPETITIONS))
        for oid in request.oids[:single]:
            self._one(oid, image.after(oid), moment, answer)
        repeated = request.oids[single:]
        if len(repeated) == 1 and repetitions:
            self._run(request, repetitions, moment, answer)
        elif repetitions:
            starts = [image.after(oid) for oid in repeated]
            for row in range(repetitions):
                if row and all(start + row > len(image) for start in starts):
                    break
                for oid, start in zip(repeated, starts, strict=True):
                    self._one(image.oids[-1] if row else oid, start + row, moment, answer)
        self._cut(answer)

    def _one(self, oid: bytes, at: int, moment: Moment, answer: Answer) -> None:
        if at < len(self.image):
            answer.add(at, self.slice(at, at + 1, moment)[0])
        else:
            answer.add(-1, ber.varbind(oid, ber.END_OF_MIB_VIEW, b""))

    def _run(self, request: Request, repetitions: int, moment: Moment, answer: Answer) -> None:
        """One repeated variable: neighbours in the image, the case that has to be quick."""
        image = self.image
        oid = request.oids[-1]
        start = image.after(oid)
        stop = min(start + repetitions, len(image))
        answer.varbinds += self.slice(start, stop, moment)
        answer.positions += range(start, stop)
        answer.fixed = (
            image.still(start, stop) and len(request.oids) == 1 and image.claimed.isdisjoint(answer.positions)
        )
        if stop - start < repetitions:
            answer.add(-1, ber.varbind(image.oids[-1] if stop > start else oid, ber.END_OF_MIB_VIEW, b""))

    def _cut(self, answer: Answer) -> None:
        size = sum(map(len, answer.varbinds))
        room = self.reply_bytes - 64  # what the headers of a message take, with a community of usual length
        while size > room and len(answer.varbinds) > 1:
            size -= len(answer.varbinds.pop())
            answer.positions.pop()
