"""`wardwatch`: the command line, and the only room that knows all the others (HOUSE 2).

What a command needs is imported when it runs: a server must not wait for what only `simulate` uses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from collector.cli import baseline, console, maintenance

app = typer.Typer(
    name="wardwatch",
    help="Real-time metrics of the IT that a hospital runs on, for Prometheus.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(baseline.app, name="baseline")


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
    equipment = "equipment"
    modules = "modules"
    services = "services"
    kpis = "kpis"
    collectors = "collectors"


def _names(incomplete: str) -> list[str]:
    """Device names for shell completion; none where the configuration cannot be read."""
    from collector.config import ConfigError

    try:
        devices = console.load_from(console.directory_of(None)).devices
    except (ConfigError, OSError):
        return []
    return [device.name for device in devices if device.name.startswith(incomplete)]


def _alerts(incomplete: str) -> list[str]:
    """Names of open alerts for shell completion; none where the configuration cannot be read."""
    from collector.cli.acking import names
    from collector.config import ConfigError

    try:
        state = console.load_from(console.directory_of(None)).settings.state
    except (ConfigError, OSError):
        return []
    return [name for name in names(state) if name.startswith(incomplete)]


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
        bool, typer.Option("--web.insecure", help="Allow other machines without TLS and logins of our own.")
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
    from collector.edge.datagrams import CannotBind
    from collector.edge.state import AlreadyRunning
    from collector.privacy import Screen
    from exporters.web import CannotListen, may_bind

    screen = Screen()
    logs.configure(log_format.value, log_level.value, screen)
    directory = console.directory_of(config)
    loaded = console.checked(directory)
    options = Options(
        listen or loaded.settings.web.listen,
        web_config or loaded.settings.web.config_file,
        "trusted" if insecure else "refused",
    )
    try:
        refusal = may_bind(options.listen, options.web_config, options.strangers)
        if refusal:
            console.fail(refusal)
        with asyncio.Runner(loop_factory=console.loop_factory()) as runner:
            runner.run(serve(lambda: console.load_from(directory), loaded, options, screen))
    except (CannotListen, CannotBind, ConfigError, AlreadyRunning) as error:
        console.fail(str(error))
    except OSError as error:
        console.fail(f"{loaded.settings.state}: {error.strerror or error}")


@app.command()
def init(directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")]) -> None:
    """Write a commented starting configuration."""
    from collector.config import starter

    try:
        written = starter.write(directory)
    except OSError as error:
        console.cannot_write(directory, error)
    for path in written:
        print(path)
    print(f"Next: edit {directory}/inventory, then `wardwatch check --config {directory}`.", file=sys.stderr)


@app.command()
def check(config: Directory = None) -> None:
    """Check all of the configuration: every problem at once, as file:line: where: what."""
    from collector.cli.exported import exported
    from collector.config.summary import summary
    from collector.edge.state import wall
    from exporters.webconfig import problems_in

    directory = console.directory_of(config)
    loaded = console.checked(directory, lambda settings: problems_in(settings.web.config_file), "read", exported)
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(summary(loaded, wall()))


@app.command()
def poll(
    name: DeviceName,
    module: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--module", help="Only this module. [default: all of the device]"),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show each request, reply and time on stderr.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which modules `auto` gives it and why, instead of its metrics.")
    ] = False,
    config: Directory = None,
) -> None:
    """Poll one device now, and print its metrics."""
    import asyncio

    from collector.cli import logs, once
    from collector.edge.state import AlreadyRunning

    logs.configure("logfmt", "warning")
    loaded = console.checked(console.directory_of(config))
    device = console.device_of(loaded, name)
    targets = [t for t in loaded.targets.get(name, ()) if module is None or t.module == module]
    if device.agent:
        console.fail(f"{name} is a host agent elsewhere: ask http://{device.agent}/metrics")
    if not device.address:
        console.fail(f"{name} has a MAC address only: there is nothing to ask. `wardwatch list equipment` has it")
    if not loaded.targets.get(name):
        console.fail(f"{name} is passive: nothing is ever sent to it (class {device.device_class})")
    if not targets:
        console.fail(f"{name} has no module {module!r}; it has {', '.join(t.module for t in loaded.targets[name])}")
    try:
        with asyncio.Runner(loop_factory=console.loop_factory()) as runner:
            asking = once.explain(loaded, device, debug) if explain else once.poll(loaded, device, targets, debug)
            succeeded = runner.run(asking)
    except BrokenPipeError:
        raise
    except AlreadyRunning as error:
        console.fail(str(error))
    except OSError as error:
        console.fail(f"{error.filename or loaded.settings.state}: {error.strerror or error}")
    raise typer.Exit(0 if succeeded else 1)


@app.command()
def retry(name: DeviceName, config: Directory = None, state: State = None) -> None:
    """Ask a silent device again now, rather than when its breaker allows."""
    from collector.cli import control

    loaded = console.unchecked(config)
    if loaded is not None:
        console.device_of(loaded, name)
    where = console.state_of(loaded, state)

    console.order(where, control.retried(name), f"{name} is asked again")


@app.command()
def pause(
    scope: Scope,
    reason: Annotated[str, typer.Option("--reason", help="Why; shown to whoever asks.")] = "",
    config: Directory = None,
    state: State = None,
) -> None:
    """Send nothing more to a device, a class, a site or all, until `resume`. Holds over restarts."""
    from collector.cli import control

    loaded = console.unchecked(config)
    scope = console.scope_of(loaded, scope)
    console.order(console.state_of(loaded, state), control.paused(scope, reason), f"{scope} is paused")


@app.command()
def resume(scope: Scope, config: Directory = None, state: State = None) -> None:
    """End a pause."""
    from collector.cli import control

    where = state or console.state_of(console.unchecked(config), None)
    scope = console.paused_of(where, scope)
    console.order(where, control.resumed(scope), f"{scope} is resumed")
    left = sorted(control.read(where).paused)
    if left:
        print(f"still paused: {', '.join(left)}", file=sys.stderr)


@app.command()
def ack(
    alert: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="ALERT", help="Name of an open alert.", autocompletion=_alerts),
    ] = None,
    service: Annotated[Optional[str], typer.Option("--service", help="Of this service.")] = None,  # noqa: UP045
    instance: Annotated[Optional[str], typer.Option("--instance", help="Of this device.")] = None,  # noqa: UP045
    label: Annotated[Optional[list[str]], typer.Option("--label", help="With NAME=VALUE; may be repeated.")] = None,  # noqa: UP045
    several: Annotated[bool, typer.Option("--all", help="All that match, where several do.")] = False,
    until: Annotated[
        str, typer.Option("--until", help="For so long (2h), or until a time. [default: until it ends]")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Who sees to it. [default: whoever runs this]")] = "",
    note: Annotated[str, typer.Option("--note", help="What for; shown to whoever asks.")] = "",
    show: Annotated[bool, typer.Option("--list", help="Show what is open, who sees to it, until when.")] = False,
    config: Directory = None,
    state: State = None,
) -> None:
    """Say that you see to an open alert. It counts within a second, silences nothing, and survives a restart."""
    from collector.cli import acking

    where = console.state_of(console.unchecked(config) if state is None else None, state)
    if show:
        print(acking.table(where))
        return
    if alert is None:
        console.fail("say which alert; `wardwatch ack --list` shows those that are open")
    wanted = {name: value for name, value in (("service", service), ("instance", instance)) if value is not None}
    acking.acknowledge(where, alert, {**wanted, **acking.labels(label or ())}, several, until, by, note)


@app.command("list")
def listing(
    what: Annotated[
        Listing, typer.Argument(metavar="devices|equipment|modules|services|kpis|collectors", help="What to list.")
    ],
    config: Directory = None,
) -> None:
    """List what is configured, and how the equipment is."""
    from collector.cli import tables

    loaded = console.checked(console.directory_of(config), kpis="read" if what is Listing.kpis else "left")
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

    raise typer.Exit(play(console.directory_of(config) or shipped(), port, only or (), stats, count))


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
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            path = directory / f"{name}.schema.json"
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            print(path)
    except BrokenPipeError:
        raise
    except OSError as error:
        console.cannot_write(directory, error)


@app.command()
def rules(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write prometheus/ and alertmanager/.")],
    config: Directory = None,
    scale: Annotated[int, typer.Option("--scale", help="Shrink all durations: with 60 an hour takes a minute.")] = 1,
    current: Annotated[bool, typer.Option("--check", help="Write nothing, fail where a file is behind.")] = False,
) -> None:
    """Write recording rules and alerts: promises, causes and KPIs; and Alertmanager's configuration."""
    from collector.cli import rulefiles
    from dashboards.promql import BadExpression

    loaded = console.checked(console.directory_of(config), kpis="read")
    try:
        made = rulefiles.files(loaded, date.today().year, scale)
    except (BadExpression, ValueError) as error:
        console.fail(str(error))
    _keep(made, out, "wardwatch rules", current)


