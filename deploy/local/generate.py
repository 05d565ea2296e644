"""Writes the tables that texts take from the code, and the rules and boards of the example estate; `--check` fails
where one is behind.

    .venv/bin/python deploy/local/generate.py [--check]

A generated part stands between `<!-- generated: NAME -->` and `<!-- /generated -->`, and is never edited by hand.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # As a program: the checkout instead of this directory, where venv.py would hide the standard one.
    sys.path[0] = str(ROOT)

from collector.capacity import RESOURCES, Resource  # noqa: E402 - after the path
from collector.config.scalars import amount  # noqa: E402
from collector.kpis import Kpi  # noqa: E402
from collector.model import Collector  # noqa: E402
from collector.network.normal import Normal  # noqa: E402
from dashboards.board import Board  # noqa: E402

PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def collectors(registered: Iterable[type[Collector]]) -> str:
    """A table of the collectors, one line each, by domain and then as registered."""
    lines = ["| collector | domain | what it gives |", "|---|---|---|"]
    found = [(kind.__module__.split(".")[1], kind.name, first_sentence(kind)) for kind in registered]
    domains = list(dict.fromkeys(domain for domain, _, _ in found))
    for domain, name, says in sorted(found, key=lambda row: domains.index(row[0])):
        lines.append(f"| `{name}` | {domain} | {says} |")
    return "\n".join(lines) + "\n"


def first_sentence(kind: type[object]) -> str:
    """The first sentence about a collector, from the top of its file. ValueError where there is none."""
    text = inspect.getdoc(inspect.getmodule(kind)) or ""
    if not text:
        raise ValueError(f"{kind.__module__} has no docstring: README's table needs its first sentence")
    paragraph = " ".join(text.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.])\s+(?=[A-Z`])", paragraph)[0].rstrip(".")
    # The table's first column is that word already.
    return sentence.replace(f" (node_exporter's `{kind.__dict__.get('name')}`)", "").replace("|", "\\|")


MODULE = re.compile(r"((?:^  #.*\n)*)^  (\w+):\n((?:^(?: {4}.*)?\n)*)", re.MULTILINE)
"""A module as config/snmp/*.yml has it: the comment above it, its name, what is below."""


def modules(directory: Path) -> str:
    """A table of the SNMP modules in the files of a directory, file by file. ValueError for one without a comment."""
    rows = []
    for path in sorted(directory.glob("*.yml")):
        _, begun, text = path.read_text().partition("\nmodules:\n")
        for comment, name, body in MODULE.findall(text) if begun else ():
            says = " ".join(line.strip(" #") for line in comment.splitlines())
            if not says:
                raise ValueError(f"{path.name}: {name} has no comment above it: the table of modules needs one")
            single = "" if "\n    walk:" in f"\n{body}" else "yes"
            rows.append(f"| `{name}` | {path.name} | {single} | {says.replace('|', chr(92) + '|')} |")
    return "\n".join(["| module | file | single GETs | what it reads |", "|---|---|---|---|", *rows]) + "\n"


def names(normal: Iterable[Normal]) -> str:
    """A table of the normalised names, with the vendors' metrics of which each is made."""
    lines = ["| name | labels | what it says | made of |", "|---|---|---|---|"]
    for each in normal:
        labels = dict.fromkeys(
            label for s in each.sources for label in (*s.labels, *s.fixed, *((s.bit,) if s.bit else ()))
        )
        made = dict.fromkeys(f"`{source.metric}`" for source in each.sources)
        named = ", ".join(f"`{label}`" for label in labels)
        lines.append(f"| `{each.family.name}` | {named} | {each.family.help} | {', '.join(made)} |")
    return "\n".join(lines) + "\n"


ALERT = re.compile(r"^      - alert: (\w+)\n((?:^(?: {8}.*)?\n)*)", re.MULTILINE)
"""An alert as dashboards/causes/*.yml has it, with the comments within it."""


def alerts(text: str) -> str:
    """A table of the alerts in a file of rules. ValueError for one that does not say where its threshold comes from."""
    lines = ["| alert | severity | after | says | where the threshold comes from |", "|---|---|---|---|---|"]
    for name, body in ALERT.findall(text):
        source = re.search(r"# Source: (.*\n(?: *# .*\n)*)", body)
        if source is None:
            raise ValueError(f"{name} does not say where its threshold comes from: write '# Source: ...' into it")
        said = " ".join(line.strip(" #") for line in source[1].splitlines())
        severity, after, summary = (_said(body, key) for key in ("severity", "for", "summary"))
        link = f"[{name}](runbooks/{name}.md)"
        lines.append(f"| {link} | {severity} | {after} | {summary} | {said[0].upper()}{said[1:]} |")
    return "\n".join(lines) + "\n"


def every_alert(directory: Path) -> str:
    """A table of the alerts in the files of rules of a directory, file by file."""
    lines = ["| alert | severity | after | says | file |", "|---|---|---|---|---|"]
    for path in sorted(directory.glob("*.yml")):
        for name, body in ALERT.findall(path.read_text()):
            severity, summary = _said(body, "severity"), _said(body, "summary")
            link = f"[{name}](runbooks/{name}.md)"
            lines.append(f"| {link} | {severity} | {_said(body, 'for') or '0m'} | {summary} | {path.name} |")
    return "\n".join(lines) + "\n"


def _said(body: str, key: str) -> str:
    """What stands behind a key of an alert; nothing where it is not there."""
    found = re.search(rf"^ +{key}: (.*)", body, re.MULTILINE)
    return found[1] if found else ""


def resources(all_of: Mapping[str, Resource]) -> str:
    """A table of what may fill up."""
    lines = ["| `resource` | what | shape | full at | source |", "|---|---|---|---:|---|"]
    for name, each in all_of.items():
        lines.append(f"| `{name}` | {each.what} | {each.shape} | {each.full:.0%} | {each.source} |")
    return "\n".join(lines) + "\n"


SERIES = (("a small device (UPS, printer, server)", 300), ("a mixed estate", 700), ("48-port switches only", 2100))
DEVICES = (100, 1000, 5000)
DAYS = 400
SAMPLE_BYTES = (1.3, 2.0)
"""Prometheus' storage documentation: 1 to 2 bytes a sample on average. 1.3 is what regular, slow series come to."""


def sizing(interval: int) -> str:
    """A table of what 400 days cost on disk, for a poll every `interval` seconds."""
    lines = [
        "| what is polled | series a device | " + " | ".join(f"{count:,} devices" for count in DEVICES) + " |",
        "|---|---:|" + "---:|" * len(DEVICES),
    ]
    for what, series in SERIES:
        samples = [count * series * (86_400 // interval) * DAYS for count in DEVICES]
        ranges = [" to ".join(size(per * many) for per in SAMPLE_BYTES) for many in samples]
        lines.append(f"| {what} | {series:,} | " + " | ".join(ranges) + " |")
    return "\n".join(lines) + "\n"


def size(amount: float) -> str:
    """Bytes as a person reads them, in powers of ten as disks are sold."""
    unit = next((unit for unit in ("TB", "GB", "MB") if amount >= 10 ** _POWERS[unit]), "MB")
    number = amount / 10 ** _POWERS[unit]
    return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"


_POWERS = {"TB": 12, "GB": 9, "MB": 6}


def filled(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """`text` with every generated part as the code has it now. KeyError for a part nobody generates."""
    return PART.sub(lambda part: part[1] + parts[part["name"]]() + part[3], text)


def measured(kpis: Iterable[Kpi]) -> str:
    """A table of the KPIs, those that wait for a source of data last."""
    lines = ["| KPI | says | better | target | amber | period | data |", "|---|---|---|---:|---:|---|---|"]
    for kpi in sorted(kpis, key=lambda kpi: bool(kpi.waiting)):
        good, fair = (amount(each, kpi.unit) if each is not None else "" for each in (kpi.target, kpi.amber))
        data = f"*{kpi.waiting}*" if kpi.waiting else kpi.source
        said = f"**{kpi.title}.** {kpi.definition}".replace("|", "\\|")
        lines.append(f"| `{kpi.id}` | {said} | {kpi.direction} | {good} | {fair} | {kpi.period} | {data} |")
    return "\n".join(lines) + "\n"


def boards(made: Iterable[Board]) -> str:
    """A table of Grafana's boards. ValueError for one that does not say for whom it is."""
    lines = ["| board | answers | for |", "|---|---|---|"]
    for board in made:
        whom = re.search(r"\*\*For\*\* (.+?)\.\s+\*\*Good\*\*", board.about, re.DOTALL)
        if whom is None:
            raise ValueError(f"{board.uid} does not say for whom it is: begin its text with '**For** ...'")
        link = f"[`{board.uid}`](../dashboards/generated/grafana/{board.uid}.json)"
        lines.append(f"| {link} | {board.title} | {' '.join(whom[1].split())} |")
    return "\n".join(lines) + "\n"


def _parts() -> dict[str, Callable[[], str]]:
    from collector.config import load
    from collector.config.causes import read_causes
    from collector.registry import COLLECTORS
    from dashboards.boards import every

    rules = ROOT / "dashboards" / "causes"
    example = cache(lambda: load(ROOT / "config", environ={}, resolve=str, kpis="read"))
    return {
        "normal-names": lambda: names(load(None, environ={}, resolve=str).normal),
        "every-alert": lambda: every_alert(rules),
        "power-alerts": lambda: alerts((rules / "power.yml").read_text()),
        "kpis": lambda: measured(example().kpis.kpis.values()),
        "boards": lambda: boards(every(example(), read_causes(rules))),
        "host-alerts": lambda: alerts((rules / "hosts.yml").read_text()),
        "collectors": lambda: collectors(COLLECTORS),
        "resources": lambda: resources(RESOURCES),
        "snmp-modules": lambda: modules(ROOT / "config" / "snmp"),
        "sizing-slow": lambda: sizing(60),
        "sizing-fast": lambda: sizing(15),
    }


RULES = ROOT / "dashboards" / "generated"
"""Loaded by `make run`; a site makes its own with `wardwatch rules` and `wardwatch boards`."""


YEAR = 2026
"""The first of the two years whose public holidays are written out. Nobody is on call at St Example, so it need not be
this year: what is generated must not change with the calendar."""


def promised() -> Mapping[Path, str]:
    """Files for the services that `config/` promises, for its KPIs, for whom it tells, and the boards."""
    from collector.cli.rulefiles import SOURCES, files
    from collector.config import load
    from collector.config.causes import read_causes
    from dashboards.boards import made

    config = load(ROOT / "config", environ={}, resolve=str, kpis="read")
    return {RULES / name: text for name, text in (files(config, YEAR) | made(config, read_causes(SOURCES))).items()}


FILES = (
    "README.md", "docs/alerts.md", "docs/boards.md", "docs/capacity.md", "docs/host.md", "docs/kpis.md",
    "docs/modules.md", "docs/power.md", "docs/sizing.md",
)  # fmt: skip


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    stale = []
    texts = {ROOT / name: filled((ROOT / name).read_text(), _parts()) for name in FILES}
    for path, wanted in {**texts, **promised()}.items():
        if not path.exists() or path.read_text() != wanted:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(wanted)
    if stale and check:
        print(f"behind the code: {', '.join(stale)}; run make generate", file=sys.stderr)
        return 1
    print("generated parts are current" if not stale else f"wrote {', '.join(stale)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
