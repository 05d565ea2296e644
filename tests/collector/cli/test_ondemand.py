"""`/snmp` between web server and agent: what is refused, in which order, and that no packet leaves for it."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path

import pytest

from collector.agent import Agent
from collector.cli.ondemand import Desk
from collector.config import Config, load
from collector.model import Column
from collector.scrape import ERROR, SUCCESS, TWICE
from collector.wire.snmp import signs
from exporters.source import Question, Refusal, Scrape
from simulator.player import Player, fault
from simulator.synthetic import KINDS
from tests.collector.worlds import FakeWorld, Packet, labels, value, virtual

INVENTORY = """
defaults: {class: it, auth: own, site: main}
devices:
  - {name: sw-1, address: 127.9.0.1, modules: [system]}
  - {name: ups-1, address: 127.9.0.2, class: fragile, modules: [ups_scalars]}
  - {name: pump-1, address: 127.9.0.3, class: clinical}
  - name: pump-2
    address: 127.9.0.4
    class: clinical
    modules: [system_scalars]
    active: {approved_by: a person, date: 2026-11-22}
  - {name: broken-1, address: 127.9.0.5, modules: [system]}
"""
SETTINGS = """
on_demand:
  allow:
    - {addresses: [127.9.1.0/24], auths: [lab]}
    - {addresses: [127.9.2.0/24], auths: [public_v2, lab]}
"""
NAMELESS = """
modules:
  nameless:
    walk: [1.3.6.1.2.1.2.2.1.8]
    metrics:
      - name: ifOperStatus
        oid: 1.3.6.1.2.1.2.2.1.8
        type: gauge
        indexes: [{labelname: ifIndex}]
        lookups: [{labels: [], labelname: ifIndex}]
