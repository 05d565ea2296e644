"""What every test of traps shares: a password is made into a key once."""

from collections.abc import Iterator
from functools import cache

import pytest
from pysnmp.proto.secmod.rfc3414 import localkey


@pytest.fixture(scope="session", autouse=True)
def _each_password_is_hashed_once() -> Iterator[None]:
    """A megabyte is hashed for each (RFC 3414, A.2), and hundreds of tests have the same few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(localkey, "hash_passphrase", cache(localkey.hash_passphrase))
        yield
