"""The nouns of the house (HOUSE 3): what flows between the rooms. Standard library only.

The unit that flows is the `Column`: one metric family over the rows of one table. There is no object per sample.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2s
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import inf
from typing import Any, ClassVar, Literal, NamedTuple, NewType, Protocol, TypeVar

Kind = Literal["counter", "gauge", "histogram", "summary", "untyped"]
DeviceClass = Literal["it", "fragile", "clinical"]

TlsVersion = Literal["", "TLS10", "TLS11", "TLS12", "TLS13"]

Seconds = NewType("Seconds", float)
"""A duration. In YAML it is written with its unit: `5s`, `1m30s`, `500ms`."""

UNBOUNDED = Seconds(0)
"""A timeout that is not said: only others' count."""

PortNumber = NewType("PortNumber", int)
"""Of TCP or UDP, 1 to 65535."""

File = NewType("File", str)
"""A path; in YAML relative to the file that names it. Empty: none."""

T = TypeVar("T")

LABEL_LENGTH = 256
"""Longest label value in characters; `clean` cuts there. A label is a name, not a document."""


class Secret:
    """A credential. It shows itself only to who asks by name, never in `repr`, `str`, a log or a page."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Family:
    """What is measured: name, help and type as in the exposition format. Declared once, at the top of a file."""

    name: str
    help: str
    type: Kind = "gauge"


@dataclass(frozen=True, slots=True)
class Rows:
    """The label sets of a table.

    `names` are label names, `values[i]` the values of row i in the same order, `text[i]` the rendered label text of
    row i: `{a="b",c="d"}`, or the empty string where a row has no labels. Build one with `rows()`; keep the object
    while the table's rows stay the same, so that its text is rendered once. `shared`: pages of many devices have it.
    """

    names: tuple[str, ...]
    values: Sequence[tuple[str, ...]]
    text: tuple[str, ...]
    shared: bool = False

    def __len__(self) -> int:
        return len(self.text)


class Column(NamedTuple):
    """One family over some rows: `values[i]` belongs to `rows` i. Equal lengths. Each poll and each page makes some
    dozens, and a named tuple is made in half the time of a frozen dataclass."""

    family: Family
    rows: Rows
    values: array[float]


class Aside(Column):
    """One that a device's page leaves out because nothing right can be made of it, and that `/snmp` serves."""

    __slots__ = ()


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """A label value that cannot break a page: control characters and lone surrogates replaced, length capped.

    Tabs and line ends stay, as snmp_exporter keeps them (a line feed is escaped when rendered). A value longer than
    `LABEL_LENGTH` keeps its beginning and ends in a short hash of the whole, so that two long names stay two
    (RELIABILITY F12).
    """
    if not text.isprintable():
        text = _UNSAFE.sub("\ufffd", text)
    if len(text) > LABEL_LENGTH:
        digest = blake2s(text.encode(), digest_size=4).hexdigest()
        text = f"{text[: LABEL_LENGTH - 9]}~{digest}"
    return text


def label_text(names: Sequence[str], values: Sequence[str]) -> str:
    """`{a="b"}`, values cleaned and escaped. An empty value is left out: to Prometheus it is no label at all."""
    pairs = [f'{n}="{clean(v).translate(_ESCAPES)}"' for n, v in zip(names, values, strict=True) if v]
    return "{" + ",".join(pairs) + "}" if pairs else ""


def rows(names: Iterable[str], values: Iterable[Sequence[str]], shared: bool = False) -> Rows:
    """Rows from label names and the label values of each row, rendered once."""
    names = tuple(names)
    table = tuple(tuple(v) for v in values)
    return Rows(names, table, tuple(label_text(names, v) for v in table), shared)


@lru_cache(maxsize=512)
def interned(names: tuple[str, ...], values: tuple[tuple[str, ...], ...]) -> Rows:
    """`rows`, the same object each time: for small tables that nobody keeps and that are alike from page to page."""
    return rows(names, values, shared=True)


SINGLE = Rows((), ((),), ("",))
"""The rows of a family without labels."""


def column(family: Family, over: Rows, values: Iterable[float]) -> Column:
    """A column; `values` in the order of `over`."""
    return Column(family, over, array("d", values))


def single(family: Family, value: float) -> Column:
    """A family of one sample without labels."""
    return Column(family, SINGLE, array("d", (value,)))


INCOMPLETE = Family("wardwatch_poll_incomplete", "1: this table of the module was only partly read; reason says why.")
"""A collector that answers in part adds this column with labels `table` and `reason`; the agent adds `module`."""

