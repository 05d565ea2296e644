"""Encryption of SNMPv3's scoped PDUs: CBC-DES (RFC 3414 section 8) and CFB128-AES (RFC 3826, longer keys alike).

Both are weak by today's standards in one way: neither tells a wrong key from a right one. What was decrypted with a
wrong one is no BER, and is `Malformed` like anything else that is none; the digest has been checked before.
"""

from __future__ import annotations

import secrets
from itertools import count
from struct import Struct
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from collector.errors import Malformed

SALT: Final = 8
"""Bytes of msgPrivacyParameters, for all ciphers."""

_CLOCK: Final = Struct(">II").pack

_salts = count(secrets.randbits(64))
"""No salt twice under a key: one counter for all, begun anywhere so that a restart does not repeat it."""


class Privacy(Protocol):
    """One cipher with one engine's key."""

    def seal(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
        """Salt and ciphertext, for an engine's clock as the message says it."""

    def open(self, sealed: bytes, salt: bytes, boots: int, time: int) -> bytes:
        """The plaintext, padding included. Raises Malformed for a salt or a length that can't be."""


class _Aes:
    def __init__(self, key: bytes) -> None:
        self._algorithm = AES(key)

    def seal(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
        salt = (next(_salts) & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")
        encryptor = Cipher(self._algorithm, CFB(_CLOCK(boots, time) + salt)).encryptor()
        return salt, encryptor.update(plain) + encryptor.finalize()

    def open(self, sealed: bytes, salt: bytes, boots: int, time: int) -> bytes:
        if len(salt) != SALT:
            raise Malformed("a salt of another length")
        decryptor = Cipher(self._algorithm, CFB(_CLOCK(boots, time) + salt)).decryptor()
        return decryptor.update(sealed) + decryptor.finalize()


class _Des:
    def __init__(self, key: bytes) -> None:
        self._algorithm = TripleDES(key[:8] * 3)  # with one key three times it is single DES
        self._before = int.from_bytes(key[8:16], "big")

    def _vector(self, salt: bytes) -> CBC:
        return CBC((self._before ^ int.from_bytes(salt, "big")).to_bytes(8, "big"))

    def seal(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
        salt = _CLOCK(boots, next(_salts) & 0xFFFFFFFF)
        encryptor = Cipher(self._algorithm, self._vector(salt)).encryptor()
        return salt, encryptor.update(plain + bytes(-len(plain) % 8)) + encryptor.finalize()

    def open(self, sealed: bytes, salt: bytes, boots: int, time: int) -> bytes:
        if len(salt) != SALT or len(sealed) % 8:
            raise Malformed("a salt or a ciphertext of another length")
        decryptor = Cipher(self._algorithm, self._vector(salt)).decryptor()
        return decryptor.update(sealed) + decryptor.finalize()


def privacy(cipher: str, key: bytes) -> Privacy:
    """The cipher of that name in snmp.yml, with a key of `keys.privacy_key`."""
    return _Des(key) if cipher == "DES" else _Aes(key)
