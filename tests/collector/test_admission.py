"""Who may be asked by `/snmp`: RELIABILITY part 3, SSRF and credential harvest."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.admission import Admission, Forbidden, Stranger, auth_of
from collector.config.ondemand import Allow
from collector.model import Auth, Device

OWN = Auth("own")
DEVICES = (
    Device("sw-1", "10.1.0.1", auth=OWN),
    Device("sw-2:a", "10.1.0.2", auth=OWN, port=1161, reply_from=("10.1.0.92",)),
    Device("six", "2001:db8::6", auth=OWN),
    Device("pump", "10.1.0.3", "clinical", auth=OWN, passive=True),
    Device("both-1", "10.1.0.4", auth=OWN),
    Device("both-2", "10.1.0.4", "fragile", auth=OWN),
    Device("beside-a-pump", "10.1.0.5", auth=OWN),
    Device("pump-2", "10.1.0.5", "clinical", auth=OWN, passive=True),
    Device("many-1", "10.1.0.6", auth=OWN, port=1161),
    Device("many-2", "10.1.0.6", auth=OWN, port=1162),
    Device("elsewhere", "10.1.0.7", agent="10.1.0.7:10810"),
    Device("pinged", "10.1.0.8"),
    Device("known-by-mac", "", "clinical", auth=OWN, passive=True, mac="00:1b:54:0a:32:f0"),
    Device("odd", "10.1.0.255", auth=OWN, quirks=frozenset({"unicast_address"})),
)
ALLOW = (
    Allow((ip_network("10.1.0.0/24"), ip_network("10.9.0.9/32")), frozenset({"public_v2", "lab"})),
    Allow((ip_network("10.1.0.128/25"),), frozenset({"more"}), port=1161),
    Allow((ip_network("10.8.0.0/22"), ip_network("2001:db8:1::/64")), frozenset({"lab"})),
)
ADMISSION = Admission(DEVICES, ALLOW)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("sw-1", "sw-1"),
        ("sw-1:161", "sw-1"),
        ("udp://sw-1", "sw-1"),
        ("10.1.0.1", "sw-1"),
        ("10.1.0.1:161", "sw-1"),
        ("udp://10.1.0.1:161", "sw-1"),
        ("sw-2:a", "sw-2:a"),
        ("10.1.0.2", "sw-2:a"),
        ("10.1.0.2:1161", "sw-2:a"),
        ("2001:DB8:0::6", "six"),
        ("[2001:db8::6]", "six"),
        ("[2001:db8::6]:161", "six"),
        ("both-1", "both-1"),
        ("10.1.0.4", "both-2"),  # two names: the one to be more careful with
        ("10.1.0.6:1162", "many-2"),
        ("10.1.0.255", "odd"),
    ],
)
def test_a_device_is_meant_by_its_name_or_its_address(target: str, name: str) -> None:
    found = ADMISSION.find(target)
    assert isinstance(found, Device)
    assert found.name == name


@pytest.mark.parametrize(
    ("target", "name", "auths"),
    [
        ("10.1.0.20", "10.1.0.20", {"public_v2", "lab"}),
        ("10.1.0.200:1161", "10.1.0.200:1161", {"more"}),
        ("10.9.0.9", "10.9.0.9", {"public_v2", "lab"}),
        ("10.8.1.7:161", "10.8.1.7", {"lab"}),
        ("[2001:db8:1::7]", "[2001:db8:1::7]", {"lab"}),
    ],
)
def test_an_address_may_be_allowed_without_an_entry(target: str, name: str, auths: set[str]) -> None:
    found = ADMISSION.find(target)
    assert isinstance(found, Stranger)
    assert (found.name, found.auths) == (name, auths)
    assert ADMISSION.find(found.name) == found


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("sw-1:162", "another port"),
        ("10.1.0.1:162", "another port"),
        ("10.1.0.2:161", "another port"),
        ("10.1.0.6", "another port"),
        ("pump", "passive"),
        ("10.1.0.3", "passive"),
        ("10.1.0.5", "passive"),  # whoever else has the address
        ("known-by-mac", "passive"),
        ("known-by-mac:161", "passive"),
        (":161", "neither"),  # what has no address is not meant by none
        ("udp://", "neither"),
        ("00:1b:54:0a:32:f0", "is not an address"),
        ("elsewhere", "elsewhere"),
        ("10.1.0.7", "elsewhere"),
        ("pinged", "no SNMP credentials"),
        ("10.1.0.92", "further one"),
        ("tcp://sw-1", "SNMP over tcp is not spoken here"),
        ("tcp://10.1.0.1:161", "SNMP over tcp is not spoken here"),
        ("http://10.1.0.1", "SNMP over http is not spoken here"),
        ("UDP://10.1.0.1", "neither"),
        ("udp://udp://10.1.0.1", "neither"),
        ("10.1.0.20:53", "another port"),
        ("10.1.0.0", "network's"),
        ("10.8.0.0", "network's"),
        ("10.8.3.255", "network's"),
        ("10.8.1.255", "network's"),  # of the /24 that it may well be in
        ("10.7.0.1", "neither in the inventory"),
        ("127.0.0.1", "neither in the inventory"),
        ("169.254.169.254", "neither in the inventory"),
        ("localhost", "not looked up"),
        ("sw-1.example", "not looked up"),
        ("SW-1", "not looked up"),
        ("167837697", "is not an address"),  # 10.1.0.1 as one number
        ("0x0a010001", "is not an address"),
        ("010.1.0.1", "is not an address"),
        ("10.1.1", "is not an address"),
        ("10.1.0.1.", "is not an address"),
        ("::ffff:10.1.0.1", "IPv4 address inside IPv6"),
        ("[::ffff:10.1.0.1]:161", "IPv4 address inside IPv6"),
        ("2001:db8::6%eth0", "zone id"),
        ("[2001:db8::6%25eth0]", "zone id"),
        ("[10.1.0.1]", "brackets"),
        ("user@10.1.0.1", "neither"),
        ("user:secret@10.1.0.1", "neither"),
        ("10.1.0.1,10.1.0.2", "neither"),
        ("10.1.0.1 10.1.0.2", "neither"),
        ("10.1.0.1\r\nX: y", "neither"),
        ("10.1.0.1\n", "neither"),
        (" 10.1.0.1", "neither"),
        ("10.1.0.1\0", "neither"),
        ("10.1.0.1/32", "neither"),
        ("10.1.0.1/..", "neither"),
        ("10.1.0.1:", "port"),
        ("10.1.0.1:0", "port"),
        ("10.1.0.1:0161", "port"),
        ("10.1.0.1:65536", "port"),
        ("10.1.0.1:161:161", "is not an address"),
        ("１0.1.0.1", "neither"),
        ("١٠.1.0.1", "neither"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("a" * 10_000, "neither"),
        ("", "neither"),
    ],
)
def test_anything_else_is_refused_with_a_reason(target: str, why: str) -> None:
    with pytest.raises(Forbidden, match=why):
        ADMISSION.find(target)


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"(udp://|tcp://|//)?[\[\]0-9a-fx.:%@,/]{1,40}(:[0-9]{0,6})?", fullmatch=True),
        st.ip_addresses().map(str),
        st.ip_addresses(v=4).map(lambda address: str(int(address))),
    )
)
def test_whatever_is_asked_only_listed_and_allowed_addresses_are_found(target: str) -> None:
    found = None
    with suppress(Forbidden):
        found = ADMISSION.find(target)
    if found is None:
        return
    if isinstance(found, Device):
        assert found in DEVICES
    else:
        assert any(network_has(entry, found.address) and entry.port == found.port for entry in ALLOW)


def network_has(entry: Allow, address: str) -> bool:
    return any(
        ip_network(address).subnet_of(net) for net in entry.networks if net.version == ip_network(address).version
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["known-by-mac", "", "00:1b:54:0a:32:f0"])
def test_what_has_no_address_is_probed_by_no_name_for_it(host: str) -> None:
    with pytest.raises(Forbidden):
        ADMISSION.probed(host, 0, "icmp")


def test_credentials_are_those_of_the_target_and_no_others() -> None:
    device, stranger = ADMISSION.find("sw-1"), ADMISSION.find("10.1.0.20")
    assert auth_of(device, "", "public_v2") is None
    assert auth_of(device, "own", "public_v2") is None
    assert auth_of(stranger, "", "public_v2") == "public_v2"
    assert auth_of(stranger, "lab", "public_v2") == "lab"
    for found, wanted in ((device, "public_v2"), (device, "lab"), (stranger, "own"), (stranger, "more")):
        with pytest.raises(Forbidden, match="auth"):
            auth_of(found, wanted, "public_v2")
    with pytest.raises(Forbidden, match="public_v2"):
        auth_of(ADMISSION.find("10.8.1.7"), "", "public_v2")