DETAIL = Family("wardwatch_poll_detail", "What exactly is wrong with a table, in its protocol's words.")
"""A collector that can say so adds this column with labels `table` and `said`. No page has it, for its texts have no
bound: the agent keeps them for whoever asks."""

DROPPED = Family("wardwatch_series_dropped", "Series of the module left out because the device has too many.")
"""A collector that did not make a table with more series than `Edge.room` adds this column, with one value: how many.
The agent adds what it leaves out itself, and `module`."""


@dataclass(frozen=True, slots=True)
class Auth:
    """A named set of credentials. `version` is SNMP's: 1, 2 or 3; the v3 fields mean what snmp.yml says of them.

    `context_engine_id`: the engine of the context, where it is not the one that answers; empty: it is.
    """

    name: str
    version: int = 2
    community: Secret = field(default_factory=lambda: Secret("public"))
    username: str = ""
    security_level: str = "noAuthNoPriv"
    password: Secret = field(default_factory=lambda: Secret(""))
    auth_protocol: str = "SHA256"
    priv_protocol: str = "AES"
    priv_password: Secret = field(default_factory=lambda: Secret(""))
    context_name: str = ""
    context_engine_id: bytes = b""
    addresses: tuple[IPv4Network | IPv6Network, ...] = ()
    """Where it may be used; empty: everywhere."""

    def serves(self, place: str | IPv4Network | IPv6Network) -> bool:
        """Whether it may be used at an address, or in all of a subnet."""
        wanted = ip_network(place)
        return not self.addresses or any(
            wanted.version == own.version and wanted.subnet_of(own)  # type: ignore[arg-type]
            for own in self.addresses
        )


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a hospital's register says of a device, as far as somebody wrote it; empty: not said.

    `ae_title` and `ae_port` (0: not said) are its DICOM application entity's. `criticality` is one of
    `CRITICALITIES`. `support` is the contract, `support_ends` its last day as YYYY-MM-DD where it says one.
    """

    asset: str = ""
    device_type: str = ""
    modality: str = ""
    maker: str = ""
    model: str = ""
    ae_title: str = ""
    ae_port: int = 0
    criticality: str = ""
    owner: str = ""
    support: str = ""
    support_ends: str = ""


CRITICALITIES = ("life_support", "high", "medium", "low")
"""How much care depends on a device, the most first."""


NO_QUIRKS: frozenset[str] = frozenset()
"""One for all devices: each `frozenset()` would be an object of its own."""


@dataclass(frozen=True, slots=True)
class Device:
    """A thing in the inventory.

    `address` is a literal IPv4 or IPv6 address, resolved when the configuration was loaded; empty: a passive device
    that is known by its `mac` alone, or the machine this runs on (`here`). `labels` are the inventory's own, in file
    order. `passive`: nothing is ever sent to it (RELIABILITY S2). `agent` is `host:port`
    of a wardwatch that runs elsewhere: listed by `/sd`, never polled. `reply_from` are further addresses from which
    its answers may come (a cluster, a multi-homed router: RELIABILITY F8). `equipment` is there for every clinical
    device, and for others that the register says something of. `mac` is written `00:1b:54:0a:32:f0`.
    """

    name: str
    address: str
    device_class: DeviceClass = "it"
    kind: str = ""
    site: str = ""
    location: str = ""
    port: int = 161
    auth: Auth | None = None
    labels: tuple[tuple[str, str], ...] = ()
    passive: bool = False
    agent: str = ""
    reply_from: tuple[str, ...] = ()
    quirks: frozenset[str] = NO_QUIRKS
    mac: str = ""
    """As `00:1b:54:0a:32:f0`."""
    ward: str = ""
    """Where it belongs; of a switch, what its ports serve where `wards` says nothing else."""
    vlan: str = ""
    """The number or name of the VLAN where it belongs."""
    wards: tuple[tuple[str, str], ...] = ()
    """Of a switch or controller: the ward that a port serves, by patterns of port names, in file order."""
    equipment: Equipment | None = None
    parents: tuple[str, ...] = ()
    """Devices through which it is reached, each of them by itself."""
    team: str = ""
    """Who is called about it."""

    @property
    def here(self) -> bool:
        """Whether it is the machine that this program runs on."""
        return not self.address and not self.passive


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a target is due: every `interval` seconds, a poll lasting at most `timeout`, both on the monotonic clock.

    `offset` (seconds, below `interval`) is a hash of the device's name: it spreads the agent's own polls.
    """

    interval: float
    timeout: float
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to ask, one way: `module` is the configured name of `collector` with its options."""

    device: Device
    module: str
    collector: Collector
    schedule: Schedule
    at: str = ""
    """Where on the device, as the collector's probe understands it: a port, a URL; empty: the usual place."""


