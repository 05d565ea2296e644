"""`python -m bench.peer_boards [FILE ...]`: how much of what boards ask of node_exporter our host agent answers.

FILE is a board of Grafana (JSON) or a file of rules (YAML), as node-mixin and Node Exporter Full publish them; none:
our own boards of hosts and alerts about them, which are to work on node_exporter's data as well. Every expression is
asked of one real Prometheus that scrapes the host agent and node_exporter on this machine, with the variables of the
board filled in for each of them. Both run as they come, and tell of processes besides, as Node Exporter Full wants it.
A query counts where it returns a series; an alert where there is a series of all that it reads, as a good alert returns
nothing. What is missing is listed, with why.
Promise: whatever only node_exporter answers has its reason here, and docs/host.md has it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import promql_parser as promql
import yaml

from bench import process
from collector.config.targets import reads_this_machine
from collector.registry import COLLECTORS
from deploy.local.parts import part
from tests.dashboards.boards.asking import Prometheus
from tests.dashboards.boards.shipped import LABEL_VALUES

GENERATED: Final = Path(__file__).resolve().parents[1] / "dashboards" / "generated"
OWN: Final = (
    GENERATED / "grafana" / "wardwatch-host.json",
    GENERATED / "grafana" / "wardwatch-hosts.json",
    GENERATED / "prometheus" / "hosts.yml",
)
OURS, THEIRS = "wardwatch", "node_exporter"
HOSTS: Final = (OURS, THEIRS)
"""Both are `instance` and `cluster`: what a board sums up by cluster is told apart as well."""

RATE: Final = "1m"
SCRAPES: Final = 6
"""So many of both before anything is asked: rates need two, rules one more, and what reads those one more again."""
LONGEST_SECONDS: Final = 60.0

REASONS: Final[Mapping[str, str]] = {
    "node_exporter_build_info": "we are not node_exporter: wardwatch_build_info says what we are",
    "node_arp_": "no collector arp",
    "node_cpu_scaling_": "no collector cpufreq",
    "node_entropy_": "no collector entropy",
    "node_schedstat_": "no collector schedstat",
    "node_softnet_": "no collector softnet",
    "node_systemd_": "no collector systemd",
    "process_virtual_memory_max_bytes": "of the Go library that serves their page",
}
"""Why only node_exporter tells it, by the beginning of the name."""
UNKNOWN: Final = "nobody knows why"


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression as its board has it; `values` are those of variables that are the same for everyone."""

    title: str
    kind: str
    place: str
    expr: str
    values: Mapping[str, str]

    def filled(self, host: str) -> str:
        known = {**self.values, "job": "node", "node": host, "instance": host, "cluster": host, "__rate_interval": RATE}
        known |= {"__interval": RATE, "__range": "1h"}
        return re.sub(r"\$\{?([A-Za-z_]\w*)(?::\w+)?\}?", lambda found: known.get(found[1], ".*"), self.expr)


@dataclass(frozen=True, slots=True)
class Answer:
    """`lacking`: metrics that it reads and of which the machine's page has no such series."""

    asked: Asked
    data: bool
    lacking: frozenset[str]


def lists(paths: Sequence[Path]) -> list[Asked]:
    """What files ask. Raises ValueError for one that is neither a board nor rules."""
    return [each for path in paths for each in (_board(path) if path.suffix == ".json" else _rules(path))]


def _board(path: Path) -> Iterator[Asked]:
    board = json.loads(path.read_text())
    if "panels" not in board:
        raise ValueError(f"{path}: is no board of Grafana: it has no panels")
    title = board.get("title", path.stem)
    values: dict[str, str] = {}
    for each in board.get("templating", {}).get("list", ()):
        text = each.get("query", "")
        text = text.get("query", "") if isinstance(text, dict) else text
        if each.get("type") == "query" and (found := LABEL_VALUES.fullmatch(text)):
            yield Asked(title, "variables", each["name"], found["expr"], values)
        elif each.get("type") in ("custom", "constant", "interval"):
            values[each["name"]] = str(each.get("current", {}).get("value") or text)
    for panel in (inner for outer in board["panels"] for inner in (outer, *outer.get("panels", ()))):
        for target in panel.get("targets", ()):
            if target.get("expr"):
                yield Asked(title, "queries", panel.get("title", ""), target["expr"], values)


