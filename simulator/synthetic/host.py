"""HOST-RESOURCES-MIB (RFC 2790) and UCD-SNMP-MIB, as net-snmp shows a Linux machine."""

from __future__ import annotations

from simulator import ber, values
from simulator.synthetic.sheet import Sheet, counter32
from simulator.values import Clock

STORAGE = "1.3.6.1.2.1.25.2.1"
DEVICE = "1.3.6.1.2.1.25.3.1"

RAM, FIXED_DISK = f"{STORAGE}.2", f"{STORAGE}.4"


def host(sheet: Sheet, cores: int, memory: int, disks: dict[str, int]) -> None:
    """`memory` in KiB; `disks` by mount point in KiB."""
    sheet.scalars("1.3.6.1.2.1.25.1", {
        1: Clock(), 3: 393216,
        4: "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet", 5: sheet.wander(ber.GAUGE32, 4, 3),
        6: sheet.wander(ber.GAUGE32, 230, 20), 7: 0,
    })  # fmt: skip
    sheet.put("1.3.6.1.2.1.25.2.2", 0, value=memory)
    _storage(sheet, 1, "Physical memory", RAM, 1024, memory, 0.6)
    _storage(sheet, 10, "Swap space", f"{STORAGE}.3", 1024, memory // 4, 0.1)
    for number, (mount, size) in enumerate(disks.items(), 31):
        _storage(sheet, number, mount, FIXED_DISK, 4096, size // 4, sheet.random.uniform(0.3, 0.8))
    for core in range(cores):
        index = (196608 + core,)
        sheet.row("1.3.6.1.2.1.25.3.2.1", index, {
            1: index[0], 2: values.name(f"{DEVICE}.3"), 3: "GenuineIntel: Server CPU", 4: values.name("0.0"), 5: 2,
            6: counter32(0),
        })  # fmt: skip
        sheet.row("1.3.6.1.2.1.25.3.3.1", index, {
            1: values.name("0.0"), 2: sheet.wander(ber.INTEGER, 30, 25, 600),
        })  # fmt: skip


def _storage(sheet: Sheet, index: int, name: str, kind: str, unit: int, size: int, used: float) -> None:
    sheet.row("1.3.6.1.2.1.25.2.3.1", (index,), {
        1: index, 2: values.name(kind), 3: name, 4: unit, 5: size,
        6: sheet.wander(ber.INTEGER, size * used, size * 0.05, 7200), 7: values.counter(0),
    })  # fmt: skip


def ucd(sheet: Sheet, cores: int, memory: int) -> None:
    """Memory, load and processor time. `memory` in KiB."""
    swap = memory // 4
    sheet.scalars("1.3.6.1.4.1.2021.4", {
        1: 0, 2: "swap", 3: swap, 4: sheet.wander(ber.INTEGER, swap * 0.9, swap * 0.02), 5: memory,
        6: sheet.wander(ber.INTEGER, memory * 0.2, memory * 0.05),
        11: sheet.wander(ber.INTEGER, memory * 0.5, memory * 0.05), 12: 16000, 13: 1200,
        14: sheet.wander(ber.INTEGER, memory * 0.02, memory * 0.01),
        15: sheet.wander(ber.INTEGER, memory * 0.3, memory * 0.05), 100: 0, 101: "",
    })  # fmt: skip
    for row, (name, load) in enumerate((("Load-1", "1.42"), ("Load-5", "1.20"), ("Load-15", "1.11")), 1):
        sheet.row("1.3.6.1.4.1.2021.10.1", (row,), {
            1: row, 2: name, 3: load, 4: "12.00", 5: sheet.wander(ber.INTEGER, 100 * float(load), 30, 300 * row),
            6: values.Fixed(ber.OPAQUE, ber.opaque_float(float(load))), 100: 0, 101: "",
        })  # fmt: skip
    ticks = 100.0 * cores
    sheet.scalars("1.3.6.1.4.1.2021.11", {
        1: 1, 2: "systemStats", 3: 0, 4: 0, 5: 12, 6: 4, 7: 900, 8: 1500, 9: sheet.wander(ber.INTEGER, 20, 12),
        10: sheet.wander(ber.INTEGER, 6, 3), 11: sheet.wander(ber.INTEGER, 70, 12), 50: counter32(ticks * 0.2),
        51: counter32(ticks * 0.001), 52: counter32(ticks * 0.06), 53: counter32(ticks * 0.7),
        54: counter32(ticks * 0.02), 55: counter32(0), 56: counter32(ticks * 0.005), 57: counter32(sheet.rate(10, 500)),
        58: counter32(sheet.rate(10, 500)), 59: counter32(sheet.rate(500, 5000)), 60: counter32(sheet.rate(500, 9000)),
        61: counter32(ticks * 0.004), 62: counter32(0), 63: counter32(0), 64: counter32(ticks * 0.001),
    })  # fmt: skip
