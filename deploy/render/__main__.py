"""`make render`: every board drawn in headless Chromium with Grafana's own component libraries, with the data of a real
Prometheus.

    .venv/bin/python -m deploy.render [--board wardwatch-today] [--theme light] [--width 390] [--out DIR] ...

A picture for each board, theme and width: `DIR/BOARD-THEME-WIDTH.png`. Exit status 1 where a query, a panel or the page
fails, with the panel's name; 2 where there is nothing to draw with.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.render import boards, history, tools
from deploy.render.boards import Asking, Problem
from deploy.render.drawing import Wanted, drawn
from deploy.render.prometheus import Prometheus, QueryError

BOARDS = tools.ROOT / "dashboards" / "generated" / "grafana"
HOME = tools.ROOT / ".state" / "render"
THEMES = ("dark", "light")
WIDTHS = (1600, 390)
SCRAPE = 60
"""Seconds; as deploy/grafana/provisioning tells Grafana."""


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    files = {path.stem: path for path in sorted(options.boards.glob("*.json"))}
    if unknown := [name for name in options.board if name not in files]:
        print(f"render: no such board: {', '.join(unknown)}; there are {', '.join(files)}", file=sys.stderr)
        return 2
    try:
        made = tools.ready(HOME)
        if options.data is None:
            return _all(options, files, options.prometheus, options.at or time.time(), made)
        with history.served(options.data) as url:
            return _all(options, files, url, options.at or history.until(options.data), made)
    except (tools.Missing, history.Unserved) as problem:
        print(f"render: {problem}", file=sys.stderr)
        return 2


def _all(options: argparse.Namespace, files: Mapping[str, Path], url: str, at: float, made: tools.Tools) -> int:
    """Ask and draw what was chosen; the exit status."""
    asking = Asking(Prometheus(url), round(at * 1000), options.scrape * 1000, options.since, _chosen(options.var))
    try:
        asking.prometheus.instant("1", asking.at)
    except QueryError as problem:
        print(f"render: {problem}: start `make run`, or choose --prometheus URL or --data DIR", file=sys.stderr)
        return 2
    found: list[Problem] = []
    wanted: list[Wanted] = []
    for name in options.board or files:
        board = json.loads(files[name].read_text())
        for width in options.width or WIDTHS:
            given, refused = boards.answered(board, width, asking)
            found += [Problem(f"{name}-{width}: {problem.panel}", problem.message) for problem in refused]
            wanted += [
                Wanted(given, theme, width, options.out / f"{name}-{theme}-{width}.png")
                for theme in options.theme or THEMES
            ]
    for picture in drawn(made, wanted):
        print(f"{'failed' if picture.problems else 'drawn':7} {picture.name}", flush=True)
        found += picture.problems
        if options.texts:
            (options.out / f"{picture.name}.txt").write_text(picture.text)
    for each in found:
        print(f"render: {each}", file=sys.stderr)
    return 1 if found else 0


def _chosen(words: Sequence[str]) -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {}
    for word in words:
        name, _, value = word.partition("=")
        chosen.setdefault(name.removeprefix("var-"), []).append(value)
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make render", description="Draw the boards with data of a Prometheus.")
    add = parser.add_argument
    add("--board", action="append", default=[], metavar="UID", help="a board, may be repeated (default: all)")
    add("--theme", action="append", choices=THEMES, help="default: both")
    add("--width", action="append", type=int, metavar="PIXELS", help="default: 1600 and 390")
    add(
        "--prometheus", default="http://127.0.0.1:10811", metavar="URL", help="default: that of `make run`, %(default)s"
    )
    add("--data", type=Path, metavar="DIR", help="instead: a history, as python -m bench.history --data DIR writes it")
    add("--var", action="append", default=[], metavar="NAME=VALUE", help="choose of a variable, may be repeated")
    add("--since", default="", metavar="now-24h", help="the beginning of the range (default: the board's own)")
    add("--at", type=float, metavar="SECONDS", help="what `now` is, since 1970 (default: now, or a history's end)")
    add("--scrape", type=int, default=SCRAPE, metavar="SECONDS", help="the data source's scrape interval (%(default)s)")
    add(
        "--boards",
        type=Path,
        default=BOARDS,
        metavar="DIR",
        help="the boards' JSON (default: dashboards/generated/grafana)",
    )
    add("--out", type=Path, default=HOME / "pictures", metavar="DIR", help="default: .state/render/pictures")
    add("--texts", action="store_true", help="write what is to be read in each picture beside it, as .txt")
    return parser


if __name__ == "__main__":
    sys.exit(main())
