"""Questions to a Prometheus: PromQL at one moment or over some time, and the alerts that fire (its HTTP API).

And to the Alertmanager behind it: what is silenced there.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from yarl import URL

from collector.config.prometheus import PrometheusSettings

WAIT: Final = aiohttp.ClientTimeout(total=60)
"""Seconds; Prometheus itself gives a query two minutes, which a person does not wait for."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of one answer: 200 services over a day are some 0.5 MB, 5,000 firing alerts some 6 MB."""

Labels = Mapping[str, str]
Points = Sequence[tuple[float, float]]
"""Unix time and value."""


class NoAnswer(Exception):
    """Prometheus is away, or has something against the question; the message says what, without any password."""


class TooLong(NoAnswer):
    """There is an answer, and it is larger than `MOST_BYTES`."""


async def ask(url: str, queries: Sequence[str], at: float) -> list[list[tuple[dict[str, str], float]]]:
    """What each expression gives at a Unix time: labels and value of its samples. Raises NoAnswer."""
    try:
        base = URL(url)
    except ValueError:
        raise NoAnswer(f"{url!r} is no address: write it like http://127.0.0.1:10811") from None
    if base.scheme not in ("http", "https") or not base.host:
        raise NoAnswer(f"{url!r} is no address: write it like http://127.0.0.1:10811")
    with _said(base):
        async with aiohttp.ClientSession(timeout=WAIT) as session:
            return [_samples(await _data(session, base / "api/v1/query", _instant(query, at))) for query in queries]


class Prometheus:
    """A Prometheus as configured, for as long as an `async with` lasts. Every question raises NoAnswer."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self._settings = settings
        self._base = URL(settings.url)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Prometheus:
        settings = self._settings
        context = await _context(self._base, settings.ca_file)
        headers = {}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.reveal()}"
        elif settings.password is not None:
            login = f"{settings.username}:{settings.password.reveal()}"
            headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=settings.timeout),
            connector=aiohttp.TCPConnector(ssl=context, limit=2),
            headers=headers,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def at(self, query: str, at: float) -> Sequence[tuple[Labels, float]]:
        """What an expression gives at a Unix time."""
        return _samples(await self._ask("query", _instant(query, at)))

    async def over(self, query: str, start: float, end: float, step: float) -> list[tuple[Labels, Points]]:
        """What it gives every `step` seconds from `start` to `end`."""
        form = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        data = await self._ask("query_range", form)
        with _shaped():
            return [(each["metric"], [(float(t), float(v)) for t, v in each["values"]]) for each in data["result"]]

    async def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Those that fire or are about to, as Prometheus has them. Raises TooLong too."""
        data = await self._ask("alerts", None)
        with _shaped():
            return [each for each in data["alerts"] if isinstance(each, dict)]

    async def _ask(self, what: str, form: Mapping[str, str] | None) -> Any:
        assert self._session is not None
        with _said(self._base):
            return await _data(self._session, self._base / "api/v1" / what, form)


async def silenced(url: str, ca_file: Path | None) -> Sequence[Labels]:
    """The labels of each alert that is silenced in the Alertmanager at `url`. Raises NoAnswer."""
    base = URL(url)
    connector = aiohttp.TCPConnector(ssl=await _context(base, ca_file), limit=1)
    with _said(base):
        async with aiohttp.ClientSession(timeout=WAIT, connector=connector) as session:
            _, body = await _body(
                session, (base / "api/v2/alerts").with_query(active="false", unprocessed="false"), None
            )
        try:
            alerts = await asyncio.to_thread(json.loads, body)
            return [
                each["labels"] for each in alerts if each["status"]["silencedBy"] and isinstance(each["labels"], dict)
            ]
        except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
            raise ValueError("what it answers is no answer of Alertmanager's; is that its address?") from None


async def _context(base: URL, ca_file: Path | None) -> ssl.SSLContext | bool:
    if base.scheme != "https":
        return True
    try:
        # Apart: the system's certificates take their time to be read.
        return await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise NoAnswer(f"{base}: ca_file cannot be used: {error.strerror or error}") from None


def _instant(query: str, at: float) -> Mapping[str, str]:
    return {"query": query, "time": f"{at:.3f}"}


async def _data(session: aiohttp.ClientSession, url: URL, form: Mapping[str, str] | None) -> Any:
    """Raises ValueError where the answer is none of Prometheus'."""
    status, body = await _body(session, url, form)
    try:
        # Apart, as megabytes of it take a while.
        said: Any = await asyncio.to_thread(json.loads, body)
        if said["status"] == "success":
            return said["data"]
        raise ValueError(f"Prometheus says: {said['error']}")
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError(f"status {status}, and no answer of Prometheus'; is that its address?") from None


async def _body(session: aiohttp.ClientSession, url: URL, form: Mapping[str, str] | None) -> tuple[int, bytearray]:
    """Status and what it says. A redirect is no answer: who is asked stands in the configuration, and so does the
    password it may hear. Raises ValueError."""
    method = "GET" if form is None else "POST"
    async with session.request(method, url, data=form, allow_redirects=False) as answer:
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                raise TooLong(f"{url.with_user(None)}: more than {MOST_BYTES // 1024 // 1024} MiB")
    if answer.status in (401, 403):
        raise ValueError(f"status {answer.status}: it wants another login")
    return answer.status, body


def _samples(data: Any) -> list[tuple[dict[str, str], float]]:
    with _shaped():
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]


@contextmanager
def _shaped() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, IndexError, ValueError):
        raise NoAnswer("what it answers is no answer of Prometheus'; is that its address?") from None


@contextmanager
def _said(base: URL) -> Iterator[None]:
    """Errors on the way there in words, with the address and without its password."""
    shown = base.with_user(None)
    try:
        yield
    except TimeoutError:
        raise NoAnswer(f"{shown}: no answer in time") from None
    except aiohttp.ClientConnectorCertificateError:
        raise NoAnswer(f"{shown}: nobody we trust has signed its certificate") from None
    except aiohttp.ClientConnectorError as error:
        raise NoAnswer(f"{shown}: no connection: {_why(error.os_error)}") from None
    except aiohttp.ClientError as error:
        raise NoAnswer(f"{shown}: {str(error).replace(str(base), str(shown))}") from None
    except ValueError as error:
        raise NoAnswer(f"{shown}: {error}") from None


def _why(error: OSError) -> str:
    """The system's words: asyncio has its own for a connection that is refused, with the address once more."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
