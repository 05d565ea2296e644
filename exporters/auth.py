"""Basic authentication against bcrypt hashes, off the event loop and cached.

One check costs some 60 ms of CPU by design, so there is one worker: wrong passwords can't take the machine. Answers
are remembered, good and bad ones apart, so that guessing does not push out those who know.
"""

from __future__ import annotations

import asyncio
import binascii
import random
import secrets
from base64 import b64decode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Final

import bcrypt

REMEMBERED: Final = 100
"""Answers of each kind, as exporter-toolkit's cache."""
QUEUE: Final = 32
"""Checks that may wait for the worker: some 2 s of work."""

_SALT_AND_HASH: Final = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
"""What unknown users are compared with; exporter-toolkit's constant. A right guess is of no use."""
_BCRYPT_BYTES: Final = 72


class TooMany(Exception):
    """More checks are waiting than the worker does in a reasonable time."""


class Passwords:
    """Who may come in. Create it inside the event loop; `close` when done."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "bcrypt")
        self._key = secrets.token_bytes(32)
        self._good: dict[bytes, None] = {}
        self._bad: dict[bytes, None] = {}
        self._waiting = 0

    async def right(self, users: Mapping[str, str], authorization: str) -> bool:
        """Whether an `Authorization` header names one of `users` (bcrypt hashes by name) with its password.

        Raises TooMany. An unknown user costs as much time as the known one with the costliest hash.
        """
        given = _credentials(authorization)
        if given is None:
            return False
        user, password = given
        known = users.get(user)
        stored = known if known is not None else _decoy(users)
        # Fields are told apart by their lengths, so no two triples are one (CVE-2022-46146). Keyed, so that what is
        # kept in memory is of no use elsewhere.
        digest = blake2b(key=self._key, digest_size=32)
        for field in (user.encode("utf-8", "surrogateescape"), stored.encode(), password):
            digest.update(len(field).to_bytes(8) + field)
        key = digest.digest()
        if key in self._good:
            return known is not None
        if key in self._bad:
            return False
        if self._waiting >= QUEUE:
            raise TooMany
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._worker, self._check, key, stored, password)
        finally:
            self._waiting -= 1
        answer = matches and known is not None
        _remember(self._good if answer else self._bad, key)
        return answer

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _check(self, key: bytes, stored: str, password: bytes) -> bool:
        """In the worker: somebody before in the queue may have asked the same."""
        if key in self._good:
            return True
        if key in self._bad:
            return False
        try:
            return bcrypt.checkpw(password[:_BCRYPT_BYTES], stored.encode())
        except ValueError:
            return False


def _remember(answers: dict[bytes, None], key: bytes) -> None:
    if len(answers) >= REMEMBERED:
        for old in random.sample(list(answers), REMEMBERED // 10):
            del answers[old]
    answers[key] = None


def _decoy(users: Mapping[str, str]) -> str:
    """A hash as costly as the costliest there is: time does not tell whether a user exists."""
    cost = max((hashed[4:6] for hashed in users.values()), default="10")
    return f"$2b${cost}${_SALT_AND_HASH}"


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user.decode("utf-8", "surrogateescape"), password) if colon else None
