"""Who is told, and servers whose disks fill up when told to: HTTP servers of this process."""

from __future__ import annotations

import http.server
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of one message: whose receiver heard it, and when."""

    owner: str
    at: float
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    message: int


class Quiet(http.server.ThreadingHTTPServer):
    """Whoever asks may go away while it is answered: the collector and Prometheus are killed at times."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Sink:
    """Receivers of every owner, each at a path of its name."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._messages = 0
        self._lock = Lock()
        sink = self

        class Hear(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.hear(self.path.strip("/"), body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Hear)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def hear(self, owner: str, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._messages += 1
            self.told += [
                Told(owner, time.time(), a["status"], a["labels"], a["annotations"], self._messages)
                for a in body["alerts"]
            ]

    def firing(self, since: float = 0.0) -> list[Told]:
        """What was told of to people, the heartbeat left out."""
        with self._lock:
            return [t for t in self.told if t.status == "firing" and t.owner != "heartbeat" and t.at >= since]

    def heartbeats(self, since: float = 0.0) -> int:
        with self._lock:
            return sum(t.owner == "heartbeat" and t.at >= since for t in self.told)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Disks:
    """Servers' pages, one an address: what node_exporter says of a filesystem."""

    def __init__(self, count: int, port: int) -> None:
        self.addresses = [f"127.46.9.{n + 1}" for n in range(count)]
        self.port = port
        self.full = False
        disks = self

        class Show(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                labels = '{device="/dev/vda1",fstype="ext4",mountpoint="/srv"}'
                left = 4e9 if disks.full else 40e9
                page = "".join(
                    f"node_filesystem_{name}{labels} {value:g}\n"
                    for name, value in (("avail_bytes", left), ("size_bytes", 100e9), ("readonly", 0),
                                        ("files", 1e6), ("files_free", 9e5))
                )  # fmt: skip
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._servers = [Quiet((address, port), Show) for address in self.addresses]
        for each in self._servers:
            Thread(target=each.serve_forever, daemon=True).start()

    def close(self) -> None:
        for each in self._servers:
            each.shutdown()
            each.server_close()
