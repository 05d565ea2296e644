"""`wardwatch.yml`: the collector itself. Every default is here; the shipped file repeats them as comments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from collector.budget import RULES, Breaking, Budgets, Caps, Limit
from collector.capacity import Limits
from collector.config.addresses import endpoint
from collector.config.capacity import CapacityFile
from collector.config.document import Document
from collector.config.inventory import KindFile
from collector.config.oncall import OnCallFile, OnCallSettings, on_call
from collector.config.ondemand import OnDemandFile, OnDemandSettings, SnmpSettingsFile, on_demand
from collector.config.prometheus import PrometheusFile, PrometheusSettings, prometheus
from collector.config.scalars import (
    NOT_A_NAME,
    Count,
    Duration,
    Filled,
    Keyed,
    Line,
    Listed,
    Name,
    Whole,
    duration,
    is_name,
    shown,
)
from collector.config.typed import Findings, Strict, entries, part
from collector.config.urls import Urls, UrlsFile, urls
from collector.model import DeviceClass
from collector.privacy import Privacy


class WebFile(Strict):
    listen: Annotated[Line, Field(description="host:port of the HTTP server")] = "127.0.0.1:10810"
    config_file: Annotated[
        Line, Field(description="TLS and passwords in exporter-toolkit's format, relative to the configuration")
    ] = ""
    address: Annotated[
        Line,
        Field(description="host:port at which Prometheus reaches us, for `/sd`; default: `listen`, or what it asked"),
    ] = ""


class PollingFile(Strict):
    interval: Annotated[Duration, Field(description="how often a device is polled where nothing nearer says")] = 60.0
    timeout: Annotated[Duration, Field(description="how long a poll may take; at most the interval")] = 30.0
    ttl: Annotated[
        Whole, Field(ge=0, le=255, description="hops that what is sent to a device may take; 0: as the system says")
    ] = 0


class HostFile(Strict):
    interval: Annotated[Duration, Field(description="how often this machine is read")] = 5.0
    collectors: Annotated[
        tuple[Name, ...] | None, Field(description="modules that read this machine; default: all but `processes`")
    ] = None


class LimitFile(Strict):
    packets: Annotated[Count, Field(description="most packets in any window")]
    window: Annotated[Duration, Field(description="length of the window")] = 1.0

    def limit(self) -> Limit:
        return Limit(self.packets, self.window)


def _limit(packets: int, window: float) -> LimitFile:
    return LimitFile.model_construct(packets=packets, window=window)


class BudgetsFile(Strict):
    """RELIABILITY S4 and S6."""

    it: Annotated[LimitFile, Field(description="to one device of class it")] = _limit(50, 1.0)
    fragile: Annotated[LimitFile, Field(description="to one fragile device; can only be lowered")] = _limit(2, 1.0)
    clinical: Annotated[LimitFile, Field(description="to one clinical device; can only be lowered")] = _limit(1, 5.0)
    site: Annotated[LimitFile, Field(description="to all devices of a site")] = _limit(500, 1.0)
    subnet: Annotated[LimitFile, Field(description="to all devices of a subnet (/24 or /64)")] = _limit(500, 1.0)
    total: Annotated[LimitFile, Field(description="to all devices")] = _limit(5000, 1.0)


class LongestFile(Strict):
    it: Annotated[Duration, Field(description="longest wait for a device of class it")] = 60.0
    fragile: Annotated[Duration, Field(description="longest wait for a fragile device")] = 900.0
    clinical: Annotated[Duration, Field(description="longest wait for a clinical device")] = 900.0


class BreakerFile(Strict):
    """RELIABILITY S8."""

    failures: Annotated[Count, Field(description="failed polls in a row after which a device is left alone")] = 3
    wait: Annotated[Duration, Field(description="time to the first trial packet; doubles after each in vain")] = 60.0
    longest: Annotated[LongestFile, Keyed, Field(description="where the doubling ends, by class")] = LongestFile()


class CapsFile(Strict):
    """RELIABILITY D5."""

    series_per_device: Annotated[Count, Field(description="most series of one device; whole tables are dropped")] = 5000
    series: Annotated[Count, Field(description="most series of all devices")] = 1_000_000


class TrapsFile(Strict):
    """RELIABILITY G."""

    listen: Annotated[
        Line, Field(description="host:port for traps and informs, usually port 10162; empty: none are received")
    ] = ""
    rate: Annotated[
        Count, Field(description="most datagrams a second of one device, for ever; long ones count more")
    ] = 100
    burst: Annotated[Count, Field(description="most datagrams of one device at once")] = 1000
    names: Annotated[Count, Field(description="most traps without a name told apart of one device")] = 50


def _telling(most: int, signs: str) -> AfterValidator:
    """At most so many, of three letters, digits or `signs` at least: less would take something out of every name."""

    def check(words: tuple[str, ...]) -> tuple[str, ...]:
        if len(words) > most:
            raise ValueError(f"holds {len(words)}: at most {most}")
        for word in words:
            if sum(letter.isalnum() or letter in signs for letter in word) < 3:
                raise ValueError(f"{shown(word)} is too short: at least 3 letters or digits")
        return words

    return AfterValidator(check)


class PrivacyFile(Strict):
    """RELIABILITY S22."""

    nhs_numbers: Annotated[
        Literal["removed", "shown"], Field(description="what becomes of ten digits with an NHS number's check digit")
    ] = "removed"
    words: Annotated[
        tuple[Filled, ...], Listed, _telling(1000, ""), Field(description="words that are removed too, at most 1000")
    ] = ()
    patterns: Annotated[
        tuple[Filled, ...],
        Listed,
        _telling(100, "#@"),
        Field(description="the same with `#` for any digit and `@` for any letter, at most 100"),
    ] = ()


_OTHER = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\*?")


def _other(value: Any) -> Any:
    if isinstance(value, str) and not _OTHER.fullmatch(value):
        raise ValueError(f"{shown(value)} is neither a metric's name nor how names begin: write it like windows_*")
    return value


OtherMetric = Annotated[str, BeforeValidator(_other), Field(json_schema_extra={"pattern": f"^{_OTHER.pattern}$"})]


class SettingsFile(Strict):
    """`wardwatch.yml`."""

    web: Annotated[WebFile, Keyed, Field(description="the HTTP server")] = WebFile()
    state: Annotated[
        Line, Field(description="directory for what survives a restart; default $STATE_DIRECTORY, else .state")
    ] = ""
    polling: Annotated[PollingFile, Keyed, Field(description="defaults for devices")] = PollingFile()
    host: Annotated[HostFile, Keyed, Field(description="the machine this runs on")] = HostFile()
    budgets: Annotated[BudgetsFile, Keyed, Field(description="most packets, per device and shared")] = BudgetsFile()
    breaker: Annotated[BreakerFile, Keyed, Field(description="when a silent device is left alone")] = BreakerFile()
    caps: Annotated[CapsFile, Keyed, Field(description="most series that are kept and shown")] = CapsFile()
    on_demand: Annotated[OnDemandFile, Keyed, Field(description="what `/snmp` may ask beyond the inventory")] = (
        OnDemandFile()
    )
    snmp: Annotated[
        SnmpSettingsFile, Keyed, Field(description="what `/snmp` answers, and how long names are known")
    ] = SnmpSettingsFile()
    traps: Annotated[TrapsFile, Keyed, Field(description="the receiver of traps and informs")] = TrapsFile()
    oncall: Annotated[OnCallFile, Keyed, Field(description="how messages of Alertmanager are taken and counted")] = (
        OnCallFile()
    )
    privacy: Annotated[PrivacyFile, Keyed, Field(description="what of a device's texts is never shown")] = PrivacyFile()
    urls: Annotated[UrlsFile, Keyed, Field(description="where people find things; alerts link to them")] = UrlsFile()
    prometheus: Annotated[PrometheusFile, Keyed, Field(description="the Prometheus that the status page asks")] = (
        PrometheusFile()
    )
    other_metrics: Annotated[
        tuple[OtherMetric, ...],
        Listed,
        Field(
            description="metrics that other exporters give, or how theirs begin (`windows_*`): `check` knows them then"
        ),
    ] = ()
    capacity: Annotated[CapacityFile, Keyed, Field(description="when what fills up is full, and when to say so")] = (
        CapacityFile()
    )
    kinds: Annotated[dict[Name, Annotated[KindFile, Keyed]], Keyed] = Field(
        default_factory=dict, description="what devices of a kind have in common"
    )


@dataclass(frozen=True, slots=True)
class Web:
    """`listen` is host:port; `config_file` None where there is none; `address` where others reach us, empty: not
    said."""

    listen: str
    config_file: Path | None
    address: str


@dataclass(frozen=True, slots=True)
class Polling:
    """Seconds; `ttl` in hops, 0: as the system says."""

    interval: float
    timeout: float
    ttl: int


@dataclass(frozen=True, slots=True)
class HostSettings:
    """`interval` in seconds; `collectors` None: all host modules that say nothing else of themselves."""

    interval: float
    collectors: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Traps:
    """`listen` is host:port, empty: nothing is received; `rate` a second and `burst` of a device, in datagrams."""

    listen: str
    rate: int
    burst: int
    names: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The collector's own settings, complete."""

    web: Web
    state: Path
    polling: Polling
    host: HostSettings
    budgets: Budgets
    caps: Caps
    on_demand: OnDemandSettings
    traps: Traps
    oncall: OnCallSettings
    privacy: Privacy
    urls: Urls
    prometheus: PrometheusSettings
    capacity: Limits
    lookup_ttl: float
    """Seconds for which names that a device gave are known; 0: they are read in each poll."""
    other_metrics: tuple[str, ...] = ()
    """Of other exporters: names, or beginnings of names with `*`."""


