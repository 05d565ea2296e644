"""`/snmp` between the web server and the agent: what is asked, checked against the configuration in use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from collector import scrape
from collector.admission import Admission, Forbidden, Stranger, auth_of
from collector.agent import Agent
from collector.config import Config
from collector.model import Auth, Collector, Device
from collector.ondemand import Crowded, OnDemand, Reading
from exporters.source import Question, Refusal, Scrape

DEFAULT_AUTH = "public_v2"
"""Of an asker who names none (CONTRACTS 1). A device of the inventory has its own."""

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
"""As Go reads it: `bytes.fromhex` would take blanks too."""


class Desk:
    """Answers questions. Create it inside the event loop."""

    def __init__(self, agent: Agent) -> None:
        self._polls = OnDemand(agent)
        self._modules: Mapping[str, Collector] = {}

    def load(self, config: Config) -> None:
        """Answer by this configuration from now on."""
        settings = config.settings.on_demand
        self._auths = config.auths
        self._modules = {name: module for name, module in config.modules.items() if module.name == "snmp"}
        self._own = {name: frozenset(target.module for target in targets) for name, targets in config.targets.items()}
        self._admission = Admission(config.devices, settings.allow)
        self._strict = settings.strict
        self._polls.load(self._modules, settings.timeout, settings.devices, self._welcome)

    def saved(self) -> Sequence[Mapping[str, Any]]:
        """What was learned of addresses that are not in the inventory, as JSON has it."""
        return self._polls.saved()

    def restore(self, saved: Sequence[Mapping[str, Any]]) -> None:
        """What `saved` gave in an earlier run."""
        self._polls.restore(saved)

    def close(self) -> None:
        self._polls.close()

    async def answer(self, question: Question, patience: float) -> Scrape:
        """Raises Refusal. In snmp_exporter's order, what may not be asked comes last (CONTRACTS 1)."""
        forbidden: Forbidden | None = None
        found: Device | Stranger | None = None
        try:
            found = self._admission.find(question.target)
        except Forbidden as error:
            forbidden = error
        unsaid = isinstance(found, Stranger) and not question.auth
        auth = DEFAULT_AUTH if unsaid else question.auth
        if auth and auth not in self._auths:
            raise Refusal(400, f"Unknown auth '{auth}'")
        for name in question.modules:
            if name not in self._modules:
                raise Refusal(400, f"Unknown module '{name}'")
        try:
            if forbidden is not None or found is None:
                raise forbidden or Forbidden("nothing is there")
            device = self._device(found, question)
            context = _context(device, question)
        except Forbidden as error:
            raise Refusal(403, str(error)) from None
        readings = await self._readings(context, question, patience)
        faults = scrape.faults(device, readings) if question.strict or self._strict else []
        untold = {name: reading for name, reading in readings.items() if reading.untold}
        seconds = {name: reading.untold for name, reading in untold.items()}
        return Scrape(scrape.page(readings), faults, seconds, scrape.unexpected(untold))

    async def _readings(self, context: Device | None, question: Question, patience: float) -> Mapping[str, Reading]:
        if context is None:  # snmp_exporter collects nothing then
            return {name: Reading(self._modules[name], (), "malformed") for name in question.modules}
        try:
            return await self._polls.ask(context, question.modules, patience)
        except Crowded as error:
            raise Refusal(429, str(error)) from None

    def _device(self, found: Device | Stranger, question: Question) -> Device:
        name = auth_of(found, question.auth, DEFAULT_AUTH)
        if isinstance(found, Stranger):
            assert name is not None
            return Device(found.name, found.address, port=found.port, auth=self._auths[name])
        if found.device_class == "clinical":
            for module in question.modules:
                if module not in self._own[found.name]:
                    raise Forbidden(f"the module {module!r} is not among those approved for this clinical device")
        return found

    def _welcome(self, device: Device) -> bool:
        """Whether what was asked before may still be asked, with the same credentials."""
        try:
            found = self._admission.find(device.name)
        except Forbidden:
            return False
        if isinstance(found, Device):
            return _without_context(found) == _without_context(device)
        return device.auth is not None and (
            device.auth.name in found.auths
            and _bare(self._auths.get(device.auth.name)) == _bare(device.auth)
            and (device.address, device.port) == (found.address, found.port)
        )


def _context(device: Device, question: Question) -> Device | None:
    """The device in another SNMPv3 context where the asker wants one; None for one that cannot be meant.

    Raises Forbidden for a device that must be treated gently: what is approved for it is its auth's own context.
    """
    auth = device.auth
    if auth is None or auth.version != 3:  # there are none in v1 and v2c
        return device
    if not _HEX.fullmatch(question.engine_id):
        return None
    engine = bytes.fromhex(question.engine_id)
    if question.context:
        auth = replace(auth, context_name=question.context)
    if engine:
        auth = replace(auth, context_engine_id=engine)
    if auth == device.auth:
        return device
    if device.device_class != "it":
        raise Forbidden(f"a {device.device_class} device is asked in the context of its own auth only")
    return replace(device, auth=auth)


def _bare(auth: Auth | None) -> Auth | None:
    return None if auth is None else replace(auth, context_name="", context_engine_id=b"")


def _without_context(device: Device) -> Device:
    return replace(device, auth=_bare(device.auth))
