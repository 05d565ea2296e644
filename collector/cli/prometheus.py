"""Questions to a Prometheus: PromQL at one moment (its HTTP API, `/api/v1/query`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
from yarl import URL

WAIT: Final = aiohttp.ClientTimeout(total=60)
"""Seconds; Prometheus itself gives a query two minutes, which a person does not wait for."""


class NoAnswer(Exception):
    """Prometheus is away, or has something against the question; the message says what, without any password."""


async def ask(url: str, queries: Sequence[str], at: float) -> list[list[tuple[dict[str, str], float]]]:
    """What each expression gives at a Unix time: labels and value of its samples. Raises NoAnswer."""
    try:
        base = URL(url)
    except ValueError:
        raise NoAnswer(f"{url!r} is no address: write it like http://127.0.0.1:10811") from None
    if base.scheme not in ("http", "https") or not base.host:
        raise NoAnswer(f"{url!r} is no address: write it like http://127.0.0.1:10811")
    shown = base.with_user(None)
    try:
        async with aiohttp.ClientSession(timeout=WAIT) as session:
            return [await _one(session, base / "api/v1/query", query, at) for query in queries]
    except TimeoutError:
        raise NoAnswer(f"{shown}: no answer within {WAIT.total:g} s") from None
    except aiohttp.ClientConnectorError as error:
        raise NoAnswer(f"{shown}: no connection: {error.os_error.strerror or error.os_error}") from None
    except aiohttp.ClientError as error:
        raise NoAnswer(f"{shown}: {str(error).replace(str(base), str(shown))}") from None
    except ValueError as error:
        raise NoAnswer(f"{shown}: {error}") from None


async def _one(session: aiohttp.ClientSession, url: URL, query: str, at: float) -> list[tuple[dict[str, str], float]]:
    """Raises ValueError where the answer is none of Prometheus'."""
    async with session.post(url, data={"query": query, "time": f"{at:.3f}"}) as answer:
        text = await answer.text(errors="replace")
    try:
        said: Any = json.loads(text)
        if said["status"] == "success":
            return [(sample["metric"], float(sample["value"][1])) for sample in said["data"]["result"]]
        raise ValueError(f"Prometheus says: {said['error']}")
    except (KeyError, TypeError, IndexError, json.JSONDecodeError):
        raise ValueError(f"status {answer.status}, and no answer of Prometheus'; is that its address?") from None
