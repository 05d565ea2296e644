"""`wardwatch`: the command line, and the only room that knows all the others (HOUSE 2).

What a command needs is imported when it runs: a server must not wait for what only `simulate` uses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, Optional

import typer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from collector.cli.control import Edit
    from collector.config import Config
    from collector.model import Device

app = typer.Typer(
    name="wardwatch",
    help="Real-time metrics of the IT that a hospital runs on, for Prometheus.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CONFIG = Path("config")


class LogFormat(StrEnum):
    logfmt = "logfmt"
    json = "json"


class Level(StrEnum):
    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class Listing(StrEnum):
    devices = "devices"
    modules = "modules"
    collectors = "collectors"


def _names(incomplete: str) -> list[str]:
    """Device names for shell completion; none where the configuration cannot be read."""
    from collector.config import ConfigError

    try:
        return [device.name for device in _load(_directory(None)).devices if device.name.startswith(incomplete)]
    except (ConfigError, OSError):
        return []


Directory = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads this at run time
    typer.Option("--config", help="Configuration directory. [default: config/ where it exists, else what is shipped]"),
]
DeviceName = Annotated[str, typer.Argument(metavar="NAME", help="A device of the inventory.", autocompletion=_names)]
Scope = Annotated[
    str,
    typer.Argument(metavar="SCOPE", help="A device's name, class:NAME, site:NAME, or all.", autocompletion=_names),
]
State = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--state", help="The collector's state directory. [default: as configured]"),
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point. Ctrl-C and a closed pipe end it quietly."""
    try:
        app(args=arguments, prog_name="wardwatch")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"wardwatch {version('wardwatch')}")
        raise typer.Exit


@app.callback()
def wardwatch(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Real-time metrics of the IT that a hospital runs on, for Prometheus."""


@app.command()
def run(
    config: Directory = None,
    listen: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--web.listen-address", help="HOST:PORT to serve on. [default: as configured, 127.0.0.1:10810]"),
    ] = None,
    web_config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--web.config.file", help="TLS and users, in exporter-toolkit's format."),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--web.insecure", help="Allow other machines without --web.config.file.")
    ] = False,
    log_format: Annotated[LogFormat, typer.Option("--log-format", help="Form of the log lines.")] = LogFormat.logfmt,
    log_level: Annotated[Level, typer.Option("--log-level", help="Least severity that is logged.")] = Level.info,
) -> None:
    """Collect and serve. Without a configuration: metrics of this machine, at http://127.0.0.1:10810/metrics."""
    import asyncio

    from collector.cli import logs
    from collector.cli.service import Options
    from collector.cli.service import run as serve
    from collector.config import ConfigError
    from collector.edge.state import AlreadyRunning
    from exporters.web import CannotListen, may_bind

    logs.configure(log_format.value, log_level.value)
    directory = _directory(config)
    loaded = _checked(directory)
    options = Options(listen or loaded.settings.web.listen, web_config or loaded.settings.web.config_file)
    try:
        refusal = may_bind(options.listen, options.web_config, insecure)
        if refusal:
            _fail(refusal)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(lambda: _load(directory), loaded, options))
    except (CannotListen, ConfigError, AlreadyRunning) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{loaded.settings.state}: {error.strerror or error}")


@app.command()
def init(directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")]) -> None:
    """Write a commented starting configuration."""
    from collector.config import starter

    try:
        written = starter.write(directory)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        _fail(str(error))
    for path in written:
        print(path)
    print(f"Next: edit {directory}/inventory, then `wardwatch check --config {directory}`.", file=sys.stderr)


@app.command()
def check(config: Directory = None) -> None:
    """Check all of the configuration: every problem at once, as file:line: where: what."""
    from collector.config.summary import summary

    loaded = _checked(_directory(config))
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(summary(loaded))


@app.command()
def poll(
    name: DeviceName,
    module: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--module", help="Only this module. [default: all of the device]"),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show each request, reply and time on stderr.")] = False,
    config: Directory = None,
) -> None:
    """Poll one device now, and print its metrics."""
    import asyncio

    from collector.cli import logs, once

    logs.configure("logfmt", "warning")
    loaded = _checked(_directory(config))
    device = _device(loaded, name)
    targets = [t for t in loaded.targets.get(name, ()) if module is None or t.module == module]
    if device.agent:
        _fail(f"{name} is a host agent elsewhere: ask http://{device.agent}/metrics")
    if not loaded.targets.get(name):
        _fail(f"{name} is passive: nothing is ever sent to it (class {device.device_class})")
    if not targets:
        _fail(f"{name} has no module {module!r}; it has {', '.join(t.module for t in loaded.targets[name])}")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        succeeded = runner.run(once.poll(loaded, device, targets, debug))
    raise typer.Exit(0 if succeeded else 1)


@app.command()
def retry(name: DeviceName, config: Directory = None, state: State = None) -> None:
    """Ask a silent device again now, rather than when its breaker allows."""
    from collector.cli import control

    loaded = _maybe(config)
    if loaded is not None:
        _device(loaded, name)
    where = _state(loaded, state)

    _order(where, control.retried(name), f"{name} is asked again")


