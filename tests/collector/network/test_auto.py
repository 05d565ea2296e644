"""`modules: auto` with the agent and a device behind it, in virtual time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from collector.agent import Agent
from collector.model import Auth, Column, Device, Secret
from collector.network.auto import RENEWED, Auto, Memory
from collector.network.snmp import Snmp
from collector.wire.snmp.fingerprint import Fingerprint, Identity
from collector.wire.snmp.module import Metric, Module
from tests.collector.wire.snmp import agents
from tests.collector.wire.snmp.agents import integer, octets
from tests.collector.wire.snmp.test_identify import switch
from tests.collector.worlds import FakeWorld, device, labels, target, value, virtual

BRIDGE = "1.3.6.1.2.1.17.1.2"
SYSTEM = "1.3.6.1.2.1.1.3"


def scalar(name: str, oid: str) -> Snmp:
    return Snmp(Module(name, get=(f"{oid}.0",), metrics=(Metric(name, oid, "gauge"),)))


CHOICES = {
    "uptime": scalar("sysUpTime", SYSTEM),
    "bridge": scalar("dot1dBaseNumPorts", BRIDGE),
    "table": Snmp(Module("table", walk=("1.3.6.1.2.1.2.2",))),
}
RULES = (
    Fingerprint("cisco", ("uptime",), sys_object_id=("1.3.6.1.4.1.9",)),
    Fingerprint("bridges", ("bridge",), probe=(BRIDGE + ".0",)),
)
AUTO = Auto(RULES, CHOICES)


class Lab:
    """One device, its agent, and the collector that watches it."""

    def __init__(self, auto: Auto = AUTO, listed: dict[str, Snmp] | None = None, **fields: Any) -> None:
        self.values = switch(**{f"{SYSTEM}.0": integer(5, 0x43), f"{BRIDGE}.0": integer(24)})
        self.world = FakeWorld(lambda packet: (0.01, reply[0]) if (reply := self._reply(packet.data)) else None)
        self.world.host = _Host(self.world)
        self.device = device(auth=Auth("a", 2, Secret("public")), **fields)
        self.agent = Agent(self.world)  # type: ignore[arg-type]
        self.load(auto, listed)

    def load(self, auto: Auto, listed: dict[str, Snmp] | None = None, of: Device | None = None) -> None:
        of = of or self.device
        targets = [target(of, name, collector) for name, collector in {**(listed or {}), "auto": auto}.items()]
        self.agent.load([of], {of.name: targets})

    def _reply(self, packet: bytes) -> list[bytes]:
        return agents.Agent(self.values).answer(packet)

    async def page(self) -> list[Column]:
        return await self.agent.page("sw", 20)

    async def sent(self, seconds: float = 60) -> int:
        """Packets of one more poll."""
        before = len(self.world.packets)
        await asyncio.sleep(seconds)
        await self.page()
        return len(self.world.packets) - before


class _Host:
    system = "linux"

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def wall(self) -> float:
        return 1_767_225_600.0 + self._world.now()


def modules(page: list[Column]) -> set[tuple[str, str]]:
    return {(row["module"], row["rule"]) for row in labels(page, "wardwatch_device_modules_info")}


def polled(page: list[Column]) -> set[str]:
    return {row["module"] for row in labels(page, "wardwatch_poll_success")}


def test_the_first_poll_finds_out_and_asks_what_was_chosen() -> None:
    async def scene() -> None:
        lab = Lab()
        page = await lab.page()
        assert modules(page) == {("uptime", "cisco"), ("bridge", "bridges")}
        assert value(page, "dot1dBaseNumPorts") == 24
        assert polled(page) == {"auto", "uptime", "bridge"}
        assert value(page, "wardwatch_device_up") == 1
        assert lab.world.worst == 1
        assert await lab.sent() == 2, "one question whether it is the same, one for what all modules need"

    virtual(scene())


def test_what_the_inventory_lists_stays_and_is_not_asked_twice() -> None:
    async def scene() -> None:
        lab = Lab(listed={"bridge": CHOICES["bridge"]})
        page = await lab.page()
        assert [t.module for t in lab.agent.watch("sw").targets] == ["bridge", "auto", "uptime"]
        assert value(page, "dot1dBaseNumPorts") == 24

    virtual(scene())


def test_another_device_behind_the_address_gets_other_modules_with_the_next_poll() -> None:
    async def scene() -> None:
        lab = Lab()
        await lab.page()
        series = lab.agent.series
        del lab.values[f"{BRIDGE}.0"]
        assert await lab.sent() == 2
        assert value(await lab.page(), "wardwatch_poll_success", module="bridge") == 0, "it still says it is the same"
        lab.values["1.3.6.1.2.1.1.1.0"] = octets("another")
        await lab.sent()
        page = await lab.page()
        assert modules(page) == {("uptime", "cisco")}
        assert polled(page) == {"auto", "uptime"}
        assert lab.agent.series == series - 3, "a sample, its number of variables, and the rule that chose it"

    virtual(scene())


def test_a_feature_that_is_switched_on_is_found_within_a_day() -> None:
    async def scene() -> None:
        lab = Lab()
        del lab.values[f"{BRIDGE}.0"]
        assert modules(await lab.page()) == {("uptime", "cisco")}
        lab.values[f"{BRIDGE}.0"] = integer(24)
        await lab.sent(0.8 * RENEWED)
        assert modules(await lab.page()) == {("uptime", "cisco")}
        await lab.sent(0.21 * RENEWED)
        assert modules(await lab.page()) == {("uptime", "cisco"), ("bridge", "bridges")}

    virtual(scene())


def test_it_is_remembered_over_a_restart() -> None:
    async def scene() -> None:
        lab = Lab()
        await lab.page()
        saved = lab.agent.watch("sw").saved()
        assert saved is not None
        again = Lab()
        again.agent.watch("sw").restore(saved)
        assert await again.sent(0) == 2, "no probe"
        assert modules(await again.page()) == {("uptime", "cisco"), ("bridge", "bridges")}
        moved = Lab(address="127.9.0.2")
        moved.agent.watch("sw").restore(saved)
        assert await moved.sent(0) == 3, "another device is asked"
        ruled = Lab(Auto((*RULES, Fingerprint("new", ("table",), probe=("1.3.6.1.4.1.1.1.0",))), CHOICES))
        ruled.agent.watch("sw").restore(saved)
        assert await ruled.sent(0) == 3, "and so it is by other rules"

    virtual(scene())


def test_a_reload_keeps_what_was_chosen_and_new_rules_choose_anew() -> None:
    async def scene() -> None:
        lab = Lab()
        await lab.page()
        lab.load(Auto(RULES, dict(CHOICES)))
        assert await lab.sent(0) == 0, "nothing has changed"
        lab.load(AUTO, of=device(auth=lab.device.auth, site="north"))
        assert await lab.sent(0) == 0, "nothing that is asked"
        assert "dot1dBaseNumPorts" in {c.family.name for c in await lab.page()}
        lab.load(Auto(RULES[:1], CHOICES), of=device(auth=lab.device.auth, site="north"))
        page = await lab.page()
        assert modules(page) == {("uptime", "cisco")}
        assert polled(page) == {"auto", "uptime"}

    virtual(scene())


def test_a_fragile_device_gets_no_module_that_walks() -> None:
    async def scene() -> None:
        rules = (Fingerprint("all", ("table", "bridge"), sys_object_id=("1.3.6.1.4.1.9",)),)
        lab = Lab(Auto(rules, CHOICES), device_class="fragile")
        page = await lab.page()
        assert modules(page) == {("bridge", "all")}
        assert {agents.message.read(packet.data).pdu for packet in lab.world.packets} == {0xA0}

    virtual(scene())


def test_a_module_of_single_values_gives_way_to_others_that_have_them_too() -> None:
    async def scene() -> None:
        both = Module("both", walk=("1.3.6.1.2.1.17.1",), metrics=(Metric("dot1dBaseNumPorts", BRIDGE),))
        rules = (Fingerprint("all", ("bridge", "both"), sys_object_id=("1.3.6.1.4.1.9",)),)
        auto = Auto(rules, {**CHOICES, "both": Snmp(both)})
        assert modules(await Lab(auto).page()) == {("both", "all")}
        assert modules(await Lab(auto, device_class="fragile").page()) == {("bridge", "all")}

    virtual(scene())


def test_a_device_that_is_silent_keeps_what_was_chosen() -> None:
    async def scene() -> None:
        lab = Lab()
        await lab.page()
        kept, lab.world.answer = lab.world.answer, lambda packet: None
        await lab.sent()
        page = await lab.page()
        assert value(page, "wardwatch_device_up") == 0
        assert labels(page, "wardwatch_poll_failed_info") == [
            {"module": name, "reason": "timeout"} for name in ("auto", "uptime", "bridge")
        ]
        lab.world.answer = kept
        await lab.sent()
        assert modules(await lab.page()) == {("uptime", "cisco"), ("bridge", "bridges")}

    virtual(scene())


class Deaf(agents.Agent):
    """Never answers for one name."""

    def answer(self, packet: bytes) -> list[bytes]:
        head = agents.message.read(packet)
        names = [agents.ber.dotted(name) for name, _, _ in agents.message.varbinds(packet, head)]
        return [] if BRIDGE in names else super().answer(packet)


def test_a_probe_that_is_never_answered_is_left_alone_after_three_polls() -> None:
    async def scene() -> None:
        lab = Lab(Auto((RULES[0], Fingerprint("bridges", ("bridge",), probe=(BRIDGE,))), CHOICES))
        lab._reply = lambda packet: Deaf(lab.values).answer(packet)  # type: ignore[method-assign]
        counts = [await lab.sent() for _ in range(5)]
        assert counts[0] > 3
        assert counts[3:] == [2, 2]
        assert modules(await lab.page()) == {("uptime", "cisco")}

    virtual(scene())


def test_what_is_remembered_is_plain() -> None:
    memory = Memory()
    assert memory.saved() is None
    memory.identity, memory.modules = Identity("1.3.6.1.4.1.9.1", "00ff", frozenset((BRIDGE,))), ("bridge",)
    assert Memory.restored(json.loads(json.dumps(memory.saved()))).saved() == memory.saved()
