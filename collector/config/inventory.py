"""Models of `inventory/*.yml`: the layers of keys that devices, files and kinds may write."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from collector.config.addresses import UNICAST_QUIRK
from collector.config.scalars import Duration, Filled, Keyed, Line, Listed, Name, Port, Written, shown
from collector.config.typed import Strict
from collector.network.equipment import macs, wards

QUIRKS: Final = {
    "allow_nonincreasing_oids": "walks go on where the device's OIDs do not increase; repeats are skipped (F1)",
    "listed_oids_only": "nothing is asked but what modules list: no signs of change, and names in each poll (F23)",
    UNICAST_QUIRK: "an address that ends in .0 or .255 is truly the device's own (S12)",
}
"""Known misbehaviour, by name: what it changes."""

AUTO: Final = "auto"
"""Instead of a module: what the device says of itself decides, by the rules of `snmp/fingerprints.yml`."""

MOST_LABELS: Final = 16
RESERVED: Final = frozenset(
    (
        "instance",
        "job",
        "device_kind",
        "device_class",
        "kind",
        "class",
        "site",
        "location",
        "ward",
        "module",
        "le",
        "quantile",
    )
)
"""Labels that are ours or Prometheus's."""

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ANY_DAY = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?!\d)")
"""What people write for a day."""

Quirk = Literal["allow_nonincreasing_oids", "listed_oids_only", "unicast_address"]


def _labels(labels: dict[str, str]) -> dict[str, str]:
    if len(labels) > MOST_LABELS:
        raise ValueError(f"holds {len(labels)} labels: at most {MOST_LABELS}")
    for name in labels:
        if not _LABEL.fullmatch(name):
            raise ValueError(f"{shown(name)} is not a label name: use letters, digits and '_'")
        if name in RESERVED or name.startswith("__"):
            raise ValueError(f"{shown(name)} is reserved: choose another name")
    return labels


class UseFile(Strict):
    """A module with a schedule or a place of its own."""

    module: Annotated[Name, Field(description="name of the module")]
    target: Annotated[
        Line | None,
        Written,
        Field(description="where on the device a probe goes: [scheme://][user@][host][:port][/path]"),
    ] = None
    as_: Annotated[
        Name | None, Written, Field(alias="as", description="its name on this device, where it is used twice")
    ] = None
    interval: Annotated[Duration | None, Written, Field(description="instead of the device's")] = None
    timeout: Annotated[Duration | None, Written, Field(description="instead of the device's")] = None


def _use(value: Any) -> Any:
    return {"module": value} if isinstance(value, str) else value


def _uses(value: Any) -> Any:
    """`modules: auto` needs no brackets: it is what most entries would say."""
    return [value] if value == AUTO else [] if value is None else value


Use = Annotated[UseFile, BeforeValidator(_use, json_schema_input_type=UseFile | str)]
Labels = Annotated[dict[str, Line], Keyed, AfterValidator(_labels)]


def _day(value: Any) -> Any:
    try:
        if len(str(value)) != 10:
            raise ValueError
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(f"{shown(str(value))} is not a day: write it like 2026-11-22") from None


def _criticality(value: Any) -> Any:
    return re.sub(r"[\s_-]+", "_", value.strip().lower()) if isinstance(value, str) else value


def day_in(text: str) -> str:
    """The day that a text names, as YYYY-MM-DD; empty where it names none. Raises ValueError for one that is written
    otherwise: a contract would go on without end."""
    found = _ANY_DAY.search(text)
    return str(_day(found[0])) if found else ""


def _support(text: str | None) -> str | None:
    day_in(text or "")
    return text


def _ae_title(text: str | None) -> str | None:
    """DICOM PS3.5 table 6.2-1: up to 16 characters of ASCII without a backslash, not only spaces."""
    if text is not None and not (text.isascii() and "\\" not in text and 1 <= len(text.strip()) <= 16):
        raise ValueError(f"{shown(text)} is no AE title: write 1 to 16 ASCII characters without a backslash")
    return text.strip() if text is not None else None


