"""The SNMPv3 side of a simulated device: the user-based security model as an agent has it (RFC 3414, 3826, 7860).

It shares no code with the collector's, as the simulator's BER does not. A request that holds is taken out of its
wrapping, asked of the device as v2c, and the answer is wrapped: so all faults and all quick ways work with v3 too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from simulator import ber
from simulator.faults import Datagram
from simulator.message import KINDS

HASHES = {
    "MD5": ("md5", 12), "SHA": ("sha1", 12), "SHA224": ("sha224", 16), "SHA256": ("sha256", 24),
    "SHA384": ("sha384", 32), "SHA512": ("sha512", 48),
}  # fmt: skip
"""Hash, and bytes of the digest (RFC 7860 section 4.2.1)."""

KEY_BYTES = {"DES": 16, "AES": 16, "AES192": 24, "AES192C": 24, "AES256": 32, "AES256C": 32}

LEVELS = {"noAuthNoPriv": 0, "authNoPriv": 1, "authPriv": 3}
"""By name, the bits of msgFlags."""

WINDOW = 150
"""Seconds (RFC 3414 section 2.2.3)."""

UNSUPPORTED_LEVEL, NOT_IN_WINDOW, UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST, DECRYPTION_ERROR = range(1, 7)
"""usmStats of RFC 3414 section 5."""

_STATISTICS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_SIZE = ber.tlv(ber.INTEGER, ber.signed(65507))
_MODEL = ber.tlv(ber.INTEGER, b"\x03")


@dataclass(frozen=True, slots=True)
class User:
    """A user, and the lowest level at which it is answered."""

    name: bytes
    level: str = "noAuthNoPriv"
    hash: str = "SHA256"
    password: bytes = b""
    cipher: str = "AES"
    cipher_password: bytes = b""


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """A message as it came."""

    msg_id: bytes
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    tag: int
    data: bytes


class Inside(NamedTuple):
    """What is in a message, believed or not: the word for its PDU (`SEALED` where nobody here can open it), and the
    engine that it is for."""

    kind: str
    engine_id: bytes


SEALED = "v3_sealed"


@dataclass(slots=True)
class _Keys:
    user: User
    digest: bytes = b""
    cipher: bytes = b""
    algorithm: AES | TripleDES | None = None
    size: int = 0


@dataclass(slots=True)
class Engine:
    """An authoritative engine. Its clock counts from `started` (monotonic seconds) at `rate` seconds a second."""

    engine_id: bytes
    users: Iterable[User]
    boots: int = 1
    started: float = 0.0
    rate: float = 1.0
    contexts: frozenset[bytes] = frozenset({b""})
    others: Mapping[bytes, bytes] = field(default_factory=dict)
    """Contexts in which something else is shown, with the community by which the device knows them."""
    counts: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 7), 0))
    inside: bytes = field(default_factory=lambda: secrets.token_bytes(12))
    """The community under which requests reach the device once they are out of their wrapping."""
    _keys: dict[bytes, _Keys] = field(default_factory=dict)
    _salt: int = field(default_factory=lambda: int.from_bytes(os.urandom(7), "big"))

    def __post_init__(self) -> None:
        for user in self.users:
            self._keys[user.name] = _keys(user, self.engine_id)

    def time(self, now: float) -> int:
        return int((now - self.started) * self.rate) & 0x7FFFFFFF

    def reboot(self, now: float, boots: int | None = None) -> None:
        """Begin again, with `boots` where a device forgets how often it did."""
        self.boots = self.boots + 1 if boots is None else boots
        self.started = now

    def opened(self, packet: bytes) -> Inside:
        """What is in a message, opened with the keys of the user whom it names. Raises ValueError for what is none."""
        return _opened(packet, self._keys)

    def hear(
        self, packet: bytes, now: float, device: Callable[[bytes, float], Sequence[Datagram]]
    ) -> tuple[bool, Sequence[Datagram]]:
        """What is sent because of `packet`, and whether the device was asked at all. Raises ValueError."""
        came = _unwrap(packet)
        kind, data = self._admit(came, packet, now)
        if kind:
            self.counts[kind] += 1
            return False, (Datagram(self._report(came, kind, data, now)),) if came.flags & 4 else ()
        _, start, end = ber.element(data, 0, len(data))  # behind it there may be padding
        (_, e0, e1), (_, n0, n1), (_, _, p1) = ber.elements(data, start, end)
        if data[e0:e1] != self.engine_id or data[n0:n1] not in self.contexts | self.others.keys():
            return False, ()
        pdu, name = data[n1:p1], data[n0:n1]
        heard = device(_community(self.others.get(name, self.inside), pdu), now)
        return True, [replace(each, payload=self._answer(came, each.payload, name, now)) for each in heard]

    def _admit(self, came: _Wrapped, packet: bytes, now: float) -> tuple[int, bytes]:
        """What is wrong (0: nothing), and the scoped PDU as far as it can be read. RFC 3414 section 3.2."""
        plain = came.data if came.tag == ber.SEQUENCE else b""
        keys = self._keys.get(came.user)
        if came.engine_id != self.engine_id:
            return UNKNOWN_ENGINE, plain
        if keys is None:
            return UNKNOWN_USER, plain
        if came.flags & 3 == 2 or LEVELS[keys.user.level] != came.flags & 3:
            return UNSUPPORTED_LEVEL, plain
        if came.flags & 1:
            at, end = came.digest_at, came.digest_at + len(came.digest)
            wanted = _digest(keys, packet[:at] + bytes(len(came.digest)) + packet[end:])
            if len(came.digest) != keys.size or not hmac.compare_digest(wanted, came.digest):
                return WRONG_DIGEST, plain
            if came.boots != self.boots or abs(came.time - self.time(now)) > WINDOW:
                return NOT_IN_WINDOW, plain
        if came.flags & 2:
            try:
                plain = _decrypt(keys, came)
                ber.element(plain, 0, len(plain))
            except ValueError:
                return DECRYPTION_ERROR, b""
        if plain[:1] != b"\x30":
            return DECRYPTION_ERROR, b""
        return 0, plain

    def _report(self, came: _Wrapped, kind: int, data: bytes, now: float) -> bytes:
        """A report: authenticated where the engine could tell who asks (RFC 3414 section 3.2)."""
        name = ber.identifier((*_STATISTICS, kind, 0))
        varbinds = ber.varbind(name, ber.COUNTER32, ber.unsigned(self.counts[kind]))
        pdu = ber.tlv(
            0xA8, ber.tlv(ber.INTEGER, _request_id(data)) + b"\x02\x01\x00" * 2 + ber.tlv(ber.SEQUENCE, varbinds)
        )
        signed = kind in (NOT_IN_WINDOW, DECRYPTION_ERROR)
        return self._wrap(came, came.flags & 1 if signed else 0, pdu, b"", now)

    def _answer(self, came: _Wrapped, payload: bytes, name: bytes, now: float) -> bytes:
        """The device's v2c message, wrapped. One that is none, for a fault spoilt it, goes as it is."""
        try:
            ((_, start, end),) = ber.elements(payload, 0, len(payload))
            (_, _, _), (_, _, at), (_, _, stop) = ber.elements(payload, start, end)
        except ValueError:
            return payload
        return self._wrap(came, came.flags & 3, payload[at:stop], name, now)

    def _wrap(self, came: _Wrapped, flags: int, pdu: bytes, name: bytes, now: float) -> bytes:
        keys = self._keys.get(came.user)
        time = self.time(now)
        data = ber.tlv(ber.SEQUENCE, ber.tlv(ber.OCTETS, self.engine_id) + ber.tlv(ber.OCTETS, name) + pdu)
        salt = b""
        if flags & 2 and keys is not None:
            self._salt = self._salt + 1 & 0x7FFFFFFFFFFFFFFF
            salt, sealed = _encrypt(keys, self._salt, data, self.boots, time)
            data = ber.tlv(ber.OCTETS, sealed)
        size = keys.size if flags & 1 and keys is not None else 0
        tail = ber.tlv(ber.OCTETS, salt)
        parameters = ber.tlv(
            ber.SEQUENCE,
            ber.tlv(ber.OCTETS, self.engine_id)
            + ber.tlv(ber.INTEGER, ber.signed(self.boots))
            + ber.tlv(ber.INTEGER, ber.signed(time))
            + ber.tlv(ber.OCTETS, came.user)
            + ber.tlv(ber.OCTETS, bytes(size))
            + tail,
        )
        header = ber.tlv(ber.INTEGER, came.msg_id) + _SIZE + b"\x04\x01" + bytes((flags,)) + _MODEL
        packet = ber.tlv(
            ber.SEQUENCE, b"\x02\x01\x03" + ber.tlv(ber.SEQUENCE, header) + ber.tlv(ber.OCTETS, parameters) + data
        )
        if not size or keys is None:
            return packet
        at = len(packet) - len(data) - len(tail) - size
        return packet[:at] + _digest(keys, packet) + packet[at + size :]


