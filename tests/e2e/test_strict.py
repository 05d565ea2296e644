"""`/snmp?strict=1` beside Debian's snmp_exporter 0.21, on devices that are at fault: one status, and the same words.

What differs is in `_alike`: 0.21 has older words for some of it, and what a device was asked is not the same.
"""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import yaml

from bench import peer
from deploy.local import children
from simulator import ber, message, play
from simulator.faults.scene import Mode, Options
from simulator.faults.scene import Scene as Request
from simulator.image import Image
from simulator.player import Fault, Player, fault
from simulator.values import Fixed, Moment
from tests.e2e.conftest import eventually, get
from tests.exporters.exposition import parse

pytestmark = pytest.mark.parts

ENTRY = "1.3.6.1.2.1.2.2.1"
MODULES = """
table:
  walk: [1.3.6.1.2.1.2.2.1.8, 1.3.6.1.2.1.2.2.1.10]
  metrics:
    - {name: ifOper, oid: 1.3.6.1.2.1.2.2.1.8, type: gauge, help: h, indexes: [{labelname: ifIndex, type: gauge}]}
    - {name: ifIn, oid: 1.3.6.1.2.1.2.2.1.10, type: counter, help: h, indexes: [{labelname: ifIndex, type: gauge}]}
both:
  get: [1.3.6.1.2.1.1.3.0]
  walk: [1.3.6.1.2.1.2.2.1.8]
  metrics:
    - {name: sysUpTime, oid: 1.3.6.1.2.1.1.3, type: gauge, help: h}
    - {name: ifOper, oid: 1.3.6.1.2.1.2.2.1.8, type: gauge, help: h, indexes: [{labelname: ifIndex, type: gauge}]}
twice:
  walk: [1.3.6.1.2.1.2.2.1.2, 1.3.6.1.2.1.2.2.1.10]
  metrics:
    - name: ifIn
      oid: 1.3.6.1.2.1.2.2.1.10
      type: counter
      help: h
      indexes: [{labelname: ifIndex, type: gauge}]
      lookups:
        - {labels: [ifIndex], labelname: ifDescr, oid: 1.3.6.1.2.1.2.2.1.2, type: DisplayString}
        - {labels: [ifIndex], labelname: nothing, oid: 1.3.6.1.2.1.2.2.1.99, type: DisplayString}
        - {labels: [], labelname: ifIndex}
states:
  walk: [1.3.6.1.2.1.2.2.1.8]
  metrics:
    - name: ifOper
      oid: 1.3.6.1.2.1.2.2.1.8
      type: EnumAsStateSet
      help: h
      indexes: [{labelname: ifIndex, type: gauge}]
      lookups: [{labels: [], labelname: ifIndex}]
      enum_values: {1: up, 2: down}
bits:
  walk: [1.3.6.1.2.1.2.2.1.8]
  metrics:
    - name: ifBits
      oid: 1.3.6.1.2.1.2.2.1.8
      type: Bits
      help: h
      indexes: [{labelname: ifIndex, type: gauge}]
      enum_values: {0: a, 1: b}
"""


def _beyond(scene: Request) -> bool:
    """Whether more is asked of ifOper than its first rows. No answer reaches further, however much is asked for."""
    answer, column = scene.answer, ber.dotted(f"{ENTRY}.8")
    if answer is None or not scene.walks:
        return False
    arcs = scene.view.image.arcs
    beyond = [n for n, at in enumerate(answer.positions) if (*column, MIDDLE) < arcs(at) < (*column, LAST + 1)]
    answer.varbinds = answer.varbinds[: beyond[0]] if beyond else answer.varbinds
    return (*column, MIDDLE) <= ber.arcs_of(scene.request.oids[0]) < (*column, LAST + 1)


def _refuse(scene: Request, options: Options) -> None:
    """An error status for every GET."""
    if scene.request.kind == message.GET:
        scene.refuse(options["status"], 1)


def _stop(scene: Request, _: Options) -> None:
    """An error status in the middle of a walk."""
    if _beyond(scene):
        scene.refuse(5, 1)


def _hush(scene: Request, _: Options) -> None:
    """Silence in the middle of a walk."""
    if _beyond(scene):
        scene.silence()


def _repeat(scene: Request, _: Options) -> None:
    """The name that was asked on from, again."""
    if _beyond(scene) and scene.answer is not None:
        scene.answer.varbinds = [ber.varbind(scene.request.oids[0], 2, b"\x01")]


def _damage(scene: Request, _: Options) -> None:
    """In place of a value, one that is longer than its varbind."""
    oid = ber.tlv(6, ber.identifier(ber.dotted(f"{ENTRY}.8.5")))
    if scene.answer is not None:
        bad = ber.tlv(0x30, oid + b"\x02\x05")
        scene.answer.varbinds = [bad if oid in each else each for each in scene.answer.varbinds]


MIDDLE, LAST = 10, 40
"""Rows."""


def _fault(answer: Callable[[Request, Options], None], **options: int) -> Fault:
    return Fault(Mode(answer.__name__, "", answer=answer), options)


