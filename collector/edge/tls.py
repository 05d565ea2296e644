"""TLS for connections to devices: contexts, made once, and what a handshake came to."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from tempfile import NamedTemporaryFile
from typing import Final

from collector.errors import NoData
from collector.model import Session, Tls

VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_GO: Final = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}

_KEEP: Final = 256
"""Contexts kept: one for each way of protecting that a configuration has, and for each renewed certificate."""


def context_of(tls: Tls) -> ssl.SSLContext:
    """The context, made anew when one of its files has changed. Raises `NoData`, word `tls`, for files that do not
    serve."""
    try:
        marks = tuple(_mark(path) for path in (tls.ca_file, tls.cert_file, tls.key_file))
        return _context(tls, marks)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise NoData(f"TLS cannot be set up: {error}", word="tls") from error


def _mark(path: str) -> tuple[int, int]:
    if not path:
        return (0, 0)
    found = os.stat(path)  # noqa: PTH116 - one system call for each probe
    return found.st_mtime_ns, found.st_ino


@lru_cache(_KEEP)
def _context(tls: Tls, marks: tuple[tuple[int, int], ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lowest = VERSIONS[tls.min_version or "TLS12"]
    context.minimum_version = lowest
    if tls.max_version:
        context.maximum_version = VERSIONS[tls.max_version]
    if lowest < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # OpenSSL 3 knows nothing older by itself (ECOSYSTEM 1.10)
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca or tls.ca_file:
        context.load_verify_locations(tls.ca_file or None, cadata=tls.ca or None)
    else:
        context.load_default_certs()
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file or None)
    elif tls.cert:
        _load(context, tls.cert, tls.key.reveal())
    return context


def _load(context: ssl.SSLContext, cert: str, key: str) -> None:
    """OpenSSL reads certificates of ours from a file only: one of our own, gone when it is read."""
    with NamedTemporaryFile("w", prefix="wardwatch-", suffix=".pem") as file:  # mode 0600
        file.write(f"{key}\n{cert}\n")
        file.flush()
        context.load_cert_chain(file.name)


def session_of(tls: ssl.SSLObject) -> Session:
    """What a finished handshake came to."""
    cipher = tls.cipher()
    version = tls.version() or ""
    inner = tls._sslobj  # type: ignore[attr-defined]
    sent = _chain(inner, "get_unverified_chain")
    verified = _chain(inner, "get_verified_chain") if tls.context.verify_mode != ssl.CERT_NONE else ()
    if not sent and (own := tls.getpeercert(binary_form=True)):
        sent = (own,)
    return Session(_GO.get(version, version), cipher[0] if cipher else "", sent, verified)


def _chain(inner: object, name: str) -> tuple[bytes, ...]:
    """Certificates as DER. Public from Python 3.13; there under the same name, on the inner object, since 3.10."""
    ask = getattr(inner, name, None)
    found = ask() if ask is not None else None
    return tuple(bytes(each.public_bytes(_DER)) for each in found or ())


_DER: Final = 2
"""`_ssl.ENCODING_DER`."""
