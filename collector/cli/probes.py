"""`/probe` between the web server and the agent: what may be probed, and the peer's page of what was found."""

from __future__ import annotations

from collections.abc import Sequence

from collector.admission import Admission, Forbidden
from collector.agent import Agent
from collector.config import Config
from collector.config.probes import is_prober
from collector.model import Collector, Column, Device, Target, column, rows, single
from collector.ondemand import Crowded, OnDemand, Reading
from collector.probing import DURATION, FAILURE, NOT_ASKED, OURS, SUCCESS
from collector.probing.place import Place, named, place
from exporters.source import ProbeQuestion, Refusal

SILENT = frozenset(error.reason for error in NOT_ASKED)


class ProbeDesk:
    """Answers questions. Create it inside the event loop."""

    def __init__(self, agent: Agent) -> None:
        self._polls = OnDemand(agent)

    def load(self, config: Config) -> None:
        """Answer by this configuration from now on."""
        settings = config.settings.on_demand
        self._modules = {name: module for name, module in config.modules.items() if is_prober(type(module))}
        self._targets = config.targets
        self._admission = Admission(config.devices, settings.allow)
        self._polls.load(self._modules, settings.timeout, settings.devices, self._welcome)

    def close(self) -> None:
        self._polls.close()

    async def answer(self, question: ProbeQuestion, patience: float) -> Sequence[Column]:
        """Raises Refusal. A probe that fails is an answer (CONTRACTS 6)."""
        module = self._modules.get(question.module)
        if module is None:
            raise Refusal(400, f'Unknown module "{question.module}"')
        try:
            where = place(question.target)
        except ValueError as error:
            raise Refusal(400, f"the target {error}") from None
        try:
            device = self._admission.probed(where.host, where.port, question.module)
            at = self._at(device, module, question, where)
        except Forbidden as error:
            raise Refusal(403, str(error)) from None
        if unfit := module.unfit(device, at):  # type: ignore[attr-defined]  # every prober has it
            raise Refusal(400, f'the module "{question.module}" {unfit}')
        try:
            return page(await self._polls.probe(device, question.module, at, patience))
        except Crowded as error:
            raise Refusal(429, str(error)) from None

    def _at(self, device: Device, module: Collector, question: ProbeQuestion, where: Place) -> str:
        """Where on the device. One that must be treated gently is probed as its entry says, and in no other way."""
        for target in self._own(device, module):
            if question.target == where.host or _same(place(target.at), where):
                return target.at
        if device.device_class != "it":
            raise Forbidden(f"a {device.device_class} device is probed only as its entry in the inventory says")
        return named(question.target, question.hostname) if question.hostname else question.target

    def _own(self, device: Device, module: Collector) -> Sequence[Target]:
        return [target for target in self._targets.get(device.name, ()) if target.collector == module]

    def _welcome(self, device: Device) -> bool:
        """Whether what was probed before may still be."""
        return any(self._admits(device, name) for name in self._modules)

    def _admits(self, device: Device, module: str) -> bool:
        try:
            return self._admission.probed(device.address, 0, module) == device
        except Forbidden:
            return False


def _same(own: Place, asked: Place) -> bool:
    """Whether two places are one, whoever is asked for there."""
    return (own.scheme, own.user, own.port, own.path) == (asked.scheme, asked.user, asked.port, asked.path)


def page(reading: Reading) -> Sequence[Column]:
    """A probe as blackbox_exporter shows it: no module on the series, no counts. A probe that did not take place says
    why, and not that it failed."""
    if not reading.columns:
        failure = column(FAILURE, rows(("reason",), [(reading.outcome,)]), (1.0,))
        if reading.outcome in SILENT:
            return [failure]
        return [failure, single(SUCCESS, 0.0), single(DURATION, reading.duration)]
    return [_bare(each) for each in reading.columns if each.family.name not in OURS]


def _bare(each: Column) -> Column:
    """Without the label `module`, which stands first (`probing`)."""
    over = rows(each.rows.names[1:], [values[1:] for values in each.rows.values])
    return Column(each.family, over, each.values)
