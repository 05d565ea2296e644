"""Ciphers against published numbers, and against the simulator's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire.snmp.keys import PRIVACY_KEY
from collector.wire.snmp.privacy import privacy

CIPHERS = st.sampled_from(sorted(PRIVACY_KEY))
CLOCK = st.integers(0, 2**31 - 1)

PLAIN = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("cipher", "key", "sealed"),
    [
        # NIST SP 800-38A, F.3.13, F.3.15 and F.3.17: CFB128, whose vector 00..0f is boots, time and salt here.
        (
            "AES",
            "2b7e151628aed2a6abf7158809cf4f3c",
            "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
            "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6",
        ),
        (
            "AES192",
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
            "2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff",
        ),
        (
            "AES256",
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
            "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471",
        ),
    ],
)
def test_aes_is_cfb128(cipher: str, key: str, sealed: str) -> None:
    of = privacy(cipher, bytes.fromhex(key))
    assert of.open(bytes.fromhex(sealed), bytes(range(8, 16)), 0x00010203, 0x04050607) == PLAIN


def test_des_is_cbc_with_the_salt_in_its_vector() -> None:
    # FIPS 81, table C1: key 0123456789abcdef, vector 1234567890abcdef. Half of the vector comes from the key.
    plain = b"Now is the time for all "
    sealed = bytes.fromhex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6")
    of = privacy("DES", bytes.fromhex("0123456789abcdef00ff00ff00ff00ff"))
    salt = bytes(
        a ^ b for a, b in zip(bytes.fromhex("1234567890abcdef"), bytes.fromhex("00ff00ff00ff00ff"), strict=True)
    )
    assert of.open(sealed, salt, 0, 0) == plain


@given(CIPHERS, st.binary(max_size=200), st.binary(min_size=32, max_size=32), CLOCK, CLOCK)
def test_what_was_sealed_opens_again(cipher: str, plain: bytes, key: bytes, boots: int, time: int) -> None:
    of = privacy(cipher, key[: PRIVACY_KEY[cipher]])
    salt, sealed = of.seal(plain, boots, time)
    assert len(salt) == 8
    opened = of.open(sealed, salt, boots, time)
    assert opened[: len(plain)] == plain
    assert len(opened) - len(plain) == (-len(plain) % 8 if cipher == "DES" else 0)


@given(CIPHERS)
def test_no_salt_comes_twice(cipher: str) -> None:
    of = privacy(cipher, bytes(range(PRIVACY_KEY[cipher])))
    salts = [of.seal(b"12345678", 1, 1)[0] for _ in range(50)]
    assert len(set(salts)) == 50


@given(CIPHERS, st.binary(max_size=40), st.binary(max_size=20))
def test_whatever_is_opened_is_bytes_or_malformed(cipher: str, sealed: bytes, salt: bytes) -> None:
    try:
        assert isinstance(privacy(cipher, bytes(PRIVACY_KEY[cipher])).open(sealed, salt, 1, 1), bytes)
    except Malformed:
        assert len(salt) != 8 or len(sealed) % 8