def opened(packet: bytes) -> Inside:
    """What is in a message that nobody here has keys for. Raises ValueError for what is none."""
    return _opened(packet, {})


def _opened(packet: bytes, keys: Mapping[bytes, _Keys]) -> Inside:
    came = _unwrap(packet)
    try:
        plain = came.data if came.tag == ber.SEQUENCE else _decrypt(keys[came.user], came)
        _, start, end = ber.element(plain, 0, len(plain))
        _, _, (kind, _, _) = ber.elements(plain, start, end)
        return Inside(KINDS[kind], came.engine_id)
    except (ValueError, KeyError):
        return Inside(SEALED, came.engine_id)


def engine_id(address: str) -> bytes:
    """Net-snmp's number, and form 1: an IPv4 address (RFC 3411, SnmpEngineID)."""
    return bytes.fromhex("80001f8801") + bytes(map(int, address.split(".")))


@lru_cache(maxsize=256)
def _stretched(hash_: str, password: bytes) -> bytes:
    """RFC 3414 appendix A.2: the hash of a mebibyte of passwords."""
    return hashlib.new(hash_, (password * ((1 << 20) // len(password) + 1))[: 1 << 20]).digest()


def _keys(user: User, engine_id: bytes) -> _Keys:
    hash_, size = HASHES[user.hash]

    def local(password: bytes) -> bytes:
        key = _stretched(hash_, password)
        return hashlib.new(hash_, key + engine_id + key).digest()

    keys = _Keys(user)
    if user.level != "noAuthNoPriv":
        keys.digest, keys.size = local(user.password), size
    if user.level == "authPriv":
        key = local(user.cipher_password)
        while len(key) < KEY_BYTES[user.cipher]:
            key += local(key[-hashlib.new(hash_).digest_size :]) if user.cipher[-1] == "C" else _plain(hash_, key)
        keys.cipher = key[: KEY_BYTES[user.cipher]]
        keys.algorithm = TripleDES(keys.cipher[:8] * 3) if user.cipher == "DES" else AES(keys.cipher)
    return keys


def _plain(hash_: str, key: bytes) -> bytes:
    return hashlib.new(hash_, key).digest()


def _digest(keys: _Keys, packet: bytes) -> bytes:
    return hmac.digest(keys.digest, packet, HASHES[keys.user.hash][0])[: keys.size]


def _mode(keys: _Keys, salt: bytes, boots: int, time: int) -> CBC | CFB:
    if keys.user.cipher == "DES":
        return CBC(bytes(a ^ b for a, b in zip(keys.cipher[8:16], salt, strict=True)))
    return CFB(boots.to_bytes(4, "big") + time.to_bytes(4, "big") + salt)


def _encrypt(keys: _Keys, salt: int, data: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
    assert keys.algorithm is not None
    written = salt.to_bytes(8, "big")
    if keys.user.cipher == "DES":
        written = boots.to_bytes(4, "big") + written[4:]
        data += bytes(-len(data) % 8)
    encryptor = Cipher(keys.algorithm, _mode(keys, written, boots, time)).encryptor()
    return written, encryptor.update(data) + encryptor.finalize()


def _decrypt(keys: _Keys, came: _Wrapped) -> bytes:
    """Raises ValueError."""
    if keys.algorithm is None or came.tag != ber.OCTETS or len(came.salt) != 8:
        raise ValueError("not to be decrypted")
    decryptor = Cipher(keys.algorithm, _mode(keys, came.salt, came.boots, came.time)).decryptor()
    return decryptor.update(came.data) + decryptor.finalize()


def _unwrap(packet: bytes) -> _Wrapped:
    """Raises ValueError for what is no message of the user-based security model."""
    tag, start, end = ber.element(packet, 0, len(packet))
    parts = list(ber.elements(packet, start, end))
    if tag != ber.SEQUENCE or [each[0] for each in parts[1:3]] != [ber.SEQUENCE, ber.OCTETS] or len(parts) != 4:
        raise ValueError("not a v3 message")
    head = list(ber.elements(packet, parts[1][1], parts[1][2]))
    outer = list(ber.elements(packet, parts[2][1], parts[2][2]))
    if [each[0] for each in head] != [2, 2, 4, 2] or len(outer) != 1 or head[2][2] - head[2][1] != 1:
        raise ValueError("a header of another shape")
    found = list(ber.elements(packet, outer[0][1], outer[0][2]))
    if [each[0] for each in found] != [4, 2, 2, 4, 4, 4]:
        raise ValueError("security parameters of another shape")
    engine_id, boots, time, user, digest, salt = (packet[a:b] for _, a, b in found)
    tag, start, end = parts[3]
    data = packet[start:end] if tag == ber.OCTETS else packet[parts[2][2] : end]
    return _Wrapped(
        packet[head[0][1] : head[0][2]], packet[head[2][1]], engine_id, int.from_bytes(boots, "big"),
        int.from_bytes(time, "big"), user, digest, found[4][1], salt, tag, data,
    )  # fmt: skip


def _request_id(data: bytes) -> bytes:
    """The request-id in a scoped PDU, zero where it can't be read."""
    try:
        _, start, end = ber.element(data, 0, len(data))
        _, _, (_, at, stop) = ber.elements(data, start, end)
        _, first, last = ber.element(data, at, stop)
        return data[first:last]
    except ValueError:
        return b"\0"


def _community(community: bytes, pdu: bytes) -> bytes:
    """A v2c message around a PDU."""
    return ber.tlv(ber.SEQUENCE, b"\x02\x01\x01" + ber.tlv(ber.OCTETS, community) + pdu)
