"""FHIR and Orthanc's figures, against stand-ins on aiohttp."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collector.clinical.fhir import Fhir, OAuth2
from collector.clinical.orthanc import Orthanc
from collector.model import Device, File, Secret, Tls
from tests.collector.probes import probe, serving
from tests.exporters.certificates import Authority

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATEMENT = {"resourceType": "CapabilityStatement", "status": "active", "fhirVersion": "4.0.1"}


@asynccontextmanager
async def site(routes: Mapping[str, Handler], tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    where = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await where.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def says(body: Any, status: int = 200) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, status=status, content_type="application/fhir+json")

    return answer


async def test_a_server_says_what_it_can_do() -> None:
    asked = list[tuple[str, str]]()

    async def metadata(request: web.Request) -> web.Response:
        asked.append((request.method, request.path_qs))
        return web.json_response(STATEMENT | {"publisher": "SMITH^JOHN"})

    async with site({"/fhir/metadata": metadata}) as port:
        found = await probe(Fhir(), f"http://ehr.example:{port}/fhir")
    assert (found.success, found.reason) == (1, "")
    assert asked == [("GET", "/fhir/metadata")]
    assert found.value("probe_fhir_info", version="4.0.1", status="active") == 1
    assert found.value("probe_fhir_status_code") == 200
    assert "SMITH" not in repr(found.page)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(STATEMENT, 503), "status"),
        (says(STATEMENT, 401), "denied"),
        (says({"resourceType": "Patient"}), "resource_type"),
        (says("<html>"), "json"),
        (says("[]"), "json"),
        (says("[" * 100_000), "json"),
        (says(STATEMENT | {"fhirVersion": "3.0.2"}), "version"),
    ],
)
async def test_what_is_not_as_it_should_be(answer: Handler, reason: str) -> None:
    async with site({"/metadata": answer}) as port:
        found = await probe(Fhir(fhir_versions=("4.0.1",)), f"http://127.0.0.1:{port}")
    assert (found.success, found.reason) == (0, reason)


async def test_words_of_the_server_are_bounded() -> None:
    odd = STATEMENT | {"fhirVersion": 'x"} 1\nevil 1', "status": {"a": 1}}
    async with site({"/metadata": says(odd)}) as port:
        found = await probe(Fhir(), f"http://127.0.0.1:{port}")
    assert found.value("probe_fhir_info", version="other", status="other") == 1


async def test_a_token_is_fetched_once_and_anew_when_it_is_refused() -> None:
    granted = list[str]()

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        assert request.method == "POST"
        assert form["grant_type"] == "client_credentials"
        assert request.headers["Authorization"] == "Basic d2FyZDpjYW5hcnk="
        granted.append(f"token-{len(granted)}")
        return web.json_response({"access_token": granted[-1], "expires_in": 3600})

    async def metadata(request: web.Request) -> web.Response:
        good = granted and request.headers["Authorization"] == f"Bearer {granted[-1]}" and len(granted) != 1
        return web.json_response(STATEMENT, status=200 if good else 401)

    asks = Fhir(oauth2=OAuth2("ward", Secret("canary"), "/token"))
    async with site({"/metadata": metadata, "/token": token}) as port:
        first = await probe(asks, f"http://127.0.0.1:{port}")
        found = await probe(asks, f"http://127.0.0.1:{port}", polls=3)
    assert first.reason == "denied"
    assert found.success == 1
    assert granted == ["token-0", "token-1"], "a token that holds is not fetched again"
    assert "canary" not in repr(found.page)


async def test_both_sides_may_need_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = serving(authority.sign("ehr", "ehr.example"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.path)
    own = authority.sign("wardwatch", "wardwatch.example")
    known = Tls(ca_file=File(str(authority.path)), cert_file=File(str(own.certificate)), key_file=File(str(own.key)))
    unknown = Tls(ca_file=File(str(authority.path)))
    async with site({"/metadata": says(STATEMENT)}, context) as port:
        good = await probe(Fhir(tls_config=known), f"https://ehr.example:{port}")
        bad = await probe(Fhir(tls_config=unknown), f"https://ehr.example:{port}")
    assert (good.success, good.reason) == (1, "")
    assert bad.success == 0


PAGE = """orthanc_count_instances 1204 1700000000000
orthanc_disk_size_mb 512.5 1700000000000
orthanc_last_change 77 1700000000000
orthanc_jobs_running 0
not_orthanc 1
orthanc_evil{a="b"} 1
orthanc_odd nothing
"""


async def test_an_archives_own_figures_are_typed_and_have_no_time_of_their_own() -> None:
    async with site({"/tools/metrics-prometheus": says(PAGE)}) as port:
        found = await probe(Orthanc(username="ward", password=Secret("canary")), f"http://127.0.0.1:{port}")
    assert (found.success, found.reason) == (1, "")
    assert found.value("orthanc_count_instances") == 1204
    kinds = {c.family.name: c.family.type for c in found.page if c.family.name.startswith("orthanc")}
    assert kinds == {
        "orthanc_count_instances": "gauge", "orthanc_disk_size_mb": "gauge", "orthanc_jobs_running": "gauge",
        "orthanc_last_change": "counter",
    }  # fmt: skip


async def test_what_is_no_page_of_orthancs() -> None:
    async with site({"/tools/metrics-prometheus": says("hello")}) as port:
        assert (await probe(Orthanc(), f":{port}")).reason == "no_figures"
    async with site({"/tools/metrics-prometheus": says("", 401)}) as port:
        assert (await probe(Orthanc(), f":{port}")).reason == "denied"


def test_what_is_no_url_is_refused() -> None:
    device = Device("ehr", "127.0.0.1")
    for each in (Fhir(), Orthanc()):
        assert "http" in each.unfit(device, "ftp://x")
        assert each.unfit(device, "") == ""
    with pytest.raises(ValueError, match="token_path"):
        OAuth2("a", Secret("b"), "https://elsewhere.example/token")
