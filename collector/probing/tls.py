"""What a TLS handshake says of a server, under blackbox_exporter's names (CONTRACTS 6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography import x509

from collector.errors import Malformed
from collector.model import Edge, Family, Session, Stream, Target, Tls
from collector.probing import Report
from collector.probing.place import place

EARLIEST = Family("probe_ssl_earliest_cert_expiry", "Unix time at which the first of the certificates sent ends.")
CHAIN = Family(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Unix time at which the first certificate of the verified chain ends; -62135596800: nothing was verified.",
)
INFO = Family("probe_ssl_last_chain_info", "1: the server's certificate.")
VERSION = Family("probe_tls_version_info", "1: the version of TLS that was agreed on.")
CIPHER = Family("probe_tls_cipher_info", "1: the cipher suite that was agreed on.")

NEVER: Final = -62_135_596_800.0
"""Go's zero time, 1 January of the year 1, in Unix seconds: what the peer shows where there is no chain."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is told of a certificate. `until` in Unix seconds; texts as the peer writes them."""

    until: float
    fingerprint: str
    subject: str
    issuer: str
    names: str
    serial: str


async def reached(target: Target, edge: Edge, report: Report, phases: Family, *, port: int, tls: Tls | None) -> Stream:
    """A connection to where a target goes, or else to `port`, secured where `tls` is given; each with its phase.

    Raises as `Edge.connect` and `secure` do.
    """
    where = place(target.at)
    stream = await edge.connect(where.port or port)
    report.set(phases, stream.seconds, phase="connect")
    if tls is not None:
        name = where.host or target.device.address
        report.set(phases, await secure(stream, tls, name, edge, report), phase="tls")
    return stream


async def secure(stream: Stream, tls: Tls, name: str, edge: Edge, report: Report) -> float:
    """Begin TLS with a server of that name, and write down what that came to. The seconds that it took.

    Raises as `Stream.secure` and `told` do.
    """
    began = edge.clock()
    await stream.secure(tls, name)
    seconds = edge.clock() - began
    if stream.session is not None:
        told(report, stream.session)
    return seconds


def told(report: Report, session: Session) -> None:
    """Write down what a handshake came to. Raises `Malformed`, word `certificate`, for one that can't be read."""
    sent = [certificate(der) for der in session.sent]
    verified = [certificate(der) for der in session.verified]
    report.set(VERSION, 1.0, version=session.version)
    if not sent:
        return
    report.set(EARLIEST, min(each.until for each in sent))
    report.set(CHAIN, min((each.until for each in verified), default=NEVER))
    own = sent[0]
    report.set(
        INFO, 1.0, fingerprint_sha256=own.fingerprint, subject=own.subject, issuer=own.issuer,
        subjectalternative=own.names, serialnumber=own.serial,
    )  # fmt: skip


@lru_cache(8192)
def certificate(der: bytes) -> Certificate:
    """Kept: the same certificates come with every probe. Raises `Malformed`."""
    try:
        found = x509.load_der_x509_certificate(der)
        try:
            names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            dns = ",".join(names.get_values_for_type(x509.DNSName))
        except x509.ExtensionNotFound:
            dns = ""
        return Certificate(
            found.not_valid_after_utc.timestamp(),
            sha256(der).hexdigest(),
            found.subject.rfc4514_string(),
            found.issuer.rfc4514_string(),
            dns,
            f"{found.serial_number:x}",
        )
    except ValueError as error:
        raise Malformed(f"certificate: {error}", word="certificate") from error
