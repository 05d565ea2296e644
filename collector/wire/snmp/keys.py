"""From a password to the keys of one SNMP engine: RFC 3414 appendix A.2, with the hashes of RFC 7860.

What takes time (a mebibyte is hashed for a password) is `stretch`; the rest takes microseconds. The key extensions
are those that are in use for AES-192 and AES-256, which no RFC has: "Blumenthal" (draft-blumenthal-aes-usm-04,
3.1.2.1: the names AES192, AES256) and "Reeder", Cisco's (draft-reeder-snmpv3-usm-3desede-00, 2.1: AES192C, AES256C).
The names mean what they mean to snmp_exporter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

EXPANDED: Final = 1 << 20
"""Bytes to which a password is repeated before it is hashed (RFC 3414 A.2.1)."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """A hash, by the name that hashlib has for it, and to how many bytes its HMAC is cut."""

    hash: str
    length: int


AUTHENTICATION: Final = {
    "MD5": Authentication("md5", 12),
    "SHA": Authentication("sha1", 12),
    "SHA224": Authentication("sha224", 16),
    "SHA256": Authentication("sha256", 24),
    "SHA384": Authentication("sha384", 32),
    "SHA512": Authentication("sha512", 48),
}
"""By the names of snmp.yml. Lengths: RFC 3414 6.3.1 and 7.3.1, RFC 7860 4.2.1."""

PRIVACY_KEY: Final = {"DES": 16, "AES": 16, "AES192": 24, "AES192C": 24, "AES256": 32, "AES256C": 32}
"""Bytes of a key: of DES the second half makes the initialisation vector (RFC 3414 8.1.1.1)."""


def stretch(hash_: str, password: bytes) -> bytes:
    """Ku, the key of a password: milliseconds of work, the same for every engine. ValueError without a password."""
    if not password:
        raise ValueError("no password")
    digest = hashlib.new(hash_)
    block = password * (-(-4096 // len(password)))
    whole, rest = divmod(EXPANDED, len(block))
    for _ in range(whole):
        digest.update(block)
    digest.update(block[:rest])
    return digest.digest()


def localise(hash_: str, key: bytes, engine_id: bytes) -> bytes:
    """Kul: the key of one engine (RFC 3414 A.2.2)."""
    return hashlib.new(hash_, key + engine_id + key).digest()


def privacy_key(hash_: str, cipher: str, key: bytes, engine_id: bytes) -> bytes:
    """The key of `cipher` for one engine, from the stretched password. AES192C and AES256C may stretch once more."""
    wanted = PRIVACY_KEY[cipher]
    found = last = localise(hash_, key, engine_id)
    while len(found) < wanted:
        if cipher.endswith("C"):
            last = localise(hash_, stretch(hash_, last), engine_id)
        else:
            last = hashlib.new(hash_, found).digest()
        found += last
    return found[:wanted]
