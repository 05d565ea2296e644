"""`wardwatch maintenance`: planned work, told to a running collector without a change of its configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from collector.cli import console

if TYPE_CHECKING:
    from datetime import datetime

    from collector.cli.works import Edit, Orders
    from collector.config import Config
    from collector.maintenance import Work
    from collector.services import Maintenance

app = typer.Typer(
    help="Plan work in which services are not owed, show it, and end it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Directory = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads this at run time
    typer.Option("--config", help="Configuration directory. [default: config/ where it exists, else what is shipped]"),
]
State = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--state", help="The collector's state directory. [default: as configured]"),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; shown to whoever asks.")],
    service: Annotated[Optional[list[str]], typer.Option(help="A service; may be repeated.")] = None,  # noqa: UP045
    site: Annotated[Optional[list[str]], typer.Option(help="All services of a site; may be repeated.")] = None,  # noqa: UP045
    device: Annotated[list[str] | None, typer.Option(help="All services that use a device; may be repeated.")] = None,
    begins: Annotated[str, typer.Option("--from", help="When, as 2026-12-01T22:00, local or with an offset.")] = "now",
    ends: Annotated[str, typer.Option("--until", help="Until when.")] = "",
    lasts: Annotated[str, typer.Option("--for", help="Or for how long, as 2h.")] = "",
    config: Directory = None,
    state: State = None,
) -> None:
    """Plan work. It counts within a minute, and survives a restart."""
    from datetime import UTC, datetime

    from collector.cli import works
    from collector.config.scalars import is_name
    from collector.edge.state import wall
    from collector.services import Maintenance

    loaded = console.unchecked(config)
    where = console.state_of(loaded, state)
    if not is_name(name):
        console.fail(f"{name!r} is no name: use letters, digits, '_', '.', ':' and '-'")
    if not (service or site or device):
        console.fail("say what it concerns: --service, --site or --device")
    if not reason.strip() or not reason.isprintable() or len(reason) > 256:
        console.fail("say why with --reason, in one line of at most 256 characters")
    now = wall()
    begin = datetime.fromtimestamp(now // 1, UTC) if begins == "now" else _moment(begins, "--from")
    end = _end(begin, ends, lasts)
    if end.timestamp() <= now:
        console.fail(f"{console.moment(end.timestamp())} is over already")
    made = Maintenance(
        name, tuple(service or ()), tuple(site or ()), tuple(device or ()), begin, end, reason=reason.strip()
    )
    if loaded is not None:
        _check_names(made, loaded)
    if any(work.maintenance.name == name and _left(work, now) for work in _works(loaded, _orders(where))):
        console.fail(f"there is a maintenance {name!r} already: end it, or choose another name")
    said = f"{name} is planned from {console.moment(begin.timestamp())} until {console.moment(end.timestamp())}"
    _order(where, works.added(made), said)
    if loaded is not None:
        _tell_services(made, loaded)


@app.command("list")
def listing(config: Directory = None, state: State = None) -> None:
    """What runs, is planned and comes again: when, what it concerns, who says so."""
    from collector.cli.tables import aligned
    from collector.edge.state import wall

    loaded = console.checked(console.directory_of(config))
    now = wall()
    lines = []
    for work in _works(loaded, _orders(console.state_of(loaded, state))):
        if (told := _told(work, now)) is None:
            continue
        each = work.maintenance
        about = [*each.services, *(f"site:{site}" for site in each.sites), *(f"device:{name}" for name in each.devices)]
        lines.append((told[0], each.name, *told[1:], ",".join(about), each.source, each.reason))
    head = ("STATE", "NAME", "FROM", "UNTIL", "AGAIN", "CONCERNS", "SOURCE", "REASON")
    print(aligned(head, sorted(lines, key=lambda line: (line[0] != "running", line[2], line[1]))))


@app.command()
def end(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `list` has it.")],
    config: Directory = None,
    state: State = None,
) -> None:
    """End work that runs, now; forget work that is planned, and of work that comes again its next time today."""
    from difflib import get_close_matches

    from collector.cli import works
    from collector.edge.state import wall

    loaded = console.unchecked(config)
    where = console.state_of(loaded, state)
    now = wall()
    orders = _orders(where)
    known = [work for work in _works(loaded, orders) if _left(work, now)]
    ours = [work for work in known if work.maintenance.name == name]
    if not ours:
        names = sorted({work.maintenance.name for work in known})
        near = get_close_matches(name, names, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names) or 'none'}"
        console.fail(f"no maintenance {name!r} runs or is planned; {hint}")
    if any(work.maintenance in orders.maintenance() for work in ours):
        _order(where, works.ended(name, now), f"{name} is ended")
        return
    stretches = [stretch for work in ours if (stretch := _stretch(work, now))]
    said = f"{name} is ended"
    if not stretches:
        stretches = [_today(name, ours, now)]
        said = f"{name} is called off from {console.moment(stretches[0][0])} until {console.moment(stretches[0][1])}"
    for begin, until in stretches:
        _order(where, works.cut(name, begin, until), said)


def _orders(state: Path) -> Orders:
    from collector.cli import works
    from collector.edge.state import Damaged

    try:
        return works.read(state)
    except Damaged as error:
        print(f"wardwatch: {error}: what was planned in it is not known", file=sys.stderr)
        return works.Orders()
    except OSError as error:
        console.fail(f"{state}: {error.strerror or error}")


def _works(config: Config | None, orders: Orders) -> list[Work]:
    from collector.agreed import works_of
    from collector.services import Catalogue

    catalogue = config.catalogue if config is not None else Catalogue()
    return works_of(catalogue, orders.maintenance(), orders.cuts())


def _left(work: Work, now: float) -> bool:
    """Whether any of it is still to come."""
    return work.open(now) or work.next_change(now) is not None


def _stretch(work: Work, now: float) -> tuple[float, float] | None:
    """What ending it takes out: the rest of what runs, or all of what comes once."""
    until = work.next_change(now)
    if work.open(now) and until is not None:
        return now, until
    each = work.maintenance
    if work.again or each.begins is None or each.ends is None:
        return None
    return each.begins.timestamp(), each.ends.timestamp()


def _today(name: str, ours: Sequence[Work], now: float) -> tuple[float, float]:
    """The next time of work that comes again, where it begins before midnight; else nothing is ended."""
    changes = [(begin, work) for work in ours if (begin := work.next_change(now)) is not None]
    source = ours[0].maintenance.source
    if not changes:
        console.fail(f"{name} never ends, by {source}")
    begin, work = min(changes, key=lambda change: change[0])
    until = work.next_change(begin)
    if until is None or console.moment(begin)[:10] != console.moment(now)[:10]:
        following = f"does not run now, nor again today; next at {console.moment(begin)}"
        console.fail(f"{name} {following}. It comes again and again by {source}")
    return begin, until


def _told(work: Work, now: float) -> tuple[str, str, str, str] | None:
    """State, beginning, end, and whether it comes again; None where it is over."""
    again = "yes" if work.again else ""
    if work.open(now):
        return "running", "", console.moment(work.next_change(now)), again
    begin = work.next_change(now)
    if begin is None:
        return None
    return (
        "recurring" if work.again else "planned",
        console.moment(begin),
        console.moment(work.next_change(begin)),
        again,
    )


def _moment(text: str, option: str) -> datetime:
    from collector.config.maintenance import moment, there
    from collector.services import ZONE

    try:
        return there(moment(text), ZONE)
    except ValueError as error:
        console.fail(f"{option}: {error}")


def _end(begin: datetime, ends: str, lasts: str) -> datetime:
    from datetime import UTC, datetime

    from collector.config.scalars import seconds

    if bool(ends) == bool(lasts):
        console.fail("say how long with --until TIME or --for 2h")
    if ends:
        end = _moment(ends, "--until")
    else:
        try:
            end = datetime.fromtimestamp(begin.timestamp() + seconds(lasts), UTC)
        except (ValueError, OverflowError) as error:
            console.fail(f"--for: {error}")
    if end.timestamp() <= begin.timestamp():
        console.fail(f"it would end at {console.moment(end.timestamp())}, before it begins")
    return end


def _check_names(made: Maintenance, config: Config) -> None:
    sites = {device.site for device in config.devices if device.site}
    for word, names, known in (
        ("service", made.services, list(config.catalogue.services)),
        ("site", made.sites, sorted(sites)),
        ("device", made.devices, [device.name for device in config.devices]),
    ):
        for name in names:
            _check_name(word, name, known)


def _check_name(word: str, name: str, known: Iterable[str]) -> None:
    from collector.config.scalars import suggestion

    if name not in known:
        console.fail(f"there is no {word} {name!r}.{suggestion(name, known)}")


def _tell_services(made: Maintenance, config: Config) -> None:
    """Which services it comes to: a device may be part of none."""
    from collector.maintenance import concerned

    sites = {device.name: device.site for device in config.devices}
    names = [service.name for service in concerned(made, config.catalogue, sites)]
    print(f"services: {', '.join(names) or 'none is concerned; alerts about what it names keep quiet'}")


def _order(state: Path, edit: Edit, done: str) -> None:
    from collector.cli import works
    from collector.edge.state import AlreadyRunning, only_one

    try:
        if told := works.change(state, edit):
            print(f"wardwatch: {told}", file=sys.stderr)
        with only_one(state):
            print(f"{done} as soon as a collector starts with the state in {state}; none runs now")
    except AlreadyRunning:
        print(f"{done}; it counts within a minute")
    except OSError as error:
        console.fail(f"{state}: {error.strerror or error}")
