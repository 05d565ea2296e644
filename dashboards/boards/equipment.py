"""Clinical equipment: where it is, how its ports are, and whether what care depends on answers."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import ANY_OR_NONE, Board, Row, Variable, alerts
from dashboards.boards import equipment_paths as paths
from dashboards.boards.queries import SITE, TO_DEVICE, alert_columns, alert_queries, to_device
from dashboards.palette import BAD, DEVICE, EQUIPMENT, LINK, WARN, any_is, wrong
from dashboards.panels import Column, Panel, Query, series, stat, table

ABOUT: Final = """**For** clinical engineering and IT operations, together.
**Good** is noughts: everything seen where it belongs, ports without errors, every path answers, climates kept.
Nothing here was asked of equipment that may not be asked: switches and controllers say where it is."""

INFO: Final = "wardwatch_equipment:info"
CHOSEN: Final = 'site=~"$site", ward=~"$location", type=~"$kind", criticality=~"$class"'
STATE: Final = f"wardwatch_equipment:state{{{CHOSEN}}}"
THOSE: Final = f"and on (instance) {INFO}{{{CHOSEN}}}"

BAD_PORT: Final = (
    "wardwatch_equipment:port_up == 0 or wardwatch_equipment_half_duplex == 1\n"
    'or ALERTS{alertstate="firing", alertname=~"Equipment(PortErrors|PortFlaps|SeenTwice)"}'
)
WRONG_VLAN: Final = "wardwatch_equipment_wrong_vlan == 1 and on (instance) wardwatch_equipment_seen == 1"

MOST: Final = 200
"""Pieces in the list: those that need somebody first, then others."""
LISTED: Final = f"topk({MOST}, wardwatch_equipment:wrong{{{CHOSEN}}})"


def board(config: Config) -> Board:
    return Board(
        uid="wardwatch-equipment",
        title="Is the clinical equipment where it belongs, and does what it hangs on work?",
        about=ABOUT,
        variables=(SITE, *(_variable(name, label, of) for name, label, of in CHOICES)),
        marks=(alerts('alertname=~"Equipment.+|ColdChain.+|Probe.+"'),),
        rows=(
            Row("", _first(config)),
            Row("Where it is", (_by_ward(), _by_type(), _over_time())),
            Row("Each piece", (_pieces(), _alerts(config), _strangers(), _unsupported())),
            Row("Paths that care depends on: DICOM, HL7, FHIR", paths.paths(config)),
            Row("Climate and power", paths.surroundings(config)),
        ),
    )


CHOICES: Final = (("location", "Ward", "ward"), ("kind", "Type", "type"), ("class", "Criticality", "criticality"))
"""Variables, how they are called, and the labels of the register that they choose by."""


def _variable(name: str, label: str, of: str) -> Variable:
    return Variable(name, label, f'label_values({INFO}{{site=~"$site"}}, {of})', every=ANY_OR_NONE)


def _counted(title: str, about: str, what: str, colour: str) -> Panel:
    return stat(title, f"{about} Good: 0.", Query(f"count({what}) or vector(0)"), steps=any_is(colour), width=3)


def _first(config: Config) -> tuple[Panel, ...]:
    return (
        _counted(
            "Not seen",
            "Pieces that no switch and no access point sees, or of which nobody knows.",
            f"{STATE} >= 3",
            BAD,
        ),
        _counted(
            "Moved",
            "Pieces that are in another ward than the inventory says.",
            f"{STATE} == 2",
            WARN,
        ),
        _counted(
            "Wrong VLAN", "Pieces that are in another VLAN than the inventory says.", f"{WRONG_VLAN} {THOSE}", WARN
        ),
        _counted(
            "Bad ports",
            "Pieces whose switch port is down, runs half duplex, loses frames, or whose link comes and goes.",
            f"count by (instance) ({BAD_PORT}) {THOSE}",
            WARN,
        ),
        _counted(
            "Paths that fail",
            "DICOM, HL7 and FHIR partners and archives of the chosen sites whose last try failed.",
            f"probe_success{{{paths.selector(config)}}} == 0",
            BAD,
        ),
        _counted(
            "Climate or power",
            "Places of the chosen sites that are too warm or too cold, and supplies that run on battery.",
            f"{paths.OUTSIDE} or wardwatch_ups_on_battery{{{paths.SITE}}} == 1",
            BAD,
        ),
    )


STATES: Final = {"seen": None, "quiet": None, "moved": WARN, "unseen": BAD, "unknown": BAD}
"""As they are numbered, with the colour of those that should be none."""


def _counts(title: str, about: str, labels: dict[str, str], width: int) -> Panel:
    """Pieces by these labels of the register (with titles), and how many of them are in each state."""
    by = ", ".join(labels)
    return table(
        title,
        f"{about} Good: all are seen; quiet is a device that has nothing to say.",
        (
            Query(f"count by ({by}) ({INFO}{{{CHOSEN}}})"),
            *(Query(f"sum by ({by}) ({STATE} == bool {number})") for number in range(len(STATES))),
        ),
        (
            *(Column(label, title, least=120) for label, title in labels.items()),
            Column("Value #A", "Pieces", "none", 0, width=90),
            *(
                Column(
                    f"Value #{letter}",
                    name.capitalize(),
                    "none",
                    0,
                    steps=any_is(colour) if colour else (),
                    width=90,
                )
                for letter, (name, colour) in zip("BCDEF", STATES.items(), strict=True)
            ),
        ),
        sort="Pieces",
        none="No equipment in the inventory",
        width=width,
    )


def _by_ward() -> Panel:
    return _counts("By ward", "Pieces by the ward where they belong.", {"ward": "Ward"}, 11)


def _by_type() -> Panel:
    return _counts(
        "By type and criticality", "Pieces by what they are.", {"type": "Type", "criticality": "Criticality"}, 13
    )


def _over_time() -> Panel:
    return series(
        "States over time",
        "Pieces of the chosen criticality in each state, at all sites. Good: seen and quiet only; many that change "
        "at once are one switch.",
        Query(
            f'sum by (state) (wardwatch_equipment{{criticality=~"$class", state=~"{"|".join(STATES)}"}})', "{{state}}"
        ),
        "none",
        low=0,
        stacked=True,
        none="No equipment in the inventory",
        width=24,
        height=6,
    )


def _pieces() -> Panel:
    # What is joined first is little: aggregated are the rows of the list.
    by, listed = "max by (instance)", f"and on (instance) {LISTED}"
    port = "wardwatch_equipment:port"
    return table(
        f"Pieces ({MOST} at most)",
        "Those that need somebody first: the state, whether it answers if it may be asked, when and where it was last "
        "seen, and its port. Good: seen, link up, no errors, right VLAN.",
        (
            Query(f"max by (instance, ward, type, criticality) ({LISTED})"),
            Query(f"{by} ({STATE} {listed})"),
            Query(f"{by} (wardwatch_equipment_last_seen_timestamp_seconds {listed}) * 1000"),
            Query(f"max by (instance, switch, ifName) ({port} {listed})"),
            # 9 is half duplex, 2 less 1 is up: palette.LINK.
            Query(f"{by} (wardwatch_equipment_half_duplex == 1 {listed}) * 9 or 2 - {by} ({port}_up {listed})"),
            Query(f"{by} ({port}_errors:rate15m / ({port}_packets:rate15m > 0) {listed})"),
            Query(f"{by} ({port}_flaps:changes1h {listed})"),
            Query(f"{by} (wardwatch_equipment_wrong_vlan {listed})"),
            Query(f"{by} ({n.DEVICE_STATE} {listed})"),
        ),
        (
            Column("instance", "Device", links=(TO_DEVICE,), width=165),
            Column("Value #B", "State", words=EQUIPMENT, width=95),
            Column("ward", "Ward", least=110),
            Column("type", "Type", least=140),
            Column("criticality", "Criticality", width=100),
            Column("Value #I", "Answers", words=DEVICE, width=110),
            Column("Value #C", "Last seen", "dateTimeFromNow", width=120),
            Column("switch", "Switch", links=(to_device("switch"),), least=105),
            Column("ifName", "Port", width=80),
            Column("Value #E", "Link", words=LINK, width=105),
            Column("Value #F", "Errors", "percentunit", 4, width=90),
            Column("Value #G", "Changes/h", "none", 0, width=105),
            Column("Value #H", "Wrong VLAN", words=wrong("! yes"), width=120),
        ),
        sort="State",
        none="No equipment in the inventory",
        height=12,
    )


def _alerts(config: Config) -> Panel:
    return table(
        "Alerts",
        "Of the chosen pieces: what fires, and what waits whether it lasts. An alert leads to its runbook. Good: none.",
        alert_queries('severity!=""', f"{INFO}{{{CHOSEN}}}"),
        alert_columns(config.settings.urls.runbooks, devices=True),
        sort="Since",
        none="No alert",
        width=14,
        height=8,
    )


def _strangers() -> Panel:
    return table(
        "Strangers on clinical VLANs",
        "Addresses that the inventory does not have, by switch and VLAN. Good: none; what belongs there is listed.",
        Query(f"topk(20, max by (instance, vlan) (wardwatch_equipment_unknown_macs{{{paths.SITE}}}))"),
        (
            Column("instance", "Switch", links=(TO_DEVICE,)),
            Column("vlan", "VLAN", width=80),
            Column("Value", "Addresses", "none", 0, steps=any_is(WARN), width=120),
        ),
        sort="Addresses",
        none="No switch has equipment on a VLAN",
        width=6,
        height=8,
    )


def _unsupported() -> Panel:
    return table(
        "Without support",
        "Pieces whose support contract is over or none, in the whole register, where it says so. Good: 0.",
        Query("sum by (criticality) (wardwatch_equipment_unsupported)"),
        (
            Column("criticality", "Criticality"),
            Column("Value", "Pieces", "none", 0, steps=any_is(WARN), width=80),
        ),
        none="The register says nothing of it",
        width=4,
        height=8,
    )
