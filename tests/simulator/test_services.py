"""What simulated devices answer over TCP, asked by other people's clients, and what it makes of nonsense."""

from __future__ import annotations

import asyncio
import getpass
import json
import re
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hl7.client import MLLPClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]

from simulator import Player, services
from simulator.server import Unplayable, play
from simulator.services import SPOKEN, Ntp, Service, service
from simulator.services.server import Services, Station, over_udp, served
from simulator.synthetic import gateway
from tests.simulator.client import read, request

HERE = "127.20.201.1"
FreePort = Callable[[], int]


@contextmanager
def spoken(port: int, speaks: str, **options: str) -> Iterator[Service]:
    one = service(speaks, **options)
    with served([Station("one", HERE, one)], port):
        yield one


def verify(port: int, called: str = "ARCHIVE", calling: str = "WARDWATCH") -> str:
    """What pynetdicom's client makes of it."""
    entity = AE(calling)
    entity.add_requested_context(Verification, ["1.2.840.10008.1.2"])
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 5
    held = entity.associate(HERE, port, ae_title=called)
    if held.is_rejected:
        return "rejected"
    if not held.is_established:
        return "aborted"
    status = held.send_c_echo()
    held.release()
    return f"{status.Status:#06x}"


def test_an_archive_is_verified_by_pynetdicom(free_port: FreePort) -> None:
    port = free_port()
    with spoken(port, "dicom", title="ARCHIVE", callers="OTHER WARDWATCH") as archive:
        assert verify(port) == "0x0000"
        assert verify(port, called="ELSEWHERE") == "rejected"
        assert verify(port, calling="STRANGER") == "rejected"
    assert dict(archive.counts.said) == {"RQ AC ECHO RELEASE": 1, "RQ RJ": 2}
    assert archive.counts.wrong == {}
    assert archive.counts.connections == 3


def test_an_archive_that_is_full_says_so(free_port: FreePort) -> None:
    port = free_port()
    with spoken(port, "dicom", associations="1") as archive:
        other = AE("MODALITY")
        other.add_requested_context(Verification, ["1.2.840.10008.1.2"])
        held = other.associate(HERE, port)
        assert held.is_established
        assert verify(port) == "rejected"
        held.release()
        assert verify(port) == "0x0000"
    assert archive.counts.said["RQ AC RELEASE"] == 1


def test_an_archive_takes_nothing_but_verification(free_port: FreePort) -> None:
    port = free_port()
    with spoken(port, "dicom") as archive:
        entity = AE("MODALITY")
        entity.add_requested_context(CTImageStorage, ["1.2.840.10008.1.2"])
        assert not entity.associate(HERE, port).is_established
    assert dict(archive.counts.wrong) == {"something else than Verification": 1}


async def test_an_interface_acknowledges(free_port: FreePort) -> None:
    port = free_port()

    def send() -> bytes:
        with MLLPClient(HERE, port) as client:
            answer: bytes = client.send_message(b"MSH|^~\\&|A|B|C|D|20260101||QBP^Q11|4711|T|2.5.1\rRCP|I\r")
            return answer

    with spoken(port, "mllp") as interface:
        answer = await asyncio.to_thread(send)
    assert b"\rMSA|AA|4711\r" in answer
    assert interface.counts.said == {"message": 1}


def test_a_connection_that_carries_nothing_is_none_of_a_message(free_port: FreePort) -> None:
    port = free_port()
    with spoken(port, "mllp") as interface:
        socket.create_connection((HERE, port), 5).close()
        with socket.create_connection((HERE, port), 5) as sock:
            sock.sendall(b"\x0bMSH|half")
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""
    assert (interface.counts.connections, interface.counts.bytes, dict(interface.counts.said)) == (2, 9, {})
    assert dict(interface.counts.wrong) == {"half a message": 1}


def page(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(f"http://{HERE}:{port}{path}", method=method), timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_fhir_server_says_what_it_can_do(free_port: FreePort) -> None:
    port = free_port()
    with spoken(port, "fhir") as records:
        status, body = page(port, "/fhir/metadata?_format=json")
        assert (status, json.loads(body)["resourceType"]) == (200, "CapabilityStatement")
        assert page(port, "/fhir/Patient")[0] == 404
        assert page(port, "/fhir/metadata", "DELETE") == (405, b"")
    assert dict(records.counts.said) == {"GET": 2, "DELETE": 1}


def test_a_page(free_port: FreePort) -> None:
    port = free_port()
    with spoken(port, "page", path="/viewer", text="hello"):
        assert page(port, "/viewer") == (200, b"hello\n")
        assert page(port, "/viewer", "HEAD") == (200, b"")


@pytest.fixture(scope="module")
def all_of_them(free_port: FreePort) -> Iterator[tuple[int, Services]]:
    port = free_port()
    names = [*SPOKEN]
    with served([Station(name, f"127.20.201.{9 + n}", service(name)) for n, name in enumerate(names)], port) as running:
        yield port, running


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), head=st.sampled_from([b"", b"\x01\x00\x00\x00\x00\x4a", b"\x0bMSH|", b"GET "]))
def test_nonsense_ends_a_connection_and_nothing_else(
    all_of_them: tuple[int, Services], data: bytes, head: bytes
) -> None:
    port, running = all_of_them
    for station in running.stations:
        with socket.create_connection((station.address, port), 5) as sock:
            sock.sendall(head + data)
            sock.shutdown(socket.SHUT_WR)
            try:
                while sock.recv(65536):
                    pass
            except ConnectionResetError:
                pass  # it did not read all of it
    assert all(len(station.service.counts.wrong) < 20 for station in running.stations), "words are bounded"


