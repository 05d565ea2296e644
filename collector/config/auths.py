"""Credentials by name: `auths.yml`, and the `auths:` of files in snmp_exporter's format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from collector.config.addresses import Network, network
from collector.config.document import Document, Step
from collector.config.scalars import NOT_A_NAME, Keyed, Line, Listed, Name, Written, is_name, shown
from collector.config.secrets import Others, Secrets
from collector.config.typed import Findings, Strict, entries, part
from collector.model import Auth, Secret

AuthProtocol = Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]
PrivProtocol = Literal["DES", "AES", "AES192", "AES192C", "AES256", "AES256C"]
Level = Literal["noAuthNoPriv", "authNoPriv", "authPriv"]

SHORTEST_PASSWORD: Final = 8
"""Characters (RFC 3414, 11.2)."""

LONGEST_USERNAME: Final = 32
"""Bytes (RFC 3414 section 5, usmUserName)."""


class Credentials(Strict):
    """One set of SNMP credentials; the keys are snmp_exporter's."""

    version: Annotated[
        Literal["1", "2", "3"], Field(description="SNMP version: 1, 2 (which is v2c) or 3; fixed, never tried out")
    ] = "2"
    community: Annotated[str | None, Written, Field(description="community of versions 1 and 2, as a reference")] = None
    username: Annotated[Line, Field(description="user of version 3")] = ""
    security_level: Annotated[Level, Field(description="what version 3 does: authenticate, encrypt")] = "noAuthNoPriv"
    password: Annotated[
        str | None, Written, Field(description="authentication password of version 3, as a reference")
    ] = None
    auth_protocol: Annotated[
        AuthProtocol | None, Written, Field(description="default SHA256; MD5 in snmp_exporter's files, as there")
    ] = None
    priv_protocol: Annotated[
        PrivProtocol | None, Written, Field(description="default AES; DES in snmp_exporter's files, as there")
    ] = None
    priv_password: Annotated[
        str | None, Written, Field(description="encryption password of version 3, as a reference")
    ] = None
    context_name: Annotated[Line, Field(description="SNMPv3 context")] = ""


class OwnCredentials(Credentials):
    """The same in `auths.yml`, which is ours."""

    addresses: Annotated[
        tuple[Line, ...],
        Listed,
        Field(description="subnets and addresses where it may be used; elsewhere it is refused. Default: everywhere"),
    ] = ()


class AuthsFile(Strict):
    """`auths.yml`: named credentials. Devices name theirs with `auth:`."""

    auths: Annotated[dict[Name, OwnCredentials], Keyed] = Field(default_factory=dict, description="credentials by name")


def read_auths(
    document: Document, data: Any, secrets: Secrets, findings: Findings, *, inherited: bool = False
) -> dict[str, Auth | None]:
    """What stands under `auths:`; None for one with problems.

    `inherited`: by the rules and defaults of snmp_exporter's files.
    """
    auths: dict[str, Auth | None] = {}
    for name, written in entries(document, ["auths"], data, findings).items():
        auths[name] = _auth(document, name, written, secrets, findings, inherited)
    return auths


def _auth(
    document: Document, name: str, written: Any, secrets: Secrets, findings: Findings, inherited: bool
) -> Auth | None:
    where: list[Step] = ["auths", name]
    before = len(findings.problems)
    if not is_name(name):
        findings.problem(document, where, NOT_A_NAME)
    kind = Credentials if inherited else OwnCredentials
    model = part(document, where, written, kind, findings, hidden=True)
    if model is None:
        return None

    def secret(key: str, text: str | None) -> Secret:
        others: Others = "refused" if not inherited else "literal" if key == "community" else "expanded"
        return Secret("") if text is None else secrets.resolve(document, [*where, key], text, others)

    community = Secret("public") if inherited and model.community is None else secret("community", model.community)
    username = model.username
    if "${" in username or (inherited and "$" in username):
        username = secret("username", username).reveal()
    auth = Auth(
        name=name,
        version=int(model.version),
        community=community,
        username=username,
        security_level=model.security_level,
        password=secret("password", model.password),
        auth_protocol=model.auth_protocol or ("MD5" if inherited else "SHA256"),
        priv_protocol=model.priv_protocol or ("DES" if inherited else "AES"),
        priv_password=secret("priv_password", model.priv_password),
        context_name=model.context_name,
        addresses=_networks(document, where, model, findings),
    )
    if len(findings.problems) == before:
        _check(document, where, auth, findings)
    return auth if len(findings.problems) == before else None


def _networks(document: Document, where: Sequence[Step], model: Credentials, findings: Findings) -> tuple[Network, ...]:
    found = []
    for place, text in enumerate(model.addresses if isinstance(model, OwnCredentials) else ()):
        try:
            found.append(network(text, any_width=True))
        except ValueError as error:
            findings.problem(document, [*where, "addresses", place], f"{shown(text)} {error}")
    return tuple(found)


def _check(document: Document, where: Sequence[Step], auth: Auth, findings: Findings) -> None:
    """What a version needs. The lengths and the comparison are of secrets, the messages are not."""
    if auth.version < 3:
        if not auth.community.reveal():
            findings.problem(document, where, f"version {auth.version} needs a community: nothing is guessed")
        return
    needed = {"username": auth.username}
    if auth.security_level != "noAuthNoPriv":
        needed["password"] = auth.password.reveal()
    if auth.security_level == "authPriv":
        needed["priv_password"] = auth.priv_password.reveal()
    if len(auth.username.encode()) > LONGEST_USERNAME:
        what = f"is longer than {LONGEST_USERNAME} bytes, which no SNMPv3 user name is"
        findings.problem(document, [*where, "username"], what)
    for key, value in needed.items():
        if not value:
            findings.problem(document, where, f"security_level {auth.security_level} needs {key}")
        elif key != "username" and len(value) < SHORTEST_PASSWORD:
            what = f"is shorter than the {SHORTEST_PASSWORD} characters that SNMPv3 asks for"
            findings.problem(document, [*where, key], what)
    if auth.security_level == "authPriv" and auth.password == auth.priv_password:
        findings.warn(document, where, "password and priv_password are the same: take two")
    if auth.security_level != "noAuthNoPriv" and auth.auth_protocol == "MD5":
        findings.warn(document, where, "MD5 is weak: use SHA256 where the device can")
    if auth.security_level == "authPriv" and auth.priv_protocol == "DES":
        findings.warn(document, where, "DES is weak: use AES where the device can")
