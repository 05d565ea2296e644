"""Who is told by a real Alertmanager in a test: a web server and a mail server that keep what they are given."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Sink:
    """`posts`: path, headers and JSON. `mails` as they are read."""

    web: int = 0
    smtp: int = 0
    posts: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)

    def at(self, path: str) -> list[Any]:
        return [body for where, _, body in self.posts if where == path]


@contextmanager
def sinking() -> Iterator[Sink]:
    sink = Sink()

    class Web(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sink.posts.append((self.path, dict(self.headers), body))
            self.send_response(202 if self.path == "/v2/enqueue" else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok" if self.path != "/v2/enqueue" else b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(line)
                    read = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                    assert isinstance(read, EmailMessage)
                    sink.mails.append(read)
                elif line.upper().startswith(b"QUIT"):
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"250 ok\r\n")

    class MailServer(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with ExitStack() as stack:
        web = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Web))
        smtp = stack.enter_context(MailServer(("127.0.0.1", 0), Mail))
        sink.web, sink.smtp = web.server_address[1], smtp.server_address[1]
        for server in (web, smtp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield sink
