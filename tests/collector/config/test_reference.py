"""docs/configuration.md, docs/contacts.md, docs/services.md and docs/kpis.md have every key, as the models have it."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

import collector.config.loading
from collector.config.inventory import MOST_LABELS, QUIRKS, RESERVED
from collector.config.options import Part
from collector.config.probes import ProbeFile
from collector.config.reference import MODELS, renewed
from collector.config.typed import Strict

DOCS = Path(collector.config.loading.__file__).parents[2] / "docs"
PAGES = {name: (DOCS / name).read_text() for name in ("configuration.md", "contacts.md", "services.md", "kpis.md")}


def models(of: type[BaseModel]) -> set[type[BaseModel]]:
    mine = {below for below in of.__subclasses__() if below.__module__.startswith("collector.config.")}
    return mine.union(*(models(below) for below in mine))


def test_every_table_is_as_the_models_make_it() -> None:
    for name, text in PAGES.items():
        assert renewed(text) == text, f"run: python -m collector.config.reference docs/{name}"


def test_every_model_has_its_table() -> None:
    assert set(re.findall(r"<!-- keys: ([^>]+) -->", "".join(PAGES.values()))) == set(MODELS)
    made_at_run_time = models(Part) | models(ProbeFile)
    assert models(Strict) - made_at_run_time - {Part} == set(MODELS.values())


def test_every_key_is_described() -> None:
    for model in MODELS.values():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def test_quirks_and_reserved_labels_are_listed() -> None:
    text = PAGES["configuration.md"]
    for quirk, meaning in QUIRKS.items():
        assert f"| `{quirk}` | {meaning.partition(' (')[0]} |" in text
    for label in RESERVED:
        assert f"`{label}`" in text
    assert f"At most {MOST_LABELS};" in text
