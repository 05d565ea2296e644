"""`parents:` of the inventory: every device that is named there must be one, and none may lead back to itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from collector.config.document import Document, Step
from collector.config.scalars import shown, suggestion
from collector.config.targets import Entry
from collector.config.typed import Findings


def check_parents(
    entries: Sequence[Entry], names: Collection[str], unread: Collection[str], findings: Findings
) -> None:
    """`names` are all that are written, those with problems too. A mistake in `defaults` or a kind is told once."""
    written = {entry.written.name: entry for entry in entries}
    graph: dict[str, list[str]] = {}
    told: set[tuple[object, ...]] = set()
    for name, entry in written.items():
        above, level = entry.pick("parents")
        known = graph.setdefault(name, [])
        for index, parent in enumerate(above or ()):
            document, where = _spot(entry, level, index)
            what = ""
            if parent == name:
                what = "is the device itself" if level == 0 else f"is {name} itself: write parents: [] in its own entry"
            elif parent not in names and "devices" not in unread:
                what = f"there is no device {shown(parent)}.{suggestion(parent, names)}"
            elif parent in written:
                known.append(parent)
            if what and (document.path, *where) not in told:
                told.add((document.path, *where))
                findings.problem(document, where, what)
    _check_cycles(graph, written, findings)


def _check_cycles(graph: Mapping[str, list[str]], written: Mapping[str, Entry], findings: Findings) -> None:
    """Each cycle once, at its device that stands last."""
    places = {name: place for place, name in enumerate(written)}
    while True:
        try:
            TopologicalSorter(graph).prepare()
            return
        except CycleError as error:
            way: list[str] = error.args[1][::-1]  # from a device to its parents; the first is also the last
        last = max(range(len(way) - 1), key=lambda place: places[way[place]])
        way = [*way[last:-1], *way[: last + 1]]
        entry = written[way[0]]
        _, level = entry.pick("parents")
        document, where = _spot(entry, level, graph[way[0]].index(way[1]) if level == 0 else None)
        findings.problem(document, where, f"leads back to {way[0]}: {' -> '.join(way)}")
        graph[way[0]].remove(way[1])


def _spot(entry: Entry, level: int, index: int | None) -> tuple[Document, list[Step]]:
    """Where the parent stands; of a kind's the entry."""
    document, where = entry.spot("parents", level)
    return document, where if index is None or entry.of_kind(level) else [*where, index]
