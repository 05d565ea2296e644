"""`--web.config.file`: TLS, users, headers and rate limit, in exporter-toolkit's format (CONTRACTS 9).

Whatever exporter-toolkit accepts is accepted; where Python's TLS cannot do the same, ours is stricter, never laxer
(docs/web.md lists the differences). `Watched` notices a changed file, or certificate, by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from ssl import CERT_REQUIRED, SSLContext
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import structlog
from pydantic import BeforeValidator, Field

from collector.config.document import Document, read
from collector.config.problems import ConfigError, Problem
from collector.config.scalars import Flag, Keyed, Listed, Whole, seconds
from collector.config.typed import Findings, Strict, part
from exporters import tls

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
"""Headers that may be set, and to what; empty: to anything."""

_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")

ClientAuth = Literal[
    "",
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]


def _interval(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return 0.0 if value == "0" else seconds(value)


class _TlsKeys(Strict):
    cert: str | None = None
    cert_file: str | None = None
    key: str | None = Field(default=None, repr=False)
    key_file: str | None = None
    client_ca: str | None = None
    client_ca_file: str | None = None
    client_auth_type: ClientAuth = ""
    client_allowed_sans: Annotated[list[str], Listed] | None = None
    min_version: tls.Version = "TLS12"
    max_version: tls.Version = "TLS13"
    cipher_suites: Annotated[list[tls.Suite], Listed] = Field(default_factory=list)
    curve_preferences: Annotated[list[tls.Curve], Listed] = Field(default_factory=list)
    prefer_server_cipher_suites: Flag = True


class _HttpKeys(Strict):
    http2: Flag = True
    headers: Annotated[dict[str, str], Keyed] = Field(default_factory=dict)


class _RateKeys(Strict):
    interval: Annotated[float, BeforeValidator(_interval), Field(ge=0)] = 0.0
    burst: Annotated[Whole, Field(ge=0)] = 0


class _FileKeys(Strict):
    tls_server_config: Annotated[_TlsKeys, Keyed] = _TlsKeys()
    http_server_config: Annotated[_HttpKeys, Keyed] = _HttpKeys()
    basic_auth_users: Annotated[dict[str, str], Keyed] = Field(default_factory=dict, repr=False)
    rate_limit: Annotated[_RateKeys, Keyed] = _RateKeys()


Stamp = tuple[int, int, int] | None
"""Differs whenever a file does; None: there is no file."""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What the file says."""

    tls: SSLContext | None = None
    allowed_sans: frozenset[str] | None = None
    """Names of which a client's certificate must carry one; None: any will do."""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """bcrypt hash by user name; empty: everybody may come in."""
    certified: bool = False
    """Whether nobody comes in without a certificate of a known authority."""
    rate: tuple[float, int] | None = None
    """Seconds between two requests, and how many may come at once."""
    seen: tuple[tuple[Path, Stamp], ...] = ()
    """Every file it was made from, as it was before it was read."""

    @property
    def closed(self) -> bool:
        """Whether it keeps anybody out, or at least from listening in."""
        return self.tls is not None or bool(self.users)


OPEN = WebConfig()
"""No file: plain HTTP, everybody."""


def problems_in(path: Path | None) -> Sequence[Problem]:
    """What is wrong in the file; one that is not there is for others to miss."""
    if path is not None and path.is_file():
        try:
            load(path)
        except ConfigError as error:
            return error.problems
    return ()


def load(path: Path) -> WebConfig:
    """Read the file and all it names. Raises ConfigError with every problem in it; no secret is ever quoted."""
    seen = [(path, _stamp(path))]
    document = read(path)
    findings = Findings()
    # Hidden: hashes and keys stand in this file, and a person may have put them under the wrong key.
    keys = part(document, (), document.data, _FileKeys, findings, hidden=True)
    if keys is None:
        raise ConfigError(findings.problems)
    _check_headers(document, keys.http_server_config.headers, findings)
    for user, hashed in keys.basic_auth_users.items():
        if not _BCRYPT.fullmatch(hashed):
            what = "is not a bcrypt hash: make one with `htpasswd -nBC 10 \"\" | tr -d ':\\n'`"
            findings.problem(document, ("basic_auth_users", user), what)
    rate = keys.rate_limit
    if rate.interval and rate.burst < 1:
        findings.problem(document, ("rate_limit", "burst"), "must be at least 1: nobody could ask anything else")
    seen += [(file, _stamp(file)) for file in _named(path, keys.tls_server_config)]
    context = _context(document, keys.tls_server_config, findings)
    findings.raise_any()
    sans = keys.tls_server_config.client_allowed_sans
    return WebConfig(
        tls=context,
        allowed_sans=frozenset(map(tls.plain_san, sans)) if sans is not None else None,
        headers=MappingProxyType({k: v for k, v in keys.http_server_config.headers.items() if v}),
        users=MappingProxyType(dict(keys.basic_auth_users)),
        certified=context is not None and context.verify_mode is CERT_REQUIRED,
        rate=(rate.interval, rate.burst) if rate.interval else None,
        seen=tuple(seen),
    )


