"""Answers that nobody with our user's keys meant for our question (RELIABILITY A9), made from a genuine one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

from collector.wire.snmp import envelope
from simulator import ber, usm
from tests.collector.wire.snmp.secured import Ward

Forger = Callable[[Ward, bytes, bytes], bytes]
"""The device, our question, its genuine answer: the forged one."""


def _pdu(kind: int, request_id: bytes = b"\x01") -> bytes:
    """A PDU with one variable that we ask for."""
    varbind = ber.varbind(ber.identifier((1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 1)), ber.COUNTER32, b"\x05")
    return ber.tlv(kind, ber.tlv(ber.INTEGER, request_id) + b"\x02\x01\x00" * 2 + ber.tlv(ber.SEQUENCE, varbind))


def _report(number: int) -> bytes:
    name = ber.identifier((1, 3, 6, 1, 6, 3, 15, 1, 1, number, 0))
    varbind = ber.varbind(name, ber.COUNTER32, b"\x01")
    return ber.tlv(0xA8, b"\x02\x01\x00" * 3 + ber.tlv(ber.SEQUENCE, varbind))


def _asked(ward: Ward, question: bytes) -> tuple[usm._Wrapped, bytes]:
    """The question in its wrapping, and its request-id."""
    came = usm._unwrap(question)
    _, data = ward.agent._admit(came, question, ward.clock())
    return came, usm._request_id(data)


def wrap(ward: Ward, question: bytes, flags: int, pdu: bytes, name: bytes = b"", **changes: object) -> bytes:
    """A message of our device's keys, whatever it says. `changes` are to the agent: another time, another id."""
    agent = copy.copy(ward.agent)
    for key, value in changes.items():
        setattr(agent, key, value)
    came, _ = _asked(ward, question)
    return agent._wrap(came, flags, pdu, name, ward.clock())


def _response(ward: Ward, question: bytes, flags: int, **changes: object) -> bytes:
    return wrap(ward, question, flags, _pdu(0xA2, _asked(ward, question)[1]), **changes)  # type: ignore[arg-type]


def _digest(genuine: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same message with another digest, lengths made to fit."""
    frame = envelope.read(genuine)
    parameters = envelope.security(
        frame.engine_id, frame.boots, frame.time, frame.user, change(frame.digest), frame.salt
    )
    data = ber.tlv(frame.tag, genuine[frame.start : frame.stop])
    return envelope.write(frame.msg_id, frame.flags, parameters, data)


def _full_digest(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """A digest that was not cut to its length, right as far as it goes."""
    import hmac

    keys = ward.agent._keys[b"ward"]
    hash_, size = usm.HASHES[keys.user.hash]
    blank = _digest(genuine, lambda digest: bytes(hmac.new(b"", b"", hash_).digest_size))
    frame = envelope.read(blank)
    digest = hmac.digest(keys.digest, blank, hash_) + (b"\0" if len(frame.digest) == size else b"")
    return _digest(blank, lambda _: digest)


def _other_user(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """Another user of the same device, with keys of its own."""
    came, request_id = _asked(ward, question)
    return ward.agent._wrap(replace(came, user=b"mallory"), 3, _pdu(0xA2, request_id), b"", ward.clock())


def _other_engine(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """Another engine with the same passwords: its keys are others."""
    other = usm.Engine(bytes.fromhex("80001f88017f00000a"), [ward.agent._keys[b"ward"].user], boots=5)
    came, request_id = _asked(ward, question)
    return other._wrap(came, 3, _pdu(0xA2, request_id), b"", ward.clock())


def _other_engines_name(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """Our keys under another engine's id: what a cloned configuration could bring about."""
    return _response(ward, question, 3, engine_id=bytes.fromhex("80001f88017f00000a"))


def _replay(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """A genuine answer to an earlier question."""
    survey, _ = ward.survey()
    earlier = survey.send()
    assert earlier is not None
    return ward.answer(earlier)[0]


def _replay_of_the_past(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """A genuine answer to an earlier question, from before the device started again."""
    survey, _ = ward.survey()
    earlier = survey.send()
    assert earlier is not None
    return _response(ward, earlier, 3, boots=4)


def _replay_renumbered(ward: Ward, question: bytes, genuine: bytes) -> bytes:
    """The same with our msgID written into it."""
    earlier = bytearray(_replay(ward, question, genuine))
    was, now = envelope.read(bytes(earlier)).msg_id, envelope.read(question).msg_id
    at = earlier.index(was.to_bytes(4, "big"))
    earlier[at : at + 4] = now.to_bytes(4, "big")
    return bytes(earlier)


FORGERIES: dict[str, Forger] = {
    "wrong digest": lambda w, q, g: _digest(g, lambda digest: bytes((digest[0] ^ 1,)) + digest[1:]),
    "empty digest": lambda w, q, g: _digest(g, lambda digest: b""),
    "digest of one byte": lambda w, q, g: _digest(g, lambda digest: digest[:1]),
    "long digest": _full_digest,
    "no authentication": lambda w, q, g: _response(w, q, 0),
    "plain body": lambda w, q, g: _response(w, q, 1),
    "replay": _replay,
    "replay with our number": _replay_renumbered,
    "boots and time by a report without a digest": lambda w, q, g: wrap(w, q, 0, _report(2), boots=2**31 - 1),
    "boots and time by a report with a wrong digest": lambda w, q, g: _digest(
        wrap(w, q, 1, _report(2), boots=99), lambda digest: bytes(len(digest))
    ),
    "another user": _other_user,
    "another engine": _other_engine,
}
"""The twelve."""

FURTHER: dict[str, Forger] = {
    "another engine's id with our keys": _other_engines_name,
    "boots of the past, with another request-id": lambda w, q, g: wrap(w, q, 3, _pdu(0xA2, b"\x01\x02\x03"), boots=4),
    "time of the past, in another context": lambda w, q, g: wrap(
        w, q, 3, _pdu(0xA2, _asked(w, q)[1]), b"elsewhere", started=w.agent.started + 151
    ),
    "boots of the past, less protected": lambda w, q, g: _response(w, q, 1, boots=4),
    "boots of the past, with a wrong digest": lambda w, q, g: _digest(
        _response(w, q, 3, boots=4), lambda digest: bytes(len(digest))
    ),
    "boots of the past, to an earlier question": _replay_of_the_past,
    "boots at their end": lambda w, q, g: _response(w, q, 3, boots=2**31 - 1),
    "a trap": lambda w, q, g: wrap(w, q, 3, _pdu(0xA7, _asked(w, q)[1])),
    "an inform": lambda w, q, g: wrap(w, q, 3, _pdu(0xA6, _asked(w, q)[1])),
    "our question": lambda w, q, g: q,
    "another request-id": lambda w, q, g: wrap(w, q, 3, _pdu(0xA2, b"\x01\x02\x03")),
    "another context": lambda w, q, g: wrap(w, q, 3, _pdu(0xA2, _asked(w, q)[1]), b"elsewhere"),
    "bytes behind the message": lambda w, q, g: g + b"\0",
    "encrypted, not authenticated": lambda w, q, g: _response(w, q, 2),
    "an unknown engine, without a digest": lambda w, q, g: wrap(w, q, 0, _report(4), engine_id=b"\x80\0\0\0\x05"),
    "a wrong digest, says a report without one": lambda w, q, g: wrap(w, q, 0, _report(5)),
}
"""More of the kind."""
