"""`python -m bench`: every benchmark, or the named ones; `--bar` fails where a promise is broken.

Each benchmark is a program of its own (`python -m bench.NAME --help`), prints a table, and ends with 1 when its
promise is broken.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

BENCHMARKS = {
    "render": "text of 20,000 samples, beside prometheus-client",
    "host_page": "a host page, beside node_exporter",
    "snmp_decode": "variables decoded, beside pysnmp",
    "snmp_v3": "a poll with SNMPv3, beside v2c",
    "simulator": "reply packets a second",
    "estate": "1,000 switches, beside snmp_exporter",
    "scale": "thousands of devices, with loss and with sick ones among them",
    "start": "start to ready",
    "traps": "traps read a second, a burst and a storm",
    "load": "snmp_exporter's own snmp.yml, 2 MB",
    "rules": "a cycle of the rules of services, in a real Prometheus",
    "capacity": "a cycle of the rules of capacity, in a real Prometheus",
    "groups": "all groups of rules of a large site, in a real Prometheus",
    "boards": "each query of each board, in a real Prometheus",
    "peer_boards": "what boards of hosts ask, of our host data and of node_exporter's",
    "probes": "TCP, TLS, ICMP, DICOM and HTTP probes, beside blackbox_exporter",
}

LONGEST_SECONDS = 1200.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the README claims.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}; none: all")
    parser.add_argument("--bar", action="store_true", help="fail where a promise is broken")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in BENCHMARKS]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    broken = []
    for name in chosen.names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        try:
            code = subprocess.run(
                [sys.executable, "-m", f"bench.{name}"], timeout=LONGEST_SECONDS, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = 1
            print(f"took longer than {LONGEST_SECONDS:.0f} s")
        if code:
            broken.append(name)
    print(f"\nbroken: {', '.join(broken)}" if broken else "\nall promises kept")
    return 1 if broken and chosen.bar else 0


if __name__ == "__main__":
    sys.exit(main())
