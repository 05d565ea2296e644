"""The example estate: what the inventory and `simulator.yml` say together, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.config import ConfigError
from collector.model import Auth, Device
from simulator import estate, fleet, fleet_address, message, synthetic
from simulator.faults import MODES
from simulator.player import fault
from tests.simulator.client import read, request

CONFIG = Path(__file__).parents[2] / "config"
NAME = request("get", "1.3.6.1.2.1.1.5.0")


@pytest.fixture(scope="module")
def example() -> estate.Estate:
    return estate.load(CONFIG, environ={})


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "simulator.yml"
    path.write_text(text)
    return path


def device(name: str = "sw-1", address: str = "127.20.100.1", **more: object) -> Device:
    return Device(name, address, kind="access-switch", **more)  # type: ignore[arg-type]


def test_the_example_is_a_hospital_and_all_of_it_is_played(example: estate.Estate) -> None:
    assert len(example.players) >= 30
    assert example.left_out == ()
    assert len({player.address for player in example.players}) == len(example.players)
    for player in example.players:
        if not player.name.startswith(("ct", "infusion", "monitoring", "ventilator")) and player.name != "sw-access-7":
            if player.engine is not None:
                assert player.hear(NAME, 1.0) == ()
                continue
            heard = player.hear(NAME, 1.0)
            assert bytes(read(heard[0].payload)[3][0][1]) == player.name.encode()


def test_a_device_of_the_example_speaks_v3_and_nothing_else(example: estate.Estate) -> None:
    assert [player.name for player in example.players if player.engine is not None] == ["firewall-1"]


def test_clinical_devices_die_of_any_packet(example: estate.Estate) -> None:
    clinical = [player for player in example.players if player.safety.window == 5.0]
    assert len(clinical) == 5
    for player in clinical:
        player.hear(NAME, 0.0)
        assert player.death


def test_counter_1_grows_by_exactly_100_a_second(example: estate.Estate) -> None:
    player = next(player for player in example.players if player.name == "counter-1")
    packet = request("bulk", "1.3.6.1.2.1.31.1.1.1.6", max_repetitions=12)
    one, other = (read(player.hear(packet, now)[0].payload)[3] for now in (1000.0, 1300.0))
    assert {int(b) - int(a) for (_, a), (_, b) in zip(one, other, strict=True)} == {30_000}


def test_devices_add_to_their_kinds_and_a_recording_takes_the_place_of_what_is_played(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
kinds:
  access-switch: {plays: switch, ports: 24, faults: [{mode: delay, seconds: 0.1}]}
devices:
  sw-1: {ports: 8}
  sw-2: {recording: printer, faults: []}
""",
    )
    one, two, three = estate.build(
        [device("sw-1"), device("sw-2", "127.20.100.2"), device("sw-3", "127.20.100.3")], path
    ).players
    assert one.image is synthetic.image("switch", 8)
    assert three.image is synthetic.image("switch", 24)
    assert one.hear(NAME, 0.0)[0].delay == pytest.approx(0.1)
    assert len(two.image) == 188
    assert two.hear(NAME, 0.0)[0].delay == 0


def test_credentials_are_the_inventorys(tmp_path: Path) -> None:
    path = write(tmp_path, "kinds: {access-switch: {plays: switch, ports: 4}}")
    old = device(auth=Auth("old", version=1))
    player = estate.build([old], path).players[0]
    assert player.hear(request("get", "1.3.6.1.2.1.1.5.0"), 0.0) == ()
    assert player.hear(request("get", "1.3.6.1.2.1.1.5.0", version=0), 0.0)
    assert player.hear(request("get", "1.3.6.1.2.1.1.5.0", version=0, community="x"), 0.0) == ()


