"""Logs: structured, on stderr, quiet when well."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from collector.privacy import Screen


class _Stderr:
    """stderr as far as it works: closed, or on a full disk, it must not stop what wanted to say something."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            if sys.stderr is not None:  # a process may be started without
                sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            if sys.stderr is not None:
                sys.stderr.flush()


QUOTING = ("exception", "why")
"""Fields in which an error may quote what a device said."""


def configure(style: str, level: str, screen: Screen | None = None) -> None:
    """Log in `logfmt` or `json` from `level` (debug, info, warning, error) upwards. Errors pass `screen`."""
    shown = screen or Screen()

    def screened(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {**event, **{field: shown(str(event[field])) for field in QUOTING if field in event}}

    first = ["ts", "level", "event"]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.processors.LogfmtRenderer(key_order=first, drop_missing=True, bool_as_flag=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.format_exc_info,
            screened,
            _plain,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.WriteLogger(cast(TextIO, _Stderr())),
    )


def _plain(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Empty fields say nothing, and numbers of seconds need no twelve digits."""
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in event.items() if v != ""}
