"""Keys against published numbers: RFC 3414 A.3, the key-extension drafts, and what other implementations agree on."""

from __future__ import annotations

import pytest

from collector.wire.snmp import keys

ENGINE = bytes.fromhex("000000000000000000000002")
PASSWORD = b"maplesyrup"


@pytest.mark.parametrize(
    ("hash_", "stretched", "localised"),
    [
        # RFC 3414, A.3.1 and A.3.2.
        ("md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_the_keys_of_rfc_3414(hash_: str, stretched: str, localised: str) -> None:
    key = keys.stretch(hash_, PASSWORD)
    assert key.hex() == stretched
    assert keys.localise(hash_, key, ENGINE).hex() == localised


@pytest.mark.parametrize(
    ("hash_", "localised"),
    [
        # RFC 7860 has no numbers of its own; these are what net-snmp, pysnmp and others make of A.3's password.
        ("sha224", "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674"),
        ("sha256", "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"),
    ],
)
def test_the_keys_of_longer_hashes(hash_: str, localised: str) -> None:
    assert keys.localise(hash_, keys.stretch(hash_, PASSWORD), ENGINE).hex() == localised


MD5, SHA = "526f5eed9fcce26f8964c2930787d82b", "6695febc9288e36282235fc7151f128497b38f3f"


@pytest.mark.parametrize(
    ("hash_", "cipher", "key"),
    [
        # draft-reeder-snmpv3-usm-3desede-00, appendix B.1 and B.2.
        ("md5", "AES256C", MD5 + "79eff44a90650ee0a3a40abfac5acc12"),
        ("sha1", "AES256C", SHA + "9b8b6d78936ba6e7d19dfd9c"),
        ("md5", "AES192C", MD5 + "79eff44a90650ee0"),
        ("sha1", "AES192C", SHA + "9b8b6d78"),
        # draft-blumenthal-aes-usm-04, 3.1.2.1: the hash of the short key follows it.
        ("md5", "AES256", MD5 + "fa24a92467426c2f4b09192be10dfaec"),
        ("sha1", "AES256", SHA + "505e07eb9af25568fa1f5dbe"),
        ("md5", "AES192", MD5 + "fa24a92467426c2f"),
        ("sha1", "AES192", SHA + "505e07eb"),
        # Long enough: cut, whatever the extension is called.
        ("sha256", "AES256", "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"),
        ("sha256", "AES256C", "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"),
        ("sha1", "AES", SHA[:32]),
        ("sha1", "DES", SHA[:32]),
    ],
)
def test_keys_of_ciphers(hash_: str, cipher: str, key: str) -> None:
    assert keys.privacy_key(hash_, cipher, keys.stretch(hash_, PASSWORD), ENGINE).hex() == key


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 4095, 4096, 4097, 70_000])
def test_a_password_is_repeated_to_a_mebibyte_whatever_its_length(length: int) -> None:
    import hashlib

    password = bytes(range(1, 256)) * (length // 255 + 1)
    password = password[:length]
    whole = (password * ((1 << 20) // length + 1))[: 1 << 20]
    assert keys.stretch("sha1", password) == hashlib.sha1(whole).digest()


def test_no_password_is_no_key() -> None:
    with pytest.raises(ValueError, match="no password"):
        keys.stretch("sha1", b"")
