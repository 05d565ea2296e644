"""Which files a configuration consists of, and how inventory files include each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from collector.config.document import Document, Step
from collector.config.register import ENDING
from collector.config.scalars import shown
from collector.config.typed import Findings

Inventory = list[tuple[Document, Path | None]]
"""Inventory files, each after the one that includes it, whose path stands beside it."""

_ENDINGS = (".yml", ".yaml")
OF_AN_INVENTORY = (*_ENDINGS, ENDING)


def files_below(directory: Path, endings: tuple[str, ...] = _ENDINGS) -> list[Path]:
    """The YAML files in a directory, or those with other `endings`, by name. Hidden ones and what editors leave behind
    are none."""
    if not directory.is_dir():
        return []
    found = (p for p in directory.iterdir() if p.suffix.lower() in endings and not p.name.startswith("."))
    return sorted(p for p in found if not p.is_dir())


def read_inventory(directory: Path, read: Callable[[Path], Document | None], findings: Findings) -> Inventory:
    """All of `inventory/` and what it includes. A file is read once, below the file that includes it."""
    documents: dict[Path, Document] = {}
    parents: dict[Path, Document] = {}
    waiting = files_below(directory / "inventory", OF_AN_INVENTORY)
    while waiting:
        path = waiting.pop(0)
        real = path.resolve()
        if real in documents:
            continue
        document = read(path)
        if document is None:
            continue
        documents[real] = document
        for found in _included(document, directory, findings):
            target = found.resolve()
            if target in parents:
                what = f"{found.name} is already included from {parents[target].path}"
                findings.problem(document, ["include"], what)
                continue
            parents[target] = document
            waiting.append(found)
    return _ordered(documents, parents, findings)


def _ordered(documents: dict[Path, Document], parents: dict[Path, Document], findings: Findings) -> Inventory:
    below: dict[Path, list[Document]] = {}
    roots: list[Document] = []
    for real, document in documents.items():
        parent = parents.get(real)
        if parent is None:
            roots.append(document)
        else:
            below.setdefault(parent.path, []).append(document)

    def walk(document: Document, parent: Path | None) -> Iterator[tuple[Document, Path | None]]:
        yield document, parent
        for child in below.get(document.path, ()):
            yield from walk(child, document.path)

    inventory = [pair for root in roots for pair in walk(root, None)]
    reached = {document.path for document, _ in inventory}
    for document in documents.values():
        if document.path not in reached:
            findings.problem(document, ["include"], "leads back to this file")
    return inventory


def _included(document: Document, directory: Path, findings: Findings) -> list[Path]:
    data = document.data if isinstance(document.data, dict) else {}
    patterns = data.get("include")
    if patterns is None:
        return []
    if not isinstance(patterns, list) or not all(isinstance(p, str) and p for p in patterns):
        findings.problem(document, ["include"], "is no list of file names: write '- wards/*.yml' lines")
        return []
    found: list[Path] = []
    for index, pattern in enumerate(patterns):
        where: list[Step] = ["include", index]
        parts = Path(pattern).parts
        if Path(pattern).is_absolute() or ".." in parts or "**" in parts:
            what = f"{shown(pattern)} leaves the directory of this file: name files in it or below it"
            findings.problem(document, where, what)
            continue
        matches = sorted(
            p for p in document.path.parent.glob(pattern) if p.is_file() and p.suffix.lower() in OF_AN_INVENTORY
        )
        inside = [p for p in matches if p.resolve().is_relative_to(directory.resolve())]
        if len(inside) < len(matches):
            findings.problem(document, where, f"{shown(pattern)} leads out of the configuration through a link")
        elif not inside and "*" in pattern:
            findings.warn(document, where, f"{shown(pattern)} matches no .yml or .csv file")
        elif not inside:
            findings.problem(document, where, f"there is no file {shown(pattern)}, or it does not end in .yml or .csv")
        found += [p for p in inside if p.resolve() != document.path.resolve()]
    return found
