"""Every series that is recorded for causes and of devices: quiet, as it is looked for, over, and without data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.rules import causes
from tests.dashboards.four import Table, level, pace
from tests.dashboards.promtool import judged

GENERATED = Path(__file__).resolve().parents[2] / "dashboards" / "generated"
CAUSES = GENERATED.parent / "causes"
PORT = 'instance="sw", site="a", device_kind="switch", ifIndex="1", ifName="Gi1/0/1"'
BEHIND = 'instance="sw", site="a", device_kind="switch", ifIndex="5", ifName="Gi1/0/5"'
POWER = 'instance="sw", pethPsePortGroupIndex="1", pethPsePortIndex="5"'
PUMP = 'class="clinical", site="a", ward="w", device_type="pump", criticality="high"'
DISK = 'job="node", instance="h", device="sda", mountpoint="/", fstype="ext4"'
TWICE = f"{' '.join('2' * 29)} 1 {' '.join('2' * 40)}"
"""A link that is down, and was up for one poll of them."""

SERIES = {
    # The network: a port of its own, one that is none, and the switch.
    'ifType_info{instance="sw", ifIndex="2", ifType="tunnel"}': level("_", 1, "_"),
    f"ifInErrors{{{PORT}}}": pace(0, 60, 0),
    f"ifOutErrors{{{PORT}}}": pace(0, 0, 0),
    f"ifOutDiscards{{{PORT}}}": pace(0, 120, 0),
    f"ifHighSpeed{{{PORT}}}": level(10, 10, 10),
    f"ifHCInOctets{{{PORT}}}": pace(0, 67.5e6, 0),
    f"ifHCOutOctets{{{PORT}}}": pace(0, 75e6, 0),
    f"ifOperStatus{{{PORT}}}": level(1, TWICE, 1),
    'wardwatch_device_up{instance="sw", site="a", device_kind="switch"}': level(1, 0, 1),
    'wardwatch_poll_success{instance="sw", site="a", device_kind="switch", module="if_mib"}': level(1, 0, 1),
    # Equipment: a pump on a port, and a bed that comes and goes.
    f'wardwatch_device_info{{instance="pump", {PUMP}}}': level(1, 1, 1),
    f'wardwatch_device_info{{instance="bed", {PUMP}}}': level("_", 1, "_"),
    'wardwatch_equipment_port_info{instance="pump", switch="sw", ifName="Gi1/0/5"}': level(1, 1, 1),
    'wardwatch_equipment_port_info{instance="bed", switch="sw", ifName="Gi1/0/6"}': level("_", 1, "_"),
    'wardwatch_equipment_state{instance="pump", state="seen"}': level(1, 0, 1),
    'wardwatch_equipment_state{instance="pump", state="moved"}': level(0, 1, 0),
    f"ifOperStatus{{{BEHIND}}}": level(1, TWICE, 1),
    f"ifHighSpeed{{{BEHIND}}}": level(1000, 10, 1000),
    f"dot3StatsDuplexStatus{{{BEHIND}}}": level(3, 2, 3),
    f"ifInErrors{{{BEHIND}}}": pace(0, 60, 0),
    f"ifOutErrors{{{BEHIND}}}": pace(0, 0, 0),
    f"ifHCInUcastPkts{{{BEHIND}}}": pace(600, 60, 600),
    f"ifHCOutUcastPkts{{{BEHIND}}}": pace(600, 0, 600),
    f"pethPsePortDetectionStatus{{{POWER}}}": level(3, 2, 3),
    f"cpeExtPsePortPwrConsumption{{{POWER}}}": level(5000, 0, 5000),
    # A host.
    f"node_filesystem_avail_bytes{{{DISK}}}": level(50, 10, 50),
    f"node_filesystem_size_bytes{{{DISK}}}": level(100, 100, 100),
    f"node_filesystem_files_free{{{DISK}}}": level(50, 5, 50),
    f"node_filesystem_files{{{DISK}}}": level(100, 100, 100),
    'node_time_seconds{job="node", instance="h"}': pace(60, 60, 60),
    'node_boot_time_seconds{job="node", instance="h"}': level(0, 8100, 8100),
    'node_md_disks_required{job="node", instance="h", device="md0"}': level(2, 2, 2),
    'node_md_disks{job="node", instance="h", device="md0", state="active"}': level(2, 1, 2),
    'node_hwmon_temp_celsius{job="node", instance="h", chip="c", sensor="s"}': level(40, 90, 40),
    # A room, and what is told of devices.
    'wardwatch_environment_temperature_celsius{instance="r", climate="it-room", sensor="s"}': level(22, 35, 22),
    'wardwatch_dependency_down{instance="sw"}': level(0, 1, 0),
    'wardwatch_device_maintenance{instance="h"}': level(0, 1, 0),
    'wardwatch_device_contact_info{instance="h", service="mail", key_property="effectiveness"}': level(1, 1, 1),
    'service_agreed{service="mail"}': level(1, 0, 1),
}

BUSY = 'instance="sw", ifIndex="1"'
P15 = f"{{{BUSY}}}"
TABLE = Table(
    {
        'device:silenced{by="dependency", instance="sw"}': (None, 1, None, None),
        'device:silenced{by="maintenance", instance="h"}': (None, 1, None, None),
        'device:off_hours{instance="h"}': (None, 1, None, None),
        'device:state{instance="sw"}': (0, 1, 0, None),
        'wardwatch:port_virtual{ifIndex="2"}': (None, 1, None, None),
        'wardwatch:equipment_port{ifName="Gi1/0/6"}': (None, 1, None, None),
        f"wardwatch:port_errors:rate15m{P15}": (None, 1, None, None),
        f"wardwatch:port_discards:rate15m{P15}": (None, 2, None, None),
        f'wardwatch:port_busy:ratio{{direction="in", {BUSY}}}': (None, 0.9, None, None),
        f'wardwatch:port_busy:ratio{{direction="out", {BUSY}}}': (None, 1, None, None),
        f'wardwatch:port_bits:rate5m_top20{{direction="in", {BUSY}}}': (0, 9e6, 0, None),
        f'wardwatch:port_bits:rate5m_top20{{direction="out", {BUSY}}}': (0, 10e6, 0, None),
        f"wardwatch:port_flaps:changes1h{P15}": (None, 2, None, None),
        'wardwatch:network_state{instance="sw"}': (0, 1, 0, None),
        'wardwatch:network_down:count{site="a", device_kind="switch"}': (None, 1, None, None),
        'wardwatch_equipment:info{instance="bed", type="pump"}': (None, 1, None, None),
        'wardwatch_equipment:state{instance="pump"}': (0, 2, 0, None),
        'wardwatch_equipment:port{instance="bed", ifName="Gi1/0/6"}': (None, 1, None, None),
        'wardwatch_equipment:port_up{instance="pump"}': (1, 0, 1, None),
        'wardwatch_equipment:port_speed_bits{instance="pump"}': (1e9, 1e7, 1e9, None),
        'wardwatch_equipment:port_duplex_status{instance="pump"}': (3, 2, 3, None),
        'wardwatch_equipment:port_errors:rate15m{instance="pump"}': (0, 1, 0, None),
        'wardwatch_equipment:port_packets:rate15m{instance="pump"}': (20, 1, 20, None),
        'wardwatch_equipment:port_flaps:changes1h{instance="pump"}': (0, 2, 0, None),
        'wardwatch_equipment:port_power{instance="pump"}': (1, 0, 1, None),
        'wardwatch_equipment:port_power_watts{instance="pump"}': (5, 0, 5, None),
        'wardwatch_equipment:wrong{instance="pump"}': (0, 1, 0, None),
        'instance_mountpoint:node_filesystem_avail_bytes:ratio{mountpoint="/"}': (0.5, 0.1, 0.5, None),
        'instance_mountpoint:node_filesystem_files_free:ratio{mountpoint="/"}': (0.5, 0.05, 0.5, None),
        # It started anew, and has gone on since.
        'instance:node_time_seconds:since_boot{instance="h"}': (4200, 300, 4500, None),
        'instance_device:node_md_disks:missing{device="md0"}': (0, 1, 0, None),
        'instance_sensor:node_hwmon_temp_celsius:avg5m{instance="h"}': (40, 90, 40, None),
        'wardwatch:climate_temperature_celsius{climate="it-room"}': (22, 35, 22, None),
        **{
            f'wardwatch:climate_celsius:{bound}{{climate="{climate}"}}': (limit,) * 4
            for climate, limits in {
                "it-room": {"low": 18, "high": 27, "highest": 32},
                "medicine-fridge": {"low": 2, "high": 8},
                "medicine-room": {"low": 15, "high": 25},
                "medicine-freezer": {"high": -15},
                "blood-fridge": {"low": 2, "high": 6},
            }.items()
            for bound, limit in limits.items()
        },
    },
    # At the end of each, and when all that looks back an hour has seen the last of it.
    ("69m", "139m", "209m", "275m"),
)  # fmt: skip


def texts() -> list[str]:
    """Devices' first: the others read it."""
    paths = [GENERATED / causes.FILE, *(GENERATED / "prometheus" / path.name for path in sorted(CAUSES.glob("*.yml")))]
    return [path.read_text() for path in paths]


@pytest.mark.parts
def test_every_record_in_four_states(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = TABLE.looks("causes and devices", SERIES)
    # Without alerts: they have cases of their own.
    assert judged(part("promtool"), tmp_path, texts(), [case], "1m", only="[a-z]+[:_]") == ""