"""
AUTHS = "auths: {own: {community: own-community}, lab: {community: lab-community}}\n"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return configured(tmp_path_factory.mktemp("config"), SETTINGS)


def configured(home: Path, settings: str, auths: str = AUTHS) -> Config:
    (home / "inventory").mkdir(exist_ok=True)
    (home / "inventory" / "all.yml").write_text(INVENTORY)
    (home / "wardwatch.yml").write_text(
        settings.replace("public_v2, ", "" if "public_v2" not in auths else "public_v2, ")
    )
    (home / "auths.yml").write_text(auths)
    (home / "snmp").mkdir(exist_ok=True)
    (home / "snmp" / "nameless.yml").write_text(NAMELESS)
    return load(home, environ=os.environ, resolve=_resolve)


def _resolve(name: str) -> str:
    raise AssertionError(f"nothing is looked up, {name!r} neither")


def world(**faults: str) -> FakeWorld:
    """Every address has a switch; `faults` by address with underscores."""
    players: dict[str, Player] = {}

    def answer(packet: Packet) -> tuple[float, bytes] | None:
        player = players.get(packet.address)
        if player is None:
            mode = faults.get("a" + packet.address.replace(".", "_"))
            made = [fault(mode)] if mode else []
            player = players[packet.address] = Player("sw", packet.address, KINDS["switch"](4), faults=made, age=1e6)
        heard = player.hear(packet.data, packet.at)
        return (0.001 + heard[0].delay, heard[0].payload) if heard else None

    return FakeWorld(answer)


def desk(over: FakeWorld, config: Config) -> Desk:
    agent = Agent(over, config.settings.budgets, config.settings.caps)  # type: ignore[arg-type]
    agent.load(config.devices, config.targets)
    made = Desk(agent)
    made.load(config)
    return made


def question(
    target: str, *modules: str, auth: str = "", strict: bool = False, context: str = "", engine: str = ""
) -> Question:
    return Question(target, auth, modules or ("system",), context, engine, strict)


async def refused(made: Desk, asked: Question) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await made.answer(asked, inf)
    return caught.value.status, str(caught.value)


@pytest.mark.slow
def test_what_is_not_there_comes_before_what_may_not_be_asked(config: Config) -> None:
    async def scene() -> None:
        over = world()
        made = desk(over, config)
        assert await refused(made, question("sw-1", "nonsense", auth="nobody")) == (400, "Unknown auth 'nobody'")
        assert await refused(made, question("10.0.0.1", auth="nobody")) == (400, "Unknown auth 'nobody'")
        assert await refused(made, question("10.0.0.1", "nonsense")) == (400, "Unknown module 'nonsense'")
        assert await refused(made, question("sw-1", "system", "cpu")) == (400, "Unknown module 'cpu'")
        assert await refused(made, question("127.9.1.9", "nonsense")) == (400, "Unknown auth 'public_v2'")
        for asked in (
            question("10.0.0.1"),
            question("pump-1"),
            question("sw-1", auth="lab"),
            question("127.9.0.1", auth="lab"),
            question("127.9.1.9", auth="own"),
            question("127.9.1.9:1161", auth="lab"),
            question("pump-2", "system_scalars", "system"),
        ):
            assert (await refused(made, asked))[0] == 403
        assert over.packets == []

    virtual(scene())


def test_a_device_is_asked_with_its_own_credentials_whoever_asks(config: Config) -> None:
    async def scene() -> None:
        over = world()
        made = desk(over, config)
        for asked in (question("sw-1"), question("127.9.0.1", auth="own"), question("sw-1", "hrSystem", auth="own")):
            await made.answer(asked, inf)
        assert over.packets
        assert all(b"own-community" in packet.data for packet in over.packets)
        over.packets.clear()
        await made.answer(question("127.9.1.9", auth="lab"), inf)
        assert {packet.address for packet in over.packets} == {"127.9.1.9"}
        assert all(b"lab-community" in packet.data for packet in over.packets)

    virtual(scene())


def hostile(count: int, seed: int = 1) -> Iterator[str]:
    """Targets such as attackers write them, none of which is allowed."""
    draw = random.Random(seed)
    frames = (
        "{}", "{}:161", "udp://{}", "tcp://{}", "http://{}", "//{}", "user@{}", "user:pw@{}", "[{}]", "[{}]:161",
        "{}%eth0", "{}\r\nHost: x", "{},sw-1", "sw-1,{}", "sw-1@{}", "{}#sw-1", "{}?target=sw-1", "{}/../sw-1",
        "sw-1.{}", "{}.sw-1", "{}\0sw-1", " {}", "{} ", "{}.", "{}:0", "{}:99999", "{}:0161", "::ffff:{}",
        "[::ffff:{}]", "64:ff9b::{}",
    )  # fmt: skip
    for _ in range(count):
        number = draw.choice((draw.getrandbits(32), 0x7F090001, 0x7F090109, 0x7F090003, 0xA9FEA9FE, 0xFFFFFFFF))
        parts = number.to_bytes(4, "big")
        address = draw.choice(
            (
                ".".join(map(str, parts)),
                str(number),
                hex(number),
                f"0{number:o}",
                ".".join(f"0{part:o}" for part in parts),
                ".".join(hex(part) for part in parts),
                ".".join(map(str, (parts[0], parts[1], int.from_bytes(parts[2:], "big")))),
                ".".join(f"{part:03d}" for part in parts),
                "".join(draw.choice("0123456789abcdefx.:%[]@/\\-_ \n\u0661\uff11") for _ in range(draw.randrange(40))),
            )
        )
        yield draw.choice(frames).replace("{}", address)


@pytest.mark.slow
def test_hostile_targets_send_no_packet(config: Config) -> None:
    """RELIABILITY C6. Seen to fail with an `Admission.find` that takes what `ip_address(int(target))` takes."""

    async def outcome(made: Desk, target: str) -> tuple[int, str]:
        try:
            await made.answer(question(target, auth="lab"), 0.0)
        except Refusal as refusal:
            return refusal.status, str(refusal)
        return 200, target

    async def scene() -> None:
        over = world()
        made = desk(over, config)
        found = [await outcome(made, target) for target in hostile(10_000)]
        await asyncio.sleep(0.5)
        assert {status for status, _ in found} == {200, 403}
        assert all(text.isprintable() for _, text in found)
        # There is one way to write an address, with or without port and transport.
        assert {text for status, text in found if status == 200} <= {"127.9.1.9", "127.9.1.9:161", "udp://127.9.1.9"}
        assert {packet.address for packet in over.packets} <= {"127.9.1.9"}

    virtual(scene())


def test_what_is_right_is_served_where_a_peer_fails_the_scrape(config: Config) -> None:
    async def scene() -> tuple[Scrape, Scrape, list[Column]]:
        over = world(a127_9_0_5="f03_walk_error")
        made = desk(over, config)
        asked = ("system_scalars", "if_mib")
        part = await made.answer(question("broken-1", *asked), inf)
        strict = await made.answer(question("broken-1", *asked, strict=True), inf)
        return part, strict, list(part.columns)

    part, strict, columns = virtual(scene())
    assert part.faults == []
    assert value(columns, SUCCESS.name, module="system_scalars") == 1
    assert value(columns, SUCCESS.name, module="if_mib") == 0
    assert {found["module"] for found in labels(columns, ERROR.name)} == {"if_mib"}
    assert strict.faults == [], "an error status ends a peer's walk as if it were complete"


@pytest.mark.parametrize(
    ("mode", "reason", "fault"),
    [
        ("f01_not_increasing", "not_increasing", "error walking target 127.9.0.5: OID not increasing"),
        ("dead", "timeout", "error walking target 127.9.0.5: request timeout (after 5 retries)"),
    ],
)
def test_strict_fails_in_snmp_exporters_words(config: Config, mode: str, reason: str, fault: str) -> None:
    async def scene() -> tuple[Scrape, Mapping[str, object]]:
        made = desk(world(a127_9_0_5=mode), config)
        part = await made.answer(question("broken-1", "if_mib"), inf)
        found = labels(part.columns, ERROR.name)
        assert value(part.columns, SUCCESS.name, module="if_mib") == 0
        return await made.answer(question("broken-1", "if_mib", strict=True), inf), found[0]

    strict, error = virtual(scene())
    assert error["reason"] == reason
    assert strict.faults
    assert strict.faults[0].startswith(
        'error collecting metric Desc{fqName: "snmp_error", help: "Error scraping target", '
        'constLabels: {module="if_mib"}, variableLabels: {}}: '
    )
    assert fault in strict.faults[0]


def test_strict_may_be_a_setting(tmp_path: Path) -> None:
    async def scene() -> Scrape:
        made = desk(world(a127_9_0_5="dead"), configured(tmp_path, "snmp: {strict: true}\n"))
        return await made.answer(question("broken-1"), inf)

    assert virtual(scene()).faults


def test_to_have_nothing_of_a_module_is_no_error(config: Config) -> None:
    async def scene() -> Scrape:
        return await desk(world(), config).answer(question("sw-1", "ucd_memory", strict=True), inf)

    scrape = virtual(scene())
    assert scrape.faults == []
    assert value(scrape.columns, SUCCESS.name, module="ucd_memory") == 1


def test_one_series_in_two_modules_is_a_fault_to_a_peer_only(config: Config) -> None:
    async def scene() -> list[Scrape]:
        made = desk(world(), config)
        return [await made.answer(question("sw-1", "system", "system_scalars", strict=s), inf) for s in (False, True)]

    part, strict = virtual(scene())
    assert part.faults == []
    assert value(part.columns, SUCCESS.name, module="system_scalars") == 1
    assert any('collected metric "sysUpTime"' in f and "was collected before" in f for f in strict.faults)


def test_a_fragile_device_is_asked_for_single_values_whatever_the_module(config: Config) -> None:
    async def scene() -> Scrape:
        over = world()
        made = desk(over, config)
        scrape = await made.answer(question("ups-1", "if_mib"), inf)
        assert over.packets == []
        return scrape

    scrape = virtual(scene())
    assert value(scrape.columns, SUCCESS.name, module="if_mib") == 0
    assert labels(scrape.columns, ERROR.name)[0]["reason"] == "refused"


def test_names_and_counters_of_a_guest_belong_together(config: Config) -> None:
    """RELIABILITY F14. Signs of change are asked for on /snmp too: one packet, and none where no name is looked up."""

    async def scene() -> list[tuple[int, float | None]]:
        over = world()
        made = desk(over, config)
        found = []
        for module in ("if_mib", "if_mib", "system_scalars"):
            over.packets.clear()
            columns = (await made.answer(question("127.9.1.9", module, auth="lab"), inf)).columns
            # Without its last arc where it goes along with a question for rows.
            asked = sum(signs.INTERFACES[:-1] in packet.data for packet in over.packets)
            found.append((asked, value(columns, SUCCESS.name, module=module)))
            await asyncio.sleep(30)
        return found

    assert virtual(scene()) == [(1, 1), (1, 1), (0, 1)]


@pytest.mark.parametrize("engine", ["80zz", "80 01", " 8001", "800", "8001\n"])
def test_an_engine_id_that_is_none_collects_nothing(engine: str, tmp_path: Path) -> None:
    auths = "auths: {own: {version: 3, username: reader, security_level: noAuthNoPriv}, lab: {community: x}}\n"

    async def scene() -> Scrape:
        over = world()
        made = desk(over, configured(tmp_path, SETTINGS, auths))
        scrape = await made.answer(question("sw-1", engine=engine), inf)
        assert over.packets == []
        return scrape

    assert value(virtual(scene()).columns, SUCCESS.name, module="system") == 0


def test_a_device_to_be_treated_gently_has_the_context_of_its_own_auth_only(tmp_path: Path) -> None:
    """Each value was a new device with a floor of its own: 18 packets to a clinical one in 280 s (RELIABILITY S5)."""
    auths = (
        "auths: {lab: {community: x}, own: "
        "{version: 3, username: reader, security_level: noAuthNoPriv, context_name: ward}}\n"
    )

    async def scene() -> None:
        over = world()
        made = desk(over, configured(tmp_path, SETTINGS, auths))
        for name in ("pump-2", "ups-1"):
            for number in range(20):
                asked = question(name, "system_scalars", context=f"c{number}")
                status, why = await refused(made, asked)
                assert (status, "the context of its own auth only" in why) == (403, True)
                assert (await refused(made, question(name, "system_scalars", engine=f"80{number:02}")))[0] == 403
        assert over.packets == []
        await made.answer(question("pump-2", "system_scalars", context="ward"), inf)
        await made.answer(question("sw-1", "system_scalars", context="other"), inf)
        assert {packet.address for packet in over.packets} == {"127.9.0.4", "127.9.0.1"}

    virtual(scene())


def test_a_poll_is_counted_once_however_many_read_of_it(config: Config) -> None:
    async def scene() -> None:
        made = desk(world(), config)
        asked = question("sw-1", "system", "hrSystem")  # one of the inventory's modules, one that only we ask for
        counted: list[str] = []
        for _ in range(3):
            answers = await asyncio.gather(*(made.answer(asked, inf) for _ in range(5)))
            counted += [name for answer in answers for name in answer.seconds]
            assert all(seconds > 0 for answer in answers for seconds in answer.seconds.values())
            await asyncio.sleep(0.1)
        assert sorted(counted) == ["hrSystem", "system"]
        await asyncio.sleep(60)
        assert sorted((await made.answer(asked, inf)).seconds) == ["hrSystem", "system"]

    virtual(scene())


def test_what_was_not_polled_takes_no_time(config: Config) -> None:
    async def scene() -> None:
        made = desk(world(a127_9_0_5="dead"), config)
        assert (await made.answer(question("broken-1"), inf)).seconds["system"] > 1
        seen = {}
        for _ in range(20):
            await asyncio.sleep(1)
            again = await made.answer(question("broken-1", "hrSystem"), inf)
            seen[labels(again.columns, ERROR.name)[0]["reason"]] = set(again.seconds)
        assert seen == {"timeout": {"hrSystem"}, "breaker_open": set()}

    virtual(scene())


def test_duplicates_are_counted(config: Config) -> None:
    async def scene() -> list[Scrape]:
        made = desk(world(), config)
        return [await made.answer(question("sw-1", "nameless", strict=strict), inf) for strict in (False, True)]

    part, strict = virtual(scene())
    assert value(part.columns, SUCCESS.name, module="nameless") == 0
    assert labels(part.columns, ERROR.name) == [
        {"module": "nameless", "oid": "1.3.6.1.2.1.2.2.1.8", "reason": "duplicate"}
    ]
    assert value(part.columns, TWICE.name, module="nameless", table="ifOperStatus") == 7
    assert part.faults == []
    assert any("was collected before with the same name and label values" in fault for fault in strict.faults)