class Dialogue(Protocol):
    """A conversation over datagrams, without I/O: the edge carries packets, the dialogue decides everything else.

    The edge calls `send` for the next packet and waits `patience` seconds for one that `receive` takes. What
    `receive` refuses is dropped and counted; the wait goes on. When patience ends the edge calls `silence`, after
    which `send` gives the same question again, another one, or None to end. `expire` says that there is no more
    time (deadline, pause, budget): the dialogue keeps what it has, and the conversation is over. Any of them may
    raise a `PollError`, which ends the conversation too.
    """

    patience: float

    kind: str
    """What `send` gave last is, as a word that becomes a label: `get` `next` `bulk` `discovery`."""

    def send(self) -> bytes | None:
        """The next packet; None: finished."""

    def receive(self, packet: bytes) -> bool:
        """Whether `packet` answers what was asked last. True: the edge calls `send` again."""

    def silence(self) -> None:
        """Nobody answered within `patience`."""

    def expire(self, reason: str) -> None:
        """The conversation is cut off; `reason` is one of `errors.REASONS`."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a connection is protected, in the words of Prometheus' `tls_config`. Paths are absolute; empty: not said."""

    ca: str = ""
    ca_file: File = File("")
    cert: str = ""
    cert_file: File = File("")
    key: Secret = field(default_factory=lambda: Secret(""))
    key_file: File = File("")
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion = ""
    """`TLS10` to `TLS13`. Below TLS 1.2 the old ciphers of old equipment are allowed as well."""
    max_version: TlsVersion = ""


NO_TLS = Tls()
"""Nothing said: verified against the system's authorities."""


@dataclass(frozen=True, slots=True)
class Session:
    """What TLS came to: the certificates are DER, the peer's own first."""

    version: str
    """As Go writes it: `TLS 1.3`."""
    cipher: str
    """IANA's name."""
    sent: tuple[bytes, ...]
    """As the peer sent them."""
    verified: tuple[bytes, ...]
    """From the peer's own to the root that is trusted; empty where nothing was verified."""


class Stream(Protocol):
    """A TCP connection to a device. Every wait ends at the poll's deadline with `TimedOut`; a connection that breaks
    raises `Unreachable`."""

    seconds: float
    """How long connecting took."""

    session: Session | None
    """What `secure` came to; None: it is not protected."""

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes:
        """At least one byte; none: the peer has ended its side. Acknowledged at once: a peer that waits for the
        acknowledgement before it sends the rest of its answer (Nagle) is not measured slower than it is."""

    async def secure(self, tls: Tls, server_name: str) -> None:
        """Begin TLS. `server_name` counts where `tls` names none. Raises `NoData` with the word `certificate` or
        `tls` where that fails."""

    def last(self, data: bytes) -> None:
        """Send what the peer should know before the end, if it goes out at once: there is no time left to wait."""

    def close(self) -> None:
        """End it in order: FIN, no RST (RELIABILITY S17). Safe to call twice."""


@dataclass(frozen=True, slots=True)
class Echo:
    """An ICMP echo request. `size` is its payload in bytes, `ttl` 0 the system's own, `source` an address of ours."""

    size: int = 56
    ttl: int = 0
    dont_fragment: bool = False
    source: str = ""
    patience: float = inf
    """Seconds to wait for the reply; at most until the poll's deadline."""


@dataclass(frozen=True, slots=True)
class EchoReply:
    """`seconds` from request to reply, by the kernel's clock where it tells; `hop_limit` of the reply, 0: not told."""

    seconds: float
    hop_limit: int