def _rules(path: Path) -> Iterator[Asked]:
    content = yaml.safe_load(path.read_text())
    if not isinstance(content, dict) or "groups" not in content:
        raise ValueError(f"{path}: are no rules: there are no groups")
    for rule in (rule for group in content["groups"] for rule in group["rules"]):
        kind = "rules" if "record" in rule else "alerts"
        yield Asked(path.stem, kind, rule.get("record") or rule["alert"], rule["expr"], {})


def selectors(node: Any) -> Iterator[Any]:
    """What an expression reads, without ranges."""
    if isinstance(node, promql.VectorSelector):
        yield node
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector
    elif isinstance(node, promql.BinaryExpr):
        yield from selectors(node.lhs)
        yield from selectors(node.rhs)
    elif isinstance(node, promql.Call):
        for each in node.args:
            yield from selectors(each)
    elif hasattr(node, "expr"):
        yield from selectors(node.expr)


def answer(prometheus: Prometheus, asked: Asked, host: str) -> Answer:
    expr = asked.filled(host)
    lacking = frozenset(
        each.name for each in selectors(promql.parse(expr)) if not _of(prometheus, each.prettify(), host)
    )
    data = not lacking if asked.kind == "alerts" else _of(prometheus, expr, host, chosen=expr != asked.filled(""))
    return Answer(asked, data, lacking)


def _of(prometheus: Prometheus, expr: str, host: str, *, chosen: bool = False) -> bool:
    """Whether there is a number for this host: any, where the expression itself has `chosen` it."""
    found = prometheus.ask("query", query=expr)["result"]
    return any(chosen or host in (each["metric"].get("instance"), each["metric"].get("cluster")) for each in found)


def why(metric: str) -> str:
    """Why only node_exporter tells of a metric."""
    return next((reason for name, reason in REASONS.items() if metric.startswith(name)), UNKNOWN)


@contextmanager
def both(folder: Path, asked: Sequence[Asked]) -> Iterator[Prometheus]:
    """Prometheus, once it has read both pages often enough."""
    kinds = [kind for kind in COLLECTORS if reads_this_machine(kind)]
    names = [kind.name for kind in kinds if getattr(kind, "by_default", True) or kind.name == "processes"]
    (folder / "wardwatch.yml").write_text(f"host:\n  interval: 1s\n  collectors: [{', '.join(names)}]\n")
    ours, theirs, port = (process.free_port() for _ in range(3))
    targets = [
        {"targets": [f"127.0.0.1:{at}"], "labels": {"instance": name, "cluster": name}}
        for name, at in zip(HOSTS, (ours, theirs), strict=True)
    ]
    rules = [{"record": each.place, "expr": each.expr} for each in asked if each.kind == "rules"]
    configured = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [{"job_name": "node", "static_configs": targets}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configured))
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "node-exporter.rules", "rules": rules}]}))
    words: list[Sequence[str | Path]] = [
        [sys.executable, "-m", "collector", "run", "--config", folder, "--web.listen-address", f"127.0.0.1:{ours}"],
        [part("node_exporter"), f"--web.listen-address=127.0.0.1:{theirs}", "--collector.processes"],
        [
            part("prometheus"), f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
        ],
    ]  # fmt: skip
    logs = [folder / f"{name}.log" for name in (*HOSTS, "prometheus")]
    with (
        process.running(words[0], logs[0], {"STATE_DIRECTORY": str(folder)}) as agent,
        process.running(words[1], logs[1]) as peer,
    ):
        process.wait(agent, f"http://127.0.0.1:{ours}/-/ready", logs[0])
        process.wait(peer, f"http://127.0.0.1:{theirs}", logs[1])
        with process.running(words[2], logs[2]) as server:
            process.wait(server, f"http://127.0.0.1:{port}/-/ready", logs[2])
            prometheus = Prometheus(f"http://127.0.0.1:{port}")
            _until_scraped(prometheus)
            yield prometheus


