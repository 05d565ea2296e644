"""C5's other half: what probes say over TCP, told by the services that heard it (RELIABILITY S10, S15, S16)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bench import process
from bench.bar.hospital import Parts, modules, poll, run, watching
from collector.clinical.hl7 import Hl7
from collector.model import Collector, Device, DeviceClass, Schedule, Target
from collector.network.http import Http
from simulator.services import service
from simulator.services.server import Station, served

CLASSES: tuple[DeviceClass, ...] = ("it", "fragile", "clinical")
METHODS = frozenset({"GET", "HEAD"})
ECHO = "RQ AC ECHO RELEASE"
QUERY = "MSH|^~\\&|WARDWATCH|IT|ENGINE|IT|||QBP^Q11^QBP_Q11||T|2.5.1\rQPD|TEST|1\rRCP|I\r"
POST = Http(method="POST")
APPROVED = Hl7(message=QUERY, approved_by="the bar")

ASKED: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "dicom_echo": ("dicom", "ARCHIVE@:{port}", {"title": "ARCHIVE"}),
    "hl7_connect": ("mllp", ":{port}", {}),
    "approved": ("mllp", ":{port}", {}),
    "fhir_metadata": ("fhir", "http://records:{port}/fhir", {}),
    "http_2xx": ("page", "http://viewer:{port}/", {}),
    "http_any": ("page", "http://viewer:{port}/", {}),
    "orthanc": ("page", "http://archive:{port}/", {"path": "/tools/metrics-prometheus", "text": "orthanc_up 1"}),
    "tcp_connect": ("page", ":{port}", {}),
}
"""Shipped modules, and one that somebody has approved: what each is asked of, where, and what that is."""


def spoken(parts: Parts) -> tuple[Mapping[str, Any], bool]:
    """What the services heard, and whether all of it only reads."""
    port = process.free_port()
    stations, targets = list[Station](), list[Target]()
    known: Mapping[str, Collector] = {**modules(), "approved": APPROVED}
    for place, device_class in enumerate(CLASSES):
        for n, (name, (speaks, at, options)) in enumerate(ASKED.items()):
            device = Device(f"{name}-{device_class}", f"127.21.{place}.{1 + n}", device_class)
            stations.append(Station(device.name, device.address, service(speaks, **options)))
            targets.append(Target(device, name, known[name], Schedule(3600.0, 5.0), at.format(port=port)))
    with served(stations, port):
        run(_ask(targets, parts))
    heard = {station.device: station.service.counts for station in stations}
    methods, dialogues, connections = Counter[str](), Counter[str](), 0
    for name, counts in heard.items():
        speaks = ASKED[name.rpartition("-")[0]][0]
        methods.update(counts.said if speaks in ("fhir", "page") else {})
        dialogues.update(counts.said if speaks == "dicom" else {})
        connections += counts.connections
    figure = {
        "connections": connections,
        "http_methods": dict(methods),
        "dicom": dict(dialogues),
        "mllp_bytes_without_approval": sum(c.bytes for name, c in heard.items() if name.startswith("hl7_connect")),
        "mllp_messages_approved": sum(c.said["message"] for name, c in heard.items() if name.startswith("approved")),
        "wrong": sum(sum(counts.wrong.values()) for counts in heard.values()),
        "would_post": [name for name in CLASSES[1:] if not POST.unfit(Device("x", "127.0.0.1", name), "")],
    }
    only_read = (
        set(methods) <= METHODS and set(dialogues) == {ECHO} and connections == len(targets)
        and not figure["mllp_bytes_without_approval"] and figure["mllp_messages_approved"] == len(CLASSES)
        and not figure["wrong"] and not figure["would_post"]
    )  # fmt: skip
    return figure, only_read


async def _ask(targets: list[Target], parts: Parts) -> None:
    async with watching(targets, parts) as agent:
        await asyncio.gather(*(poll(agent, target.device.name, 10.0) for target in targets))
