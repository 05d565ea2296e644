"""What is due, who asked, how it went, what is kept. The only catcher of `PollError`.

Whoever asks first drives (HOUSE 4): a scrape, a person or the agent's own timer starts a poll of what is due; everybody
else who asks meanwhile joins it. A poll belongs to no asker: one who gives up early leaves it running.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog

from collector import audit, status
from collector.budget import Budgets, Caps, Pauses, Shared, Strain, own_floor
from collector.dependencies import Health
from collector.edge import World
from collector.edge.readiness import ended
from collector.errors import BreakerOpen, OverBudget, Paused, PollError, TimedOut, Unreachable
from collector.keeping import Keeping
from collector.lines import Lines
from collector.model import Column, Common, Device, Reading, Target
from collector.party import Rest, first, parties, poll, raising
from collector.privacy import Screen
from collector.turns import Turns
from collector.watch import Line, Sameness, View, Watch

GRACE = 1.0
"""Seconds past its deadline after which a poll that does not end by itself is cancelled."""

TICK = 0.002
"""Seconds that a timer is set late, for uvloop's clock has whole milliseconds."""

SILENCE = (TimedOut, Unreachable, OverBudget, Paused, BreakerOpen)
"""Failures after which, if the device has answered nothing so far, the rest of a round is not worth its packets."""

PAUSED = "paused"
"""What a poll is cancelled with whose device was paused while it had a connection."""

OVERDUE = "overdue"
"""What a poll is cancelled with that did not end by itself."""

UNENDING = "the poll did not end by itself"

log = structlog.get_logger()

G = TypeVar("G", bound=Watch)