@app.command()
def pause(
    scope: Scope,
    reason: Annotated[str, typer.Option("--reason", help="Why; shown to whoever asks.")] = "",
    config: Directory = None,
    state: State = None,
) -> None:
    """Send nothing more to a device, a class, a site or all, until `resume`. Holds over restarts."""
    from collector.cli import control

    loaded = _maybe(config)
    scope = _scope(loaded, scope)
    _order(_state(loaded, state), control.paused(scope, reason), f"{scope} is paused")


@app.command()
def resume(scope: Scope, config: Directory = None, state: State = None) -> None:
    """End a pause."""
    from collector.cli import control

    loaded = _maybe(config)
    scope = _scope(loaded, scope)
    where = _state(loaded, state)
    if scope not in control.read(where).paused:
        _fail(f"{scope} is not paused. Paused: {', '.join(sorted(control.read(where).paused)) or 'nothing'}")
    _order(where, control.resumed(scope), f"{scope} is resumed")
    left = sorted(control.read(where).paused)
    if left:
        print(f"still paused: {', '.join(left)}", file=sys.stderr)


@app.command("list")
def listing(
    what: Annotated[Listing, typer.Argument(metavar="devices|modules|collectors", help="What to list.")],
    config: Directory = None,
) -> None:
    """List what is configured."""
    from collector.cli import tables

    loaded = _checked(_directory(config))
    print(getattr(tables, what.value)(loaded))


@app.command()
def simulate(
    config: Directory = None,
    port: Annotated[int, typer.Option("--port", help="UDP port of every simulated device.")] = 10816,
    only: Annotated[Optional[list[str]], typer.Option("--only", help="Play this device; may be repeated.")] = None,  # noqa: UP045
    stats: Annotated[Optional[Path], typer.Option("--stats", help="Keep counters as JSON in this file.")] = None,  # noqa: UP045
    count: Annotated[int, typer.Option("--count", help="Play this many 48-port switches instead.")] = 0,
) -> None:
    """Play an estate of SNMP devices on this machine's loopback addresses."""
    from collector.config import shipped
    from simulator.command import simulate as play

    raise typer.Exit(play(_directory(config) or shipped(), port, only or (), stats, count))


@app.command()
def schema(
    directory: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(metavar="[DIR]", help="Write a file for each kind there. [default: print all]"),
    ] = None,
) -> None:
    """JSON Schema of every configuration file, for editors."""
    import json

    from collector.config.schema import schemas

    made = schemas()
    if directory is None:
        print(json.dumps(made, indent=2))
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        path = directory / f"{name}.schema.json"
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        print(path)


# -- what the commands share ------------------------------------------------------------------------------------------


def _fail(message: str) -> NoReturn:
    print(f"wardwatch: {message}", file=sys.stderr)
    raise typer.Exit(1)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # no wheel for this system: asyncio's own loop does the same, somewhat slower
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _directory(config: Path | None) -> Path | None:
    """What --config says, else config/ here, else None: what is shipped."""
    if config is not None:
        return config
    return CONFIG if CONFIG.is_dir() else None


def _load(directory: Path | None) -> Config:
    from collector.config import load
    from collector.edge.udp import resolve

    return load(directory, environ=os.environ, resolve=resolve)


def _checked(directory: Path | None) -> Config:
    """The configuration; with problems, all of them on stderr and the end."""
    from collector.config import ConfigError

    try:
        return _load(directory)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        print(f"wardwatch: {count} problem{'s' if count > 1 else ''} in the configuration", file=sys.stderr)
        raise typer.Exit(1) from None


def _maybe(config: Path | None) -> Config | None:
    """The configuration, or None with a warning where it has problems: a kill switch must work all the same."""
    from collector.config import ConfigError

    try:
        return _load(_directory(config))
    except ConfigError as error:
        print(f"wardwatch: the configuration has problems, names are not checked: {error}", file=sys.stderr)
        return None


def _device(config: Config, name: str) -> Device:
    from difflib import get_close_matches

    names = {device.name: device for device in config.devices}
    if name in names:
        return names[name]
    near = get_close_matches(name, names, 3)
    _fail(f"no device {name!r} in the inventory" + (f"; did you mean {' or '.join(near)}?" if near else ""))


def _scope(config: Config | None, scope: str) -> str:
    """A scope as `budget.Pauses` has it."""
    word, colon, _ = scope.partition(":")
    if scope == "all" or (colon and word == "device"):
        return scope
    if config is None:
        return scope if colon and word in ("class", "site") else f"device:{scope}"
    known = {
        "class": {"it", "fragile", "clinical"},
        "site": {device.site for device in config.devices if device.site},
    }
    if colon and word in known:
        name = scope.partition(":")[2]
        if name not in known[word]:
            _fail(f"no {word} {name!r}; there are: {', '.join(sorted(known[word])) or 'none'}")
        return scope
    return f"device:{_device(config, scope).name}"


def _state(config: Config | None, state: Path | None) -> Path:
    if state is not None:
        return state
    if config is not None:
        return config.settings.state
    _fail("say which collector with --state DIR: its state directory cannot be read from the configuration")


def _order(state: Path, edit: Edit, done: str) -> None:
    from collector.cli import control
    from collector.edge.state import AlreadyRunning, only_one

    try:
        control.change(state, edit)
        with only_one(state):
            print(f"{done} as soon as a collector starts with the state in {state}; none runs now")
    except AlreadyRunning:
        print(f"{done}, within a second")
    except OSError as error:
        _fail(f"{state}: {error.strerror or error}")