DEVICES: Mapping[str, tuple[Fault, ...]] = {
    "well": (),
    "dead": (fault("dead"),),
    "repeats": (_fault(_repeat),),
    "gen_err": (_fault(_refuse, status=5),),
    "no_creation": (_fault(_refuse, status=11),),
    "walk_error": (_fault(_stop),),
    "silent": (_fault(_hush),),
    "damaged": (_fault(_damage),),
}
CASES = (
    ("well", "table"),
    ("well", "both"),
    ("well", "twice"),
    ("well", "states"),
    ("well", "bits"),
    ("dead", "table"),
    ("dead", "both"),
    ("repeats", "table"),
    ("repeats", "both"),
    ("gen_err", "both"),
    ("no_creation", "both"),
    ("walk_error", "table"),
    ("silent", "table"),
    ("damaged", "table"),
)
HALVES = frozenset({("walk_error", "table")})
"""Where the peer answers 200 with half a table, and `snmp_scrape_success` says here that it is half."""


class Still(Player):
    """A device whose time does not pass."""

    def moment(self, now: float) -> Moment:
        return Moment(0.0, 0.0)


def _image() -> Image:
    found = {"1.3.6.1.2.1.1.3.0": Fixed(0x43, b"\x05"), "1.3.6.1.2.1.1.4.0": Fixed(4, b"")}
    for n in range(1, LAST + 1):
        found[f"{ENTRY}.2.{n}"] = Fixed(4, f'port "{n // 2}"\\'.encode())
        found[f"{ENTRY}.8.{n}"] = Fixed(2, bytes((n % 3 + 1,)))
        found[f"{ENTRY}.10.{n}"] = Fixed(0x41, (1234567 * n).to_bytes(4, "big"))
    return Image({tuple(map(int, oid.split("."))): value for oid, value in found.items()})


@dataclass(frozen=True, slots=True)
class Scene:
    """Both programs, and where the devices are."""

    ours: str
    theirs: str
    targets: Mapping[str, str]

    def ask(self, url: str, device: str, module: str, **more: str) -> tuple[int, str]:
        words = urllib.parse.urlencode({"target": self.targets[device], "module": module, **more})
        try:
            return 200, get(f"{url}?{words}", timeout=60)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def scene(free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("strict")
    udp, http = free_port(), free_port()
    config = home / "config"
    for folder in (config / "snmp", config / "inventory", home / "state"):
        folder.mkdir(parents=True)
    modules = {name: {**module, "retries": 1, "timeout": "1s"} for name, module in yaml.safe_load(MODULES).items()}
    (config / "snmp" / "modules.yml").write_text(yaml.safe_dump({"auths": {"public_v2": {}}, "modules": modules}))
    settings = {
        "budgets": {name: {"packets": 100_000} for name in ("it", "site", "subnet", "total")},
        "on_demand": {
            "timeout": "3s",
            "allow": [{"addresses": ["127.44.0.0/24"], "auths": ["public_v2"], "port": udp}],
        },
    }
    (config / "wardwatch.yml").write_text(yaml.safe_dump(settings))
    words = [sys.executable, "-m", "collector", "run", "--config", str(config)]
    words += ["--web.listen-address", f"127.0.0.1:{http}"]
    image = _image()
    addresses = {name: f"127.44.0.{number}" for number, name in enumerate(DEVICES, 1)}
    players = [Still(name, addresses[name], image, faults=faults, age=0.0) for name, faults in DEVICES.items()]
    collector = children.start("collector", words, home / "collector.log", {"STATE_DIRECTORY": str(home / "state")})
    try:
        with play(players, udp), peer.exporter(home, modules) as (theirs, _):
            eventually("the collector is ready", 30, lambda: get(f"http://127.0.0.1:{http}/-/ready"))
            yield Scene(f"http://127.0.0.1:{http}/snmp", theirs, {n: f"{a}:{udp}" for n, a in addresses.items()})
    finally:
        assert children.stop([collector]) == []


def _alike(body: str, module: str) -> list[str]:
    """The lines of an answer 500, without what differs by intention or by age."""
    body = body.replace(f'constLabels: {{module="{module}"}}', "constLabels: {}")  # the label is newer than 0.21
    body = body.replace("variableLabels: []", "variableLabels: {}")  # so are these brackets
    body = re.sub(r"(label|counter|gauge):<(.*?) >", r"\1:{\2}", body)  # and those of labels
    body = re.sub(r"OID not increasing: [.\d]+( >= [.\d]+)?", "OID not increasing", body)  # it tells one OID of two
    body = re.sub(r"after \d retries", "after n retries", body)  # the class of the device decides, not the module
    body = re.sub(r"unmarshalResponse: .*", "unmarshalResponse", body)  # it tells what is wrong with the first varbind
    # It collects in the order of a Go map: of several samples with the same labels, any one may be the first.
    return sorted(re.sub(r"{value:[^}]*}", "{value}", body).splitlines())


@pytest.mark.parametrize(("device", "module"), CASES)
def test_fails_as_snmp_exporter_fails(scene: Scene, device: str, module: str) -> None:
    asked: Sequence[tuple[str, dict[str, str]]] = ((scene.theirs, {}), (scene.ours, {"strict": "1"}), (scene.ours, {}))
    with ThreadPoolExecutor() as pool:  # ours are one poll
        answers = pool.map(lambda each: scene.ask(each[0], device, module, **each[1]), asked)
    (their_status, theirs), (status, ours), (plain, page) = answers
    assert status == their_status, (ours[:500], theirs[:500])
    if status == 500:
        assert _alike(ours, module) == _alike(theirs, module)
    assert plain == 200
    success = parse(page.encode()).value("snmp_scrape_success", module=module)
    assert success == (their_status == 200 and (device, module) not in HALVES)
