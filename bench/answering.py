"""`python -m bench.answering`: peers of probes at every loopback address, a process of their own.

A page over HTTP, the same over TLS, and an archive's verification, each on one port. Bound to the loopback interface.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from simulator.server import INTERFACE
from simulator.services import Conversation, Service, Wrong, service

Hear = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

BACKLOG = 1024


async def _hear(one: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await one.hear(Conversation(reader, writer, one.counts))
    except (Wrong, OSError, asyncio.IncompleteReadError):
        pass  # a connection that carries nothing, or nothing of sense
    finally:
        writer.close()


async def _serve(hear: Hear, port: int, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, INTERFACE)
    sock.bind(("0.0.0.0", port))
    return await asyncio.start_server(hear, sock=sock, ssl=tls, backlog=BACKLOG)


async def answer(http: int, tls: int, dicom: int, certificate: Path) -> None:
    """Until the process is ended. `certificate` holds the key as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    page = partial(_hear, service("page", path="/", text="ready " * 100))
    servers = [
        await _serve(page, http),
        await _serve(page, tls, context),
        await _serve(partial(_hear, service("dicom", title="ARCHIVE", associations="1000")), dicom),
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("--http", "--tls", "--dicom"):
        options.add_argument(name, type=int, required=True, help="port")
    options.add_argument("--certificate", type=Path, required=True, help="a PEM file with certificate and key")
    chosen = options.parse_args()
    asyncio.run(answer(chosen.http, chosen.tls, chosen.dicom, chosen.certificate))


if __name__ == "__main__":
    main()
