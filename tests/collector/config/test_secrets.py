"""Credentials are found where they are named, and shown to nobody (RELIABILITY K1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.config import Config, ConfigError
from collector.config.document import parse
from collector.config.secrets import Secrets
from collector.config.summary import summary
from collector.config.typed import Findings

Load = Callable[[Path | None], Config]


def write(site: Path, reference: str) -> None:
    text = f"auths:\n  lab: {{community: '{reference}'}}\n  secure: {{community: public}}\n"
    (site / "auths.yml").write_text(text)


def secret_file(site: Path, content: bytes, mode: int = 0o600) -> None:
    path = site / "secret"
    path.write_bytes(content)
    path.chmod(mode)


@pytest.mark.parametrize("content", [b"canary", b"canary\n", b"canary\r\n"])
def test_a_file_is_read_without_its_last_line_end(content: bytes, site: Path, loaded: Load) -> None:
    secret_file(site, content)
    write(site, "${file:secret}")
    config = loaded(site)
    assert config.auths["lab"].community.reveal() == "canary"
    assert config.warnings == ()


def test_an_absolute_path_and_a_group_of_readers_will_do(site: Path, loaded: Load) -> None:
    secret_file(site, b"canary", 0o640)
    write(site, f"${{file:{site / 'secret'}}}")
    assert loaded(site).auths["lab"].community.reveal() == "canary"


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (b"canary", 0o644, "the file secret is open to everybody on this machine: chmod 0600 it"),
        (b"canary", 0o602, "the file secret is open to everybody on this machine: chmod 0600 it"),
        (b"", 0o600, "the file secret is empty"),
        (b"\n", 0o600, "the file secret is empty"),
        (b"canary\0", 0o600, "the file secret holds a NUL"),
        (b"canary\xff", 0o600, "the file secret is not UTF-8"),
        (b"canary" * 20_000, 0o600, "the file secret is larger than 65536 bytes: a credential is short"),
    ],
)
def test_a_file_that_cannot_be_a_secret(content: bytes, mode: int, problem: str, site: Path, loaded: Load) -> None:
    secret_file(site, content, mode)
    write(site, "${file:secret}")
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert str(caught.value) == f"{site}/auths.yml:2: auths.lab.community: {problem}"


def test_a_credential_is_that_which_was_handed_over(site: Path, tmp_path: Path) -> None:
    """A person who checks has the file; who is started by systemd has what systemd read from it."""
    document = parse(site / "auths.yml", b"community: ${credential:switches}")

    def found(**environ: str) -> str:
        findings = Findings()
        secret = Secrets(environ, site, findings).resolve(document, ["community"], "${credential:switches}")
        findings.raise_any()
        assert findings.warnings == []
        return secret.reveal()

    def put(path: Path, content: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.touch(0o600)
        path.write_text(content)

    handed = tmp_path / "handed"
    put(site / "secrets" / "switches", "written\n")
    assert found() == "written"
    assert found(CREDENTIALS_DIRECTORY=str(handed)) == "written"
    put(handed / "secrets_switches", "of a directory")
    assert found(CREDENTIALS_DIRECTORY=str(handed)) == "of a directory"
    put(handed / "switches", "by its name")
    assert found(CREDENTIALS_DIRECTORY=str(handed)) == "by its name"
    assert found() == "written"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("none", "no credential none is to be read: hand it over (docs/deploy.md), or write secrets/none"),
        ("../secret", "is no credential's name: use letters, digits, '_', '-' and '.'"),
        ("..", "is no credential's name: use letters, digits, '_', '-' and '.'"),
    ],
)
def test_a_credential_that_is_not_there(name: str, problem: str, site: Path, loaded: Load) -> None:
    secret_file(site, b"canary")
    write(site, f"${{credential:{name}}}")
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert str(caught.value) == f"{site}/auths.yml:2: auths.lab.community: {problem}"


def test_a_credential_in_the_file_works_with_a_warning_that_does_not_repeat_it(site: Path, loaded: Load) -> None:
    write(site, "canary-inline")
    config = loaded(site)
    assert config.auths["lab"].community.reveal() == "canary-inline"
    (warning,) = config.warnings
    assert warning.what.startswith("a credential is written here for all readers of this file")
    write(site, "public")
    assert loaded(site).warnings == (), "public gives nothing away"


CANARY = "canary"


@pytest.mark.parametrize(
    "text",
    [
        "auths: {lab: {community: canary, version: canary}}",
        "auths: {lab: {comunity: canary}}",
        "auths: {lab: canary}",
        "auths: {lab: [canary]}",
        "auths: {lab: {community: {canary: canary}}}",
        "auths: {lab: {community: [canary, canary]}}",
        "auths: {lab: {community: 'x${env:canary'}}",
        "auths: {lab: {version: 3, username: u, password: canary, security_level: canary}}",
        "auths: {lab: {version: 3, username: u, password: canary, security_level: authPriv, priv_password: canary}}",
        "auths: {lab: {version: 3, auth_protocol: canary, priv_protocol: canary}}",
        "auths: {lab: {community: canary}, lab: {community: canary}}",
        "auths:\n  lab: {community: canary\n",
        "auths:\n  lab:\n    community: &a canary\n",
        "auths:\n  lab:\n    community: canary: canary\n",
        'auths: {lab: {community: "canary\\0"}}',
        "auths: canary",
        "canary",
    ],
)
def test_no_message_repeats_a_credential_wherever_it_was_written(text: str, site: Path, loaded: Load) -> None:
    (site / "auths.yml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)


def test_nothing_that_is_shown_holds_a_credential(site: Path, loaded: Load) -> None:
    config = loaded(site)
    shown = repr(config) + str(dataclasses.asdict(config.auths["lab"])) + summary(config, 0.0) + config.digest
    assert CANARY not in shown
    assert "***" in shown


def test_a_missing_variable_of_snmp_exporters_kind_is_named(site: Path, loaded: Load) -> None:
    (site / "snmp" / "a.yml").write_text(
        "auths: {a: {version: 3, username: u, security_level: authNoPriv, password: '${NOT_THERE}'}}"
    )
    with pytest.raises(ConfigError, match="the environment variable NOT_THERE is not set"):
        loaded(site)


def test_a_warning_for_weak_and_for_equal_passwords(site: Path, loaded: Load) -> None:
    (site / "auths.yml").write_text(
        "auths:\n"
        "  lab: {community: public}\n"
        "  secure:\n"
        "    {version: 3, username: u, security_level: authPriv, auth_protocol: MD5, priv_protocol: DES,\n"
        "     password: '${env:LAB_PASSWORD}', priv_password: '${env:LAB_PASSWORD}'}\n"
    )
    said = sorted(warning.what.partition(":")[0] for warning in loaded(site).warnings)
    assert said == ["DES is weak", "MD5 is weak", "password and priv_password are the same"]


SECURE = "auths: {{a: {{version: 3, username: '{}', security_level: authPriv, password: '{}', priv_password: '{}'}}}}"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${LAB_PASSWORD}", "canary-password"),
        ("$LAB_PASSWORD", "canary-password"),
        ("${LAB_PASSWORD}-ro", "canary-password-ro"),
        ("x$LAB_PASSWORD.${LAB_PRIVACY}", "xcanary-password.canary-privacy"),
        ("${env:LAB_PASSWORD}", "canary-password"),
        ("costs 5$ and more", "costs 5$ and more"),
    ],
)
def test_variables_in_snmp_exporters_files_are_expanded_as_there(
    written: str, meant: str, site: Path, loaded: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "snmp" / "a.yml").write_text(SECURE.format(written, written, written))
    auth = loaded(site).auths["a"]
    assert (auth.username, auth.password.reveal(), auth.priv_password.reveal()) == (meant, meant, meant)


@pytest.mark.parametrize("written", ["$NOT_THERE", "x-${NOT_THERE}", "${LAB_PASSWORD}${NOT_THERE}"])
def test_one_that_is_missing_is_named_wherever_it_stands(written: str, site: Path, loaded: Load) -> None:
    (site / "snmp" / "a.yml").write_text(SECURE.format("u", "long enough", written))
    with pytest.raises(ConfigError, match="the environment variable NOT_THERE is not set") as caught:
        loaded(site)
    assert "canary" not in str(caught.value)


def test_a_community_of_snmp_exporters_files_is_taken_as_it_stands(site: Path, loaded: Load) -> None:
    auths = "a: {community: '${LAB_PASSWORD}'}, b: {community: 'x$y'}, c: {community: '${env:LAB_COMMUNITY}'}"
    (site / "snmp" / "a.yml").write_text(f"auths: {{{auths}}}")
    found = loaded(site).auths
    assert found["a"].community.reveal() == "${LAB_PASSWORD}"
    assert found["b"].community.reveal() == "x$y"
    assert found["c"].community.reveal() == "canary-community"
    (site / "snmp" / "a.yml").write_text("auths: {a: {community: 'x-${env:LAB_COMMUNITY}'}}")
    with pytest.raises(ConfigError, match="is no reference"):
        loaded(site)
