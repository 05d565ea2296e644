"""Every way of asking: one line each. A collector that is not in this list does not exist."""

from __future__ import annotations

from collector.clinical.dicom import Dicom
from collector.clinical.fhir import Fhir
from collector.clinical.hl7 import Hl7
from collector.clinical.orthanc import Orthanc
from collector.host.bonding import Bonding
from collector.host.conntrack import Conntrack
from collector.host.cpu import Cpu
from collector.host.diskstats import Diskstats
from collector.host.filefd import Filefd
from collector.host.filesystem import Filesystem
from collector.host.hwmon import Hwmon
from collector.host.loadavg import Loadavg
from collector.host.mdadm import Mdadm
from collector.host.meminfo import Meminfo
from collector.host.netclass import Netclass
from collector.host.netdev import Netdev
from collector.host.netstat import Netstat
from collector.host.os_release import Os
from collector.host.power_supply import PowerSupply
from collector.host.pressure import Pressure
from collector.host.processes import Processes
from collector.host.sockstat import Sockstat
from collector.host.stat import Stat
from collector.host.textfile import Textfile
from collector.host.thermal_zone import ThermalZone
from collector.host.time import Time
from collector.host.timex import Timex
from collector.host.uname import Uname
from collector.host.vmstat import Vmstat
from collector.model import Collector
from collector.network.burst import Burst
from collector.network.dns import Dns
from collector.network.http import Http
from collector.network.icmp import Icmp
from collector.network.ntp import Ntp
from collector.network.sightings import Sightings
from collector.network.snmp import Snmp
from collector.network.tcp import Tcp

COLLECTORS: tuple[type[Collector], ...] = (
    Bonding,
    Conntrack,
    Cpu,
    Diskstats,
    Filefd,
    Filesystem,
    Hwmon,
    Loadavg,
    Mdadm,
    Meminfo,
    Netclass,
    Netdev,
    Netstat,
    Os,
    PowerSupply,
    Pressure,
    Processes,
    Sockstat,
    Stat,
    Textfile,
    ThermalZone,
    Time,
    Timex,
    Uname,
    Vmstat,
    Burst,
    Dicom,
    Dns,
    Fhir,
    Hl7,
    Http,
    Icmp,
    Ntp,
    Orthanc,
    Snmp,
    Sightings,
    Tcp,
)
