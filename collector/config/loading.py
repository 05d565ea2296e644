"""A directory of YAML made into a `Config`: what is shipped first, a site's own over it, every problem at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from collector import kpis as measured
from collector import services as promised
from collector.config.auths import AuthsFile, read_auths
from collector.config.compiled import LEAST, Compiled
from collector.config.devices import LOCAL, Resolve, make_devices, read_entries
from collector.config.document import Document, read
from collector.config.files import OF_AN_INVENTORY, Inventory, files_below, read_inventory
from collector.config.fingerprints import FILE as FINGERPRINTS
from collector.config.fingerprints import Written, check_modules, joined, read_fingerprints
from collector.config.inventory import AUTO, KindFile
from collector.config.maintenance import FILE as MAINTENANCE
from collector.config.maintenance import Known, read_maintenance
from collector.config.modules import read_modules
from collector.config.normal import FILE as NORMAL
from collector.config.normal import Declared, check_metrics, read_normals
from collector.config.ondemand import check_auths, check_probes
from collector.config.parents import check_parents
from collector.config.probes import is_prober, read_probes
from collector.config.problems import ConfigError, Problem
from collector.config.register import ENDING, read_register
from collector.config.scalars import alternatives, shown, suggestion
from collector.config.secrets import Secrets, secret_key
from collector.config.settings import Settings, read_kinds, read_settings
from collector.config.snmp import read_auths_of, read_modules_of
from collector.config.targets import Catalogue, Entry, Layer, offset, reads_this_machine
from collector.config.traps import TRAPS, read_trap_names
from collector.config.typed import Findings, named_in, top
from collector.contacts import Contacts
from collector.model import Auth, Collector, Device, Schedule, Target
from collector.network.auto import Auto
from collector.network.normal import Normal, fit
from collector.wire.snmp.module import Module

SETTINGS: Final = "wardwatch.yml"
AUTHS: Final = "auths.yml"
KPIS: Final = "kpis.yml"
BASELINES: Final = "baselines.yml"
CALENDARS: Final = "calendars.yml"
CONTACTS: Final = "contacts.yml"
SERVICES: Final = "services"
SECRETS: Final = "secrets"
"""A directory of a site's own, near enough to another name to be taken for it."""
DIRECTORIES: Final = ("inventory", "modules", "probes", "services", "snmp")
TOP: Final = (SETTINGS, AUTHS, CALENDARS, CONTACTS, MAINTENANCE, KPIS, BASELINES)
OTHERS: Final = ("simulator.yml",)
"""Read by other rooms."""
LISTS: Final = frozenset(
    ("devices", "fingerprints", "normal", "services", "calendars", "maintenance", "owners", "kpis", "baselines")
)
"""Keys that hold a list; others hold a mapping."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Config:
    """All that was declared, checked and complete.

    `targets` has every device's name, also those of which nothing is asked. `host` are the targets of the machine this
    runs on, which is a device named `localhost` outside the inventory. `auto` chooses modules by a site's own rules,
    then the shipped ones. `digest` is of what was read, without credentials. `files` is what was read, the shipped
    files included, and `document` the site's `wardwatch.yml`. `trap_names` are names by OID. `normal` are the families
    that are made of vendors' metrics. `catalogue` is what was promised, `contacts` whom to tell (None: nobody
    has said so); a site takes over nothing of the example's. `kpis` are the shipped ones and the site's, none where
    they were left or there is no site.
    """

    settings: Settings
    devices: tuple[Device, ...]
    targets: Mapping[str, tuple[Target, ...]]
    host: tuple[Target, ...]
    auths: Mapping[str, Auth]
    modules: Mapping[str, Collector]
    auto: Auto
    trap_names: Mapping[str, str]
    normal: tuple[Normal, ...]
    warnings: tuple[Problem, ...]
    digest: str
    files: tuple[Path, ...]
    document: Document | None
    catalogue: promised.Catalogue = field(default_factory=promised.Catalogue)
    contacts: Contacts | None = None
    kpis: measured.Kpis = field(default_factory=measured.Kpis)


def shipped() -> Path:
    """The directory of what comes with the program: in the wheel `defaults`, in the repository `config`."""
    packaged = Path(__file__).parent.parent / "defaults"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "config"


def load(
    directory: Path | None,
    *,
    environ: Mapping[str, str],
    resolve: Resolve,
    collectors: Iterable[type[Collector]] | None = None,
    defaults: Path | None = None,
    large: Literal["read", "kept"] = "read",
    kpis: Literal["read", "left"] = "left",
    elsewhere: Callable[[Settings], Iterable[Problem]] | None = None,
    exported: Callable[[], Iterable[str]] | None = None,
) -> Config:
    """Read a configuration. Raises ConfigError with all its problems.

    `directory` None: no site's own, so no devices. `environ` answers `${env:NAME}`, `resolve` DNS names, each once.
    `collectors` is the registry's list and `defaults` is `shipped()`, unless given. `large` files of modules are
    `kept` in the state directory as they were understood, if there is one, or always `read`. `kpis` are `left` by who
    polls: that needs none of them, and starts sooner without. `elsewhere` says what is wrong with files that the
    settings name and other rooms read. `exported` names the metrics that this program and its rules give: with it
    there is a warning of each that an expression reads and nobody gives.
    """
    if collectors is None:
        from collector.registry import COLLECTORS

        collectors = COLLECTORS
    if directory is not None and not directory.is_dir():
        raise ConfigError([Problem(directory, 0, "", "is no directory: `wardwatch init DIR` writes a new one")])
    loading = _Loading(environ, {kind.name: kind for kind in collectors}, resolve)
    base = defaults or shipped()
    loading.settings(directory, base, large)
    shared = None if directory is not None and base.is_dir() and directory.samefile(base) else base
    if shared is not None:
        loading.library(shared)
    if kpis == "read" and directory is not None:
        loading.kpis(directory, shared)
    if elsewhere is not None:
        loading.blame(elsewhere)
    return loading.site(directory, exported)


class _Loading:
    """One load. What several files may write is gathered here; a name with None had problems of its own."""

    def __init__(self, environ: Mapping[str, str], collectors: Mapping[str, type[Collector]], resolve: Resolve) -> None:
        self._environ = environ
        self._collectors = collectors
        self._resolve = resolve
        self._findings = Findings()
        self._unreadable: set[str] = set()
        self._documents: list[tuple[str, Document, str]] = []
        """Name, document, and the digest of its data where that is known."""
        self._compiled: Compiled | None = None
        self._devices: set[str] = set()
        """Names of all devices that are written."""
        self._kinds: dict[str, KindFile | None] = {}
        self._auths: dict[str, Auth | None] = {}
        self._trap_names: dict[str, str] = {}
        self._modules: dict[str, Collector | None] = {
            name: kind()
            for name, kind in collectors.items()
            if reads_this_machine(kind) or getattr(kind, "by_itself", False)
        }
        self._fingerprints: list[Written] = []
        self._normals: dict[str, Declared] = {}
        self._kpis = measured.Kpis()
        self._formulas: list[Document] = []
        """The site's files in which PromQL stands."""

    def settings(self, directory: Path | None, base: Path, large: str) -> None:
        """The settings, which say where state is kept; so they come first."""
        self._document = None if directory is None else self._read(directory, directory / SETTINGS, "kinds")
        self._settings = read_settings(self._document, directory or base, self._environ, self._findings)
        if large == "kept" and self._settings.state.is_dir():
            self._compiled = Compiled(self._settings.state / "compiled")

    def blame(self, elsewhere: Callable[[Settings], Iterable[Problem]]) -> None:
        """Add what another room finds wrong."""
        self._findings.problems.extend(elsewhere(self._settings))

    def library(self, directory: Path) -> None:
        """Kinds and modules of the shipped directory. Its settings, credentials and devices are an example only."""
        settings = self._read(directory, directory / SETTINGS, "kinds")
        if settings is not None:
            self._kinds |= read_kinds(settings, self._findings)
        self._ways_of_asking(directory, {})

    def kpis(self, directory: Path, shared: Path | None) -> None:
        """KPIs, those of the shipped directory first; it is None where it is the site's own."""
        from collector.config.kpis import read_kpis

        shipped = None if shared is None else self._read(shared, shared / KPIS, "kpis")
        own = self._read(directory, directory / KPIS, "kpis")
        baselines = self._read(directory, directory / BASELINES, "baselines")
        self._formulas += [own] if own is not None else []
        self._kpis = read_kpis(shipped, own, baselines, self._findings, self._unreadable)

    def site(self, directory: Path | None, exported: Callable[[], Iterable[str]] | None) -> Config:
        findings, document, settings = self._findings, self._document, self._settings
        entries: list[Entry] = []
        own: dict[str, KindFile | None] = {}
        if directory is not None:
            if document is not None:
                own = read_kinds(document, findings)
                self._kinds |= own
            self._credentials(directory)
            self._ways_of_asking(directory, self._auths)
        plain = dict(self._modules)
        normal = tuple(declared.normal for declared in self._normals.values())
        self._modules = {name: _remembering(module, settings.lookup_ttl, normal) for name, module in plain.items()}
        auto = self._auto()
        if directory is not None:
            if document is not None:
                self._check_kinds(document, own)
                if "auths" not in self._unreadable:
                    check_auths(document, settings.on_demand.allow, self._auths, findings)
            if document is not None and "modules" not in self._unreadable:
                probes = {name: m for name, m in self._modules.items() if m is None or is_prober(type(m))}
                check_probes(document, settings.on_demand.allow, probes, findings)
            before = len(findings.problems)
            entries = self._entries(directory)
            if len(findings.problems) > before:
                self._unreadable.add("inventory")
            self._unread(directory, settings)
        catalogue = Catalogue(
            self._kinds, self._auths, self._modules, settings.polling, settings.privacy, self._unreadable
        )
        made = make_devices(entries, catalogue, self._resolve, findings)
        check_parents(entries, self._devices, self._unreadable, findings)
        host = self._host(document, settings)
        promise, contacts = promised.Catalogue(), None
        if directory is not None:
            promise = self._promised(directory, entries, made)
            contacts = self._contacts(directory, promise, [device for device, _ in made])
            promise = self._maintenance(directory, promise, entries, [device for device, _ in made])
        self._check_hours(settings, promise)
        findings.raise_any()
        if exported is not None:
            self._names(exported(), normal, settings)
        return Config(
            settings=settings,
            devices=tuple(device for device, _ in made),
            targets={device.name: targets for device, targets in made},
            host=host,
            auths={name: auth for name, auth in self._auths.items() if auth is not None},
            modules={name: module for name, module in {**self._modules, **plain}.items() if module is not None},
            auto=auto,
            trap_names=self._trap_names,
            normal=normal,
            warnings=tuple(sorted(findings.warnings)),
            digest=_digest(self._documents),
            files=tuple(found.path for _, found, _ in self._documents),
            document=document,
            catalogue=promise,
            contacts=contacts,
            kpis=self._kpis,
        )

    def _names(self, exported: Iterable[str], normal: Iterable[Normal], settings: Settings) -> None:
        """Warn of metrics that nobody gives, in what the site has written."""
        from collector.config.known import Known, check_names

        modules = (module for module in self._modules.values() if module is not None)
        known = Known(exported, modules, normal, settings.other_metrics)
        for document in self._formulas:
            check_names(document, known, self._findings)

    def _promised(
        self, directory: Path, entries: Sequence[Entry], made: Sequence[tuple[Device, tuple[Target, ...]]]
    ) -> promised.Catalogue:
        """What the site has promised. Nothing of it is imported, or looked at, where there are no such files."""
        found = [self._read(directory, path, "services") for path in files_below(directory / SERVICES)]
        calendars = self._read(directory, directory / CALENDARS, "calendars")
        documents = [document for document in found if document is not None]
        self._formulas += documents
        if not documents and calendars is None:
            return promised.Catalogue()
        from collector.config.estate import Estate
        from collector.config.services import read_catalogue

        written: dict[str, frozenset[str]] = dict.fromkeys(self._devices, frozenset())
        for entry in entries:
            uses = entry.pick("modules")[0] or ()
            written[entry.written.name] = frozenset(use.as_ or use.module for use in uses)
        devices = {device.name: device for device, _ in made}
        estate = Estate(devices, {d.name: targets for d, targets in made}, written, "devices" not in self._unreadable)
        return read_catalogue(documents, calendars, estate, self._kpis, self._findings, self._unreadable)

    def _contacts(self, directory: Path, promise: promised.Catalogue, devices: Iterable[Device]) -> Contacts | None:
        """Whom to tell, by the files of what was promised, which are read by now."""
        document = self._read(directory, directory / CONTACTS, "owners")
        # A file in which all is commented out, as `wardwatch init` writes it, names nobody.
        if document is None or not document.data:
            return None
        from collector.config.contacts import read_contacts
        from collector.config.owners import Promised

        services = [read for _, read, _ in self._documents if directory / SERVICES in read.path.parents]
        written = [read for name, read, _ in self._documents if name == CALENDARS]
        calendars = {*promise.calendars, *(name for read in written for name in named_in(read, "calendars"))}
        teams = Counter(device.team for device in devices if device.team)
        about = Promised(promise, services, self._unreadable, calendars, teams)
        return read_contacts(document, about, self._findings)

    def _maintenance(
        self, directory: Path, promise: promised.Catalogue, entries: Iterable[Entry], devices: Iterable[Device]
    ) -> promised.Catalogue:
        """What was promised, with the planned work."""
        document = self._read(directory, directory / MAINTENANCE, "maintenance")
        if document is None:
            return promise
        made = {device.name: device.site for device in devices}
        sites = {entry.written.name: "" for entry in entries} | made
        if len(made) < len(sites):
            self._unreadable.add("inventory")
        works, files = read_maintenance(document, Known(promise, sites, self._unreadable), self._findings)
        self._documents += [(f"{MAINTENANCE}: {read.path.name}", read, "") for read in files]
        return replace(promise, maintenance=tuple(works))

    def _check_hours(self, settings: Settings, promise: promised.Catalogue) -> None:
        """The calendar of who is on call must be there."""
        name, document = settings.oncall.hours, self._document
        if document is None or not name or name in promise.calendars or "calendars" in self._unreadable:
            return
        what = (
            f"there is no calendar {shown(name)}.{suggestion(name, promise.calendars)} They are written in {CALENDARS}"
        )
        self._findings.problem(document, ["oncall", "hours"], what)

    def _auto(self) -> Auto:
        """What chooses modules: `auto` stands where a module's name may stand."""
        if "snmp" not in self._collectors:
            return Auto()
        check_modules(self._fingerprints, self._modules, self._unreadable, self._findings)
        rules = tuple(written.rule for written in self._fingerprints)
        named = dict.fromkeys(name for rule in rules for name in rule.modules)
        auto = Auto(rules, {name: module for name in named if (module := self._modules.get(name)) is not None})
        self._modules[AUTO] = auto
        return auto

    def _read(self, directory: Path, path: Path, holds: str) -> Document | None:
        """A file; None where it is missing, or no YAML. What it `holds` may then be missed without blame."""
        if not path.exists() and not path.is_symlink():
            return None
        try:
            register = path.suffix.lower() == ENDING
            document = read_register(path, self._findings) if register else read(path, self._findings.problems)
        except ConfigError as error:
            self._findings.problems.extend(error.problems)
            self._unreadable.add(holds)
            return None
        self._documents.append((str(path.relative_to(directory)), document, ""))
        below = document.data.get(holds) if isinstance(document.data, dict) else document.data
        if below is not None and not isinstance(below, list if holds in LISTS else dict):
            self._unreadable.add(holds)
        return document

    def _credentials(self, directory: Path) -> None:
        document = self._read(directory, directory / AUTHS, "auths")
        if document is not None:
            data = top(document, AuthsFile, self._findings)
            self._auths |= read_auths(document, data.get("auths"), self._secrets(directory), self._findings)

    def _ways_of_asking(self, directory: Path, auths: dict[str, Auth | None]) -> None:
        """`modules/`, `probes/` and `snmp/`, which share their names; credentials in `snmp/` go to `auths`."""
        secrets, findings = self._secrets(directory), self._findings
        found: dict[str, Collector | None] = {}
        places: dict[str, Document] = {}
        for path in files_below(directory / "modules"):
            if (document := self._read(directory, path, "modules")) is not None:
                made = read_modules(document, self._collectors, secrets, findings)
                self._join(document, "modules", found, places, made)
        for path in files_below(directory / "probes") if any(map(is_prober, self._collectors.values())) else ():
            if (document := self._read(directory, path, "modules")) is not None:
                probes = read_probes(document, self._collectors, secrets, findings)
                self._join(document, "modules", found, places, probes)
        snmp: Any = self._collectors.get("snmp")
        credentials: dict[str, Document] = {}
        normals: dict[str, Declared] = {}
        for path in files_below(directory / "snmp"):
            if path.name == FINGERPRINTS:
                if (document := self._read(directory, path, "fingerprints")) is not None:
                    self._fingerprints = joined(read_fingerprints(document, findings), self._fingerprints)
                continue
            if path.name == TRAPS:
                if (document := self._read(directory, path, "traps")) is not None:
                    self._trap_names |= read_trap_names(document, findings)
                continue
            if path.name == NORMAL:
                if (document := self._read(directory, path, "normal")) is not None:
                    normals = read_normals(document, findings)
                continue
            if (understood := self._snmp(directory, path)) is None:
                continue
            document, modules = understood
            if snmp is not None:
                ready = {name: snmp(module=module) if module else None for name, module in modules.items()}
                self._join(document, "modules", found, places, ready)
            self._join(document, "auths", auths, credentials, read_auths_of(document, secrets, findings))
        self._modules |= found
        self._normals |= normals
        if snmp is not None and "modules" not in self._unreadable and None not in found.values():
            check_metrics(normals, self._modules, findings)

    def _snmp(self, directory: Path, path: Path) -> tuple[Document, Mapping[str, Module | None]] | None:
        """A file in snmp_exporter's format and its modules: as it is kept, or else read, and kept if it is large."""
        compiled = self._compiled if path.is_file() and path.stat().st_size >= LEAST else None
        if compiled is not None and (kept := compiled.find(path)) is not None:
            self._documents.append((str(path.relative_to(directory)), kept.document, kept.digest))
            return kept.document, kept.modules
        before = len(self._findings.problems)
        document = self._read(directory, path, "modules")
        if document is None:
            return None
        modules = read_modules_of(document, self._findings)
        if compiled is not None and len(self._findings.problems) == before:
            whole = {name: module for name, module in modules.items() if module is not None}
            compiled.keep(document, whole, _digest_of(document.data))
        return document, modules

    def _join(
        self,
        document: Document,
        key: str,
        into: dict[str, T],
        places: dict[str, Document],
        more: Mapping[str, T],
    ) -> None:
        """Add what a file declares; the same name twice among files of one directory is a problem."""
        for name, value in more.items():
            if name in into:
                other = f"in {places[name].path}" if name in places else f"in {AUTHS}"
                self._findings.problem(
                    document, [key, name], f"{shown(name)} is also written {other}: keep one of them"
                )
                continue
            if key == "modules" and name == AUTO:
                what = "'auto' stands for what a device says of itself: choose another name"
                self._findings.problem(document, [key, name], what)
            into[name] = value
            places[name] = document

    def _entries(self, directory: Path) -> list[Entry]:
        inventory: Inventory = read_inventory(
            directory, lambda path: self._read(directory, path, "devices"), self._findings
        )
        entries: list[Entry] = []
        layers: dict[Path, tuple[Layer, ...]] = {}
        for document, parent in inventory:
            self._devices |= named_in(document, "devices")
            below = layers[parent] if parent is not None else ()
            found, layers[document.path] = read_entries(document, self._kinds, self._unreadable, below, self._findings)
            entries += found
        return entries

    def _check_kinds(self, document: Document, kinds: Mapping[str, KindFile | None]) -> None:
        """What a kind names must be there; said here once, and not again for each of its devices."""
        findings = self._findings
        for name, kind in kinds.items():
            if kind is None:
                continue
            if kind.auth is not None and kind.auth not in self._auths and "auths" not in self._unreadable:
                what = f"there are no credentials {shown(kind.auth)}.{suggestion(kind.auth, self._auths)}"
                findings.problem(document, ["kinds", name, "auth"], f"{what} They are written in {AUTHS}")
            for index, use in enumerate(kind.modules or ()):
                if use.module not in self._modules and "modules" not in self._unreadable:
                    what = f"there is no module {shown(use.module)}.{suggestion(use.module, self._modules)}"
                    findings.problem(document, ["kinds", name, "modules", index], what)

    def _host(self, document: Document | None, settings: Settings) -> tuple[Target, ...]:
        """The targets of this machine."""
        known = {name: module for name, module in self._modules.items() if module is None or _reads(module)}
        default = tuple(name for name, module in known.items() if getattr(module, "by_default", True))
        names = settings.host.collectors if settings.host.collectors is not None else default
        interval = settings.host.interval
        schedule = Schedule(interval, interval, offset(LOCAL, interval))
        device = Device(LOCAL, "")
        targets: list[Target] = []
        for index, name in enumerate(names):
            module = known.get(name)
            if module is not None:
                targets.append(Target(device, name, module, schedule))
            elif name not in known and document is not None:
                what = f"there is no module {shown(name)} that reads this machine.{suggestion(name, known)}"
                self._findings.problem(document, ["host", "collectors", index], what)
        return tuple(targets)

    def _unread(self, directory: Path, settings: Settings) -> None:
        """A misnamed file or directory would be a silent loss of devices."""
        for path in sorted(path for path in directory.iterdir() if path.is_dir() and path.name not in DIRECTORIES):
            meant = suggestion(path.name, DIRECTORIES) if path.name != SECRETS else ""
            if not path.name.startswith(".") and (meant or files_below(path)):
                what = f"is not read: only the directories {alternatives(DIRECTORIES, 'and')} are.{meant}"
                self._findings.warnings.append(Problem(path, 0, "", what))
        for path in files_below(directory, OF_AN_INVENTORY):
            if path.name not in (*TOP, *OTHERS) and path != settings.web.config_file:
                what = f"is not read: only {', '.join(TOP)} and the directories {alternatives(DIRECTORIES, 'and')} are"
                self._findings.warnings.append(Problem(path, 0, "", what))

    def _secrets(self, directory: Path) -> Secrets:
        return Secrets(self._environ, directory, self._findings)


