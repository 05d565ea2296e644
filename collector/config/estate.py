"""What services may be made of: the inventory, as far as a reference to it can be checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.config.probes import is_prober
from collector.config.promql import quoted
from collector.config.scalars import shown, suggestion
from collector.model import Device, Target
from collector.services import Leaf


@dataclass(frozen=True, slots=True)
class Estate:
    """Devices and what each is asked. `written` are the names of all that are written, with the modules that each
    names: what has problems of its own is not missed a second time. `whole`: every file of the inventory was read.
    """

    devices: Mapping[str, Device]
    targets: Mapping[str, Sequence[Target]]
    written: Mapping[str, frozenset[str]]
    whole: bool = True

    def device(self, name: str) -> Leaf:
        """A component that is up while the device answers, or while a switch sees it where nothing may be sent to it.
        Raises ValueError."""
        device = self._known(name)
        if device is None:
            return Leaf(name, _up(name), name)
        if device.agent:
            return Leaf(name, f'up{{instance={quoted(name)},job="node"}}', name)
        if device.passive:
            return Leaf(name, _seen(name), name)
        if not self.targets.get(name) and not self.written.get(name):
            raise ValueError(
                f"{shown(name)} is asked nothing: write modules in its entry, so that it is known whether it is up"
            )
        return Leaf(name, _up(name), name)

    def probe(self, name: str, module: str) -> Leaf:
        """A component that is up while the probe succeeds. Raises ValueError."""
        device = self._known(name)
        found = Leaf(f"{name}:{module}", f"probe_success{{{matchers(name, module)}}}", name, module)
        if device is None:
            return found
        if device.passive:
            raise ValueError(
                f"{shown(name)} is passive: nothing is sent to it, so it is not probed. Write device: {name}"
            )
        if device.agent:
            raise ValueError(f"{shown(name)} is an agent that polls for itself: write device: {name}, or an expr")
        probes = [target.module for target in self.targets.get(name, ()) if is_prober(type(target.collector))]
        if module in probes:
            return found
        asked = [target.module for target in self.targets.get(name, ())]
        if module in asked:
            raise ValueError(f"the module {shown(module)} is no probe: write device: {name}, or an expr of its metrics")
        if module in self.written.get(name, ()):
            return found
        has = f" Its probes: {', '.join(probes)}" if probes else " It has no probes"
        raise ValueError(f"{shown(name)} is not asked with {shown(module)}.{suggestion(module, probes)}{has}")

    def _known(self, name: str) -> Device | None:
        """None where the device is there, but not known well enough to say more. Raises ValueError."""
        device = self.devices.get(name)
        if device is None and name not in self.written and self.whole:
            raise ValueError(f"there is no device {shown(name)}.{suggestion(name, self.written)}")
        return device


def matchers(name: str, module: str) -> str:
    """What stands between the braces for a probe's series."""
    return f"instance={quoted(name)},module={quoted(module)}"


def _up(name: str) -> str:
    return f"wardwatch_device_up{{instance={quoted(name)}}}"


def _seen(name: str) -> str:
    """1 but where it is unseen, and nothing where nobody knows (docs/whereabouts.md)."""

    def state(word: str) -> str:
        return f"wardwatch_equipment_state{{instance={quoted(name)},state={quoted(word)}}}"

    return f"{state('unseen')} == bool 0 unless on (instance) {state('unknown')} == 1"
