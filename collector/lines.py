"""One line to each address and port, whatever number of inventory names and askers it has (RELIABILITY S3)."""

from __future__ import annotations

from collections.abc import Sequence

from collector.budget import STRICTEST, Allowance, Shared
from collector.model import Device
from collector.watch import Line

_Place = tuple[str, int]


def _place(device: Device) -> _Place:
    """What has no address (this machine, equipment that is known by its MAC address) shares its line with nobody."""
    return device.address or device.name, device.port


class Lines:
    """The lines to what is watched and to what is asked on demand."""

    def __init__(self) -> None:
        self._lines: dict[_Place, Line] = {}
        self._listed: frozenset[_Place] = frozenset()

    def draw(self, inventory: Sequence[Device], guests: Sequence[Device], shared: Shared) -> None:
        """Have a line to each of these, and to nothing else. One that was there stays, whatever is under way on it.

        Names that share an address share its budget: that of the most careful class among them.
        """
        self._listed = frozenset(map(_place, inventory))
        drawn: dict[_Place, Line] = {}
        for device in sorted((*inventory, *guests), key=lambda device: STRICTEST.index(device.device_class)):
            place = _place(device)
            if place in drawn:
                continue
            line = self._lines.get(place)
            if line is None:
                line = Line(Allowance(device, shared))
            elif not line.allowance.serves(device, shared):
                line.allowance.renew(device, shared)
            drawn[place] = line
        self._lines = drawn

    def to(self, device: Device, shared: Shared) -> Line:
        """The line to a device's address, drawn if there is none."""
        place = _place(device)
        line = self._lines.get(place)
        if line is None:
            line = self._lines[place] = Line(Allowance(device, shared))
        return line

    def cut(self, device: Device) -> None:
        """No guest asks there any more. What is listed keeps its line, and so does a poll that is not over yet."""
        place = _place(device)
        line = self._lines.get(place)
        if line is not None and place not in self._listed and not line.lock.locked():
            del self._lines[place]
