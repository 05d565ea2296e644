"""The way between a collector and who scrapes it, which can be blocked: nothing comes through, and nothing ends."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Thread


class Relay:
    """Listens at a port of its own, and passes on to `port`, both ways."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._free = Event()
        self._free.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def block(self) -> None:
        self._free.clear()

    def free(self) -> None:
        self._free.set()

    def close(self) -> None:
        self._free.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._to), timeout=10) as server:
            server.settimeout(None)
            back = Thread(target=self._pass, args=(server, client), daemon=True)
            back.start()
            self._pass(client, server)
            back.join()

    def _pass(self, source: socket.socket, to: socket.socket) -> None:
        """Until either side ends, which the other is told."""
        with suppress(OSError):
            while data := source.recv(65536):
                self._free.wait()
                to.sendall(data)
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