class KindFile(Strict):
    """What devices of a kind have in common. What is not written comes from the settings."""

    class_: Annotated[
        Literal["it", "fragile", "clinical"] | None,
        Written,
        Field(alias="class", description="it, fragile or clinical: how gently it is treated"),
    ] = None
    site: Annotated[Line | None, Written, Field(description="site; packets to a site are limited together")] = None
    location: Annotated[Line | None, Written, Field(description="where it stands")] = None
    ward: Annotated[
        Line | None, Written, Field(description="ward where it belongs; of a switch, the ward that its ports serve")
    ] = None
    vlan: Annotated[Line | None, Written, Field(description="number or name of the VLAN where it belongs")] = None
    device_type: Annotated[Line | None, Written, Field(description="what it is: infusion pump, CT scanner ...")] = None
    modality: Annotated[Line | None, Written, Field(description="of imaging: CT, MR, US ...")] = None
    maker: Annotated[Line | None, Written, Field(description="who made it")] = None
    model: Annotated[Line | None, Written, Field(description="the maker's name for it")] = None
    criticality: Annotated[
        Literal["life_support", "high", "medium", "low"] | None,
        Written,
        BeforeValidator(_criticality),
        Field(description="how much care depends on it: life_support, high, medium or low"),
    ] = None
    owner: Annotated[Line | None, Written, Field(description="who answers for it")] = None
    team: Annotated[Name | None, Written, Field(description="the team that is called about it")] = None
    parents: Annotated[
        tuple[Name, ...] | None,
        Listed,
        Field(description="devices through which it is reached; several are redundant: one that answers is enough"),
    ] = None
    support: Annotated[
        Line | None,
        Written,
        AfterValidator(_support),
        Field(description="support contract, its last day in it as YYYY-MM-DD; or none"),
    ] = None
    auth: Annotated[Name | None, Written, Field(description="credentials, by their name in auths.yml")] = None
    port: Annotated[Port | None, Written, Field(description="UDP port; default 161")] = None
    modules: Annotated[
        tuple[Use, ...] | None,
        BeforeValidator(_uses, json_schema_input_type=tuple[Use, ...] | Literal["auto"] | None),
        Field(description="what is asked: auto; or names, or module with target, interval ..."),
    ] = None
    interval: Annotated[Duration | None, Written, Field(description="how often it is polled")] = None
    timeout: Annotated[
        Duration | None, Written, Field(description="how long a poll may take; at most the interval")
    ] = None
    labels: Labels = Field(default_factory=dict, description="labels for every series of the device")
    quirks: Annotated[tuple[Quirk, ...] | None, Listed, Field(description="known misbehaviour, by name")] = None


class DefaultsFile(KindFile):
    """`defaults:` of an inventory file."""

    kind: Annotated[Name | None, Written, Field(description="kind, by its name in wardwatch.yml")] = None


class ApprovalFile(Strict):
    """Who allowed a clinical device to be polled, and when (RELIABILITY S2)."""

    approved_by: Annotated[Filled, Field(description="who approved that the device is polled")]
    date: Annotated[str, BeforeValidator(_day), Field(description="when, as YYYY-MM-DD")]


def _mac(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return macs.normal(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} {error}") from None


def _wards(written: dict[str, str]) -> dict[str, str]:
    for pattern in written:
        try:
            wards.check(pattern)
        except ValueError as error:
            raise ValueError(f"{shown(pattern)}: {error}") from None
    return written


class DeviceFile(DefaultsFile):
    """One device."""

    name: Annotated[Name, Field(description="its name, used once; it becomes the label instance")]
    address: Annotated[
        Line | None,
        Written,
        Field(description="IPv4 or IPv6 address, or a DNS name, asked for once; a passive device may have a mac alone"),
    ] = None
    agent: Annotated[
        Line | None, Written, Field(description="host:port of a wardwatch that runs on the device itself")
    ] = None
    reply_from: Annotated[
        tuple[Line, ...], Listed, Field(description="further addresses from which it answers, as a cluster does")
    ] = ()
    asset: Annotated[Filled | None, Written, Field(description="asset number in the hospital's register")] = None
    mac: Annotated[
        Line | None, Written, AfterValidator(_mac), Field(description="MAC address, by which switches know it")
    ] = None
    ae_title: Annotated[
        Line | None, Written, AfterValidator(_ae_title), Field(description="title of its DICOM application entity")
    ] = None
    ae_port: Annotated[Port | None, Written, Field(description="TCP port of that")] = None
    wards: Annotated[
        dict[str, Line],
        Keyed,
        AfterValidator(_wards),
        Field(description="of a switch or controller: wards by port; names, ranges like Gi1/0/1-24, and *"),
    ] = Field(default_factory=dict)
    active: Annotated[
        ApprovalFile | None, Written, Field(description="lets a clinical device be polled: approved_by and date")
    ] = None


class InventoryFile(Strict):
    """A file of devices."""

    defaults: Annotated[DefaultsFile, Keyed, Field(description="what the devices of this file have in common")] = (
        DefaultsFile()
    )
    include: Annotated[
        tuple[Line, ...], Listed, Field(description="further files, relative to this one; * is allowed")
    ] = ()
    devices: Annotated[tuple[DeviceFile, ...], Listed, Field(description="the devices")] = ()