def read_settings(
    document: Document | None, directory: Path, environ: Mapping[str, str], findings: Findings
) -> Settings:
    """The settings in a `wardwatch.yml`; the defaults where there is none."""
    model = SettingsFile()
    if document is not None:
        written = {
            key: value for key, value in entries(document, (), document.data, findings).items() if key != "kinds"
        }
        model = part(document, (), written, SettingsFile, findings) or _rest(written)
        _check(document, model, directory, findings)
    state = model.state or environ.get("STATE_DIRECTORY", "").split(":")[0] or ".state"
    return Settings(
        web=Web(
            model.web.listen,
            directory / model.web.config_file if model.web.config_file else None,
            model.web.address,
        ),
        state=Path(state),
        polling=Polling(model.polling.interval, min(model.polling.timeout, model.polling.interval), model.polling.ttl),
        host=HostSettings(model.host.interval, model.host.collectors),
        budgets=_budgets(model),
        caps=Caps(model.caps.series_per_device, model.caps.series),
        on_demand=on_demand(document, model.on_demand, model.snmp, findings),
        traps=Traps(model.traps.listen, model.traps.rate, model.traps.burst, model.traps.names),
        oncall=on_call(document, model.oncall, directory, environ, findings),
        privacy=Privacy(model.privacy.nhs_numbers, model.privacy.words, model.privacy.patterns),
        urls=urls(model.urls),
        prometheus=prometheus(document, model.prometheus, model.urls.prometheus, directory, environ, findings),
        capacity=model.capacity.limits(),
        lookup_ttl=model.snmp.lookup_ttl,
        other_metrics=model.other_metrics,
    )


