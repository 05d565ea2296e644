"""What a log may not quote."""

from __future__ import annotations

import structlog

from collector.cli import logs
from collector.privacy import Privacy, Screen


def test_an_error_that_quotes_a_device_is_logged_without_patients(capsys) -> None:  # type: ignore[no-untyped-def]
    logs.configure("logfmt", "info", Screen(Privacy(words=("Smith",))))
    log = structlog.get_logger()
    try:
        try:
            raise ValueError("bed 4 Smith 999 123 4578")
        except ValueError as error:
            log.warning("not restored", device="sw-9991234578", why=str(error))
            log.exception("bug in a collector", device="sw-9991234578")
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert "Smith" not in told
    assert "4578" not in told.replace("sw-9991234578", "")
    assert told.count("bed 4 [removed] [removed]") == 3, "the reason, and the line that raised it and what it says"
    assert told.count("sw-9991234578") == 2, "a device's name is the inventory's own word"
