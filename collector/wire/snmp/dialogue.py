"""Asking one device for one module, or several: how much at a time, what to do when no answer comes.

A `model.Dialogue`: no socket, no clock but the one that is handed in. What is left to ask is the `Agenda`: GETs come
first, then walks, one question outstanding at a time. The device's ways are learned and kept in `Learned`; the faults
it is built for are those of RELIABILITY part 1, named where they are met.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from collector.errors import Malformed, OverBudget, PollError
from collector.wire.snmp import message, outcome, said
from collector.wire.snmp.abreast import UNSOUND, Abreast
from collector.wire.snmp.agenda import Agenda
from collector.wire.snmp.breadth import Breadth
from collector.wire.snmp.habits import FRAME, LOSSES, Learned, Limits, patience
from collector.wire.snmp.joint import Joint
from collector.wire.snmp.lean import Diet
from collector.wire.snmp.outcome import Share
from collector.wire.snmp.plan import Plan
from collector.wire.snmp.question import Asked, Attempts, Heard
from collector.wire.snmp.sieve import Wanted, narrow, sift
from collector.wire.snmp.singles import Singles, Value, sound
from collector.wire.snmp.speech import Speech
from collector.wire.snmp.stride import Stride
from collector.wire.snmp.units import Unit
from collector.wire.snmp.walk import COMPLETE, LEAF, Harvest, Run, Walk
from collector.wire.snmp.whole import Whole

NO_DIET: Final = Diet({}, ())


class Survey:
    """The conversation of one poll. Afterwards: `harvest`, `incomplete` (reason by table), `problem()`.

    `seconds` are how long each plan of a `Joint` may take; empty: as long as the edge lets the whole. What the `diet`
    leaves out is not read where columns are read abreast: `skipped` are those columns. Its signs are asked for at the
    end, and with `early` at the beginning too. What is read to its end becomes `known` to whoever asks
    in the same poll; a plan with filters does not ask for it.
    """

    def __init__(
        self, plan: Plan | Joint, speech: Speech, limits: Limits, learned: Learned, now: Callable[[], float],
        *, any_order: bool = False, seconds: Sequence[float] = (), diet: Diet = NO_DIET, early: bool = False,
        known: Whole | None = None,
    ) -> None:  # fmt: skip
        self.patience = limits.patience
        self.kind: str = "get"
        self.harvest = Harvest(plan.columns)
        self.answered = False
        self.malformed = 0
        """Datagrams and varbinds that made no sense."""
        self._plan = plan
        self._speech = speech
        self._limits = limits
        self._learned = learned
        self._now = now
        self._any_order = any_order
        self._under_way = Attempts(speech)
        self._answers = 0
        self._heard: Heard | None = None
        """The last answer."""
        self._tries = self._stalls = 0
        self._attempts = limits.retries + 1
        self._quiet = True
        self._over = False
        self._cut = ""
        self._refused = 0
        self._agenda = Agenda(plan, seconds, diet.signs if limits.bulk else (), early)
        self.skipped: frozenset[int] = frozenset()
        self._known = known
        self._walk: Walk | Abreast | None = None
        self._most = 0
        """Repetitions of the walk under way, where its columns are read abreast."""
        self._aside: dict[int, list[Run]] = {}
        """What the device had said abreast before it was walked, or fell silent."""
        room = learned.room(limits.reply_bytes) if speech.bulk and not any_order else 0
        self._breadth = Breadth(plan, diet, self._agenda, learned, limits, room)
        self._stride = Stride(learned, limits, bulk=speech.bulk)
        self._singles = Singles(self._agenda, speech, limits, learned, plan.max_repetitions)
        self.early_signs: Mapping[bytes, int] = self._singles.early_signs
        """The diet's signs before all was read, by OID, and after: those that the device has."""
        self.signs: Mapping[bytes, int] = self._singles.signs
        self._filters = deque(plan.filters)
        self._sieved: list[Harvest] = []
        self._rows: Mapping[int, Wanted] = {}
        self._begin_walk()
        learned.poll()
        if not limits.bulk:
            # Such a class is asked for single values only, whatever the module says (S11).
            self._agenda.refuse((*plan.roots, *(sieve.root for sieve in plan.filters)))
            self._filters.clear()

    # What the edge calls.

    @property
    def asking(self) -> Asked | None:
        """What `send` gave last, in the clear."""
        return self._under_way.last

    def send(self) -> bytes | None:
        """The next question, or the last one again in another shape; None: there is nothing more to ask."""
        agenda = self._agenda
        while not self._over:
            if agenda.ends <= self._now():
                self._end_turn()
            if not agenda.names and self._walk is None:
                self._advance()
                continue
            asked = self._ask()
            packet = self._under_way.packet(asked, self._limits.request_bytes)
            if packet is None:
                if not self._walk_instead():
                    self._give_up("too_big")
                continue
            self.kind = asked.kind
            self.patience = patience(self._limits, self._learned, self._tries)
            return packet
        return None

    def resume(self, under_way: Attempts) -> bool:
        """Go on from an attempt that another has made, and none but that. False: it is not what we ask first."""
        if self.send() is None or not under_way.alike(self._under_way):
            return False
        self._under_way = under_way
        return True

    def receive(self, packet: bytes) -> bool:
        """Whether this answers the question under way; then it has been taken in."""
        try:
            heard = self._under_way.hear(packet)
        except Malformed:
            self.malformed += 1
            return False
        return heard is not None and self.take(heard)

    def take(self, heard: Heard) -> bool:
        """As `receive`, of a packet that has been read."""
        body, head, asked = heard
        if asked is None:
            return True
        if self._walk is None:
            bad = self._singles.malformed
            taken = self._singles.take(body, head, asked, self.harvest)
            self.malformed += self._singles.malformed - bad
        elif isinstance(self._walk, Abreast):
            taken = self._take_abreast(self._walk, body, head, asked)
        else:
            taken = self._take_walk(self._walk, body, head, asked)
        if not taken:
            self.malformed += 1
            return False
        self._learned.took(self._now() - asked.at)
        self._under_way.clear()
        self._answers += 1
        self._heard = heard
        self._tries = self._stalls = 0
        self._attempts = self._limits.retries + 1
        self.answered = True
        return True

    def silence(self) -> None:
        """Another attempt, while the class allows one and nothing says that it would be in vain."""
        self._tries += 1
        # A packet that is lost, and comes at the next attempt, says nothing about what the device bears.
        self._quiet = self._quiet and self._tries <= LOSSES
        if self._tries == 1 and self.asking is not None and self.asking.non_repeaters:
            self._learned.miss_non_repeaters()
        if isinstance(self._walk, Abreast) and self._tries > LOSSES:
            self._breadth.step_back()
            self._walk_instead()
        if self._speech.refusal is not None:
            self.expire(self._speech.refusal.reason)
        if self._over or self._tries < self._attempts:
            return
        self._stalls += 1
        if not self.answered or self._stalls > 1:
            self.expire("malformed" if self.malformed else "timeout")
            return
        # One table can be beyond an agent that is well otherwise (F4): go on with the next, less patiently.
        self._attempts = min(2, self._attempts)
        self._give_up("timeout")

    def expire(self, reason: str) -> None:
        """Keep what there is; everything that is not read is marked."""
        if reason == OverBudget.reason:
            # It is us who stop. A site whose budget is spent on small replies would never get to larger ones.
            self._did_well()
        self._over = True
        self._cut = self._cut or reason
        self._stop_walk(reason)
        if self._filters:
            self._agenda.lose((b"",), reason)
        self._agenda.expire(reason)
        self._recall()

    @property
    def sole(self) -> Heard | None:
        """The answer, where one was enough for everything and nothing went wrong."""
        well = self._over and not self._cut and self._agenda.whole and not self.malformed
        return self._heard if self._answers == 1 and well else None

    @property
    def incomplete(self) -> dict[str, str]:
        """Why tables were not read, or not to their end."""
        return self._agenda.incomplete()

    def problem(self) -> PollError | None:
        """Why there is nothing at all; None where there is something."""
        return self._share(self._plan, self.harvest).problem

    def share(self, number: int) -> Share:
        """What the plan, or one of those of a `Joint`, has got, as if it had been asked alone."""
        if isinstance(self._plan, Plan):
            return self._share(self._plan, sift(self.harvest, self._rows), self.skipped)
        skipped = self._plan.own(number, self.skipped)
        return self._share(self._plan.plans[number], self._plan.share(number, self.harvest), skipped)

    def _share(self, plan: Plan | Joint, harvest: Harvest, skipped: frozenset[int] = frozenset()) -> Share:
        agenda, only = self._agenda, plan if isinstance(plan, Plan) else None
        incomplete = agenda.incomplete(only)
        share = Share(harvest, incomplete, None, skipped, agenda.said(only), agenda.damaged(only))
        if harvest.runs:
            return share
        reasons, whole = set(incomplete.values()), plan is self._plan
        problem = self._speech.refusal or outcome.problem(
            cut=self._cut if whole or self._cut in reasons else "",
            asked=self._limits.bulk or bool(plan.gets),
            answered=self.answered,
            malformed=self.malformed,
            refused=(self._refused or self._singles.refused) if whole or reasons & {"refused", "gen_err"} else 0,
            incomplete=reasons,
        )
        problem.columns = outcome.details(share.said.items())
        return share._replace(problem=problem)

    # What to ask.

    def _advance(self) -> None:
        """Choose the next task; the order is filters, GETs, walks (CONTRACTS 3)."""
        if self._filters:
            if len(self._sieved) < len(self._plan.filters):
                root = self._plan.filters[len(self._sieved)].root
                sieve = Harvest(self._plan.filters[len(self._sieved)].columns)
                self._sieved.append(sieve)
                self._begin_walk(root, sieve)
                return
            self._filters.clear()
            assert isinstance(self._plan, Plan)
            narrowed = narrow(self._plan, self._sieved, self.harvest)
            known = self._known
            gets = [name for name in narrowed.gets if known is None or not known.get(name, self.harvest)]
            self._agenda.replace(gets, narrowed.roots)
            self._rows = narrowed.rows
        elif self._agenda.roots:
            self._begin_walk(self._agenda.roots.popleft(), self.harvest)
        elif not self._agenda.turn(self._now()):
            self._over = True
            self._recall()
            self._did_well()
            if self._learned.clean == 1:
                self._breadth.walked(self.harvest)

    def _did_well(self) -> None:
        """The conversation ends. Nothing that went wrong counts in favour of larger replies."""
        self._learned.clean += self.answered and self._quiet and self._agenda.whole and not self.malformed

    def _begin_walk(self, root: bytes | None = None, harvest: Harvest | None = None) -> None:
        self._tries = 0
        self._under_way.clear()
        if root is None or harvest is None:
            return
        if self._known is not None and self._plan.filters and self._known.walk(root, harvest):
            self.answered = True  # earlier in this poll
            return
        unit = self._breadth.unit(root) if harvest is self.harvest else None
        if unit is None:
            any_order = self._any_order or self._plan.any_order(root)
            self._walk = Walk(root, harvest, self._limits.caps, any_order=any_order)
            self._stride.begin(root, self._plan.wish(root))
        elif unit.tables:
            self._most = self._breadth.wish(unit)
            self._walk = Abreast(root, unit, harvest.columns, self._limits.caps, self._learned.rows)
        else:
            self._read(unit)

    def _read(self, unit: Unit) -> None:
        """A unit was read, or need not be."""
        self.skipped |= unit.skipped
        if len(unit.roots) > 1:
            self._agenda.skip(frozenset(unit.roots))

    def _ask(self) -> Asked:
        """The question under way, in the shape that the number of attempts so far suggests."""
        attempt, now = self._tries, self._now()
        # What is lost is asked for again as it was, once.
        if self._walk is None:
            # Then a name alone, for agents that drop several (F5).
            lone = attempt >= min(2, self._attempts - 1) > 0
            return Asked("get", self._singles.batch(lone), 0, attempt, now)
        if isinstance(self._walk, Abreast):
            varbinds = self._breadth.varbinds(self._walk)
            repetitions = self._walk.ask(self._most, varbinds, self._limits)
            names = self._walk.names
            along: tuple[bytes, ...] = ()
            if self._walk.closing and attempt < LOSSES and not self._filters:
                along = self._singles.along(names, self._walk.unit.roots, varbinds - repetitions * len(names))
            return Asked("bulk", along + names, repetitions, attempt, now, len(along))
        return self._stride.ask(self._walk.last, attempt, self._attempts, now)

    # What came.

    def _take_abreast(self, walk: Abreast, packet: bytes, head: message.Head, asked: Asked) -> bool:
        learned, along, start = self._learned, list[Value](), head.start
        if asked.non_repeaters:
            learned.unheard = 0
            try:
                along, start = sound(asked, packet, head)
            except Malformed:
                learned.doubt_non_repeaters()
                return True  # asked again without
        elif head.error_status:
            if not self._breadth.step_back() or head.error_status != message.TOO_BIG:
                self._walk_instead()
            return True
        count = walk.take(packet, start, head.stop, asked.repetitions)
        if walk.ended == UNSOUND:
            if asked.non_repeaters:
                learned.doubt_non_repeaters()
            else:
                self._breadth.step_back()
            self._walk_instead()
        elif count:
            learned.measure(len(packet) - (start - head.start), count)
            if walk.short:
                learned.longest = max(FRAME, len(packet))
            if walk.ended:
                self._end_walk(walk)
                if asked.non_repeaters and self._agenda.last():
                    self._singles.come(along, self.harvest)
        return bool(count)

    def _walk_instead(self) -> bool:
        """Walk what was to be read abreast, from its beginning, subtree by subtree."""
        abreast = self._walk
        if not isinstance(abreast, Abreast):
            return False
        self._breadth.room, tries = 0, self._tries
        if abreast.ended != UNSOUND:
            self._aside |= abreast.harvest.runs
        self._begin_walk(abreast.root, self.harvest)
        self._tries = tries
        return True

    def _recall(self) -> None:
        """What the device had said abreast stays where a subtree was not read to its end and nothing came since."""
        unread = tuple(self._agenda.unread)
        for column, runs in self._aside.items():
            if self.harvest.columns.prefixes[column].startswith(unread):
                self.harvest.runs.setdefault(column, runs)
        self._aside.clear()

    def _take_walk(self, walk: Walk, packet: bytes, head: message.Head, asked: Asked) -> bool:
        if status := head.error_status:
            walk.ended = self._stride.refused(asked, status)
            if walk.ended:
                walk.said = said.status(status)
                if status not in (message.NO_SUCH_NAME, message.TOO_BIG):
                    self._refused = status
                self._end_walk(walk)
            return True
        bad = walk.bad
        count = walk.take(packet, head.start, head.stop)
        self.malformed += walk.bad - bad
        if walk.lost:
            self._agenda.damage(walk.root, walk.lost)
        if not count and not walk.ended:
            return False
        self._stride.heard(asked, len(packet), count)
        if walk.ended:
            self._end_walk(walk)
        return True

    def _end_walk(self, walk: Walk | Abreast) -> None:
        self._walk = None
        if isinstance(walk, Abreast):
            self.harvest.runs |= walk.harvest.runs
            self._breadth.done(walk)
            self._read(walk.unit)
            self._singles.try_leaves(prefix for prefix in walk.leaves if prefix in self._plan.scalars)
            if walk.ended != COMPLETE:
                for root in walk.unfinished:
                    self._leave(root, walk.ended)
            elif self._known is not None:
                for root in walk.unit.roots:
                    self._known.note(root, self.harvest, walk.unit.skipped)
        elif walk.ended == LEAF and not self._filters:
            self._singles.try_leaves((walk.root,))
        elif walk.ended not in (COMPLETE, LEAF):
            self._leave(walk.root, walk.ended, walk.last, walk.said)
        elif walk.ended == COMPLETE and not walk.bad and self._known is not None:
            self._known.note(walk.root, walk.harvest)

    def _give_up(self, reason: str) -> None:
        """Leave the question under way unanswered and go on with what comes after it."""
        if self._walk is not None:
            self._stop_walk(reason)
        else:
            self._singles.give_up(reason)
        self._under_way.clear()
        self._tries = 0

    def _end_turn(self) -> None:
        """The module under way has taken its time: whoever comes next shall have the rest."""
        self._stop_walk("timeout")
        self._singles.end_turn()
        self._agenda.close()
        self._under_way.clear()
        self._tries = 0

    def _stop_walk(self, reason: str) -> None:
        walk, self._walk = self._walk, None
        if isinstance(walk, Abreast):
            self._aside |= walk.harvest.runs
            self._leave(walk.root, reason)
        elif walk is not None:
            self._leave(walk.root, reason, walk.last)

    def _leave(self, root: bytes, reason: str, last: bytes = b"", words: str = "") -> None:
        """A subtree was not read to its end. What other modules need of it and have not got is walked by itself."""
        self._agenda.mark(root, reason, last, words)
        if not self._over:
            for inner in self._agenda.fall_back(root):
                self.harvest.forget(inner)