@app.command()
def boards(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write grafana/.")],
    config: Directory = None,
    current: Annotated[bool, typer.Option("--check", help="Write nothing, fail where a file is behind.")] = False,
) -> None:
    """Write Grafana's boards, with thresholds as configured."""
    from collector.cli.rulefiles import SOURCES
    from collector.config.causes import read_causes
    from dashboards.boards import made

    loaded = console.checked(console.directory_of(config), kpis="read")
    _keep(made(loaded, read_causes(SOURCES)), out, "wardwatch boards", current)


@app.command()
def systemd(
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="DIR", help="Where units lie: /etc/systemd/system. [default: print]"),
    ] = None,
    allow: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--allow", metavar="ADDRESS", help="Also this subnet or address: who reads pages. May be repeated."
        ),
    ] = None,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Take names as they lead now, rather than complain of them.")
    ] = False,
    config: Directory = None,
    current: Annotated[bool, typer.Option("--check", help="Write nothing, fail where the file is behind.")] = False,
) -> None:
    """Write whom the kernel lets the service talk to: what is listed, and nobody else."""
    from collector.cli import reach
    from collector.edge import udp

    directory = console.directory_of(config)
    try:
        made = reach.drop_in(directory, allow or (), udp.resolve if resolve else None)
    except ValueError as error:
        console.fail(str(error))
    if out is not None:
        _keep({reach.FILE: made}, out, "wardwatch systemd", current)
    if current:
        console.fail("say with --out which file may be behind")
    print(made, end="")


def _keep(made: Mapping[str, str], out: Path, command: str, current: bool) -> None:
    """Write what is generated, or only say what is behind, and end the program."""
    from collector.cli import rulefiles

    try:
        behind = rulefiles.stale(made, out) if current else ()
        written = () if current else rulefiles.write(made, out)
    except OSError as error:
        console.cannot_write(out, error)
    for path in behind:
        print(f"{path} is behind: `{command}` writes it", file=sys.stderr)
    for path in written:
        print(path)
    raise typer.Exit(1 if behind else 0)
