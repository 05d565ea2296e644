"""How many reply packets a second the simulator gives on one core: `python -m bench.simulator [--seconds S]`.

The simulator runs in a process of its own and its CPU time is read from the kernel, so the figure does not depend on
how fast the client is: replies divided by CPU seconds. The client keeps 32 requests under way, from one socket each.
"""

from __future__ import annotations

import argparse
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

from simulator import ber, fleet_address, message

TARGET = 20_000
DEVICES = 1000
CLIENTS = 32

IF_ENTRY = ber.dotted("1.3.6.1.2.1.2.2.1")
IFX_ENTRY = ber.dotted("1.3.6.1.2.1.31.1.1.1")


def getbulk(oid: ber.Arcs, repetitions: int, request_id: int) -> bytes:
    varbinds = ber.varbind(ber.identifier(oid), ber.NULL, b"")
    body = ber.tlv(ber.INTEGER, request_id.to_bytes(4, "big")) + b"\x02\x01\x00"
    body += ber.tlv(ber.INTEGER, ber.signed(repetitions)) + ber.tlv(ber.SEQUENCE, varbinds)
    return ber.tlv(ber.SEQUENCE, b"\x02\x01\x01\x04\x06public" + ber.tlv(message.GETBULK, body))


def cpu(pid: int) -> float:
    """CPU seconds of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", "--count", str(DEVICES), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 0))
        return int(sock.getsockname()[1])


def ask(port: int, seconds: float, columns: list[ber.Arcs], devices: int, repetitions: int) -> tuple[int, int]:
    """Keep CLIENTS requests under way for so long; replies and bytes that came."""
    rounds = [(fleet_address(d), getbulk(c, repetitions, 0x10000000)) for c in columns for d in range(devices)]
    poll = select.poll()
    sockets = {}
    turn = 0
    for _ in range(CLIENTS):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sockets[sock.fileno()] = sock
        poll.register(sock, select.POLLIN)
        sock.sendto(rounds[turn % len(rounds)][1], (rounds[turn % len(rounds)][0], port))
        turn += 1
    replies = octets = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for number, _ in poll.poll(100):
            sock = sockets[number]
            octets += len(sock.recv(65535))
            replies += 1
            address, packet = rounds[turn % len(rounds)]
            sock.sendto(packet, (address, port))
            turn += 1
    for sock in sockets.values():
        sock.close()
    return replies, octets


def ready(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        for _ in range(100):
            try:
                sock.sendto(getbulk(IF_ENTRY, 1, 1), (fleet_address(0), port))
                sock.recv(65535)
                return
            except TimeoutError:
                continue
    raise SystemExit("the simulator did not start")


def main() -> int:
    parser = argparse.ArgumentParser("bench.simulator")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row")
    seconds = parser.parse_args().seconds
    columns = [(*IF_ENTRY, n) for n in range(1, 22)] + [(*IFX_ENTRY, n) for n in range(1, 20)]
    names = [(*IF_ENTRY, 2), (*IFX_ENTRY, 1), (*IFX_ENTRY, 18)]
    counters = [(*IFX_ENTRY, n) for n in range(6, 14)]
    cases = [
        ("names, kept replies", names, DEVICES, 25),
        ("counters of one device, kept for a tick", counters, 1, 25),
        ("all columns of 1,000 devices, 25 variables", columns, DEVICES, 25),
        ("all columns of 1,000 devices, 50 variables", columns, DEVICES, 50),
        ("counters of 1,000 devices, 25 variables", counters, DEVICES, 25),
    ]
    port = free_port()
    process = start(port)
    slowest = float("inf")
    try:
        ready(port)
        print(f"{'GETBULK of':46} {'replies/CPU s':>14} {'replies/s':>10} {'bytes':>6}")
        for name, asked, devices, repetitions in cases:
            before = cpu(process.pid)
            replies, octets = ask(port, seconds, asked, devices, repetitions)
            used = cpu(process.pid) - before
            slowest = min(slowest, replies / used)
            print(f"{name:46} {replies / used:14,.0f} {replies / seconds:10,.0f} {octets / max(1, replies):6.0f}")
    finally:
        process.terminate()
        process.wait(10)
    print(
        f"target: {TARGET:,} replies a second on one core, {'reached' if slowest >= TARGET else 'missed'} by all rows"
    )
    return 0 if slowest >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
