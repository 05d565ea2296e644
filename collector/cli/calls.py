"""Alertmanager's messages in a running collector: noted on disk before they are answered, counted, told.

All that touches the disk is done in a thread, one thing at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

import structlog

from collector import audit
from collector.cli import acks
from collector.config import Config
from collector.edge.journal import Journal, Record
from collector.edge.state import Damaged, Watcher, write_state
from collector.errors import TimedOut
from collector.model import Column, Host
from collector.oncall import shown
from collector.oncall.hours import WORK, HourClasses
from collector.oncall.ledger import Ledger
from collector.oncall.message import Unreadable, read
from collector.oncall.rules import Rules
from collector.privacy import Screen
from exporters.source import Refusal

DISK: Final = 5.0
"""Seconds in which a message must be noted: Alertmanager then tries again."""
LINES: Final = 20_000
"""Lines from which the journal is begun anew, if most of them are out of date."""

log = structlog.get_logger()


class Calls:
    """`failed` is told what of the state could not be read or written, `well` that it could."""

    def __init__(
        self,
        journal: Path,
        host: Host,
        screen: Screen,
        failed: Callable[[str, Exception], None],
        well: Callable[[str], None],
    ) -> None:
        self._state = journal.parent
        self._host = host
        self._screen = screen
        self._failed = failed
        self._well = well
        self._ledger = Ledger()
        self._hours = HourClasses()
        self._journal = Journal(journal)
        self._watcher = Watcher(journal.parent / acks.FILE, partial(acks.read, journal.parent))
        self._restored = False
        self._lines = LINES
        self._untold = False
        """Whether the open alerts have changed since they were written down."""
        self._shown = Lock()
        """Held while the ledger changes, and while it is shown."""
        self._one = asyncio.Lock()
        """Held by whoever has the disk."""

    def load(self, config: Config) -> None:
        """The configuration from now on. Takes up, at first, what earlier runs have noted."""
        settings = config.settings.oncall
        owners = frozenset(service.owner for service in config.catalogue.services.values() if service.owner)
        self._ledger.rules = Rules(settings.copies, settings.ignore, owners, self._screen)
        work = config.catalogue.calendars[settings.hours] if settings.hours else WORK
        self._hours = HourClasses(work, settings.night)
        if not self._restored:
            try:
                self._restore()
            except OSError as error:
                self._failed("on-call journal not read", error)

    def columns(self) -> Sequence[Column]:
        if not self._restored:
            return ()
        with self._shown:
            return tuple(shown.columns(self._ledger, self._host.wall()))

    async def notified(self, body: bytes) -> None:
        """Take a message. When this returns it is on disk. Raises Refusal."""
        try:
            async with self._one:
                await self._host.apart("on-call journal", self._note, body, timeout=DISK)
        except Unreadable as error:
            raise Refusal(400, str(error)) from None
        except (OSError, TimedOut) as error:
            self._failed("on-call journal not written", error)
            raise Refusal(503, "the message could not be noted on disk: try again") from None
        self._well("on-call journal not written")

    async def look(self) -> None:
        """Take up what people acknowledge, and write down what is open for them to choose from. Raises OSError and
        TimedOut."""
        async with self._one:
            await self._host.apart("on-call journal", self._look, timeout=DISK)

    # -- in the thread --------------------------------------------------------------------------------------------

    def _note(self, body: bytes) -> None:
        message = read(body)
        if not self._restored:
            self._restore()
        self._acknowledge()  # before an end that may be told now
        now = self._host.wall()
        if records := self._ledger.decide(message, now, self._hours.at):
            self._write(records)
        else:
            self._ledger.copies += self._ledger.concerns(message)
        if self._journal.lines > self._lines:
            self._shorten()

    def _look(self) -> None:
        if not self._restored:
            return
        self._acknowledge()
        if silent := self._ledger.silent(self._host.wall()):
            self._write(silent)
        if self._untold:
            write_state(self._state / acks.OPEN, {"alerts": shown.listed(self._ledger)})
            self._untold = False

    def _acknowledge(self) -> None:
        try:
            entries = self._watcher.changed()
        except Damaged as error:
            self._failed("acknowledgements not read", error)
            return
        try:
            for fingerprint, starts, ack in entries or ():
                if records := self._ledger.acknowledge(fingerprint, starts, ack):
                    self._write(records)
                    audit.acknowledged(self._ledger.open[fingerprint])
        except OSError:
            self._watcher.forget()
            raise

    def _write(self, records: Iterable[Record]) -> None:
        """To disk, and only then into what is shown."""
        records = list(records)
        self._state.mkdir(parents=True, exist_ok=True)
        self._journal.append(records)
        with self._shown:
            self._ledger.apply(records)
        self._untold = True

    def _shorten(self) -> None:
        """Begin the journal anew with what still counts. What was to be noted is, whether or not this works."""
        records = self._ledger.everything()
        self._lines = max(LINES, 4 * len(records))
        try:
            self._journal.replace(records)
        except OSError as error:
            self._failed("on-call journal not shortened", error)

    def _restore(self) -> None:
        records, damaged = self._journal.read()
        with self._shown:
            self._ledger.apply(records)
        self._restored = self._untold = True  # once: records count again where they are applied again later
        if damaged:
            log.error("on-call journal is damaged, the rest is kept", lines=damaged)
            self._shorten()