class Host(Protocol):
    """The machine this process runs on. Paths are those of Linux; nothing here blocks for long unless it says so."""

    system: str
    """`linux`, `darwin`, `windows`, `freebsd` ...: `platform.system()` in lower case."""

    psutil: Any
    """The psutil module, or a fake with the same functions. Numbers are read by attribute, never by position."""

    def read(self, path: str) -> bytes | None:
        """A file of /proc or /sys whole; None where it is missing or may not be read. For files that never block."""

    def list(self, path: str) -> Sequence[str]:
        """Names in a directory, sorted; empty where it is missing."""

    def link(self, path: str) -> str | None:
        """Where a symbolic link points, made absolute; None where it is none."""

    async def apart(self, item: str, call: Callable[..., T], *args: Any, timeout: float) -> T:  # noqa: ASYNC109
        """`call(*args)` in a thread, for calls that can hang. Raises TimedOut after `timeout` seconds.

        While a call for `item` hangs, every further call for the same `item` raises TimedOut at once: at most one
        thread per stuck item (RELIABILITY B7). `stuck()` lists such items.
        """

    def stuck(self) -> Sequence[str]:
        """Items whose call has not come back."""

    def statvfs(self, path: str) -> Any:
        """`os.statvfs`: fields `f_frsize f_blocks f_bfree f_bavail f_files f_ffree`. Hangs on a dead mount: `apart`."""

    def adjtimex(self) -> Mapping[str, int] | None:
        """The kernel's clock state under struct timex' field names plus `state`; None where there is none."""

    def wall(self) -> float:
        """Unix time in seconds."""


class Common:
    """What the polls of all devices share: one instance of each class. `common(Engines)` makes it at the first call.

    `there` are instances that somebody else has made.
    """

    def __init__(self, *there: Any) -> None:
        self._made: dict[type[Any], Any] = {type(each): each for each in there}

    def __call__(self, make: type[T]) -> T:
        found = self._made.get(make)
        if found is None:
            found = self._made[make] = make()
        result: T = found
        return result


class Edge(Protocol):
    """The outside world as one poll sees it: one device, within its budget, until its deadline."""

    host: Host
    deadline: float
    room: int
    """Most series that are kept of the device. A table that has more is never kept: it need not be made."""
    common: Common

    def now(self) -> float:
        """Monotonic seconds."""

    def clock(self) -> float:
        """Seconds of a clock that is exact to the microsecond, for measuring; `now` counts whole milliseconds."""

    def memory(self, make: type[T]) -> T:
        """This target's own instance of `make`, made at the first call and kept while the target stays configured;
        that of the device where targets are asked in company (`Sociable`).

        For what a collector remembers from poll to poll: interned rows, learned sizes.
        """

    def choose(self, modules: Mapping[str, Collector]) -> None:
        """From now on the device is asked for these modules too, as this target is scheduled, instead of those that
        were chosen before. What its entry in the inventory names stays."""

    async def udp(self, dialogue: Dialogue, port: int = 0) -> None:
        """Carry `dialogue` to the device's own address until it ends; there is no way to name another. Port 0 is the
        device's own."""

    async def connect(self, port: int, source: str = "") -> Stream:
        """A connection to the device's own address, which costs it one packet of its budget. Raises `TimedOut`,
        `Refused`, `Unreachable`, and what a budget raises. Whoever asked closes it; the poll's end does so too."""

    async def ping(self, echo: Echo) -> EchoReply:
        """Send one echo request and wait for its reply. Raises `TimedOut`, `Unreachable`, what a budget raises, and
        `Denied` where the system does not let this program ping."""


class Collector(Protocol):
    """How to ask. A frozen dataclass whose fields are its YAML options (typed with defaults).

    A collector of the host may say more as class variables: `waits = True`, its polls wait for a thread, so that the
    others need not wait for it; `by_default = False`, it reads the host only where the configuration names it. One of
    the network: `lasting = True`, its counters and histograms are of our own making, and stay on the page when a poll
    fails or does not take place. Such a one is a probe, and says of a place on a device, `unfit(device, at)`, why it
    can't go there; nothing where it can.
    """

    name: ClassVar[str]
    """The word in `collector:` and in `registry.COLLECTORS`; for the host, node_exporter's word."""

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The device's columns now. Raises a `PollError` when there is nothing to give; partial answers say so with
        an `INCOMPLETE` column. State from poll to poll lives in `edge.memory`, never on the collector."""


Reading = Callable[[], Sequence[Column]]
"""One target's columns out of a conversation that is over. Raises a `PollError` where there is nothing to give."""


class Sociable(Collector, Protocol):
    """A collector that can ask for several targets of a device in one conversation."""

    company: ClassVar[str]
    """Targets whose collectors have the same word here are asked together, and remember together (`Edge.memory`)."""

    async def poll_together(self, targets: Sequence[Target], edge: Edge) -> Sequence[Reading]:
        """What each of `targets` has got, in their order. A target's columns are made when its reading is called, so
        that one module's failure is its own. Raises a `PollError` where it is that of all."""
