"""One real socket to agents on loopback, without the agent and its budgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from collector.budget import Caps
from collector.edge import Tally, Terms, World
from collector.model import Auth, Column, Common, Device, Dialogue, Schedule, Target
from collector.network.snmp import Snmp
from collector.wire.snmp.module import Module

T = TypeVar("T")


class _Free:
    def wait(self, now: float, deadline: float) -> float:
        return 0.0

    def unsent(self, now: float) -> None:
        pass

    def answered(self) -> None:
        pass


class Real:
    """An edge to 127.0.0.1:`port`; `tally` counts packets. Make it inside the event loop."""

    room = Caps().series_per_device

    def __init__(self, port: int, seconds: float = 20.0) -> None:
        self.port = port
        self.world = World()
        self.host = self.world.host
        self.now = self.world.now
        self.common = Common()
        self.tally = Tally()
        self._seconds = seconds
        self._kept: dict[Any, Any] = {}

    @property
    def deadline(self) -> float:
        return self.now() + self._seconds

    def memory(self, make: type[T]) -> T:
        found: T = self._kept.setdefault(make, make())
        return found

    async def udp(self, dialogue: Dialogue) -> None:
        await self.world.udp(("127.0.0.1",), self.port, dialogue, Terms(self.deadline, _Free(), self.tally))

    async def poll(self, auth: Auth, module: Module) -> dict[str, Column]:
        device = Device("real", "127.0.0.1", port=self.port, auth=auth)
        found: Sequence[Column] = await Snmp(module).poll(
            Target(device, module.name, Snmp(module), Schedule(60.0, 20.0)), self
        )
        return {column.family.name: column for column in found}
