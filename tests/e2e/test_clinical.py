"""Probes of clinical systems against real ones: Orthanc, dcmtk's storescp and chrony, each a process on loopback."""

from __future__ import annotations

import getpass
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from collector.clinical.dicom import Dicom
from collector.clinical.orthanc import Orthanc
from collector.model import File, Secret, Tls
from collector.network.ntp import Ntp
from deploy.local import children
from tests.collector.probes import Probed, probe
from tests.e2e.conftest import eventually
from tests.exporters.certificates import Authority

pytestmark = pytest.mark.parts

DELAYED = 0.020
"""Seconds: half of the 40 ms for which Linux delays an acknowledgement (ECOSYSTEM 1.6)."""
FIGURES = {
    "orthanc_count_instances", "orthanc_count_patients", "orthanc_count_series", "orthanc_count_studies",
    "orthanc_disk_size_mb", "orthanc_jobs_completed", "orthanc_jobs_failed", "orthanc_jobs_pending",
    "orthanc_jobs_running", "orthanc_jobs_success", "orthanc_rest_api_active_requests",
}  # fmt: skip
"""CONTRACTS 13, as far as Orthanc 1.10 has them; later ones have more."""

Part = Callable[[str], Path]
FreePort = Callable[[], int]


@contextmanager
def running(name: str, words: list[str], home: Path, ready: Callable[[], object]) -> Iterator[children.Child]:
    """A peer for as long as the block lasts, once `ready` says so; it ends by its own process id."""
    peer = children.start(name, words, home / f"{name}.log", {})
    try:

        def look() -> object:
            if (code := peer.process.poll()) is not None:
                said = "\n".join(peer.last_words(30))
                pytest.fail(f"{name} ended with {code}:\n{said}", pytrace=False)
            return ready()

        eventually(f"{name} is ready", 30, look)
        yield peer
    finally:
        assert children.stop([peer]) == []


def listening(port: int) -> Callable[[], bool]:
    """Whether somebody takes a TCP connection there."""

    def look() -> bool:
        socket.create_connection(("127.0.0.1", port), 2).close()
        return True

    return look


@dataclass(frozen=True)
class Archive:
    """Ports of an Orthanc that answers those only who know its title and whose title it knows."""

    dicom: int
    http: int


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, free_port: FreePort, part: Part) -> Iterator[Archive]:
    home = tmp_path_factory.mktemp("orthanc")
    found = Archive(free_port(), free_port())
    (home / "orthanc.json").write_text(
        json.dumps(
            {
                "StorageDirectory": str(home / "store"),
                "IndexDirectory": str(home / "store"),
                "DicomPort": found.dicom,
                "DicomAet": "ARCHIVE",
                "DicomCheckCalledAet": True,
                "DicomAlwaysAllowEcho": False,
                "DicomAlwaysAllowStore": False,
                "DicomModalities": {"wardwatch": ["WARDWATCH", "127.0.0.1", 104]},
                "HttpPort": found.http,
                "AuthenticationEnabled": True,
                "RegisteredUsers": {"ward": "watch"},
                "Plugins": [],
            }
        )
    )
    words = [str(part("orthanc")), str(home / "orthanc.json")]
    with running("orthanc", words, home, listening(found.http)):
        yield found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def storescp(part: Part, home: Path, port: int, *options: str) -> Iterator[int]:
    words = [str(part("storescp")), *options, "--output-directory", str(home), str(port)]
    with running("storescp", words, home, listening(port)):
        yield port


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, free_port: FreePort, part: Part) -> Iterator[int]:
    """The port of a storescp that takes whoever comes."""
    with storescp(part, tmp_path_factory.mktemp("storescp"), free_port()) as port:
        yield port


def verified(found: Probed) -> bool:
    return (
        (found.success, found.reason) == (1, "")
        and found.value("probe_dicom_association_result", result="success") == 1
        and found.value("probe_dicom_association_end", end="released") == 1
    )


async def test_orthanc_and_storescp_are_verified(archive: Archive, store: int) -> None:
    assert verified(await probe(Dicom(), f"ARCHIVE@:{archive.dicom}", timeout=5))
    assert verified(await probe(Dicom(), f"ANYBODY@:{store}", timeout=5))


async def test_a_title_that_orthanc_does_not_have(archive: Archive) -> None:
    found = await probe(Dicom(), f"OTHER@:{archive.dicom}", timeout=5)
    assert (found.success, found.reason) == (0, "called_ae_not_recognized")
    assert found.value("probe_dicom_association_end", end="rejected") == 1


async def test_a_stranger_is_not_verified_by_orthanc(archive: Archive) -> None:
    found = await probe(Dicom(calling_ae_title="STRANGER"), f"ARCHIVE@:{archive.dicom}", timeout=5)
    assert (found.success, found.reason) == (0, "calling_ae_not_recognized")
    assert found.kept.outcome == "denied"


async def test_who_refuses_everybody(tmp_path: Path, free_port: FreePort, part: Part) -> None:
    with storescp(part, tmp_path, free_port(), "--refuse") as port:
        found = await probe(Dicom(), f"ANYBODY@:{port}", timeout=5)
    assert (found.success, found.reason) == (0, "no_reason_given")
    assert found.value("probe_dicom_association_end", end="rejected") == 1


