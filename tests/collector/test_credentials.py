"""Credentials apart: a list of attempts to have those of one device used for another, or shown to anybody.

What `/snmp` refuses over HTTP is in tests/collector/cli/test_ondemand*.py, whom it may ask in test_admission.py, files
that others may read in tests/collector/config/test_secrets.py, forged SNMPv3 in tests/collector/wire/snmp.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from collector.admission import Admission, Forbidden, auth_of
from collector.agent import Agent
from collector.config import ConfigError, load
from collector.config.ondemand import Allow
from collector.model import Auth, Device, Secret
from collector.network.snmp import Snmp
from collector.wire.snmp import message
from collector.wire.snmp.module import Metric, Module
from tests.collector.wire.snmp import agents
from tests.collector.worlds import FakeWorld, Packet, target, virtual

AUTHS = """auths:
  core: {community: "${env:CORE}", addresses: [10.1.0.0/16, "2001:db8::/32"]}
  ward: {community: "${env:WARD}"}
"""
ENVIRON = {"CORE": "canary-core", "WARD": "canary-ward"}
NAMES = {"inside.example.org": "10.1.0.7", "outside.example.org": "192.0.2.66"}
SWITCH = "class: it, modules: [m]"
SNMP = "modules: {m: {get: [1.3.6.1.2.1.1.3.0], metrics: [{name: sysUpTime, oid: 1.3.6.1.2.1.1.3}]}}\n"


def resolve(name: str) -> str:
    return NAMES[name]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("inventory", "snmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "auths.yml").write_text(AUTHS)
    (tmp_path / "snmp" / "m.yml").write_text(SNMP)
    return tmp_path


def read(site: Path, defaults: Path | None = None) -> list[Device]:
    config = load(
        site, environ=ENVIRON, resolve=resolve, collectors=(Snmp,), defaults=defaults or site / "none", large="kept"
    )
    return list(config.devices)


KEPT = "the credentials 'core' are not for 192.0.2.66: auths.yml keeps them to 10.1.0.0/16, 2001:db8::/32"

ATTEMPTS = {
    "by an entry of one's own": (
        {"inventory/x.yml": f"devices: [{{name: x, address: 192.0.2.66, auth: core, {SWITCH}}}]"},
        KEPT,
    ),
    "by a name that leads elsewhere": (
        {"inventory/x.yml": f"devices: [{{name: x, address: outside.example.org, auth: core, {SWITCH}}}]"},
        KEPT,
    ),
    "by the defaults of a file": (
        {"inventory/x.yml": f"defaults: {{auth: core}}\ndevices: [{{name: x, address: 192.0.2.66, {SWITCH}}}]"},
        KEPT,
    ),
    "by a kind": (
        {
            "wardwatch.yml": "kinds: {k: {class: it, auth: core, modules: [m]}}",
            "inventory/x.yml": "devices: [{name: x, address: 192.0.2.66, kind: k}]",
        },
        KEPT,
    ),
    "by another IP version": (
        {"inventory/x.yml": f"devices: [{{name: x, address: '2001:db9::1', auth: core, {SWITCH}}}]"},
        "the credentials 'core' are not for 2001:db9::1",
    ),
    "by a name that an attacker declares anew": (
        {"snmp/x.yml": "auths: {core: {community: '${CORE}'}}"},
        "'core' is also written in auths.yml: keep one of them",
    ),
    "by widening them in a file of modules": (
        {"snmp/x.yml": "auths: {mine: {community: x, addresses: [192.0.2.0/24]}}"},
        "auths.mine.addresses: is not a key here",
    ),
    "by a range for /snmp": (
        {"wardwatch.yml": "on_demand: {allow: [{addresses: [10.1.0.0/16, 192.0.2.64/28], auths: [core]}]}"},
        "the credentials 'core' are not for 192.0.2.64/28",
    ),
    "by a range that is only partly theirs": (
        {"wardwatch.yml": "on_demand: {allow: [{addresses: [10.0.0.0/15], auths: [core]}]}"},
        "is too wide",
    ),
    "by guessing what the program brings": (
        {"inventory/x.yml": f"devices: [{{name: x, address: 192.0.2.66, auth: simulated, {SWITCH}}}]"},
        "there are no credentials 'simulated'",
    ),
    "by naming none": (
        {"inventory/x.yml": f"devices: [{{name: x, address: 192.0.2.66, {SWITCH}}}]"},
        "needs credentials: write auth",
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_written_cannot_point_credentials_elsewhere(site: Path, attempt: str) -> None:
    files, refusal = ATTEMPTS[attempt]
    for name, text in files.items():
        (site / name).write_text(text + "\n")
    shipped = site.parent / f"{site.name}-shipped"
    shipped.mkdir()
    (shipped / "auths.yml").write_text("auths: {simulated: {community: public}}\n")
    with pytest.raises(ConfigError) as caught:
        read(site, shipped)
    assert refusal in str(caught.value)
    assert re.search(r"\.yml:\d+: ", str(caught.value))
    assert "canary" not in str(caught.value)


def test_what_is_meant_is_allowed(site: Path) -> None:
    (site / "inventory" / "x.yml").write_text(
        "defaults: {auth: core, class: it, modules: [m]}\n"
        "devices:\n"
        "- {name: a, address: 10.1.2.3}\n"
        "- {name: b, address: inside.example.org}\n"
        "- {name: c, address: '2001:db8::9'}\n"
    )
    assert [device.auth.name for device in read(site) if device.auth] == ["core"] * 3


@pytest.mark.parametrize(
    "entry",
    [
        "location: '${env:CORE}'",
        "site: '${env:CORE}'",
        "labels: {rack: '${env:CORE}'}",
        "kind: k, labels: {team: '${file:secret}'}",
    ],
)
def test_a_reference_where_no_credential_is_expected_is_plain_text(site: Path, entry: str) -> None:
    (site / "secret").write_text("canary-file")
    (site / "wardwatch.yml").write_text("kinds: {k: {class: it}}\n")
    text = f"devices: [{{name: x, address: 10.1.0.1, auth: core, {SWITCH}, {entry}}}]\n"
    (site / "inventory" / "x.yml").write_text(text)
    (device,) = read(site)
    shown = repr(device)
    assert "${" in shown
    assert "canary" not in shown


OWN = {name: Auth(name, 2, Secret(f"canary-{name}")) for name in ("a", "b", "lab", "public_v2")}
DEVICES = (
    Device("a", "10.1.0.1", auth=OWN["a"]),
    Device("b", "10.1.0.2", auth=OWN["b"], reply_from=("10.1.0.92",)),
    Device("b-again", "10.1.0.3", auth=OWN["b"], port=1161),
)
ADMISSION = Admission(DEVICES, (Allow((ip_network("10.1.0.0/24"),), frozenset({"lab"})),))
SPELLINGS = (
    *("a", "a:161", "udp://a", "10.1.0.1", "10.1.0.1:161", "udp://10.1.0.1", "udp://10.1.0.1:161"),
    *("010.1.0.1", "10.1.1", "0x0a010001", "167837697", "[10.1.0.1]", "::ffff:10.1.0.1", "[::ffff:10.1.0.1]:161"),
    *("10.1.0.1:1161", "10.1.0.1 ", "10.1.0.1,10.1.0.2", "b@10.1.0.1", "10.1.0.1/32", "10.1.0.1.", "tcp://10.1.0.1"),
    *("10.1.0.92", "A", "a.", "10.1.0.3", "10.1.0.3:161"),
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("auth", ["b", "lab", "public_v2", "B", " b", "a,b", "a\x00", "b'"])
def test_no_way_to_write_a_device_has_other_credentials_used_for_it(spelling: str, auth: str) -> None:
    """Of the devices here `b` and `b-again` may be asked with `b`, and the free addresses of the range with `lab`."""
    try:
        found = ADMISSION.find(spelling)
        used = auth_of(found, auth, "public_v2")
    except Forbidden:
        return
    assert isinstance(found, Device)
    assert found.auth is not None
    assert found.auth.name == auth == "b"
    assert used is None


def test_each_packet_has_the_credentials_of_the_address_it_goes_to() -> None:
    """Scrapes, the agent's own timer, a retry, a reload with exchanged addresses: all of it looked at on the wire."""
    up = Snmp(Module("up", get=("1.3.6.1.2.1.1.3.0",), metrics=(Metric("sysUpTime", "1.3.6.1.2.1.1.3"),)))
    values = {"1.3.6.1.2.1.1.3.0": agents.integer(5, 0x43)}

    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.01, agents.Agent(values).answer(packet.data)[0]))
        agent = Agent(world)  # type: ignore[arg-type]

        def use(*devices: Device) -> None:
            agent.load(devices, {d.name: [target(d, "up", up)] for d in devices})

        one, two = Device("one", "10.1.0.1", auth=OWN["a"]), Device("two", "10.1.0.2", auth=OWN["b"])
        use(one, two)
        for name in ("one", "two", "one"):
            await agent.page(name, 5)
        await asyncio.sleep(200)
        agent.retry("two")
        moved = len(world.packets)
        assert communities(world.packets) == {"10.1.0.1": {b"canary-a"}, "10.1.0.2": {b"canary-b"}}
        use(Device("one", "10.1.0.2", auth=OWN["a"]), Device("two", "10.1.0.1", auth=OWN["b"]))
        await asyncio.gather(agent.page("one", 5), agent.page("two", 5))
        await asyncio.sleep(200)
        assert communities(world.packets[moved:]) == {"10.1.0.2": {b"canary-a"}, "10.1.0.1": {b"canary-b"}}
        await agent.close()

    virtual(scene())


def communities(packets: list[Packet]) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    for packet in packets:
        found.setdefault(packet.address, set()).add(message.read(packet.data).community)
    return found


Shows = Callable[[Auth], str]


@pytest.mark.parametrize("show", [repr, str, lambda auth: f"{auth}", lambda auth: f"{auth!r:>400}"])
def test_credentials_do_not_show_themselves(show: Shows) -> None:
    auth = Auth("a", 3, Secret("canary-1"), "reader", "authPriv", Secret("canary-2"), priv_password=Secret("canary-3"))
    assert "canary" not in show(auth)
    assert "canary" not in repr(Device("x", "10.1.0.1", auth=auth))
