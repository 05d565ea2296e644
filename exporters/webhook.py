"""`/alertmanager/webhook`: Alertmanager's messages, taken from who is known, of bounded size, one after the other.

200 says that a message is on disk. Alertmanager tries again after 5xx only: what is never going to be right gets 4xx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hmac import compare_digest
from typing import Final

from collector.model import Column, Family, column, interned, single
from exporters.messages import Handler, Request, Response, TooLong, plain
from exporters.source import Refusal, Source

PATH: Final = "/alertmanager/webhook"
MOST_BYTES: Final = 4 << 20
"""Of a message; `collector.oncall.message` reads no more either."""
TOO_LARGE: Final = f"more than {MOST_BYTES} bytes: set max_alerts in Alertmanager's webhook_config"
MOST_WAITING: Final = 8
"""Messages in memory, one of them being noted."""

TAKEN = Family(
    "wardwatch_oncall_messages_total", "Messages of Alertmanager that were taken, copies included.", "counter"
)
REFUSED = Family("wardwatch_oncall_refused_total", "Messages that were not taken, by reason.", "counter")

_REASONS: Final = {
    400: "malformed",
    401: "unauthorised",
    403: "unauthorised",
    408: "slow",
    413: "too_large",
    415: "content_type",
    429: "busy",
    503: "not_noted",
}


class Webhook:
    """The handler, over a source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._taken = 0
        self._refused: Counter[str] = Counter(dict.fromkeys(_REASONS.values(), 0))
        self._waiting = 0

    def table(self) -> Mapping[str, Handler]:
        return {f"POST {PATH}": self._webhook}

    def about(self) -> Iterator[Column]:
        """For `/metrics`; nothing where nobody ever posted."""
        if self._taken or self._refused.total():
            yield single(TAKEN, self._taken)
            reasons = interned(("reason",), tuple((reason,) for reason in self._refused))
            yield column(REFUSED, reasons, self._refused.values())

    def wants_token(self) -> bool:
        return self._source.webhook_token() is not None

    def shows_token(self, authorization: str) -> bool:
        """Whether an `Authorization` header holds the token. Takes as long whatever is in it."""
        token = self._source.webhook_token()
        scheme, _, given = authorization.partition(" ")
        if token is None or scheme.lower() != "bearer":
            return False
        return compare_digest(given.strip().encode("utf-8", "replace"), token.reveal().encode())

    def refused(self, response: Response) -> Response:
        """Count a refusal, whoever made it."""
        self._refused[_REASONS.get(response.status, "malformed")] += 1
        return response

    async def _webhook(self, request: Request) -> Response:
        if self._waiting >= MOST_WAITING:
            return self.refused(plain("too many messages at once: try again", 503, {"Retry-After": "5"}))
        self._waiting += 1
        try:
            await self._source.notified(await _body(request))
        except Refusal as refusal:
            return self.refused(plain(str(refusal), refusal.status))
        finally:
            self._waiting -= 1
        self._taken += 1
        return plain("noted")


async def _body(request: Request) -> bytes:
    """Raises Refusal."""
    # No page of a browser can send this type to another site without asking first.
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind != "application/json" or request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "send application/json, not compressed")
    length = request.header("content-length")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise Refusal(413, TOO_LARGE)
    try:
        return await request.body(MOST_BYTES)
    except TooLong:
        raise Refusal(413, TOO_LARGE) from None
    except ConnectionError:  # cut off, or no chunks as HTTP has them
        raise Refusal(408, "the message did not come to its end") from None
