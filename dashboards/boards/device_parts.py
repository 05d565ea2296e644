"""Of the board of one device: its ports, its place, its probes, what it measures. A device has only some of these, and
of one device even hundreds of ports are few series: raw ones are asked where none are recorded."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards.boards.queries import to_device
from dashboards.limits import Sources, limit
from dashboards.palette import BAD, EQUIPMENT, GOOD, LINK, QUIET, WARN, WORKS, Step, Word, above, any_is, rising, wrong
from dashboards.panels import Column, Panel, Query, bars, series, states, table

ONE: Final = 'instance="$instance"'
PORT: Final = "ifIndex, ifName, ifAlias"
MOST: Final = 5
"""Ports in a panel over time."""
FED: Final = {"1": Word("✓ yes", GOOD), "0": Word("– no", QUIET)}
"""Power over Ethernet."""
NO_CERTIFICATE: Final = {"0": Word("– none", QUIET)}


def ports(config: Config) -> tuple[Panel, ...]:
    busy = config.settings.capacity.full["bandwidth"]
    by = f"max by ({PORT})"
    speed = f"(ifHighSpeed{{{ONE}}} * 1e6 > 0)"
    rate = "rate(%s{" + ONE + "}[$__rate_interval])"
    into, out = rate % "ifHCInOctets", rate % "ifHCOutOctets"
    # The same ports over the whole time shown.
    grown = f"increase(%s{{{ONE}}}[$__range] @ end())"
    busiest = f"topk({MOST}, {grown % 'ifHCInOctets'} + {grown % 'ifHCOutOctets'})"
    worst = f"topk({MOST}, {grown % 'ifInErrors'} + {grown % 'ifOutErrors'} + {grown % 'ifOutDiscards'})"
    return (
        table(
            "Ports",
            "Each port: its state, speed, traffic and share of the speed in the busier direction, errors and discards "
            f"a second, changes of the link within an hour. Good: no errors, no changes, below {busy:.0%}.",
            (
                # 4 times 2 is 8, switched off: palette.LINK.
                Query(f"{by} ((ifAdminStatus{{{ONE}}} == 2) * 4 or ifOperStatus{{{ONE}}})"),
                Query(f"{by} (ifHighSpeed{{{ONE}}}) * 1e6"),
                Query(f"{by} ({into}) * 8"),
                Query(f"{by} ({out}) * 8"),
                Query(f"{by} (({into} > {out} or {out}) * 8 / {speed})"),
                Query(f"{by} ({rate % 'ifInErrors'} + {rate % 'ifOutErrors'}) > 0"),
                Query(f"{by} (wardwatch:port_discards:rate15m{{{ONE}}} or ifOperStatus{{{ONE}}} * 0)"),
                Query(f"{by} (wardwatch:port_flaps:changes1h{{{ONE}}} or ifOperStatus{{{ONE}}} * 0)"),
            ),
            (
                Column("ifIndex", "#", width=60),
                Column("ifName", "Port", width=120),
                Column("ifAlias", "Description"),
                Column("Value #A", "Link", words=LINK, width=120),
                Column("Value #B", "Speed", "bps", 0, width=100),
                Column("Value #C", "In", "bps", 1, width=110),
                Column("Value #D", "Out", "bps", 1, width=110),
                Column("Value #E", "Used", "percentunit", 0, steps=above(busy), width=140, gauge=True),
                Column("Value #F", "Errors/s", "none", 3, steps=(Step(None, WARN),), width=90),
                Column("Value #G", "Discards/s", "none", 3, width=100),
                Column("Value #H", "Changes/h", "none", 0, steps=any_is(WARN), width=100),
            ),
            sort="In",
            none="It tells of no ports",
            height=11,
        ),
        series(
            f"Traffic of its {MOST} busiest ports",
            "Bits a second, of the ports with most bytes in the time shown. Good: below what the ports can.",
            (
                Query(f"{into} * 8 and on (ifIndex) {busiest}", "{{ifName}} in"),
                Query(f"{out} * 8 and on (ifIndex) {busiest}", "{{ifName}} out"),
            ),
            "bps",
            low=0,
            none="It tells of no ports",
        ),
        series(
            "Errors and discards",
            f"A second, of the {MOST} ports with most in the time shown. Good: none.",
            (
                Query(f"{rate % 'ifInErrors'} + {rate % 'ifOutErrors'} and on (ifIndex) {worst}", "{{ifName}} errors"),
                Query(f"{rate % 'ifOutDiscards'} and on (ifIndex) {worst}", "{{ifName}} discards"),
            ),
            "cps",
            low=0,
            none="None",
        ),
    )


def place() -> tuple[Panel, ...]:
    by = "max by (instance)"
    return (
        table(
            "Place",
            "The switch port, or the access point, where it was last seen, and how that port is: read from switches, "
            "nothing was asked of the device. Good: link up, no errors, the right ward and VLAN.",
            (
                Query(f"max by (instance, switch, ifName, vlan, ward) (wardwatch_equipment:port{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment_last_seen_timestamp_seconds{{{ONE}}}) * 1000"),
                Query(f"2 - {by} (wardwatch_equipment:port_up{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment:port_speed_bits{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment:port_errors:rate15m{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment:port_flaps:changes1h{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment_moved{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment_wrong_vlan{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment_half_duplex{{{ONE}}})"),
                Query(f"{by} (wardwatch_equipment:port_power{{{ONE}}})"),
            ),
            (
                Column("switch", "Switch", links=(to_device("switch"),)),
                Column("ifName", "Port"),
                Column("ward", "Serves"),
                Column("vlan", "VLAN"),
                Column("Value #B", "Last seen", "dateTimeFromNow"),
                Column("Value #C", "Link", words=LINK),
                Column("Value #D", "Speed", "bps", 0),
                Column("Value #E", "Errors/s", "none", 3),
                Column("Value #F", "Changes/h", "none", 0),
                Column("Value #G", "Moved", words=wrong("→ yes")),
                Column("Value #H", "Wrong VLAN", words=wrong("! yes")),
                Column("Value #I", "Half duplex", words=wrong("! yes")),
                Column("Value #J", "Fed by it", words=FED),
            ),
            none="No switch has shown it, or its MAC address is not in the inventory",
            height=5,
        ),
        states(
            "Seen",
            "Whether switches see it, over time. Good: seen; quiet is a device that has nothing to say.",
            Query(f"max by (instance) (wardwatch_equipment:state{{{ONE}}})", "{{instance}}"),
            EQUIPMENT,
            none="It is not looked for",
            height=4,
        ),
    )


def probes() -> tuple[Panel, ...]:
    latency = "rate(probe_latency_seconds_%s{" + ONE + "}[$__rate_interval])"
    return (
        table(
            "Probes",
            "What was tried as people and machines try it: whether it worked, why not, how long the last try took, and "
            "when the first certificate ends. Good: all work.",
            (
                Query(f"max by (module) (probe_success{{{ONE}}})"),
                Query(f"max by (module, reason) (probe_failure_info{{{ONE}}})"),
                Query(f"max by (module) (probe_duration_seconds{{{ONE}}})"),
                Query(
                    f"min by (module) (probe_ssl_earliest_cert_expiry{{{ONE}}} > 0) * 1000\n"
                    f"or max by (module) (probe_success{{{ONE}}}) * 0"
                ),
            ),
            (
                Column("module", "Probe"),
                Column("Value #A", "Last try", words=WORKS, width=110),
                Column("reason", "Reason", width=190),
                Column("Value #C", "Took", "s", width=100),
                Column("Value #D", "Certificate ends", "dateTimeFromNow", words=NO_CERTIFICATE, width=150),
            ),
            sort="Last try",
            falling=False,
            none="Nothing is tried of it",
            width=14,
            height=7,
        ),
        series(
            "How long probes take",
            "Mean of those that succeeded. Good: steady.",
            Query(f"sum by (module) ({latency % 'sum'}) / (sum by (module) ({latency % 'count'}) > 0)", "{{module}}"),
            "s",
            low=0,
            none="Nothing is tried of it",
            width=10,
            height=7,
        ),
    )


def measured(config: Config, sources: Sources) -> tuple[Panel, ...]:
    low = limit(sources, "PrinterSupplyLow", of="wardwatch_printer_supply_ratio")
    load = config.settings.capacity.full["ups_load"]
    by = "max by (instance)"
    bound = f"wardwatch:climate_celsius:%s and on (climate) wardwatch:climate_temperature_celsius{{{ONE}}}"
    return (
        series(
            "Temperatures",
            "At its sensors; within, of a switch or server. Where a climate must be kept its limits are drawn. Good: "
            "between them.",
            (
                Query(f"max by (sensor) (wardwatch_environment_temperature_celsius{{{ONE}}})", "{{sensor}}"),
                Query(f"max by (climate) ({bound % 'high'})", "highest for {{climate}}"),
                Query(f"max by (climate) ({bound % 'low'})", "lowest for {{climate}}"),
            ),
            "celsius",
            none="It measures no temperature",
            width=8,
        ),
        table(
            "Power supply",
            f"Of a UPS: what feeds its load, how long its battery would last, load. Good: on mains, below {load:.0%}.",
            (
                Query(f"{by} (wardwatch_ups_on_battery{{{ONE}}})"),
                Query(f"{by} (wardwatch_ups_runtime_seconds{{{ONE}}})"),
                Query(f"{by} (wardwatch_ups_battery_charge_ratio{{{ONE}}})"),
                Query(f"{by} (wardwatch_ups_load_ratio{{{ONE}}})"),
                Query(f"{by} (wardwatch_ups_battery_replace{{{ONE}}} or wardwatch_ups_test_failed{{{ONE}}})"),
            ),
            (
                Column("Value #A", "On battery", words=wrong("! yes", BAD)),
                Column("Value #B", "Lasts", "s", 0),
                Column("Value #C", "Charge", "percentunit", 0),
                Column("Value #D", "Load", "percentunit", 0, steps=rising(load, 1)),
                Column("Value #E", "Battery is bad", words=wrong("! yes")),
            ),
            none="It is no UPS",
            width=8,
            height=8,
        ),
        bars(
            "Supplies and paper",
            f"What is left in a printer, of each supply and tray. Good: more than {low:.0%}; what is below is ordered.",
            Query(
                f"max by (supply) (wardwatch_printer_supply_ratio{{{ONE}}} or label_replace("
                f'wardwatch_printer_media_ratio{{{ONE}}}, "supply", "$1", "tray", "(.+)"))',
                "{{supply}}",
            ),
            "percentunit",
            steps=(Step(None, WARN), Step(low, GOOD)),
            high=1,
            none="It is no printer",
            width=8,
        ),
    )
