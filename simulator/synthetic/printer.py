"""Printer-MIB (RFC 3805) and the printer's rows of HOST-RESOURCES-MIB."""

from __future__ import annotations

from simulator import ber, values
from simulator.synthetic.sheet import Sheet, counter32

PRINTER = "1.3.6.1.2.1.43"
TONERS = ("Black", "Cyan", "Magenta", "Yellow")


def printer(sheet: Sheet) -> None:
    """A colour laser printer with two trays, idle, its black toner getting low."""
    sheet.row("1.3.6.1.2.1.25.3.2.1", (1,), {
        1: 1, 2: values.name("1.3.6.1.2.1.25.3.1.5"), 3: "Example LaserPrint C400", 4: values.name("0.0"), 5: 2,
        6: values.counter(0),
    })  # fmt: skip
    sheet.row("1.3.6.1.2.1.25.3.5.1", (1,), {1: 3, 2: b"\0"})
    sheet.row(f"{PRINTER}.5.1.1", (1,), {
        1: values.counter(3), 2: 1, 3: 3, 4: "IT service desk", 5: "IT service desk", 6: 1, 7: 1, 8: 1, 9: 1, 10: 1,
        11: 2, 12: 20, 13: 3, 14: 3, 15: 1, 16: "C400", 17: "EXC4000001", 18: values.counter(2), 19: values.counter(9),
    })  # fmt: skip
    sheet.row(f"{PRINTER}.6.1.1", (1, 1), {2: 4, 3: 4})
    for tray, level in ((1, 410), (2, 250)):
        sheet.row(f"{PRINTER}.8.2.1", (1, tray), {
            2: 3, 3: 4, 4: 297000, 5: 210000, 6: 297000, 7: 210000, 8: 8, 9: 500,
            10: sheet.wander(ber.INTEGER, level, 60, 3600), 11: 0, 12: "iso_a4", 13: f"Tray {tray}", 14: "Example",
            15: "T500", 16: "", 17: "", 18: f"Tray {tray}",
        })  # fmt: skip
    sheet.row(f"{PRINTER}.9.2.1", (1, 1), {2: 4, 3: 8, 4: 250, 5: 250, 6: 0, 7: "Output tray"})
    sheet.row(f"{PRINTER}.10.2.1", (1, 1), {
        2: 4, 3: 7, 4: counter32(1 / 40), 5: counter32(0), 6: 4, 7: 4, 8: 0, 9: 600, 10: 600, 15: 0,
    })  # fmt: skip
    for row, colour in enumerate(TONERS, 1):
        sheet.row(f"{PRINTER}.11.1.1", (1, row), {
            2: 1, 3: row, 4: 3, 5: 3, 6: f"{colour} toner cartridge", 7: 19, 8: 100,
            9: sheet.wander(ber.INTEGER, 12 if colour == "Black" else 60 + row, 4, 86400),
        })  # fmt: skip
        sheet.row(f"{PRINTER}.12.1.1", (1, row), {2: 1, 3: 3, 4: colour.lower(), 5: 1})
    for row, (text, light) in enumerate((("Ready", 0), ("Toner low", 1)), 1):
        sheet.row(f"{PRINTER}.16.5.1", (1, row), {2: text})
        sheet.row(f"{PRINTER}.17.6.1", (1, row), {2: 0, 3: 0, 4: light, 5: text})
