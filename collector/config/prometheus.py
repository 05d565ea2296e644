"""`prometheus:` in `wardwatch.yml`: the Prometheus that the status page asks, as this collector reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from collector.config.document import Document
from collector.config.scalars import Duration, Line, duration, shown
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict
from collector.config.urls import Place
from collector.model import Secret

LONGEST: Final = 60.0
"""Seconds: nobody waits longer for a page."""

_HERE: Final = ("127.0.0.1", "::1", "localhost")


class PrometheusFile(Strict):
    """Where states, budgets and alerts are asked for."""

    url: Annotated[
        Place | None, Field(description="where this collector reaches it; default: `prometheus` of `urls`")
    ] = None
    token: Annotated[Line, Field(description="the bearer token it wants: `${file:PATH}` or `${env:NAME}`")] = ""
    username: Annotated[Line, Field(description="the user it wants; `token` or this, not both")] = ""
    password: Annotated[Line, Field(description="the user's password: `${file:PATH}` or `${env:NAME}`")] = ""
    ca_file: Annotated[
        Line,
        Field(description="who signed its certificate (PEM), relative to the configuration; default: the system's"),
    ] = ""
    timeout: Annotated[Duration, Field(description="how long its answers are waited for, at most 60s")] = 5.0


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    """`url` without a slash at its end; `timeout` in seconds for all that is asked at a time; `token` or `password`
    None: there is none."""

    url: str
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    ca_file: Path | None = None
    timeout: float = 5.0


def prometheus(
    document: Document | None,
    model: PrometheusFile,
    default: str,
    directory: Path,
    environ: Mapping[str, str],
    findings: Findings,
) -> PrometheusSettings:
    """What is written, complete; `default` is where people find it."""
    url = model.url or default
    token = password = None
    if document is not None:
        _check(document, model, url, directory, findings)
        secrets = Secrets(environ, directory, findings)
        if model.token:
            token = secrets.resolve(document, ["prometheus", "token"], model.token)
        if model.password:
            password = secrets.resolve(document, ["prometheus", "password"], model.password)
    ca_file = directory / model.ca_file if model.ca_file else None
    return PrometheusSettings(url, token, model.username, password, ca_file, model.timeout)


def _check(document: Document, model: PrometheusFile, url: str, directory: Path, findings: Findings) -> None:
    if model.token and (model.username or model.password):
        findings.problem(document, ["prometheus", "token"], "is one way to log in, and a user is another: keep one")
    elif bool(model.username) != bool(model.password):
        written, missing = ("username", "password") if model.username else ("password", "username")
        findings.problem(document, ["prometheus", written], f"needs a {missing} beside it")
    elif model.token or model.password:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in _HERE:
            what = f"is sent in clear to {shown(url)}: write an address that begins with https"
            findings.warn(document, ["prometheus", "token" if model.token else "password"], what)
    if model.ca_file and not (directory / model.ca_file).is_file():
        findings.problem(document, ["prometheus", "ca_file"], f"there is no file {shown(model.ca_file)}")
    if model.timeout > LONGEST:
        what = f"{duration(model.timeout)} is too long: at most {duration(LONGEST)}"
        findings.problem(document, ["prometheus", "timeout"], what)
