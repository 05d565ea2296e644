"""`wardwatch simulate`: play an estate in the foreground until told to stop.

SIGTERM and SIGINT end it, SIGUSR1 prints the counters as one line of JSON on stdout, and so does the end.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from types import FrameType

from collector.config.problems import ConfigError
from simulator import estate
from simulator.fleets import fleet
from simulator.server import Server, Unplayable
from simulator.services.server import Services, over_udp

EVERY = 1.0
"""Seconds between two writings of the statistics file."""


def simulate(
    config: Path, port: int = estate.PORT, only: Sequence[str] = (), stats: Path | None = None, count: int = 0
) -> int:
    """Play the estate in `config`, or `count` switches (`fleet`) where it is not 0; the process's exit code.

    `stats` names a file that holds the counters as JSON, never older than a second. To be called from the main thread.
    """
    try:
        made = _made(config, only, count)
        server = Server(made.players, port, over_udp(made.stations))
        services = Services(made.stations, server.port)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except Unplayable as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}

    def stop(number: int, frame: FrameType | None) -> None:
        server.stop()

    def show(number: int, frame: FrameType | None) -> None:
        sys.stdout.write(_json(server, services) + "\n")
        sys.stdout.flush()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGUSR1, show)
    sys.stderr.write(f"simulator: {len(made.players)} devices on 127.0.0.0/8, UDP port {server.port}\n")
    sys.stderr.flush()
    done = Event()
    writer = Thread(target=_write, args=(server, services, stats, done), daemon=True) if stats else None
    try:
        if writer:
            writer.start()
        services.start()
        server.run()
    finally:
        done.set()
        if writer:
            writer.join()
        for each, handler in before.items():
            signal.signal(each, handler)
        server.close()
        services.close()
    sys.stdout.write(_json(server, services) + "\n")
    return 0


def _made(config: Path, only: Sequence[str], count: int) -> estate.Estate:
    if count:
        return estate.Estate(tuple(fleet(count)), ())
    made = estate.load(config, only)
    for why in made.left_out:
        sys.stderr.write(f"simulator: not played: {why}\n")
    return made


def _json(server: Server, services: Services) -> str:
    return json.dumps({**server.stats(), "services": services.report()}, separators=(",", ":"))


def _write(server: Server, services: Services, path: Path, done: Event) -> None:
    """Replace the file as a whole each time, so that a reader never sees half of it."""
    while True:
        last = done.wait(EVERY)
        try:
            partial = path.with_name(path.name + ".partial")
            partial.write_text(_json(server, services) + "\n", encoding="utf-8")
            partial.replace(path)
        except (OSError, RuntimeError):
            pass  # a full disk or a counter that was added meanwhile: the next second has another go
        if last:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m simulator`: the same with arguments of its own."""
    parser = argparse.ArgumentParser("simulator", description="Play an estate of SNMP devices on loopback addresses.")
    parser.add_argument("--config", type=Path, default=Path("config"), help="configuration directory")
    parser.add_argument("--port", type=int, default=estate.PORT, help="UDP port (0: a free one)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this device only; repeatable")
    parser.add_argument("--stats", type=Path, help="keep the counters in this file, as JSON")
    parser.add_argument(
        "--count", "--fleet", type=int, default=0, metavar="N", help="N switches from 127.30.0.1 on instead"
    )
    given = parser.parse_args(arguments)
    return simulate(given.config, given.port, given.only, given.stats, given.count)