CLIENT = b"\x23" + bytes(39) + b"cookie-1"
"""A client's packet of version 4, whose transmit timestamp is a number of its own (RFC 5905 figure 8)."""


@contextmanager
def time_server(**options: str) -> Iterator[tuple[Ntp, socket.socket]]:
    """One with SNMP at the same port, and a socket to ask it."""
    one = services.spoken("ntp", **options)
    assert isinstance(one, Ntp)
    station = Station("one", HERE, one)
    with (
        play([Player("one", HERE, gateway())], 0, over_udp([station])) as server,
        served([station], server.port) as running,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
    ):
        sock.settimeout(5)
        sock.connect((HERE, server.port))
        yield one, sock
        assert running.report()["one"] == one.counts.report()
        assert server.stats()["devices"]["one"]["kinds"] in ({}, {"get": 1}), "a device counts what is SNMP"


def test_a_time_server_tells_this_machines_time_beside_snmp() -> None:
    with time_server() as (one, sock):
        before = time.time()
        sock.send(CLIENT)
        answer = sock.recv(512)
        after = time.time()
        sock.send(request("get", "1.3.6.1.2.1.1.3.0"))
        assert read(sock.recv(512))[1] == 0
    assert len(answer) == 48
    leap, version, mode = answer[0] >> 6, answer[0] >> 3 & 7, answer[0] & 7
    assert (leap, version, mode, answer[1]) == (0, 4, 4, 2)
    assert answer[24:32] == b"cookie-1", "the origin is the client's transmit timestamp"
    for at in (16, 32, 40):
        seconds, fraction = struct.unpack_from(">II", answer, at)
        assert before - 0.001 <= seconds - 2_208_988_800 + fraction / 2**32 <= after + 0.001
    assert one.counts.report() == {"connections": 0, "most_open": 0, "bytes": 48, "said": {"client": 1}, "wrong": {}}


@pytest.mark.parametrize(
    ("packet", "wrong"),
    [(CLIENT[:47], "too short"), (b"", "too short")]
    + [(bytes((first,)) + CLIENT[1:], "no client's packet") for first in (0x24, 0x03, 0x2B, 0x16)],
    ids=["47 bytes", "none", "a server's", "version 0", "version 5", "control"],
)
def test_what_is_no_clients_packet_is_not_answered(packet: bytes, wrong: str) -> None:
    with time_server(stratum="1") as (one, sock):
        sock.send(packet)
        sock.send(CLIENT)
        assert sock.recv(512)[1] == 1
    assert (dict(one.counts.wrong), dict(one.counts.said)) == ({wrong: 1}, {"client": 1})


@pytest.mark.parametrize("stratum", ["0", "16", "two"])
def test_a_stratum_that_no_clock_has_is_told(stratum: str) -> None:
    with pytest.raises(ValueError, match=stratum):
        services.spoken("ntp", stratum=stratum)


@pytest.mark.parts
def test_chrony_believes_it(part: Callable[[str], Path], tmp_path: Path) -> None:
    """`-Q` measures, prints how wrong the clock is, and leaves it alone."""
    with time_server() as (one, sock):
        server = f"server {HERE} port {sock.getpeername()[1]} iburst maxsamples 4"
        words = [part("chronyd"), "-Q", "-U", "-u", getpass.getuser(), "-t", "20", "-f", "/dev/null", server,
                 f"pidfile {tmp_path / 'pid'}", "bindcmdaddress /", "cmdport 0"]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    wrong = re.search(r"System clock wrong by (-?[\d.]+) seconds", done.stderr)
    assert wrong, done.stderr
    assert abs(float(wrong[1])) < 0.1
    assert one.counts.said["client"] >= 1


def test_what_is_not_spoken_and_a_taken_port_are_told(free_port: FreePort) -> None:
    with pytest.raises(ValueError, match="'gopher' is not spoken here: write one of dicom, mllp, fhir, page"):
        service("gopher")
    with pytest.raises(ValueError, match="'gopher' is not spoken here: write one of dicom, mllp, fhir, page, ntp"):
        services.spoken("gopher")
    with pytest.raises(ValueError, match="'mllp' has no such option: titel"):
        service("mllp", titel="X")
    port = free_port()
    with spoken(port, "page"), pytest.raises(Unplayable, match=f"TCP port {port} of {HERE} cannot be used"):
        Services([Station("two", HERE, service("page"))], port)