def test_real_addresses_and_agents_elsewhere_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "kinds: {access-switch: {plays: switch, ports: 4}}")
    made = estate.build([device(), device("real", "192.0.2.1"), device("far", "127.0.0.9", agent="127.0.0.9:80")], path)
    assert [player.name for player in made.players] == ["sw-1"]
    assert made.left_out == ("real: its address is not in 127.0.0.0/8", "far: it runs an agent of its own")


def test_nobody_plays_what_has_no_address_and_switches_see_it_all_the_same(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
kinds: {access-switch: {plays: switch, ports: 4}}
network: {links: [[sw-1 Gi1/0/1, sw-2 Gi1/0/1]], stations: {pump: {at: sw-1 Gi1/0/2}}}
""",
    )
    pump = device("pump", "", device_class="clinical", passive=True, mac="02:00:5e:c1:00:06")
    made = estate.build([device(), device("sw-2", "127.20.100.2"), pump], path)
    assert ([player.name for player in made.players], made.left_out) == (["sw-1", "sw-2"], ())
    learned = request("next", "1.3.6.1.2.1.17.7.1.2.2.1.2.1.2.0.94.193.0")
    assert str(read(made.players[0].hear(learned, 1.0)[0].payload)[3][0][0]).endswith("1.2.0.94.193.0.6")


def test_only_plays_those_that_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "kinds: {access-switch: {plays: switch, ports: 4}}")
    devices = [device(), device("sw-2", "127.20.100.2")]
    assert [player.name for player in estate.build(devices, path, ["sw-2"]).players] == ["sw-2"]
    with pytest.raises(ConfigError, match="there is no device sw-9 to play"):
        estate.build(devices, path, ["sw-9"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("devices: {nobody: {plays: switch}}", "simulator.yml:1: devices.nobody: is not in the inventory"),
        ("kinds: {access-switch: {plays: toaster}}", "'toaster' is not made up here: write one of switch, router"),
        ("kinds: {access-switch: {plays: switch, recording: printer}}", "plays and recording exclude each other"),
        ("kinds: {access-switch: {recording: none}}", "there is no recording none"),
        ("kinds: {}", "nothing says what sw-1 plays: give it, or its kind access-switch, plays or recording"),
        ("kinds: {access-switch: {plays: switch, port: 4}}", "is not a key here. Did you mean 'ports'"),
        ("kinds: {access-switch: {plays: switch, ports: many}}", "'many' is not a whole number"),
        ("kinds: {access-switch: {plays: switch, faults: [{seconds: 1}]}}", "a fault needs its 'mode'"),
        ("kinds: {access-switch: {plays: switch, faults: [{mode: f99}]}}", "there is no fault 'f99'"),
        ("kinds: {access-switch: {plays: switch, faults: [{mode: delay, seconds: x}]}}", "expected a number"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        estate.build([device()], write(tmp_path, text))
    assert expected in str(caught.value)
    assert "simulator.yml:1:" in str(caught.value)


def test_every_mode_can_be_written_in_yaml_with_its_own_options(tmp_path: Path) -> None:
    for mode in MODES.values():
        options = ", ".join(f'{key}: "{value}"' for key, value in mode.options.items())
        written = f"{{mode: {mode.name}{', ' + options if options else ''}}}"
        text = f"kinds: {{access-switch: {{plays: switch, ports: 4, faults: [{written}]}}}}"
        (player,) = estate.build([device()], write(tmp_path, text)).players
        assert player.faults == (fault(mode.name),)


def test_a_fleet_has_an_address_each_and_one_image() -> None:
    made = fleet(600, ports=4)
    assert len({player.address for player in made}) == 600
    assert {player.image for player in made} == {synthetic.image("switch", 4)}
    assert fleet_address(0) == "127.30.0.1"
    assert fleet_address(599) == "127.30.2.100"
    with pytest.raises(ValueError, match="at most"):
        fleet_address(63_750)
    assert made[3].hear(NAME, 0.0)[0].payload.count(b"fleet-3") == 1
    assert message.parse(NAME).kind == message.GET
