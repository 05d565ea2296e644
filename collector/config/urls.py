"""`urls:` in `wardwatch.yml`: where people find things. They stand in alerts, so each is what a phone reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from collector.config.scalars import Plain
from collector.config.typed import Strict

RUNBOOKS = "/runbooks/"
"""Where the collector serves its runbooks."""


def web_address(text: str) -> str:
    """An absolute http or https URL that holds no password. Raises ValueError, which does not repeat it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no web address: write it like https://wardwatch.hospital.example") from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == 0
        or any(c in text for c in ' "<>\\^`{|}')
    ):
        raise ValueError("is no web address: write it like https://wardwatch.hospital.example")
    if parts.username is not None or parts.password is not None:
        raise ValueError("has a user name or a password before '@': a secret does not stand in an address")
    return text


def _place(text: Any) -> Any:
    """Without the slash at its end; what is behind a `?` or `#` would swallow the path that is put there."""
    if isinstance(text, str) and ("?" in text or "#" in text):
        raise ValueError("has a '?' or '#': write where the pages begin")
    return text.rstrip("/") if isinstance(text, str) else text


WebAddress = Annotated[Plain, AfterValidator(web_address)]
Place = Annotated[Plain, BeforeValidator(_place), AfterValidator(web_address)]


class UrlsFile(Strict):
    """Where people find things."""

    collector: Annotated[Place, Field(description="this collector, as people's browsers reach it")] = (
        "http://127.0.0.1:10810"
    )
    grafana: Annotated[Place, Field(description="Grafana, with the dashboards")] = "http://127.0.0.1:3000"
    prometheus: Annotated[Place, Field(description="Prometheus")] = "http://127.0.0.1:10811"
    alertmanager: Annotated[Place, Field(description="Alertmanager")] = "http://127.0.0.1:10812"
    runbooks: Annotated[
        Place | None,
        Field(description="runbooks of your own: an alert's name is put behind it; default: those of the collector"),
    ] = None


@dataclass(frozen=True, slots=True)
class Urls:
    """Absolute, without a slash at their ends."""

    collector: str
    grafana: str
    prometheus: str
    alertmanager: str
    runbooks: str


def urls(model: UrlsFile) -> Urls:
    runbooks = model.runbooks or f"{model.collector}{RUNBOOKS.rstrip('/')}"
    return Urls(model.collector, model.grafana, model.prometheus, model.alertmanager, runbooks)
