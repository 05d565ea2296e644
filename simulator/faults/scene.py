"""What a fault sees and may change: one request, the honest answer, and the datagrams that leave because of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator import message
from simulator.agent import Answer, View
from simulator.message import Request
from simulator.values import Moment


@dataclass(slots=True)
class Datagram:
    """A packet to send: `delay` seconds from now, from `source` (four bytes) or from the device's own address.

    One that is not `honest` answers nothing, whatever it looks like.
    """

    payload: bytes
    delay: float = 0.0
    source: bytes | None = None
    honest: bool = True


Options = Mapping[str, Any]
"""A fault's options, typed and complete: `Mode.settings` has filled in what was not given."""


@dataclass(slots=True)
class Scene:
    """One request. Faults run in the order in which they are listed for the device: those that change `answer` do so
    before it is encoded, those that work on datagrams after. `memory` is one fault's own, kept from packet to packet.
    """

    request: Request
    view: View
    answer: Answer | None
    moment: Moment
    now: float
    random: Random
    address: bytes
    memory: dict[str, Any] = field(default_factory=dict)
    datagrams: list[Datagram] = field(default_factory=list)

    @property
    def walks(self) -> bool:
        """Whether this is a step of a walk."""
        return self.request.kind in (message.GETNEXT, message.GETBULK)

    def silence(self) -> None:
        """The device says nothing at all."""
        self.answer = None
        self.datagrams.clear()

    def refuse(self, status: int, index: int = 0, names: bool = True) -> None:
        """Answer with an error status, with the request's names or without."""
        self.answer = Answer(status=status, index=index)
        if names:
            self.answer.refuse(self.request, status, index)

    def encode(self, answer: Answer | None = None, request_id: bytes | None = None) -> bytes:
        """The message for an answer (this scene's where none is given)."""
        answer = answer or self.answer or Answer()
        parts = message.response(
            self.request, b"".join(answer.varbinds), answer.status, answer.index, request_id=request_id
        )
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Mode:
    """A fault by name. `words` say what the device does, for the table in the documentation.

    `options` are its settings with their defaults; `styles` the words that its `style` may have. `answer` changes the
    answer, `send` the datagrams; one of them or both.
    """

    name: str
    words: str
    options: Options = field(default_factory=dict)
    styles: tuple[str, ...] = ()
    answer: Callable[[Scene, Options], None] | None = None
    send: Callable[[Scene, Options], None] | None = None

    def settings(self, given: Mapping[str, Any]) -> Options:
        """The options with defaults filled in, typed as their defaults are. Raises ValueError with what is wrong."""
        unknown = sorted(set(given) - set(self.options))
        if unknown:
            known = ", ".join(self.options) or "none"
            raise ValueError(f"fault {self.name} has no option {unknown[0]!r}; it has: {known}")
        done: dict[str, Any] = dict(self.options)
        for key, value in given.items():
            kind = type(self.options[key])
            try:
                done[key] = kind(value)
            except (TypeError, ValueError):
                raise ValueError(f"fault {self.name}: {key} is {value!r}, expected {_KINDS[kind]}") from None
        if self.styles and done["style"] not in self.styles:
            raise ValueError(f"fault {self.name}: style is {done['style']!r}, expected one of {', '.join(self.styles)}")
        return done


_KINDS = {int: "a whole number", float: "a number", str: "text"}
