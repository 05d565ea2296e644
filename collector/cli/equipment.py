"""Where equipment is, as the rest of the program sees it: told the inventory, asked for pages, kept over restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from collector.edge import World
from collector.model import Column, Device, Target
from collector.network.equipment import macs, page
from collector.network.equipment.place import Place
from collector.network.equipment.whereabouts import Whereabouts
from collector.network.sightings import Sightings

log = structlog.get_logger()


class Equipment:
    """The places of the inventory's equipment; a line in the log when one changes."""

    def __init__(self, whereabouts: Whereabouts, world: World) -> None:
        self._whereabouts = whereabouts
        self._world = world
        self._told: dict[str, tuple[str, str, str]] = {}

    def load(self, devices: Sequence[Device], targets: Mapping[str, Sequence[Target]]) -> None:
        """The inventory from now on."""
        boxes = [name for name, each in targets.items() if any(isinstance(t.collector, Sightings) for t in each)]
        self._whereabouts.load(devices, boxes)
        watched = set(self._whereabouts.watched)
        self._told = {name: told for name, told in self._told.items() if name in watched}

    def page(self, device: str) -> Sequence[Column]:
        """What a device's page says of where it is; nothing of a device that is not looked for."""
        place = self._place(device)
        return page.columns(place) if place is not None else ()

    def state(self, device: str) -> str:
        """`seen`, `quiet`, `moved` or `unseen`; empty for a device that is not looked for, or not by anybody lately."""
        place = self._place(device)
        return place.state if place is not None and place.state != "unknown" else ""

    def words(self, device: str) -> str:
        """The same for the status page."""
        return page.words(self._place(device))

    def saved(self) -> Mapping[str, Any]:
        """The last sightings, those included that no page was asked for."""
        for name in self._whereabouts.watched:
            self._place(name)
        return self._whereabouts.saved()

    def restore(self, saved: Mapping[str, Any]) -> None:
        """What the last run had seen. What can't be read is forgotten: it is seen again within minutes."""
        try:
            self._whereabouts.restore(saved)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("sightings not restored", why=f"{type(error).__name__}: {error}")

    def _place(self, name: str) -> Place | None:
        place = self._whereabouts.place(name, self._world.now(), self._world.host.wall())
        if place is not None and place.state != "unknown":
            now = (place.state, place.box, place.port)
            before = self._told.get(name)
            if now != before:
                self._told[name] = now
                mac = macs.written(place.mac) if place.mac else ""
                log.info("equipment", device=name, state=place.state, switch=place.box, port=place.port, mac=mac)
        return place
