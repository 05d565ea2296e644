"""What a device's page says beside how the device is: whether what it hangs on is down, whether work is planned there,
and whom it belongs to. Alerts about causes keep quiet by the first two and are addressed by the last.

On the device's own page, so that Prometheus gives these the same `instance` as everything else of the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from collector.agent import Agent
from collector.belonging import contacts
from collector.config import Config
from collector.dependencies import UNKNOWN, Dependencies, Health
from collector.model import Column, Family, single
from collector.status import info

DOWN = Family(
    "wardwatch_dependency_down",
    "1: the device does not answer, and cannot: none of its parents answers, or did when it was last asked.",
)
MAINTENANCE = Family("wardwatch_device_maintenance", "1: planned work on the device or its site goes on.")


class Surroundings:
    """Of every device of the inventory. `planned` says whether work goes on at a device; None: none is ever planned."""

    def __init__(self, agent: Agent, planned: Callable[[str], bool | None]) -> None:
        self._agent = agent
        self._planned = planned
        self._dependencies = Dependencies({})
        self._contacts: Mapping[str, Column] = {}
        self._elsewhere: Mapping[str, Column] = {}

    def load(self, config: Config) -> None:
        """The inventory and the catalogue from now on."""
        self._dependencies = Dependencies({device.name: device.parents for device in config.devices})
        self._contacts = contacts(config.devices, config.catalogue)
        self._elsewhere = {device.name: info(device) for device in config.devices if device.agent}

    def elsewhere(self, device: str) -> Column | None:
        """`wardwatch_device_info` of an agent elsewhere, which nobody here asks for anything; None: it is none."""
        return self._elsewhere.get(device)

    def page(self, device: str) -> Iterator[Column]:
        down = self._dependencies.down(device, self._health)
        if down is not None:
            yield single(DOWN, down)
        planned = self._planned(device)
        if planned is not None:
            yield single(MAINTENANCE, planned)
        contact = self._contacts.get(device)
        if contact is not None:
            yield contact

    def _health(self, name: str) -> Health:
        try:
            return self._agent.health(name)
        except KeyError:  # an agent elsewhere, which nobody here asks
            return UNKNOWN