def _check_headers(document: Document, headers: Mapping[str, str], findings: Findings) -> None:
    for name, value in headers.items():
        where = ("http_server_config", "headers", name)
        if name not in HEADERS:
            findings.problem(document, where, f"is not a header that can be set. Known: {', '.join(HEADERS)}")
        elif HEADERS[name] and value not in HEADERS[name]:
            findings.problem(document, where, f"must be {' or '.join(HEADERS[name])}")
        elif not value.isprintable():
            findings.problem(document, where, "must be one line of printable characters")


def _context(document: Document, keys: _TlsKeys, findings: Findings) -> SSLContext | None:
    """The TLS context, None where TLS is off or a problem was found."""
    where = "tls_server_config"
    before = len(findings.problems)
    auth = keys.client_auth_type or "NoClientCert"
    enabled = (keys.cert, keys.cert_file, keys.key, keys.key_file, keys.client_ca, keys.client_ca_file)
    if not any((*enabled, keys.client_auth_type)):
        if keys.client_allowed_sans is not None:
            findings.problem(document, (where, "client_allowed_sans"), "needs TLS: add cert_file and key_file")
        return None
    if not (keys.cert or keys.cert_file):
        findings.problem(document, (where,), "cert_file (or cert) is missing: add the server's certificate")
    if not (keys.key or keys.key_file):
        findings.problem(document, (where,), "key_file (or key) is missing: add the certificate's private key")
    authority = keys.client_ca or keys.client_ca_file
    if authority and auth == "NoClientCert":
        what = "client_ca without client_auth_type checks nobody: add client_auth_type: RequireAndVerifyClientCert"
        findings.problem(document, (where,), what)
    if keys.client_allowed_sans is not None and not auth.startswith("Require"):
        what = "needs client_auth_type: RequireAndVerifyClientCert, else a client may come without a certificate"
        findings.problem(document, (where, "client_allowed_sans"), what)
    if auth in ("RequireAnyClientCert", "RequireClientCert") and not authority:
        what = f"{auth} would trust any certificate, which is not supported: add client_ca_file, or choose another"
        findings.problem(document, (where, "client_auth_type"), what)
    if tls.VERSIONS.index(keys.min_version) > tls.VERSIONS.index(keys.max_version):
        findings.problem(document, (where, "min_version"), "is above max_version")
    if len(findings.problems) > before:
        return None
    folder = document.path.parent
    try:
        return tls.server_context(
            certificate=_pem(keys.cert, keys.cert_file, folder, "cert_file"),
            key=_pem(keys.key, keys.key_file, folder, "key_file"),
            authority=_pem(keys.client_ca, keys.client_ca_file, folder, "client_ca_file") if authority else None,
            client="optional" if auth == "VerifyClientCertIfGiven" else "required" if auth[:7] == "Require" else "none",
            versions=(keys.min_version, keys.max_version),
            suites=keys.cipher_suites,
            curves=keys.curve_preferences,
            server_chooses=keys.prefer_server_cipher_suites,
        )
    except tls.Unusable as error:
        findings.problem(document, (where, error.key), str(error))
        return None


def _named(path: Path, keys: _TlsKeys) -> list[Path]:
    return [path.parent / name for name in (keys.cert_file, keys.key_file, keys.client_ca_file) if name]


def _pem(inline: str | None, name: str | None, folder: Path, key: str) -> bytes:
    if not name:
        return (inline or "").encode()
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise tls.Unusable(key, f"{name} cannot be read: {error.strerror}") from None


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Watched:
    """The file as it is now. A change that cannot be used is logged once, and what was in use stays in use."""

    def __init__(self, path: Path | None, least: Literal["anything", "closed"] = "anything") -> None:
        """`least` is what the file must amount to. Raises ConfigError: a program does not start on a file it cannot
        use."""
        self._path = path
        self._least = least
        self._config = OPEN if path is None else self._load(path)
        self._seen = self._config.seen

    def current(self) -> WebConfig:
        """Costs some microseconds while nothing changes: one stat call a file."""
        if self._path is None or all(_stamp(file) == stamp for file, stamp in self._seen):
            return self._config
        self._seen = tuple((file, _stamp(file)) for file, _ in self._seen)
        log = structlog.get_logger()
        try:
            self._config = self._load(self._path)
        except ConfigError as error:
            log.error("web configuration unusable, keeping the one before", problems=str(error))
        else:
            self._seen = self._config.seen
            log.info("web configuration read again", file=str(self._path))
        return self._config

    def _load(self, path: Path) -> WebConfig:
        config = load(path)
        if self._least == "closed" and not config.closed:
            raise ConfigError([Problem(path, 0, "", "has neither TLS nor users, which other machines need")])
        return config
