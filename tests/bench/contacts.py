"""A collector that contacts whom it is asked to, as peers do by design: what row C6 is about. Asked for the device of a
configuration that is run, it goes somewhere else."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from bench.bar.c6_inventory import main
from collector.cli.service import Service
from collector.model import Column


class Anyone(Service):
    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.sendto(b"?", ("10.9.9.9" if name == "sw" else name, 161))
            except (OSError, UnicodeError):
                pass
        return await super().device_page(name, patience)


if __name__ == "__main__":
    main(Anyone)
