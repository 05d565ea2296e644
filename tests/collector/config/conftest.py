"""A small registry and a site's directory, so that no test depends on which collectors and devices are shipped."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from collector.config import Config, load
from collector.model import Collector, Column, Device, Edge, Seconds, Secret, Target
from collector.wire.snmp.module import Module

CASES = Path(__file__).parents[2] / "config"
ENVIRON = {
    "LAB_COMMUNITY": "canary-community",
    "LAB_PASSWORD": "canary-password",
    "LAB_PRIVACY": "canary-privacy",
    "LAB_TOKEN": "canary-token",
    "EMPTY": "",
}
NAMES = {"sw-2.example.org": "10.0.0.6", "many.example.org": "224.0.0.1", "odd.example.org": "10.1"}


FIVE = Seconds(5.0)
NEVER = Seconds(0.0)
NONE = Secret("")


class Asks:
    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        return ()


@dataclass(frozen=True)
class Snmp(Asks):
    name: ClassVar[str] = "snmp"
    module: Module


@dataclass(frozen=True)
class Filesystem(Asks):
    name: ClassVar[str] = "filesystem"
    mount_timeout: Seconds = FIVE
    exclude: re.Pattern[str] = re.compile("^/proc")


@dataclass(frozen=True)
class Cpu(Asks):
    name: ClassVar[str] = "cpu"
    guest: bool = True


@dataclass(frozen=True)
class Probe(Asks):
    name: ClassVar[str] = "probe"
    port: int
    mode: Literal["gentle", "firm"] = "gentle"
    words: tuple[str, ...] = ()
    weights: Mapping[str, float] | None = None
    token: Secret = NONE
    path: Path | None = None

    def __post_init__(self) -> None:
        if self.mode == "firm" and not self.words:
            raise ValueError("mode firm needs words")


@dataclass(frozen=True)
class Knock(Asks):
    """A prober: with one, `probes/` is read."""

    name: ClassVar[str] = "knock"
    lasting: ClassVar[bool] = True
    timeout: Seconds = NEVER

    def unfit(self, device: Device, at: str) -> str:
        return ""


# As if they were files of collector/host; their annotations are no text, so nothing is looked up there.
for _class in (Filesystem, Cpu):
    _class.__module__ = "collector.host.test"

COLLECTORS: tuple[type[Collector], ...] = (Cpu, Filesystem, Probe, Snmp)


def resolve(name: str) -> str:
    try:
        return NAMES[name]
    except KeyError:
        raise OSError("Name or service not known") from None


Load = Callable[[Path | None], Config]


@pytest.fixture
def loaded() -> Load:
    """Loads a directory over no shipped one."""

    def run(directory: Path | None) -> Config:
        kinds, none = (*COLLECTORS, Knock), Path(__file__).parent / "none"
        return load(directory, environ=ENVIRON, resolve=resolve, collectors=kinds, defaults=none, kpis="read")

    return run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the valid configuration, to be spoilt."""
    return Path(shutil.copytree(CASES / "valid", tmp_path / "site"))


@pytest.fixture
def collectors() -> tuple[type[Collector], ...]:
    return COLLECTORS