class Agent:
    """Watches the inventory's devices and the host. Create it inside the event loop."""

    def __init__(
        self, world: World, budgets: Budgets | None = None, caps: Caps | None = None, screen: Screen | None = None
    ) -> None:
        self.world = world
        self.common = Common(screen or Screen())
        self.shared = Shared(budgets or Budgets())
        self.bugs = 0
        self.on_change: Callable[[], None] = lambda: None
        """Called when something changed that must survive a restart."""
        self.on_strain: Callable[[Device], None] = lambda device: None
        """Called when a device should be left alone until a person has looked at it."""
        self._watches: dict[str, Watch] = {}
        self._places: dict[tuple[str, int], Watch] = {}
        """The first watch at each address and port."""
        self._guests: list[Watch] = []
        self._lines = Lines()
        self._loop = asyncio.get_running_loop()
        self._keeping = Keeping(caps or Caps())
        self._turns = Turns(world.now, self.start)
        self._known_bugs: set[str] = set()

    # -- the inventory --------------------------------------------------------------------------------------------

    def load(
        self,
        devices: Sequence[Device],
        targets: Mapping[str, Sequence[Target]],
        budgets: Budgets | None = None,
        caps: Caps | None = None,
    ) -> None:
        """Watch these devices from now on. One that stays as it was keeps everything, a poll in flight included."""
        if budgets is not None and budgets != self.shared.budgets:
            self.shared = Shared(budgets, self.shared.pauses)
        self._keeping.caps = caps or self._keeping.caps
        same = Sameness()
        devices = [device for device in devices if not device.agent]
        self._lines.draw(devices, [guest.device for guest in self._guests], self.shared)
        old, self._watches = self._watches, {}
        for device in devices:
            wanted = tuple(targets.get(device.name, ()))
            before = old.pop(device.name, None)
            if before is not None and before.device == device and same.targets(before.listed, wanted):
                self._watches[device.name] = before
                continue
            watch = Watch(device, wanted, self._lines.to(device, self.shared))
            if before is not None:
                watch.inherit(before, same.collectors)
                before.stop()
            self._watches[device.name] = watch
            if wanted and not device.here:
                self._turns.plan(watch)
                if watch.line.allowance.breaker.open:
                    self._arm_trial(watch)
        for gone in old.values():
            gone.stop()
        self._places = {}
        for watch in self._watches.values():
            self._places.setdefault((watch.device.address, watch.device.port), watch)
        self._keeping.count((*self._watches.values(), *self._guests))

    def welcome(self, device: Device, guest: Callable[[Line], G]) -> G:
        """Watch what is polled only when somebody asks, over the line that all share who ask at that address."""
        watch = guest(self._lines.to(device, self.shared))
        self._guests.append(watch)
        return watch

    def forget(self, guest: Watch, module: str) -> None:
        """Ask a guest for one module no more; what was kept of it goes."""
        self._keeping.series -= guest.forget(module)

    def dismiss(self, guest: Watch) -> None:
        """Forget a guest and what was kept of it; a poll in flight ends."""
        guest.stop()
        self._guests.remove(guest)
        self._keeping.series -= guest.series
        if all(other.line is not guest.line for other in self._guests):
            self._lines.cut(guest.device)

    @property
    def series(self) -> int:
        """Series kept of all devices and the host."""
        return self._keeping.series

    @property
    def watches(self) -> Sequence[Watch]:
        return tuple(self._watches.values())

    def watch(self, name: str) -> Watch:
        """Raises KeyError for a name that is not watched."""
        return self._watches[name]

    def at(self, device: Device) -> Watch | None:
        """The watch of that name and place, or else the first at the place; None: nobody watches it."""
        named = self._watches.get(device.name)
        place = device.address, device.port
        if named is not None and (named.device.address, named.device.port) == place:
            return named
        return self._places.get(place)

    def paused(self, device: Device) -> str | None:
        """The scope in which a person paused the device, if any."""
        return None if device.here else self.shared.pauses.of(device)

    def pause(self, pauses: Pauses) -> None:
        """Replace what is paused. Takes effect with the next packet, in the middle of a walk too; connections of who is
        paused are ended at once."""
        before, self.shared.pauses = self.shared.pauses, pauses  # first of all: a log may fail to be written
        for watch in (*self._watches.values(), *self._guests):
            if before.of(watch.device) is not None and pauses.of(watch.device) is None:
                watch.resumed()
            if watch.connected and watch.task is not None and self.paused(watch.device):
                watch.task.cancel(PAUSED)
        for scope in sorted(pauses.scopes - before.scopes):
            log.warning("paused", scope=scope)
        for scope in sorted(before.scopes - pauses.scopes):
            log.warning("resumed", scope=scope)

    def retry(self, name: str) -> None:
        """Close the breaker of a device, and poll it at the next opportunity. Raises KeyError."""
        watch = self._watches[name]
        watch.line.allowance.breaker.close()
        for kept in watch.kept.values():
            kept.urgent = kept.urgent or not kept.succeeded
        self.start(watch)
        self.on_change()

    def breakers(self) -> Mapping[str, Mapping[str, float]]:
        """Open breakers by device name, as `restore` takes them."""
        now, wall = self.world.now(), self.world.host.wall()
        saved = {w.device.name: w.line.allowance.breaker.saved(now, wall) for w in self._watches.values()}
        return {name: state for name, state in saved.items() if state is not None}

    def restore(self, breakers: Mapping[str, Mapping[str, float]]) -> None:
        """Open the breakers that were open when the program ended (S8)."""
        now, wall = self.world.now(), self.world.host.wall()
        for name, state in breakers.items():
            watch = self._watches.get(name)
            if watch is not None:
                watch.line.allowance.breaker.restore(state, now, wall)
                watch.answered = False
                self._arm_trial(watch)

    # -- asking ---------------------------------------------------------------------------------------------------

    async def page(self, name: str, patience: float) -> Sequence[Column]:
        """The page of a device: polls what is due, waits `patience` seconds at most, serves what is kept.

        Raises KeyError for a name that is not watched.
        """
        watch = self._watches[name]
        watch.asked = self.world.now()
        await self.settled(watch, patience)
        return watch.page(self.world.now(), self.paused(watch.device), self.common)

    async def host_page(
        self, name: str, patience: float, wants: Callable[[str], bool] = lambda module: True
    ) -> list[Column]:
        """The local host's series under node_exporter's names, of the modules that are wanted. Raises KeyError."""
        watch = self._watches[name]
        watch.asked = self.world.now()
        await self.settled(watch, patience)
        kept = {module: kept for module, kept in watch.kept.items() if wants(module)}
        return [*watch.columns(self.world.now(), kept.__contains__), *status.collectors(kept)]

    async def settled(self, watch: Watch, patience: float) -> None:
        """Poll what is due, or join the poll in flight, and wait for it `patience` seconds at most."""
        task = self.start(watch)
        if task is not None:
            await ended(task, patience)

    def start(self, watch: Watch) -> asyncio.Task[None] | None:
        """The poll in flight, begun now if something is due."""
        if watch.task is None or watch.task.done():
            if not (due := watch.due(self.world.now())):
                return None
            watch.task = self._loop.create_task(self._poll(watch, due), name=f"poll {watch.device.name}")
        return watch.task

    def _arm_trial(self, watch: Watch) -> None:
        """Try a silent device exactly when its breaker allows, so that its return is not seen an interval late."""
        if watch.trial is not None:
            watch.trial.cancel()
        watch.trial = self._loop.call_at(watch.line.allowance.breaker.until + TICK, self._try, watch)

    def _try(self, watch: Watch) -> None:
        now = self.world.now()
        if watch.line.allowance.breaker.state(now) == "trial":
            for target in watch.targets:
                kept = watch.kept[target.module]
                kept.urgent |= kept.began is None or now - kept.began >= own_floor(target.collector)
            self.start(watch)
        elif watch.line.allowance.breaker.open:
            self._arm_trial(watch)  # a timer may wake a hair early

    # -- polling --------------------------------------------------------------------------------------------------

    async def _poll(self, watch: Watch, due: Sequence[Target]) -> None:
        """Poll targets one after the other: one outstanding request per device over everything (S3)."""
        if watch.device.here:
            await self._poll_here(watch, due)
            return
        async with watch.line.lock:
            began = self.world.now()
            if not (due := watch.ready(due, began)):
                return
            allowance, tally = watch.line.allowance, watch.tally
            waited, received = tally.waited, tally.received
            try:
                allowance.begin(began, watch.device)
            except (Paused, BreakerOpen) as error:
                for target in due:
                    self._keeping.missed(watch.kept[target.module], error.reason, began)
                return
            try:
                await self._round(watch, due)
                if (change := watch.rechosen()) is not None:
                    self._keeping.series += change
                    self.on_change()
                    await self._round(watch, watch.unasked)
                    due = [target for target in watch.targets if (watch.kept[target.module].began or 0) >= began]
            finally:
                allowance.end()
            watch.last_began = began
            self._judge(watch, due)
            if tally.received > received:
                self._spare(watch, (tally.waited - waited) / (tally.received - received))
            watch.last_poll = self.world.now()
            watch.duration = watch.last_poll - began

    async def _poll_here(self, watch: Watch, due: Sequence[Target]) -> None:
        """Poll this machine's targets. Nothing is sent, so nothing has to wait its turn: each goes as far as it comes
        without waiting, which for most is to its end, and only those that do wait cost a clock, and where there are
        several a task. They begin last, for a thread and this one only hold each other up."""
        quick, slow = list[Target](), list[Target]()
        for target in due:
            (slow if getattr(target.collector, "waits", False) else quick).append(target)
        waiting: list[Coroutine[Any, Any, None]] = []
        most = self._keeping.most(watch)
        for target in (*quick, *slow):
            began = self.world.now()
            kept = watch.kept[target.module]
            kept.began, kept.urgent = began, False
            deadline = began + target.schedule.timeout
            view = View(self.world, self.common, watch, target, deadline, most)
            read = first(target.collector.poll(target, view))
            if isinstance(read, Rest):
                kept.urgent = True  # until something has come of it
                waiting.append(self._rest_here(watch, target, read, view))
            else:
                self._take(watch, target, read, began)
        if len(waiting) == 1:
            await waiting[0]
        elif waiting:
            await asyncio.gather(*waiting)
        watch.last_poll = self.world.now()

    async def _rest_here(self, watch: Watch, target: Target, rest: Rest, view: View) -> None:
        """A poll of this machine from where it has to wait."""
        kept = watch.kept[target.module]
        assert kept.began is not None
        try:
            (read,) = await self._bounded(rest.readings(), watch, (target,), view.deadline)
        finally:
            view.close()
        kept.urgent = False
        self._take(watch, target, read, kept.began)

    async def _round(self, watch: Watch, due: Sequence[Target]) -> None:
        """Poll each of these; when the device answers nothing, more would only spend its packets."""
        silent: PollError | None = None
        for party in parties(due):
            if silent is None:
                silent = await self._ask(watch, party)
                continue
            for target in party:
                self._keeping.missed(watch.kept[target.module], silent.reason, self.world.now())

    async def _ask(self, watch: Watch, party: Sequence[Target]) -> PollError | None:
        """One conversation for a target, or for several. The error, if the device has said nothing in this round."""
        began, tally = self.world.now(), watch.tally
        sent, repeated = tally.sent, tally.repeated
        for target in party:
            kept = watch.kept[target.module]
            kept.began, kept.talked, kept.urgent = began, 0.0, False
            watch.line.begun(target.module, began)
        # As long as one after the other would take: whoever asks for several shares it out among them.
        deadline = began + sum(target.schedule.timeout for target in party)
        view = View(self.world, self.common, watch, party[0], deadline, self._keeping.most(watch))
        try:
            readings = await self._bounded(poll(party, view), watch, party, deadline)
        finally:
            view.close()
        failures = []
        for target, read in zip(party, readings, strict=True):
            failures.append(self._take(watch, target, read, began))
            kept = watch.kept[target.module]
            kept.sent, kept.repeated = tally.sent - sent, tally.repeated - repeated
            kept.talked = watch.kept[party[0].module].talked
        if watch.line.allowance.answers or not all(isinstance(failure, SILENCE) for failure in failures):
            return None
        return failures[0]

    async def _bounded(
        self, talk: Awaitable[Sequence[Reading]], watch: Watch, party: Sequence[Target], deadline: float
    ) -> Sequence[Reading]:
        """What came of it, whatever came of it: it ends soon after its deadline, and raises only if it is cancelled."""
        task = asyncio.current_task()
        assert task is not None
        guard = self._loop.call_at(deadline + GRACE, task.cancel, OVERDUE)
        try:
            return await talk
        except PollError as error:
            return [partial(raising, error)] * len(party)
        except asyncio.CancelledError as error:
            why = _ended_by(error)
            if why is None:
                for target in party:
                    watch.kept[target.module].urgent = True  # nothing came of it: whoever asks next begins anew
                raise
            task.uncancel()
            return [partial(raising, why)] * len(party)
        except TimeoutError:
            return [partial(raising, TimedOut(UNENDING))] * len(party)
        except Exception as error:  # noqa: BLE001 - no device, and no bug of ours, may stop the others
            return [partial(raising, error)] * len(party)
        finally:
            guard.cancel()

    def _take(self, watch: Watch, target: Target, read: Reading, began: float) -> PollError | None:
        """What one target has got of a conversation that began at `began`. The error, if that is nothing."""
        kept, here = watch.kept[target.module], watch.device.here
        failure: PollError | None = None
        try:
            keep = self._keeping.keep_here if here else self._keeping.keep
            keep(watch, target, read(), began)
            kept.succeeded_at = self.world.host.wall()
        except PollError as error:
            failure = error
            news = kept.outcome != error.reason or not here  # this machine lacks what it lacks
            self._keeping.failed(kept, error.reason)
            if error.columns:
                self._keeping.show(watch, target, error.columns, began)
            if news:
                log.debug(
                    "poll failed", device=watch.device.name, module=target.module, reason=error.reason, why=str(error)
                )
        except Exception:  # noqa: BLE001 - no device, and no bug of ours, may stop the others
            self._bug(watch.device, target)
            # The reasons are a bounded list; what we stumbled over is malformed to us, and the count of bugs tells.
            self._keeping.failed(kept, "malformed")
        kept.ended = self.world.now()
        kept.duration = kept.ended - began
        return failure

    def _judge(self, watch: Watch, due: Sequence[Target]) -> None:
        """After a round: is the device up, and what does its breaker make of it."""
        allowance = watch.line.allowance
        outcomes = [watch.kept[target.module].outcome for target in due]
        if all(outcome in ("paused", "over_budget") for outcome in outcomes):
            return  # says nothing about the device
        well = allowance.answers and not all(outcome in ("malformed", "denied", "refused") for outcome in outcomes)
        if not well and watch.mute_only(due, self.world.now()):
            return
        breaker = allowance.breaker
        was_open = breaker.open
        if well:
            breaker.close()
        else:
            breaker.failed(self.world.now())
        if breaker.open and watch.principal is not None:
            self._arm_trial(watch.principal)
        if breaker.open or was_open:
            self.on_change()
        if breaker.open != was_open:
            audit.breaker(watch)
        before, watch.answered = watch.answered, bool(allowance.answers)
        if watch.answered != before:
            watch.changed = self.world.now()
        if watch.answered != before and (before is not None or not watch.answered) and watch.principal is watch:
            audit.health(watch)

    def _spare(self, watch: Watch, seconds: float) -> None:
        """Stop polling a device, unless plain IT, that answers ever more slowly: it may be us who hurt it (S20)."""
        if watch.device.device_class == "it" or not watch.strain.grows(seconds):
            return
        watch.strain = Strain()
        self.on_strain(watch.device)
        audit.strain(watch, seconds)

    def _bug(self, device: Device, target: Target) -> None:
        """A fault of ours, not of the device: its traceback once, then a count (HOUSE 7.5)."""
        self.bugs += 1
        name = type(target.collector).__name__
        if name not in self._known_bugs:
            self._known_bugs.add(name)
            log.exception("bug in a collector", collector=name, device=device.name, module=target.module)

    def state(self, watch: Watch) -> str:
        """As `Watch.state` has it."""
        return watch.state(self.paused(watch.device))

    def health(self, name: str) -> Health:
        """As `Watch.health` has it. Raises KeyError for a name that is not watched."""
        watch = self._watches[name]
        return watch.health(self.world.now(), self.paused(watch.device))

    def states(self) -> Counter[tuple[str, str]]:
        """Number of devices by class and state."""
        return Counter((w.device.device_class, self.state(w)) for w in self._watches.values() if not w.device.here)

    async def close(self) -> None:
        """Stop polling. Polls in flight are cancelled; each ends in its own `finally`."""
        watches = (*self._watches.values(), *self._guests)
        self._turns.close()
        tasks = [watch.task for watch in watches if watch.task is not None]
        for watch in watches:
            watch.stop()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ended_by(error: asyncio.CancelledError) -> PollError | None:
    """Why the agent has ended a poll; None: somebody else has."""
    if PAUSED in error.args:
        return Paused("a person paused the device")
    return TimedOut(UNENDING) if OVERDUE in error.args else None
