"""TCP probes over real sockets."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from collector.model import Device, File, Tls
from collector.network.tcp import Label, Step, Tcp
from collector.probing import fnv1a
from tests.collector.probes import probe, server, serving
from tests.exporters.certificates import Authority

SMTP = Tcp(
    query_response=(
        Step(expect=re.compile("^220 (?P<host>[^ ]+) ESMTP"), labels=(Label("greeting", "${host}"),)),
        Step(send="EHLO probe"),
        Step(expect=re.compile("^250[ -]STARTTLS")),
        Step(send="QUIT"),
    )
)


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    assert await reader.readline() == b"EHLO probe\n"
    writer.write(b"250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    assert await reader.readline() == b"QUIT\n"
    writer.write(b"221 bye\r\n")


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_port_that_takes_connections() -> None:
    async with server(nothing) as port:
        found = await probe(Tcp(), f":{port}")
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_ip_protocol") == 4
    assert found.value("probe_ip_addr_hash") == fnv1a(bytes((127, 0, 0, 1)))
    assert found.value("probe_failed_due_to_regex") == 0
    assert found.value("probe_attempts_total") == 1
    assert found.value("probe_latency_seconds_count") == 1
    assert found.kept.outcome == "success"


async def test_a_connection_ends_in_order() -> None:
    ended = asyncio.get_running_loop().create_future()

    async def chatters(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\r\n" * 100)  # never read by the probe: closing would answer it with RST
        await writer.drain()
        try:
            ended.set_result(await reader.read())
        except ConnectionError as error:
            ended.set_exception(error)

    async with server(chatters) as port:
        await probe(Tcp(query_response=(Step(expect=re.compile("hello")),)), f":{port}")
        assert await ended == b""


async def test_a_closed_port_is_data_and_counted() -> None:
    found = await probe(Tcp(), ":1", polls=2)
    assert (found.success, found.reason) == (0, "connect_refused")
    assert found.value("probe_failures_total", reason="connect_refused") == 2
    assert found.value("probe_attempts_total") == 2
    assert found.value("probe_latency_seconds_count") == 0
    assert found.kept.outcome == "refused"


async def test_a_conversation_goes_as_expected_and_tells_labels() -> None:
    async with server(smtp) as port:
        found = await probe(SMTP, f":{port}")
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_expect_info", greeting="mail.example") == 1


@pytest.mark.parametrize("said", [b"554 no\r\n", b"", b"220 without an end"])
async def test_a_line_that_does_not_come(said: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)  # and that is all

    async with server(other) as port:
        found = await probe(SMTP, f":{port}", timeout=0.5)
    assert (found.success, found.reason) == (0, "regex")
    assert found.value("probe_failed_due_to_regex") == 1
    assert found.value("probe_expect_info") is None


async def test_who_says_nothing_is_waited_for_until_the_deadline() -> None:
    async with server(nothing) as port:
        found = await probe(SMTP, f":{port}", timeout=0.3)
    assert (found.success, found.reason) == (0, "timeout")
    assert found.value("probe_failed_due_to_regex") == 0
    assert found.value("probe_duration_seconds") == pytest.approx(0.3, abs=0.25)


async def test_an_endless_line_is_not_kept() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with server(endless) as port:
        found = await probe(SMTP, f":{port}")
    assert (found.success, found.reason) == (0, "regex")


@pytest.mark.parametrize(("wanted", "success"), [("world", 1), ("moon", 0)])
async def test_bytes_that_are_expected(wanted: str, success: int) -> None:
    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello wor")
        await writer.drain()
        writer.write(b"ld")

    async with server(greets) as port:
        found = await probe(Tcp(query_response=(Step(expect_bytes=wanted),)), f":{port}", timeout=0.5)
    assert (found.success, found.value("probe_failed_due_to_bytes")) == (success, 1 - success)


async def test_tls_tells_of_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = Tls(ca_file=File(str(authority.path)))
    async with server(nothing, serving(authority.sign("localhost", "localhost"))) as port:
        good = await probe(Tcp(tls=True, tls_config=trusting), f"localhost:{port}")
        other = await probe(Tcp(tls=True, tls_config=trusting), f"elsewhere:{port}")
        blind = await probe(Tcp(tls=True, tls_config=Tls(insecure_skip_verify=True)), f":{port}")
        unknown = await probe(Tcp(tls=True), f"localhost:{port}")
    assert good.success == blind.success == 1
    assert (other.reason, unknown.reason) == ("certificate", "certificate")
    assert good.value("probe_tls_version_info", version="TLS 1.3") == 1
    assert good.value("probe_ssl_earliest_cert_expiry") == blind.value("probe_ssl_earliest_cert_expiry")
    assert blind.value("probe_ssl_last_chain_expiry_timestamp_seconds") == -62135596800
    assert (good.value("probe_ssl_last_chain_expiry_timestamp_seconds") or 0) > 1.7e9


async def test_tls_begins_within_a_conversation(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = serving(authority.sign("localhost", "localhost"))

    async def upgrades(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"220 go ahead\r\n")
        await writer.start_tls(context)
        assert await reader.readline() == b"NOOP\n"
        writer.write(b"250 protected\r\n")

    steps = (
        Step(expect=re.compile("^220"), send="STARTTLS"),
        Step(expect=re.compile("^220"), starttls=True),
        Step(send="NOOP"),
        Step(expect=re.compile("^250 protected")),
    )
    async with server(upgrades) as port:
        found = await probe(
            Tcp(query_response=steps, tls_config=Tls(ca_file=File(str(authority.path)))), f"localhost:{port}"
        )
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_tls_version_info", version="TLS 1.3") == 1


async def test_an_address_of_the_other_kind_is_not_taken() -> None:
    found = await probe(Tcp(ip_protocol_fallback=False), ":1")
    assert (found.success, found.reason) == (0, "ip_protocol")


def test_what_no_probe_can_go_to_is_refused() -> None:
    device = Device("here", "127.0.0.1")
    assert "port" in Tcp().unfit(device, "")
    assert "port" in Tcp().unfit(device, "host")
    assert "port" in Tcp().unfit(device, ":70000")
    assert "place" in Tcp().unfit(device, ":8 0")
    assert Tcp().unfit(device, "[::1]:80") == ""
