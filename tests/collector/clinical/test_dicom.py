"""Verifications over real sockets, against pynetdicom's server and against peers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from collector.agent import Agent
from collector.budget import Pauses
from collector.clinical.dicom import Dicom
from collector.edge import World
from collector.model import Device, Schedule, Seconds, Target
from tests.collector.dicom import listening
from tests.collector.probes import MODULE, probe, server
from tests.collector.worlds import value


@contextmanager
def archive(**rules: Any) -> Iterator[int]:
    """pynetdicom's verification server, called ARCHIVE: its port."""
    entity = AE("ARCHIVE")
    entity.add_supported_context(Verification)
    for name, rule in rules.items():
        setattr(entity, name, rule)
    with listening(entity) as running:
        yield running.server_address[1]


async def test_an_archive_that_answers() -> None:
    with archive() as port:
        found = await probe(Dicom(), f"ARCHIVE@:{port}")
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_dicom_association_result", result="success") == 1
    assert found.value("probe_dicom_association_end", end="released") == 1
    phases = [found.value("probe_dicom_duration_seconds", phase=p) for p in ("connect", "associate", "echo", "release")]
    assert all(seconds is not None and seconds > 0 for seconds in phases)
    assert found.kept.outcome == "success"


@pytest.mark.parametrize(
    ("rules", "at", "reason", "outcome"),
    [
        ({"require_called_aet": True}, "OTHER", "called_ae_not_recognized", "refused"),
        ({"require_calling_aet": ["SOMEBODY"]}, "ARCHIVE", "calling_ae_not_recognized", "denied"),
    ],
)
async def test_a_rejection_is_a_word(rules: dict[str, Any], at: str, reason: str, outcome: str) -> None:
    with archive(**rules) as port:
        found = await probe(Dicom(), f"{at}@:{port}")
    assert (found.success, found.reason) == (0, reason)
    assert found.value("probe_dicom_association_result", result=reason) == 1
    assert found.value("probe_dicom_association_end", end="rejected") == 1
    assert found.kept.outcome == outcome


async def test_an_archive_that_is_full() -> None:
    with archive(maximum_associations=1) as port:
        other = AE("MODALITY")
        other.add_requested_context(Verification)
        held = await asyncio.to_thread(other.associate, "127.0.0.1", port, ae_title="ARCHIVE")
        assert held.is_established
        found = await probe(Dicom(), f"ARCHIVE@:{port}")
        await asyncio.to_thread(held.release)
    assert (found.success, found.reason) == (0, "local_limit_exceeded")
    assert found.kept.outcome == "refused"


async def test_who_says_nothing_is_told_of_the_end() -> None:
    said = list[bytes]()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            said.append(data)

    async with server(silent) as port:
        found = await probe(Dicom(timeout=Seconds(0.4)), f"X@:{port}")
        await asyncio.sleep(0.05)
    assert (found.success, found.reason) == (0, "timeout")
    assert b"".join(said)[:1] == b"\x01"
    assert b"".join(said)[-10:] == bytes.fromhex("07000000000400000000"), "an A-ABORT by the user (PS3.8 9.3.8)"


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x02\x00\x7f\xff\xff\xff", bytes(20)])
async def test_what_is_no_dicom_is_malformed(said: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()

    async with server(other) as port:
        found = await probe(Dicom(), f"X@:{port}", timeout=1)
    assert (found.success, found.reason) == (0, "malformed")


async def test_the_name_of_no_patient_and_no_text_of_the_peer_is_shown() -> None:
    with archive(implementation_version_name="SMITH^JOHN") as port:
        found = await probe(Dicom(), f"ARCHIVE@:{port}")
    assert "SMITH" not in repr(found.page)


def test_what_cannot_be_verified_is_refused() -> None:
    device = Device("pacs", "127.0.0.1")
    assert "called AE title" in Dicom().unfit(device, ":104")
    assert Dicom().unfit(device, "ARCHIVE@") == ""
    assert Dicom(called_ae_title="ARCHIVE").unfit(device, "") == ""
    assert "1 to 16" in Dicom().unfit(device, "A-TITLE-THAT-IS-TOO-LONG@")
    with pytest.raises(ValueError, match="at most 5 s"):
        Dicom(timeout=Seconds(6.0))
    with pytest.raises(ValueError, match="AE title"):
        Dicom(calling_ae_title="back\\slash")


async def test_an_association_under_way_ends_at_once_where_a_person_pauses_the_device() -> None:
    """RELIABILITY S19: nothing may be said a second later, when the peer has accepted."""
    said, asked, ended = list[bytes](), asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            said.append(data)
            asked.set()
        ended.set()

    world = World()
    agent = Agent(world)
    device = Device("here", "127.0.0.1")
    async with server(slow) as port:
        agent.load([device], {"here": [Target(device, MODULE, Dicom(), Schedule(300.0, 5.0), f"X@:{port}")]})
        page = asyncio.create_task(agent.page("here", 5))
        await asyncio.wait_for(asked.wait(), 5)
        agent.pause(Pauses(frozenset({"device:here"})))
        columns = await page
        await asyncio.wait_for(ended.wait(), 5)
    assert [data[0] for data in said] == [1, 7], "A-ASSOCIATE-RQ, A-ABORT"
    assert value(columns, "probe_success") is None
    assert value(columns, "wardwatch_paused", scope="device:here") == 1
    assert agent.watch("here").kept[MODULE].outcome == "paused"
    await agent.close()
    world.close()