def _remembering(module: Collector | None, lookup_ttl: float, normal: Sequence[Normal]) -> Collector | None:
    """A module as it is asked of the inventory's devices: names are kept, counters that come round too fast are set
    aside for `/snmp` (`model.Aside`), and what has a name whatever the vendor stands beside. Where only `/snmp` asks
    for it, it is asked as its file has it."""
    if module is None or not hasattr(module, "lookup_ttl"):
        return module
    made = fit(normal, module.module)  # type: ignore[attr-defined]  # what remembers names has a module
    return replace(module, lookup_ttl=lookup_ttl, counters="lasting", normal=made)  # type: ignore[type-var]  # every collector is a dataclass


def _reads(module: Collector) -> bool:
    return reads_this_machine(type(module))


def _digest(documents: Iterable[tuple[str, Document, str]]) -> str:
    """SHA-256 over names and data without credentials: it is shown, and a short community could be guessed from it."""
    digest = sha256()
    for name, document, known in documents:
        digest.update(json.dumps([name, known or _digest_of(document.data)]).encode())
    return digest.hexdigest()


def _digest_of(data: Any) -> str:
    return sha256(json.dumps(_without_secrets(data)).encode()).hexdigest()


def _without_secrets(data: Any, key: str = "") -> Any:
    if isinstance(data, dict):
        return {k: _without_secrets(v, k) for k, v in data.items()}
    if isinstance(data, list):
        return [_without_secrets(item) for item in data]
    return None if key and secret_key(key) and not str(data).startswith("${") else data
