"""NTP and DNS over UDP, ICMP over the loopback interface."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from collector.edge.icmp import checksum
from collector.model import Device, Seconds
from collector.network.burst import Burst
from collector.network.dns import Dns
from collector.network.icmp import Icmp
from collector.network.ntp import Ntp
from tests.collector.probes import Probed, probe
from tests.e2e.places import answered

Reply = Callable[[bytes], bytes | None]


class _Peer(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if (answer := self.reply(data)) is not None:
            self.transport.sendto(answer, address)  # type: ignore[attr-defined]


@asynccontextmanager
async def peer(reply: Reply) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Peer(reply), ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def clock(*, ahead: float = 0.0, stratum: int = 2, leap: int = 0, identity: bytes = bytes(4)) -> Reply:
    """A time server whose clock is `ahead` seconds of ours."""

    def reply(packet: bytes) -> bytes:
        import time

        now = int((time.time() + ahead + 2_208_988_800) * 2**32)
        head = struct.pack(">BBbbII4s8s", leap << 6 | 4 << 3 | 4, stratum, 6, -20, 1 << 15, 1 << 14, identity, bytes(8))
        return head + packet[40:48] + struct.pack(">QQ", now, now)

    return reply


async def test_a_time_server_and_how_far_it_is() -> None:
    async with peer(clock(ahead=0.5)) as port:
        found = await probe(Ntp(), f":{port}", polls=3)
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_ntp_offset_seconds") == pytest.approx(0.5, abs=0.2)
    assert found.value("probe_ntp_stratum") == 2
    assert found.value("probe_ntp_root_delay_seconds") == 0.5
    assert found.value("probe_ntp_reach") == 0b111


@pytest.mark.parametrize(
    ("rules", "probe_rules", "reason"),
    [
        ({"ahead": 5.0}, {"max_offset": Seconds(1.0)}, "offset"),
        ({"ahead": -5.0}, {"max_offset": Seconds(1.0)}, "offset"),
        ({"stratum": 16}, {}, "not_synchronised"),
        ({"leap": 3}, {}, "not_synchronised"),
        ({"stratum": 9}, {"max_stratum": 5}, "stratum"),
        ({"stratum": 0, "identity": b"RATE"}, {}, "kiss_rate"),
        ({"stratum": 0, "identity": b"EVIL"}, {}, "kiss_other"),
    ],
)
async def test_a_clock_that_is_no_good(rules: dict[str, float], probe_rules: dict[str, int], reason: str) -> None:
    async with peer(clock(**rules)) as port:  # type: ignore[arg-type]
        found = await probe(Ntp(**probe_rules), f":{port}")  # type: ignore[arg-type]
    assert (found.success, found.reason) == (0, reason)


async def test_a_forged_answer_is_not_believed() -> None:
    async with peer(lambda packet: clock(ahead=100)(bytes(48))) as port:
        found = await probe(Ntp(), f":{port}", timeout=0.3)
    assert (found.success, found.reason) == (0, "timeout")
    assert found.value("probe_ntp_reach") == 0


async def test_a_name_server() -> None:
    async with peer(answered) as port:
        found = await probe(Dns(query_name="example.org", query_type="SOA"), f":{port}")
        missing = await probe(Dns(query_name="nowhere.example", query_type="A"), f":{port}")
        silent = await probe(Dns(query_name="silent.example", query_type="A"), f":{port}", timeout=0.3)
    assert (found.success, found.value("probe_dns_serial")) == (1, 77)
    assert (missing.success, missing.reason, missing.value("probe_dns_query_succeeded")) == (0, "rcode", 1)
    assert (silent.success, silent.reason, silent.value("probe_dns_query_succeeded")) == (0, "timeout", 0)


@pytest.mark.parametrize("said", [b"", b"\0" * 11, b"\xff" * 600])
async def test_what_is_no_dns_message(said: bytes) -> None:
    async with peer(lambda packet: said) as port:
        found = await probe(Dns(query_name="example.org", query_type="A"), f":{port}", timeout=0.3)
    assert found.success == 0
    assert found.reason in ("malformed", "timeout")


def test_a_question_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be asked"):
        Dns(query_name="example.org", query_type="NONSENSE")
    with pytest.raises(ValueError, match="cannot be asked"):
        Dns(query_name=".".join(["x" * 64] * 2))


def allowed(found: Probed) -> None:
    """Some systems let nobody but root ping, and say so."""
    if found.reason == "not_allowed":
        pytest.skip("this system does not let this user ping")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_echo(address: str) -> None:
    found = await probe(Icmp(), device=Device("here", address))
    allowed(found)
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_icmp_reply_hop_limit") == 64
    assert 0 < (found.value("probe_icmp_duration_seconds", phase="rtt") or 0) < 1
    assert found.value("probe_ip_protocol") == (6 if ":" in address else 4)


async def test_a_burst_counts_what_it_sends() -> None:
    found = await probe(Burst(count=5, gap=Seconds(0.02)), polls=2, timeout=5)
    allowed(found)
    assert (found.success, found.value("probe_icmp_loss_ratio")) == (1, 0)
    assert found.value("smokeping_requests_total") == 10
    assert found.value("smokeping_response_duration_seconds_count") == 10
    assert found.value("probe_icmp_jitter_seconds") is not None


def test_only_devices_of_class_it_are_sent_bursts() -> None:
    for device_class in ("fragile", "clinical"):
        assert "S18" in Burst().unfit(Device("ups", "127.0.0.1", device_class), "")  # type: ignore[arg-type]
    assert Burst().unfit(Device("server", "127.0.0.1"), "") == ""


def test_the_checksum_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    assert checksum(b"\xff") == 0x00FF
