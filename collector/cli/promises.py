"""The catalogue in a running collector: what is owed, on `/metrics`, and at which devices work is planned, with what a
person planned meanwhile.

Without a catalogue, and where nobody planned anything, nothing is imported that only it needs: start-up is a promised
figure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from collector.edge.state import Damaged, Watcher, wall
from collector.model import Column, Device
from collector.services import Catalogue

if TYPE_CHECKING:
    from collector.agreed import Agreed
    from collector.cli.works import Orders
    from collector.planned import Planned

EVERY = 5.0
"""Seconds between two looks at what a person planned: it counts within a minute."""


class Promises:
    """What was promised, and whether it is owed. `failed` is told what of the state could not be read."""

    def __init__(self, state: Path, failed: Callable[[str, Exception], None], well: Callable[[str], None]) -> None:
        self._state = state
        self._failed = failed
        self._well = well
        self._catalogue = Catalogue()
        self._sites: dict[str, str] = {}
        self._watcher: Watcher[Orders] | None = None
        self._orders: Orders | None = None
        self._agreed: Agreed | None = None
        self._planned: Planned | None = None

    def load(self, catalogue: Catalogue, devices: Iterable[Device]) -> None:
        """The catalogue from now on."""
        self._catalogue = catalogue
        self._sites = {device.name: device.site for device in devices}
        self._agreed = self._planned = None
        if catalogue.services or self._sites:
            self.look()
            self._make()

    def look(self) -> None:
        """Take up what a person planned. What cannot be read leaves in force what was."""
        if not (self._catalogue.services or self._sites):
            return
        from collector.cli import works

        if self._watcher is None:
            self._watcher = Watcher(self._state / works.FILE, partial(works.read, self._state))
        try:
            orders = self._watcher.changed()
        except (OSError, Damaged) as error:
            self._failed("maintenance not read", error)
            return
        self._well("maintenance not read")
        if orders is not None:
            self._orders = orders
            self._make()

    async def watch(self) -> None:
        await asyncio.to_thread(self._prepare)
        while True:
            await asyncio.sleep(EVERY)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - without this loop no later work would be seen
                self._failed("maintenance", error)

    def columns(self, at: float) -> Sequence[Column]:
        """What is owed at a moment."""
        return self._agreed.columns(at) if self._agreed is not None else ()

    def planned(self, device: str, at: float) -> bool | None:
        """Whether work goes on at a device; None: none ever is planned there."""
        return self._planned.on(device, at) if self._planned is not None else None

    def _prepare(self) -> None:
        """Have the libraries at hand, and the hours of this year, before a page waits for them."""
        if not (self._catalogue.services or self._catalogue.maintenance):
            return
        from collector.calendar import hours_of, year_of

        for calendar in self._catalogue.calendars.values():
            hours_of(calendar).year(year_of(wall()))

    def _make(self) -> None:
        orders = self._orders
        more, cuts = (orders.maintenance(), orders.cuts()) if orders is not None else ([], {})
        if not (self._catalogue.services or self._catalogue.maintenance or more):
            self._agreed = self._planned = None
            return
        from collector.agreed import Agreed, works_of
        from collector.planned import Planned

        self._agreed = Agreed(self._catalogue, self._sites, more, cuts)
        self._planned = Planned(works_of(self._catalogue, more, cuts), self._sites)
