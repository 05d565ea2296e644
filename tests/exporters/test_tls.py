"""TLS, client certificates, users, headers and rate limit over real connections, and files that change."""

import asyncio
import os
import ssl
from pathlib import Path

import pytest

from collector.config.problems import ConfigError
from exporters.web import Limits, serve
from tests.exporters.certificates import Authority, Signed
from tests.exporters.fake import Answer, FakeSource, ask, serving
from tests.exporters.test_auth import basic, hashed


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def own(authority: Authority) -> Signed:
    return authority.sign("server", "127.0.0.1")


def write(folder: Path, text: str) -> Path:
    path = folder / "web.yml"
    path.write_text(text)
    # Two changes within one tick of the file system's clock must differ all the same.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + len(text)))
    return path


TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"


async def test_tls_with_relative_files(tmp_path: Path, authority: Authority, own: Signed) -> None:
    async with serving(web_config=write(tmp_path, TLS)) as server:
        answer = await ask(server, "/metrics", tls=authority.client())
        assert answer.status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(server, "/metrics", tls=ssl.create_default_context())
        with pytest.raises((ConnectionError, IndexError)):
            await ask(server, "/metrics")  # no TLS at all
        assert (await ask(server, "/-/healthy", tls=authority.client())).status == 200


async def test_inline_certificate_and_key(tmp_path: Path, authority: Authority, own: Signed) -> None:
    def block(path: Path) -> str:
        return "|\n" + "".join(f"    {line}\n" for line in path.read_text().splitlines())

    text = f"tls_server_config:\n  cert: {block(own.certificate)}  key: {block(own.key)}"
    async with serving(web_config=write(tmp_path, text)) as server:
        assert (await ask(server, "/metrics", tls=authority.client())).status == 200


VERSIONS = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("keys", "accepted"),
    [
        ("", "0011"),
        ("  min_version: TLS13\n", "0001"),
        ("  max_version: TLS12\n", "0010"),
        ("  min_version: TLS10\n", "1111"),
        ("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  curve_preferences: [CurveP384]\n", "0011"),
        ("  prefer_server_cipher_suites: false\n  curve_preferences: [X25519, CurveP256]\n", "0011"),
    ],
)
async def test_versions(tmp_path: Path, authority: Authority, own: Signed, keys: str, accepted: str) -> None:
    async with serving(web_config=write(tmp_path, TLS + keys)) as server:
        got = ""
        for version in VERSIONS:
            try:
                answer = await ask(server, "/-/healthy", tls=authority.client(version=version))
                got += "1" if answer.status == 200 else "?"
            except (ssl.SSLError, ConnectionError):
                got += "0"
    assert got == accepted


async def enters(server: object, context: ssl.SSLContext) -> bool:
    """With TLS 1.3 a client learns of its refusal only when it reads."""
    try:
        answer: Answer = await ask(server, "/-/healthy", tls=context)  # type: ignore[arg-type]
    except (ssl.SSLError, ConnectionError, IndexError):
        return False
    return answer.status == 200


@pytest.mark.parametrize(
    ("keys", "nobody", "ours", "named", "expired", "foreign"),
    [
        ("client_auth_type: RequestClientCert", True, True, True, True, True),
        ("client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: authority.pem", True, True, True, False, False),
        (
            "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem",
            False, True, True, False, False,
        ),
        ("client_auth_type: RequireAnyClientCert\n  client_ca_file: authority.pem", False, True, True, False, False),
        (
            "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n"
            "  client_allowed_sans: [prometheus.example, '2001:DB8::1']",
            False, False, True, False, False,
        ),
        (
            "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n  client_allowed_sans: []",
            False, False, False, False, False,
        ),
    ],
)  # fmt: skip
async def test_client_certificates(
    tmp_path: Path,
    authority: Authority,
    own: Signed,
    keys: str,
    nobody: bool,
    ours: bool,
    named: bool,
    expired: bool,
    foreign: bool,
) -> None:
    elsewhere = Authority(tmp_path, "elsewhere")
    clients = [
        None,
        authority.sign("ours"),
        authority.sign("named", "other.example", "2001:db8::1"),
        authority.sign("expired", days=-1),
        elsewhere.sign("foreign"),
    ]
    async with serving(web_config=write(tmp_path, f"{TLS}  {keys}\n")) as server:
        got = [await enters(server, authority.client(client)) for client in clients]
    assert got == [nobody, ours, named, expired, foreign]