def _rest(written: Mapping[str, object]) -> SettingsFile:
    """The sections without mistakes, so that all that is wrong with what they say is told as well."""
    sound: dict[str, object] = {}
    for key, value in written.items():
        with suppress(ValidationError):
            SettingsFile.model_validate({key: value})
            sound[key] = value
    return SettingsFile.model_validate(sound)


def read_kinds(document: Document, findings: Findings) -> dict[str, KindFile | None]:
    """The kinds in a `wardwatch.yml`; None for one with problems, so that its devices are not blamed for it."""
    data = document.data.get("kinds") if isinstance(document.data, dict) else None
    kinds: dict[str, KindFile | None] = {}
    for name, written in entries(document, ["kinds"], data, findings).items():
        if not is_name(name):
            findings.problem(document, ["kinds", name], NOT_A_NAME)
        kinds[name] = part(document, ["kinds", name], written, KindFile, findings)
    return kinds


def _budgets(model: SettingsFile) -> Budgets:
    limits, longest = model.budgets, model.breaker.longest
    return Budgets(
        classes={"it": limits.it.limit(), "fragile": limits.fragile.limit(), "clinical": limits.clinical.limit()},
        site=limits.site.limit(),
        subnet=limits.subnet.limit(),
        total=limits.total.limit(),
        breaking=Breaking(
            failures=model.breaker.failures,
            wait=model.breaker.wait,
            longest={"it": longest.it, "fragile": longest.fragile, "clinical": longest.clinical},
        ),
    )


def _check(document: Document, model: SettingsFile, directory: Path, findings: Findings) -> None:
    if model.web.config_file and not (directory / model.web.config_file).is_file():
        findings.problem(document, ["web", "config_file"], f"there is no file {shown(model.web.config_file)}")
    for where, place in (("web.listen", model.web.listen), ("traps.listen", model.traps.listen)):
        try:
            if where == "web.listen" or place:
                endpoint(place, bind=True)
        except ValueError as error:
            findings.problem(document, where.split("."), str(error))
    try:
        if model.web.address:
            endpoint(model.web.address)
    except ValueError as error:
        findings.problem(document, ["web", "address"], str(error))
    if model.capacity.earliest > model.capacity.days:
        what = f"{model.capacity.earliest} is more than the {model.capacity.days} of days: write at most as much"
        findings.problem(document, ["capacity", "earliest"], what)
    if model.traps.burst < model.traps.rate:
        what = f"{model.traps.burst} is less than the rate of {model.traps.rate}: write at least as much"
        findings.problem(document, ["traps", "burst"], what)
    polling = model.polling
    if "timeout" in polling.model_fields_set and polling.timeout > polling.interval:
        what = f"{duration(polling.timeout)} is longer than the interval of {duration(polling.interval)}"
        findings.problem(document, ["polling", "timeout"], what)
    if model.host.interval < RULES["it"].interval_floor:
        what = f"{duration(model.host.interval)} is too short: at least {duration(RULES['it'].interval_floor)}"
        findings.problem(document, ["host", "interval"], what)
    hard: Mapping[DeviceClass, Limit] = Budgets().classes
    for word, written in (("fragile", model.budgets.fragile), ("clinical", model.budgets.clinical)):
        most = hard["fragile" if word == "fragile" else "clinical"]
        if written.packets > most.packets or written.packets / written.window > most.packets / most.window:
            what = f"may only be lowered: at most {most.packets} packets in {duration(most.window)} (RELIABILITY S4)"
            findings.problem(document, ["budgets", word], what)
    for word in ("it", "fragile", "clinical"):
        if getattr(model.breaker.longest, word) < model.breaker.wait and model.breaker.model_fields_set:
            what = f"is shorter than the first wait of {duration(model.breaker.wait)}"
            findings.problem(document, ["breaker", "longest", word], what)