def _until_scraped(prometheus: Prometheus) -> None:
    enough = f"count(sum_over_time(up[{RATE}]) >= {SCRAPES}) == {len(HOSTS)}"
    deadline = time.monotonic() + LONGEST_SECONDS
    while not prometheus.ask("query", query=enough)["result"]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"not scraped within {LONGEST_SECONDS:.0f} s: {enough}")
        time.sleep(0.2)


def measured(asked: Sequence[Asked]) -> dict[str, list[Answer]]:
    """By host, in the order of what is asked."""
    with tempfile.TemporaryDirectory(prefix="bench-peer-boards-") as name, both(Path(name), asked) as prometheus:
        return {host: [answer(prometheus, each, host) for each in asked] for host in HOSTS}


def missing(found: Mapping[str, list[Answer]]) -> dict[tuple[str, bool], int]:
    """Metrics that our page has not, whether node_exporter's has them, and in how many expressions they are."""
    counted: Counter[tuple[str, bool]] = Counter()
    for mine, other in zip(found[OURS], found[THEIRS], strict=True):
        counted.update((metric, metric not in other.lacking) for metric in mine.lacking)
    return dict(sorted(counted.items(), key=lambda each: (not each[0][1], each[0][0])))


def shares(found: Mapping[str, list[Answer]]) -> Iterator[tuple[str, str, int, dict[str, tuple[int, int]]]]:
    """Of each list and kind: how many there are, and by host how many return data, and how many could: all that they
    read is there."""
    for title, kind in dict.fromkeys((each.asked.title, each.asked.kind) for each in found[OURS]):
        those = {
            host: [each for each in answers if (each.asked.title, each.asked.kind) == (title, kind)]
            for host, answers in found.items()
        }
        counts = {host: (sum(e.data for e in some), sum(not e.lacking for e in some)) for host, some in those.items()}
        yield title, kind, len(those[OURS]), counts


def report(found: Mapping[str, list[Answer]]) -> int:
    print(f"{'':31}{'of':>5}" + "".join(f"{host + ': data':>22}{'could':>8}" for host in HOSTS))
    for title, kind, of, counts in shares(found):
        line = "".join(f"{data:>14}{data / of:>8.1%}{could / of:>8.1%}" for data, could in counts.values())
        print(f"{title + ': ' + kind:31}{of:>5}{line}")
    gone = missing(found)
    unknown = [metric for metric, told in gone if told and why(metric) == UNKNOWN]
    print("\nmissing here, and told by node_exporter (in so many expressions):")
    print("\n".join(f"  {metric} ({count}): {why(metric)}" for (metric, told), count in gone.items() if told))
    print("told by neither: this machine has no such thing, or the collector is off unless asked for:")
    print("  " + ", ".join(f"{metric} ({count})" for (metric, told), count in gone.items() if not told))
    print("empty though all that they read is there, as what they look for is not so now:")
    quiet = Counter(f"{e.asked.title}, {e.asked.place}" for e in found[OURS] if not e.data and not e.lacking)
    print("\n".join(f"  {place} ({count})" for place, count in quiet.items()))
    print(f"promise (whatever only node_exporter answers has a reason): {'BROKEN' if unknown else 'kept'}")
    return 1 if unknown else 0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", nargs="*", type=Path, metavar="FILE", help="a board (.json) or rules (.yml)")
    paths = options.parse_args().file or OWN
    try:
        return report(measured(lists(paths)))
    except (OSError, ValueError) as error:
        options.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
