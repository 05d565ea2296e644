"""Asking one device for one module: what to ask next, how much at a time, what to do when no answer comes.

A `model.Dialogue`: no socket, no clock but the one that is handed in. GETs come first, then walks, one question
outstanding at a time. The device's ways are learned and kept in `Learned`; the faults it is built for are those of
RELIABILITY part 1, named where they are met.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from collector.errors import Malformed, PollError
from collector.wire.snmp import ber, message, outcome, question
from collector.wire.snmp.abreast import UNSOUND, Abreast
from collector.wire.snmp.habits import FIRST_REPETITIONS, FRAME, Learned, Limits, most_repetitions, patience
from collector.wire.snmp.plan import Plan, narrow
from collector.wire.snmp.question import Asked
from collector.wire.snmp.speech import Speech
from collector.wire.snmp.walk import COMPLETE, LEAF, Harvest, Walk

GETS = "get"
"""The name of the table that single values belong to, where a table is named."""


class Survey:
    """The conversation of one poll. Afterwards: `harvest`, `incomplete` (reason by table), `problem()`."""

    def __init__(
        self, plan: Plan, speech: Speech, limits: Limits, learned: Learned, now: Callable[[], float],
        *, any_order: bool = False,
    ) -> None:  # fmt: skip
        self.patience = limits.patience
        self.harvest = Harvest(plan.columns)
        self.incomplete: dict[str, str] = {}
        self.answered = False
        self.malformed = 0
        """Datagrams and varbinds that made no sense."""
        self._plan = plan
        self._speech = speech
        self._limits = limits
        self._learned = learned
        self._now = now
        self._any_order = any_order or plan.any_order
        self._asked: dict[int, Asked] = {}
        self._tries = self._stalls = 0
        self._attempts = limits.retries + 1
        self._quiet = True
        self._over = False
        self._cut = ""
        self._refused = 0
        self._names: deque[bytes] = deque()
        self._roots: deque[bytes] = deque()
        self._walk: Walk | Abreast | None = None
        self._aside: Harvest | None = None
        self._room = learned.room(limits.reply_bytes)
        self._leaf = False
        self._lone_answers = 0
        self._filters = deque(plan.filters)
        self._sieved: list[Harvest] = []
        self._begin_walk()
        learned.poll()
        if not limits.bulk:
            # Such a class is asked for single values only, whatever the module says (S11).
            for root in (*plan.roots, *(sieve.root for sieve in plan.filters)):
                self._mark(root, "refused")
            self._filters.clear()
            self._names.extend(plan.gets)
        elif not self._filters:
            self._names.extend(plan.gets)
            self._roots.extend(plan.roots)

    # What the edge calls.

    def send(self) -> bytes | None:
        """The next question, or the last one again in another shape; None: there is nothing more to ask."""
        while not self._over:
            if not self._names and self._walk is None:
                self._advance()
                continue
            asked = self._ask()
            request_id = question.request_id()
            packet = self._speech.request(asked.kind, request_id, asked.names, asked.repetitions)
            if len(packet) > self._limits.request_bytes:
                if not self._walk_instead():
                    self._give_up("too_big")
                continue
            self._asked[request_id] = asked
            self.patience = patience(self._limits, self._learned, self._tries)
            return packet
        return None

    def receive(self, packet: bytes) -> bool:
        """Whether this answers the question under way; then it has been taken in."""
        try:
            heard = self._speech.read(packet)
        except Malformed:
            self.malformed += 1
            return False
        if heard is None:
            return False
        body, head = heard
        if head.pdu == message.REPORT:
            return True  # the speech has learned what it lacked: the same question again
        asked = self._asked.get(head.request_id)
        if asked is None:
            return False
        if self._walk is None:
            taken = self._take_get(body, head, asked)
        elif isinstance(self._walk, Abreast):
            taken = self._take_abreast(self._walk, body, head, asked)
        else:
            taken = self._take_walk(self._walk, body, head, asked)
        if not taken:
            self.malformed += 1
            return False
        self._learned.took(self._now() - asked.at)
        self._asked.clear()
        self._tries = self._stalls = 0
        self._attempts = self._limits.retries + 1
        self.answered = True
        return True

    def silence(self) -> None:
        """Another attempt, while the class allows one and nothing says that it would be in vain."""
        self._tries += 1
        self._quiet = False
        if isinstance(self._walk, Abreast):
            self._step_back()
            if self._tries > 1:
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
        self._over = True
        self._cut = self._cut or reason
        if self._walk is not None:
            self._keep_aside(self._walk)
            self._mark(self._walk.root, reason)
        if self._names or self._filters:
            self.incomplete.setdefault(GETS, reason)
        for root in self._roots if not self._filters else self._plan.roots:
            self._mark(root, reason)

    def problem(self) -> PollError | None:
        """Why there is nothing at all; None where there is something."""
        if self.harvest.runs:
            return None
        return self._speech.refusal or outcome.problem(
            cut=self._cut,
            asked=self._limits.bulk or bool(self._plan.gets),
            answered=self.answered,
            malformed=self.malformed,
            refused=self._refused,
            incomplete=self.incomplete.values(),
        )

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
            gets, roots = narrow(self._plan, self._sieved)
            self._names.extend(gets)
            self._roots.extend(roots)
        elif self._roots:
            self._begin_walk(self._roots.popleft(), self.harvest)
        else:
            self._over = True
            self._learned.clean += self._quiet and not self.incomplete and not self.malformed

    def _begin_walk(self, root: bytes | None = None, harvest: Harvest | None = None) -> None:
        self._doubt = self._lone = False
        self._narrowed = self._tries = 0
        self._aside = None
        self._asked.clear()
        if root is None or harvest is None:
            return
        found = self._plan.tables.get(root, ())
        plain = harvest is not self.harvest or self._any_order or not self._speech.bulk
        if found and self._room > FRAME and not plain and root not in self._learned.lone_walks:
            self._walk = Abreast(root, found, harvest.columns, self._limits.caps, self._learned.rows)
        else:
            self._walk = Walk(root, harvest, self._limits.caps, any_order=self._any_order)
            self._lone = not self._speech.bulk or root in self._learned.lone_walks

    def _ask(self) -> Asked:
        """The question under way, in the shape that the number of attempts so far suggests."""
        attempt, now = self._tries, self._now()
        if self._walk is None:
            return Asked("get", self._batch(), 0, attempt, now)
        if isinstance(self._walk, Abreast):
            most = most_repetitions(self._plan.max_repetitions)
            repetitions = self._walk.ask(most, self._learned.varbinds(self._room), self._limits.names)
            return Asked("bulk", self._walk.names, repetitions, attempt, now)
        name = (self._walk.last,)
        # The last two attempts are GETNEXTs, for agents that are dumb to GETBULK (F4); where that has just worked,
        # two GETBULKs are enough to be sure.
        fallback = 2 if self._doubt else max(2, self._attempts - 2)
        if self._lone or (attempt >= fallback and self._attempts > 2):
            return Asked("next", name, 0, attempt, now)
        repetitions = self._learned.wish(self._plan.max_repetitions)
        if self._narrowed:
            repetitions = min(repetitions, self._narrowed)
        if attempt >= 2:
            repetitions = max(1, min(repetitions, FIRST_REPETITIONS) >> attempt - 1)
        return Asked("bulk", name, repetitions, attempt, now)

    def _batch(self) -> tuple[bytes, ...]:
        """Names for the next GET: as many as class, module, version and experience allow."""
        if not self._speech.bulk or self._tries or self._learned.lone_gets or self._leaf:
            return (self._names[0],)
        most = min(self._limits.varbinds, max(self._plan.max_repetitions, 1), self._narrowed or self._limits.varbinds)
        return question.batch(self._names, most, self._limits.request_bytes - self._speech.overhead)

    # What came.

    def _take_get(self, packet: bytes, head: message.Head, asked: Asked) -> bool:
        if head.error_status:
            return self._get_error(head, asked)
        found, stray = set(), False
        try:
            for name, tag, content in message.varbinds(packet, head):
                # Never stored under the name that was asked for (F6): only an exact match counts.
                if name not in asked.names:
                    stray = True
                elif name not in found:
                    found.add(name)
                    if tag not in ber.ABSENT:
                        self.harvest.add(name, tag, content)
        except Malformed:
            self.malformed += 1
        if not found and not stray:
            return False
        if stray:
            self.incomplete.setdefault(GETS, "wrong_oid")
            found.update(asked.names)
        if asked.attempt and len(self._names) > 1 and not self._learned.lone_gets and self._speech.bulk:
            # One varbind was answered where several were not (F5). Twice is a habit, once may be loss.
            self._lone_answers += 1
            if self._lone_answers > 1:
                self._learned.doubt_gets()
        self._drop(found)
        return True

    def _get_error(self, head: message.Head, asked: Asked) -> bool:
        """An error status for a GET: what it points at is left out, the rest is asked again."""
        if head.error_status == message.TOO_BIG and len(asked.names) > 1:
            self._narrowed = len(asked.names) // 2
            return True
        if 0 < head.error_index <= len(asked.names):
            culprit = asked.names[head.error_index - 1]
        elif len(asked.names) == 1:
            culprit = asked.names[0]
        else:
            self._narrowed = 1
            return True
        if head.error_status != message.NO_SUCH_NAME and not self._leaf:
            self.incomplete.setdefault(GETS, self._word(head.error_status))
        self._drop({culprit})
        return True

    def _drop(self, names: set[bytes]) -> None:
        self._names = deque(name for name in self._names if name not in names)
        self._leaf = self._leaf and bool(self._names)

    def _take_abreast(self, walk: Abreast, packet: bytes, head: message.Head, asked: Asked) -> bool:
        if head.error_status:
            if not self._step_back() or head.error_status != message.TOO_BIG:
                self._walk_instead()
            return True
        count = walk.take(packet, head.start, head.stop, asked.repetitions)
        if walk.ended == UNSOUND:
            self._step_back()
            self._walk_instead()
        elif count:
            self._learned.measure(len(packet), count)
            if walk.short:
                self._learned.longest = max(FRAME, len(packet))
            if walk.ended:
                self._end_walk(walk)
        return bool(count)

    def _step_back(self) -> bool:
        """No more large replies: remembered of the device. False where they were no larger already."""
        was, self._room = self._room, FRAME
        if was > FRAME:
            self._learned.set_back()
        return was > FRAME

    def _walk_instead(self) -> bool:
        """Walk what was to be read abreast, from its beginning."""
        abreast = self._walk
        if not isinstance(abreast, Abreast):
            return False
        self._room, tries = FRAME, self._tries
        self._begin_walk(abreast.root, self.harvest)
        self._tries = tries
        self._aside = None if abreast.ended == UNSOUND else abreast.harvest
        return True

    def _keep_aside(self, walk: Walk | Abreast) -> None:
        """The device fell silent: what it had said abreast stays, unless the walk instead has brought something."""
        if isinstance(walk, Abreast):
            self.harvest.runs |= walk.harvest.runs
        elif self._aside is not None and not walk.packets:
            self.harvest.runs |= self._aside.runs

    def _take_walk(self, walk: Walk, packet: bytes, head: message.Head, asked: Asked) -> bool:
        if head.error_status:
            self._walk_error(walk, head, asked)
            return True
        bad = walk.bad
        count = walk.take(packet, head.start, head.stop)
        self.malformed += walk.bad - bad
        if not count and not walk.ended:
            return False
        if asked.kind == "bulk":
            self._doubt = False
            self._learned.fit(
                asked.repetitions, asked.attempt, len(packet), count, min(self._limits.reply_bytes, FRAME)
            )
        elif not self._lone:
            if self._doubt:
                self._lone = True
                self._learned.doubt_walk(walk.root)
            self._doubt = True
        if walk.ended:
            self._end_walk(walk)
        return True

    def _walk_error(self, walk: Walk, head: message.Head, asked: Asked) -> None:
        """An error status ends peers' walks as if they were complete; ours asks for less first (F3)."""
        if head.error_status == message.NO_SUCH_NAME:
            walk.ended = COMPLETE  # how v1 says that there is nothing more
        elif head.error_status in (message.NO_ACCESS, message.AUTHORIZATION_ERROR):
            walk.ended = self._word(head.error_status)
        elif asked.kind == "bulk" and asked.repetitions > 1:
            self._narrowed = asked.repetitions // 2
            if head.error_status == message.TOO_BIG:
                self._learned.ceiling = self._narrowed
        elif asked.kind == "bulk":
            self._lone = True
        else:
            walk.ended = self._word(head.error_status)
        if walk.ended:
            self._end_walk(walk)

    def _word(self, status: int) -> str:
        """The bounded word for an error status."""
        if status not in (message.TOO_BIG, message.NO_SUCH_NAME):
            self._refused = status
        return {message.TOO_BIG: "too_big", message.GEN_ERR: "gen_err"}.get(status, "refused")

    def _end_walk(self, walk: Walk | Abreast) -> None:
        self._walk = None
        if isinstance(walk, Abreast):
            self.harvest.runs |= walk.harvest.runs
            self._names.extend(prefix for prefix in walk.leaves if prefix in self._plan.scalars)
            self._leaf = bool(self._names)
        if walk.ended == LEAF and not self._filters:
            self._leaf = True
            self._names.append(walk.root)
        elif walk.ended not in (COMPLETE, LEAF):
            self._mark(walk.root, walk.ended)
        self._narrowed = 0

    def _give_up(self, reason: str) -> None:
        """Leave the question under way unanswered and go on with what comes after it."""
        self._asked.clear()
        self._tries = 0
        if self._walk is not None:
            self._keep_aside(self._walk)
            self._mark(self._walk.root, reason)
            self._walk = None
        else:
            if not self._leaf:
                self.incomplete.setdefault(GETS, reason)
            self._drop(set(self._names) if reason == "timeout" else {self._names[0]})

    def _mark(self, root: bytes, reason: str) -> None:
        self.incomplete.setdefault(ber.dotted(root), reason)
