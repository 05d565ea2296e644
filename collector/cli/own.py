"""What the program says of itself on `/metrics`."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from mmap import PAGESIZE

from collector.agent import Agent
from collector.cli.traps import TrapReceiver
from collector.model import Column, Family, Host, column, interned, single
from collector.privacy import Screen
from collector.status import PAUSED, labelled

BUILD = Family("wardwatch_build_info", "1: what runs here.")
DEVICES = Family("wardwatch_devices", "Devices by class and state.")
STUCK = Family("wardwatch_collector_stuck", "1: a call for this item of the host has not come back.")
SERIES = Family("wardwatch_series", "Series kept of all devices and this host.")
REDACTED = Family(
    "wardwatch_texts_redacted_total", "Texts of devices that were read with patient data, and shown without.", "counter"
)
STRAYS = Family("wardwatch_stray_packets_total", "Datagrams that nobody waited for.", "counter")
BUGS = Family("wardwatch_collector_bugs_total", "Polls that ended in a fault of the program.", "counter")
STATE_FAILURES = Family("wardwatch_state_write_failures_total", "State that could not be read or written.", "counter")
LAG = Family("wardwatch_loop_lag_seconds", "How late the event loop was lately, at worst.")
RELOADED = Family("wardwatch_config_last_reload_successful", "1: the last load of the configuration.")
RELOADED_AT = Family(
    "wardwatch_config_last_reload_success_timestamp_seconds", "When the configuration in use was loaded."
)
CONFIG = Family("wardwatch_config_info", "1: the configuration in use.")

# Under snmp_exporter's names (CONTRACTS 1): of every poll, whoever asked for it.
SNMP_BUILD = Family("snmp_exporter_build_info", "1: what runs here in the place of snmp_exporter.")
SNMP_PACKETS = Family("snmp_packets_total", "Number of SNMP packet sent, including retries.", "counter")
SNMP_RETRIES = Family("snmp_packet_retries_total", "Number of SNMP packet retries.", "counter")
SNMP_TOOK = Family("snmp_packet_duration_seconds", "A histogram of latencies for SNMP packets.", "histogram")

# Under the names that client libraries agree on.
CPU = Family("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", "counter")
STARTED = Family("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
RESIDENT = Family("process_resident_memory_bytes", "Resident memory size in bytes.")
VIRTUAL = Family("process_virtual_memory_bytes", "Virtual memory size in bytes.")
OPEN_FILES = Family("process_open_fds", "Number of open file descriptors.")
MOST_FILES = Family("process_max_fds", "Maximum number of open file descriptors.")


class Reloads:
    """How loading the configuration went, under Prometheus' own names."""

    def __init__(self, wall: float) -> None:
        self.successful = True
        self.succeeded_at = wall
        self.digest = ""


class Process:
    """This process, in the figures that every exporter has."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._process = host.psutil.Process()
        self._started = self._process.create_time()

    def columns(self) -> Iterator[Column]:
        yield single(CPU, time.process_time())
        yield single(STARTED, self._started)
        sizes = self._host.read("/proc/self/statm")
        if sizes is not None:
            virtual, resident, *_ = sizes.split(None, 2)
            yield single(VIRTUAL, int(virtual) * PAGESIZE)
            yield single(RESIDENT, int(resident) * PAGESIZE)
            yield single(OPEN_FILES, len(self._host.list("/proc/self/fd")))
            yield single(MOST_FILES, self._process.rlimit(self._host.psutil.RLIMIT_NOFILE)[0])
            return
        memory = self._process.memory_info()
        yield single(VIRTUAL, memory.vms)
        yield single(RESIDENT, memory.rss)
        if hasattr(self._process, "num_fds"):
            yield single(OPEN_FILES, self._process.num_fds())


class About:
    """The program's own figures at the moment they are asked for."""

    def __init__(
        self,
        agent: Agent,
        reloads: Reloads,
        traps: TrapReceiver,
        screen: Screen,
        census: Callable[[], Iterable[Column]],
    ) -> None:
        self._agent = agent
        self._census = census
        self._screen = screen
        self._traps = traps
        self._reloads = reloads
        self._process = Process(agent.world.host)
        build = interned(("version", "pythonversion"), ((version("wardwatch"), platform.python_version()),))
        self._build = (column(BUILD, build, (1,)), column(SNMP_BUILD, build, (1,)))
        self.state_failures = 0
        self.lag = 0.0
        """Seconds: the worst of the last look-outs, forgotten slowly."""

    def late(self, seconds: float) -> None:
        """The event loop did something that much later than planned."""
        self.lag = max(seconds, self.lag * 0.98, 0.0)

    def columns(self) -> Iterator[Column]:
        agent, reloads = self._agent, self._reloads
        yield from self._build
        states = dict(sorted(agent.states().items()))
        yield column(DEVICES, interned(("class", "state"), tuple(states)), states.values())
        yield from self._census()
        yield labelled(PAUSED, "scope", dict.fromkeys(sorted(agent.shared.pauses.scopes), 1))
        yield labelled(STUCK, "item", dict.fromkeys(agent.world.host.stuck(), 1))
        yield single(SERIES, agent.series)
        yield single(REDACTED, self._screen.removed)
        yield single(STRAYS, agent.world.strays)
        traffic = agent.world.traffic
        yield single(SNMP_PACKETS, traffic.sent)
        yield single(SNMP_RETRIES, traffic.repeated)
        yield from traffic.took.columns(SNMP_TOOK)
        yield single(BUGS, agent.bugs)
        yield single(STATE_FAILURES, self.state_failures + self._traps.failures)
        yield single(LAG, self.lag)
        yield single(RELOADED, reloads.successful)
        yield single(RELOADED_AT, reloads.succeeded_at)
        yield labelled(CONFIG, "sha256", {reloads.digest: 1})
        yield from self._traps.columns()
        yield from self._process.columns()