@pytest.mark.parametrize("peer", ["orthanc", "storescp"])
async def test_times_are_the_peers_and_not_of_a_delayed_acknowledgement(
    peer: str, archive: Archive, store: int
) -> None:
    """Both answer in two pieces, the second of which waits for the acknowledgement of the first. Where that comes late
    every time is 40 ms and more; where it does not, one quiet moment among five is enough to see it."""
    at = f"ARCHIVE@:{archive.dicom if peer == 'orthanc' else store}"
    medians = dict[str, float]()
    for _ in range(5):
        found = [await probe(Dicom(), at, timeout=5) for _ in range(9)]
        assert all(map(verified, found))
        for phase in ("associate", "echo", "release"):
            took = median(each.value("probe_dicom_duration_seconds", phase=phase) or 0.0 for each in found)
            medians[phase] = min(took, medians.get(phase, took))
        if max(medians.values()) < DELAYED:
            break
    assert max(medians.values()) < DELAYED, medians
    assert min(medians.values()) > 0


async def test_a_verification_over_tls(tmp_path: Path, free_port: FreePort, part: Part, authority: Authority) -> None:
    own = authority.sign("archive", "archive.example")
    options = ("--enable-tls", str(own.key), str(own.certificate), "--ignore-peer-cert")
    known = Tls(ca_file=File(str(authority.path)))
    with storescp(part, tmp_path, free_port(), *options) as port:
        good = await probe(Dicom(tls=True, tls_config=known), f"STORE@archive.example:{port}", timeout=5)
        wrong = await probe(Dicom(tls=True, tls_config=known), f"STORE@other.example:{port}", timeout=5)
        plain = await probe(Dicom(), f"STORE@archive.example:{port}", timeout=5)
    assert verified(good)
    assert (good.value("probe_dicom_duration_seconds", phase="tls") or 0) > 0
    assert (wrong.success, wrong.reason) == (0, "certificate")
    assert plain.success == 0


async def test_a_verification_by_who_shows_a_certificate(
    tmp_path: Path, free_port: FreePort, part: Part, authority: Authority
) -> None:
    own, ours = authority.sign("archive", "archive.example"), authority.sign("wardwatch", "wardwatch.example")
    options = ("--enable-tls", str(own.key), str(own.certificate), "--add-cert-file", str(authority.path))
    known = Tls(ca_file=File(str(authority.path)), cert_file=File(str(ours.certificate)), key_file=File(str(ours.key)))
    stranger = Tls(ca_file=File(str(authority.path)))
    with storescp(part, tmp_path, free_port(), *options) as port:
        good = await probe(Dicom(tls=True, tls_config=known), f"STORE@archive.example:{port}", timeout=5)
        bad = await probe(Dicom(tls=True, tls_config=stranger), f"STORE@archive.example:{port}", timeout=5)
    assert verified(good)
    assert bad.success == 0


async def test_orthancs_own_figures(archive: Archive) -> None:
    known = Orthanc(username="ward", password=Secret("watch"))
    found = await probe(known, f"http://127.0.0.1:{archive.http}", timeout=5)
    assert (found.success, found.reason) == (1, "")
    assert found.names() >= FIGURES
    assert found.value("orthanc_count_instances") == 0
    assert (found.value("orthanc_rest_api_active_requests") or 0) >= 1, "ours"
    stranger = await probe(Orthanc(), f"http://127.0.0.1:{archive.http}", timeout=5)
    assert (stranger.success, stranger.reason) == (0, "denied")
    assert not stranger.names() & FIGURES


@contextmanager
def chrony(part: Part, home: Path, port: int, *lines: str) -> Iterator[int]:
    """A time server that leaves the clock alone (`-x`), asks nobody and takes no orders; its port."""
    config = home / "chrony.conf"
    own = (f"port {port}", "bindaddress 127.0.0.1", "allow 127.0.0.1", "cmdport 0", "bindcmdaddress /")
    config.write_text("\n".join((*own, f"pidfile {home / 'chrony.pid'}", *lines)) + "\n")
    words = [str(part("chronyd")), "-U", "-u", getpass.getuser(), "-x", "-d", "-f", str(config)]
    with running("chronyd", words, home, lambda: _answers_time(port)):
        yield port


def _answers_time(port: int) -> bool:
    """A client's packet of version 4 is answered with one of as many bytes (RFC 5905 section 7.3)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.connect(("127.0.0.1", port))
        sock.send(b"\x23" + bytes(47))
        return len(sock.recv(512)) == 48


async def test_a_time_server_that_goes_by_its_own_clock(tmp_path: Path, free_port: FreePort, part: Part) -> None:
    with chrony(part, tmp_path, free_port(), "local stratum 10") as port:
        found = await probe(Ntp(), f":{port}", polls=3)
        far = await probe(Ntp(max_stratum=9), f":{port}")
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_ntp_stratum") == 10
    assert found.value("probe_ntp_leap") == 0
    assert found.value("probe_ntp_reach") == 0b111
    offset = found.value("probe_ntp_offset_seconds")
    assert offset is not None
    assert abs(offset) < 1, "it is this machine's own clock"
    assert (far.success, far.reason) == (0, "stratum")


async def test_a_time_server_that_knows_no_time(tmp_path: Path, free_port: FreePort, part: Part) -> None:
    with chrony(part, tmp_path, free_port()) as port:
        found = await probe(Ntp(), f":{port}")
    assert (found.success, found.reason) == (0, "not_synchronised")
    assert found.value("probe_ntp_leap") == 3
    assert found.value("probe_ntp_reach") == 1
