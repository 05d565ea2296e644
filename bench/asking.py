"""A page, asked for as Prometheus does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aiohttp

AGAIN: Final = 2
"""How often a request goes out again when its kept connection turns out to be closed: our client takes the one that
has been idle longest, which the server closes first. Go's, which Prometheus has, takes the newest, and tries again on
another whenever one fails before the first byte of an answer."""


async def page(
    session: aiohttp.ClientSession, url: str, params: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[int, bytes]:
    """Status and body, unpacked. Raises aiohttp.ClientError and TimeoutError."""
    for left in reversed(range(1 + AGAIN)):
        try:
            async with session.get(url, params=params, headers=headers) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            if not left:
                raise
    raise AssertionError("the last try returns or raises")
