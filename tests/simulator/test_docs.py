"""docs/simulator.md has every mode with its options, every key, every counter, and the kinds that can be played."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import synthetic
from simulator.estate import Part, SimulatorFile
from simulator.faults import MODES
from simulator.faults.scene import Mode
from simulator.safety import Safety
from simulator.services import OVER_UDP, SPOKEN, Counts

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
BEGIN, END = "--update-golden` -->\n", "<!-- end of modes -->"


def row(mode: Mode) -> str:
    options = []
    for name, value in mode.options.items():
        words = " ".join(f"`{style}`" for style in mode.styles if style != value)
        options.append(
            f"`{name}: {value if value != '' else chr(39) * 2}`{f' (or {words})' if name == 'style' else ''}"
        )
    return f"| `{mode.name}` | {mode.words} | {', '.join(options)} |"


def table() -> str:
    lines = ["| mode | the device | options and their defaults |", "|---|---|---|", *map(row, MODES.values())]
    return "\n".join(lines) + "\n"


def test_the_table_of_modes_is_what_there_is(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")
        return
    assert written == table()


def test_every_key_kind_and_counter_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    keys = {*Part.model_fields, *SimulatorFile.model_fields} - {"kinds", "devices"}
    words = {
        *keys,
        *synthetic.KINDS,
        *Safety().report(),
        "foreign",
        "oversized",
        *SPOKEN,
        *OVER_UDP,
        *Counts().report(),
    }
    assert sorted(word for word in words if f"`{word}`" not in text) == []
