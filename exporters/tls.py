"""A server's TLS context in the words of exporter-toolkit's web configuration, which are Go's."""

from __future__ import annotations

import ssl
import tempfile
from asyncio import BaseTransport
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal

Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
VERSIONS: Final[Sequence[Version]] = ("TLS10", "TLS11", "TLS12", "TLS13")
Curve = Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]
Suite = Literal[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
]
"""What Go's `tls.CipherSuites()` has listed over the years. Those of TLS 1.3 are always on, in Go as here."""

_SUITES: Final[Mapping[str, str]] = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
}
_CURVES: Final[Mapping[Curve, str]] = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
_TLS_VERSIONS: Final[Mapping[Version, ssl.TLSVersion]] = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_CLIENT: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class Unusable(Exception):
    """A certificate, key or authority that cannot be used; `key` is where it stands in `tls_server_config`."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.key = key


def server_context(
    *,
    certificate: bytes,
    key: bytes,
    authority: bytes | None,
    client: Literal["none", "optional", "required"],
    versions: tuple[Version, Version],
    suites: Sequence[Suite],
    curves: Sequence[Curve],
    server_chooses: bool,
) -> ssl.SSLContext:
    """A context from PEM texts. A client's certificate, where one comes, is always verified: against `authority`, or
    the system's where that is None. Raises Unusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = (_TLS_VERSIONS[v] for v in versions)
    if named := [_SUITES[s] for s in suites if s in _SUITES]:
        context.set_ciphers(":".join(named))
    elif versions[0] in ("TLS10", "TLS11"):
        # OpenSSL 3 has no cipher for these at its usual security level; whoever writes TLS10 means it.
        context.set_ciphers("DEFAULT@SECLEVEL=0")
    if len(curves) == 1:  # Python can name one curve; several are left to OpenSSL, whose own list holds them all
        context.set_ecdh_curve(_CURVES[curves[0]])
    if not server_chooses:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_chain(context, certificate, key)
    context.verify_mode = _CLIENT[client]
    if authority is not None:
        try:
            context.load_verify_locations(cadata=authority.decode("ascii", "replace"))
        except (ssl.SSLError, ValueError):
            raise Unusable("client_ca_file", "holds no usable certificate in PEM form") from None
    elif client != "none":
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    return context


def _load_chain(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Through files, because Python takes no other form: in a directory that only we can enter, for a moment."""
    with tempfile.TemporaryDirectory(prefix="wardwatch-") as folder:
        paths = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        for path, pem in zip(paths, (certificate, key), strict=True):
            path.touch(0o600)
            path.write_bytes(pem)
        try:
            # A password is offered, so that an encrypted key is an error and not a question on the terminal.
            context.load_cert_chain(*paths, password=lambda: b"")
        except (ssl.SSLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None)
            if reason == "KEY_VALUES_MISMATCH":
                raise Unusable("key_file", "is not the key of the certificate") from None
            what = "certificate and key cannot be used: both must be in PEM form, the key without a password"
            raise Unusable("cert_file", what) from None


def admits(transport: BaseTransport, allowed: Collection[str] | None) -> bool:
    """Whether the client's verified certificate carries one of the allowed names."""
    if allowed is None:
        return True
    certificate = transport.get_extra_info("peercert") or {}
    return any(plain_san(value) in allowed for _, value in certificate.get("subjectAltName", ()))


def plain_san(name: str) -> str:
    """A subject alternative name in one spelling: IPv6 addresses have several."""
    try:
        return str(ip_address(name.strip()))
    except ValueError:
        return name
