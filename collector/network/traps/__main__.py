"""The receiver's process: `python -m collector.network.traps SOCKET JOURNAL`, started by the collector.

SOCKET is the number of an inherited, bound socket. Orders come as JSON lines on standard input, what was counted goes
out as JSON lines on standard output. It ends when the input ends, which it does however the collector ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from collector.edge.datagrams import Listening, readable
from collector.edge.state import locked, monotonic, wall
from collector.network.traps.orders import orders
from collector.network.traps.receiver import Receiver


def main(number: int, journal: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the collector decides
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    listening = Listening.inherited(number)
    output = sys.stdout.buffer

    def tell(what: dict[str, Any]) -> None:
        try:
            output.write(json.dumps(what, separators=(",", ":")).encode() + b"\n")
            output.flush()
        except BrokenPipeError:
            pass  # the collector has ended, and the input with it

    with locked(journal.with_suffix(".lock")):  # the receiver of an earlier run may still be writing
        receiver = Receiver(listening, journal, monotonic, wall, tell)
        source = sys.stdin.fileno()
        unread = b""
        try:
            while True:
                if source in readable([source, listening.number], receiver.patience):
                    more = os.read(source, 1 << 20)
                    if not more:
                        return
                    *lines, unread = (unread + more).split(b"\n")
                    for line in lines:
                        receiver.load(orders(json.loads(line)))
                receiver.step()
        finally:
            receiver.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
