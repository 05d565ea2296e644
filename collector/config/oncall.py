"""`oncall:` in `wardwatch.yml`: how Alertmanager's messages are taken and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from collector.config.document import Document
from collector.config.scalars import Duration, Line, Listed, Name, Plain
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict
from collector.model import Secret
from collector.oncall import COPIES, IGNORED
from collector.oncall.hours import NIGHT

LEAST: Final = 16
"""Characters of a token: fewer are guessed."""


def _opening(text: str) -> str:
    from collector.config.calendars import opening  # models of calendars take their time: a start without one has it

    return opening(text)


class OnCallFile(Strict):
    """KPIS 2.2, N27."""

    token: Annotated[
        Line,
        Field(
            description="the bearer token that Alertmanager shows: `${file:PATH}` or `${env:NAME}`; at least 16 signs"
        ),
    ] = ""
    hours: Annotated[
        Name | None, Field(description="calendar of when people are at work; default: `Mo-Fr 08:00-18:00; PH off`")
    ] = None
    night: Annotated[
        Plain, AfterValidator(_opening), Field(description="when a call wakes somebody, where nobody is at work")
    ] = NIGHT
    copies: Annotated[
        Duration,
        Field(
            description="what is said again within this time is a copy: longer than `group_interval`, "
            "shorter than every `repeat_interval`"
        ),
    ] = COPIES
    ignore: Annotated[tuple[Name, ...], Listed, Field(description="names of alerts that call nobody")] = IGNORED


@dataclass(frozen=True, slots=True)
class OnCallSettings:
    """`token` None: none is asked for; `hours` empty: the usual ones; `copies` in seconds."""

    token: Secret | None
    hours: str
    night: str
    copies: float
    ignore: frozenset[str]


def on_call(
    document: Document | None, model: OnCallFile, directory: Path, environ: Mapping[str, str], findings: Findings
) -> OnCallSettings:
    """What is written, complete."""
    token = None
    if document is not None and model.token:
        token = Secrets(environ, directory, findings).resolve(document, ["oncall", "token"], model.token)
        if token.reveal() and len(token.reveal()) < LEAST:
            what = f"is shorter than {LEAST} characters: `openssl rand -hex 32` makes a good one"
            findings.problem(document, ["oncall", "token"], what)
    return OnCallSettings(token, model.hours or "", model.night, model.copies, frozenset(model.ignore))
