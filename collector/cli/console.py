"""What the commands share: the configuration they work on, the names people type, and how they say no."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import typer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from collector.cli.control import Edit
    from collector.config import Config
    from collector.config.devices import Resolve
    from collector.config.problems import Problem
    from collector.config.settings import Settings
    from collector.model import Device

CONFIG = Path("config")
"""The configuration directory that needs no naming."""


def fail(message: str) -> NoReturn:
    print(f"wardwatch: {message}", file=sys.stderr)
    raise typer.Exit(1)


def moment(at: float | None) -> str:
    """A moment for people; empty where there is none."""
    from collector.calendar import moment_of

    return "" if at is None else moment_of(at)


def cannot_write(directory: Path, error: OSError) -> NoReturn:
    """What the system has against writing there: the path it names, and why."""
    if error.strerror is None:  # our own words
        fail(str(error))
    fail(f"{error.filename or directory}: {error.strerror}")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # no wheel for this system: asyncio's own loop does the same, somewhat slower
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def directory_of(config: Path | None) -> Path | None:
    """What --config says, else config/ here, else None: what is shipped."""
    if config is not None:
        return config
    return CONFIG if CONFIG.is_dir() else None


def load_from(
    directory: Path | None,
    elsewhere: Callable[[Settings], Iterable[Problem]] | None = None,
    kpis: Literal["read", "left"] = "left",
    exported: Callable[[], Iterable[str]] | None = None,
    resolve: Resolve | None = None,
) -> Config:
    from collector.config import load
    from collector.edge import udp

    return load(
        directory,
        environ=os.environ,
        resolve=resolve or udp.resolve,
        large="kept",
        kpis=kpis,
        elsewhere=elsewhere,
        exported=exported,
    )


def checked(
    directory: Path | None,
    elsewhere: Callable[[Settings], Iterable[Problem]] | None = None,
    kpis: Literal["read", "left"] = "left",
    exported: Callable[[], Iterable[str]] | None = None,
    resolve: Resolve | None = None,
) -> Config:
    """The configuration; with problems, all of them on stderr and the end. The others are as `load` has them, but
    `resolve`, which is the system's where none is given."""
    from collector.config import ConfigError

    try:
        return load_from(directory, elsewhere, kpis, exported, resolve)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        print(f"wardwatch: {count} problem{'s' if count > 1 else ''} in the configuration", file=sys.stderr)
        raise typer.Exit(1) from None


def unchecked(config: Path | None) -> Config | None:
    """The configuration, or None with a warning where it has problems: a kill switch must work all the same."""
    from collector.config import ConfigError

    try:
        return load_from(directory_of(config))
    except ConfigError as error:
        print(f"wardwatch: the configuration has problems, names are not checked: {error}", file=sys.stderr)
        return None


def device_of(config: Config, name: str) -> Device:
    from difflib import get_close_matches

    names = {device.name: device for device in config.devices}
    if name in names:
        return names[name]
    near = get_close_matches(name, names, 3)
    fail(f"no device {name!r} in the inventory" + (f"; did you mean {' or '.join(near)}?" if near else ""))


def scope_of(config: Config | None, scope: str) -> str:
    """A scope as `budget.Pauses` has it. Without a configuration names of devices and sites are taken as they are."""
    from collector.budget import RULES

    word, colon, name = scope.partition(":")
    if scope == "all":
        return scope
    if word == "class" and colon:
        return f"class:{_one_of(set(RULES), word, name)}"
    if word == "site" and colon:
        known = {name} if config is None else {device.site for device in config.devices if device.site}
        return f"site:{_one_of(known, word, name)}"
    if word != "device" or not colon:
        name = scope
    return f"device:{name if config is None else device_of(config, name).name}"


def _one_of(known: set[str], word: str, name: str) -> str:
    if name not in known:
        fail(f"no {word} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return name


def paused_of(state: Path, scope: str) -> str:
    """A scope that is paused, whether or not the inventory still has it."""
    from collector.cli import control

    try:
        paused = control.read(state).paused
    except OSError as error:
        fail(f"{state}: {error.strerror or error}")
    for known in (scope, f"device:{scope}"):
        if known in paused:
            return known
    fail(f"{scope} is not paused. Paused: {', '.join(sorted(paused)) or 'nothing'}")


def state_of(config: Config | None, state: Path | None) -> Path:
    if state is not None:
        return state
    if config is not None:
        return config.settings.state
    fail("say which collector with --state DIR: its state directory cannot be read from the configuration")


def order(state: Path, edit: Edit, done: str) -> None:
    from collector.cli import control
    from collector.edge.state import AlreadyRunning, only_one

    try:
        control.change(state, edit)
        with only_one(state):
            print(f"{done} as soon as a collector starts with the state in {state}; none runs now")
    except AlreadyRunning:
        print(f"{done}, within a second")
    except OSError as error:
        fail(f"{state}: {error.strerror or error}")