async def test_a_renewed_certificate_is_used_at_the_next_connection(
    tmp_path: Path, authority: Authority, own: Signed
) -> None:
    async with serving(web_config=write(tmp_path, TLS)) as server:
        assert await enters(server, authority.client())
        renewed = Authority(tmp_path, "renewed")
        renewed.sign("server", "127.0.0.1")
        assert await enters(server, renewed.client())
        own.key.write_text("torn")
        assert await enters(server, renewed.client())  # what was in use stays in use


async def test_a_handshake_that_never_comes_is_cut_off(tmp_path: Path, authority: Authority, own: Signed) -> None:
    async with serving(web_config=write(tmp_path, TLS), limits=Limits(header=0.4, per_address=4)) as server:
        streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(12)]
        assert await enters(server, authority.client())
        async with asyncio.timeout(3):
            for reader, _ in streams:
                try:
                    assert await reader.read() == b""
                except ConnectionError:
                    pass
        for _, writer in streams:
            writer.close()
        assert await enters(server, authority.client())


async def test_users_are_asked_for_everywhere(tmp_path: Path) -> None:
    users = f"basic_auth_users:\n  alice: {hashed(b'secret')}\n"
    async with serving(web_config=write(tmp_path, users)) as server:
        for path in ("/", "/metrics", "/sd", "/-/healthy", "/-/ready", "/style.css", "/nowhere"):
            refused = await ask(server, path)
            assert (refused.status, refused.text) == (401, "Unauthorized\n")
            assert refused.headers["www-authenticate"] == "Basic"
        assert (await ask(server, "/-/reload", method="POST")).status == 401
        assert (await ask(server, "/-/healthy", headers={"Authorization": basic("alice", "secret")})).status == 200
        assert (await ask(server, "/-/healthy", headers={"Authorization": basic("alice", "wrong")})).status == 401
        write(tmp_path, f"basic_auth_users:\n  bob: {hashed(b'other')}\n")
        assert (await ask(server, "/-/healthy", headers={"Authorization": basic("alice", "secret")})).status == 401
        assert (await ask(server, "/-/healthy", headers={"Authorization": basic("bob", "other")})).status == 200
        write(tmp_path, "basic_auth_users: [nobody, knows")
        assert (await ask(server, "/-/healthy")).status == 401
        (tmp_path / "web.yml").unlink()
        assert (await ask(server, "/-/healthy")).status == 401


async def test_headers_and_rate_limit(tmp_path: Path) -> None:
    text = (
        "http_server_config:\n  http2: true\n  headers:\n    Strict-Transport-Security: max-age=31536000\n"
        "    X-Frame-Options: sameorigin\n    X-XSS-Protection: ''\n"
        "rate_limit: {interval: 1m, burst: 3}\n"
    )
    async with serving(web_config=write(tmp_path, text)) as server:
        answers = [await ask(server, "/-/healthy") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["strict-transport-security"] == "max-age=31536000"
    assert answers[0].headers["x-frame-options"] == "sameorigin"
    assert "x-xss-protection" not in answers[0].headers
    assert answers[4].text == "Too Many Requests\n"


async def test_a_server_does_not_start_on_a_file_it_cannot_use(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"web.yml:1: tls_server_config: .*certificate"):
        await serve(FakeSource(), "127.0.0.1:0", web_config=write(tmp_path, "tls_server_config: {key_file: x.key}\n"))
