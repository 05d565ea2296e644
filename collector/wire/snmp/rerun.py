"""A conversation that goes as the one before did: one question, and an answer of the same names and types.

Most of what it costs to read a small device is finding out what to ask and what the answer means, and both come out as
they did a minute ago. So a poll that was over with one answer leaves a `Script`: the question, and of each name in the
answer where its value belongs. `Rerun` asks that question; where the answer has the same names and types, in the same
places, the values go where they went. Whatever is different, or does not come, is for `dialogue.Survey`, which goes on
from the question that was asked: so this is a quicker way to read what is as it was, never another judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakValueDictionary

from collector.compact import SMALL
from collector.errors import Malformed, PollError
from collector.wire.snmp import ber, message
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import LOSSES, Learned, Limits, patience
from collector.wire.snmp.joint import Joint
from collector.wire.snmp.lean import Diet
from collector.wire.snmp.outcome import Share
from collector.wire.snmp.plan import Plan
from collector.wire.snmp.question import Asked, Attempts
from collector.wire.snmp.speech import Speech
from collector.wire.snmp.units import named
from collector.wire.snmp.walk import Columns, Harvest, Laid, Place


class Part(NamedTuple):
    """What one plan has got of an answer."""

    columns: Columns
    places: Sequence[Place]
    skipped: frozenset[int]
    """Columns that were left out."""


class Script:
    """What was asked and how the answer fell apart: the same object for devices that are alike."""

    __slots__ = (
        "__weakref__", "asked", "begins", "diet", "first", "parts", "plan", "rows", "signs", "skipped", "tables",
    )  # fmt: skip

    def __init__(
        self, plan: Plan | Joint, diet: Diet, asked: Asked, begins: Sequence[bytes], parts: Sequence[Part],
        signs: Sequence[tuple[bytes, int, int]], skipped: frozenset[int], rows: Mapping[bytes, int],
    ) -> None:  # fmt: skip
        self.plan = plan
        self.diet = diet
        self.asked = asked
        self.first = asked.names[asked.non_repeaters] if asked.kind == "bulk" else b""
        """The first column that is read abreast."""
        self.begins = begins[: asked.non_repeaters], begins[asked.non_repeaters :]
        """How the answer's varbinds begin: those of non-repeaters, and the others."""
        self.parts = parts
        """What each plan has got of it."""
        self.signs = signs
        """The device's signs, whole numbers by their type: name, type, place in the answer."""
        self.skipped = skipped
        self.tables = tuple(rows)
        """What is read abreast, and how many rows that is known to have."""
        self.rows = list(rows.values())

    def holds(self, learned: Learned, limits: Limits) -> bool:
        """Whether the same would be asked by what is known of the device now."""
        if learned.lone_gets:
            return False
        if not self.first:
            return True
        asked, room = self.asked, learned.room(limits.reply_bytes)
        alone = asked.non_repeaters and learned.lone_rows
        if not room or alone or learned.lone_walks or list(map(learned.rows.get, self.tables)) != self.rows:
            return False
        once = asked.non_repeaters
        return once + (len(asked.names) - once) * asked.repetitions <= learned.varbinds(room, self.first)


_scripts: WeakValueDictionary[tuple[object, ...], Script] = WeakValueDictionary()
"""By what makes them the same. A script holds its plan and diet: while it is here, these have their identities."""


def scripted(survey: Survey, plan: Plan | Joint, diet: Diet, learned: Learned) -> Script | None:
    """How to go on as in this conversation, which is over; None: it took more than a question, or went not well."""
    if (sole := survey.sole) is None or survey.early_signs:
        return None
    body, head, asked = sole
    if asked is None or asked.attempt >= LOSSES:
        return None
    if asked.kind != "get" and asked.names[asked.non_repeaters] not in learned.sizes:
        return None  # a subtree that was walked: how far a question reaches there changes
    names, tags, contents, _ = message.several(body, head.start, head.stop, 0)
    if len(names) > SMALL or not survey.signs.keys() <= set(names):
        return None
    first: dict[bytes, int] = {}
    for place, name in enumerate(names):
        first.setdefault(name, place)
    parts = []
    for number in range(len(plan.plans) if isinstance(plan, Joint) else 1):
        share = survey.share(number)
        places = _places(share.harvest, first, contents)
        if share.problem is not None or places is None:
            return None
        parts.append(Part(share.harvest.columns, places, share.skipped))
    units = {**plan.units, **diet.roots}.values()
    tables = sorted({named(table) for unit in units for table in unit.tables})
    rows = {table: learned.rows[table] for table in tables if table in learned.rows}
    asked = asked._replace(attempt=0, at=0.0)
    begins = tuple(map(message.beginning, names, tags))
    key = (id(plan), id(diet), asked, begins, tuple(rows.items()))
    made = _scripts.get(key)
    if made is None:
        signs = [(name, tags[first[name]], first[name]) for name in survey.signs]
        made = _scripts[key] = Script(plan, diet, asked, begins, parts, signs, survey.skipped, rows)
    return made


def _places(harvest: Harvest, first: Mapping[bytes, int], contents: Sequence[bytes]) -> Sequence[Place] | None:
    """Where each column's values stand in the answer; None where that is no even distance, or is not all of them.
    `first` is where each name stands first."""
    found = []
    for number, runs in harvest.runs.items():
        prefix, run = harvest.columns.prefixes[number], runs[0]
        at = [first.get(prefix + index, -1) for index in run.indexes]
        step = at[1] - at[0] if len(at) > 1 else 1
        cut = slice(at[0], at[0] + step * len(at), step or 1)
        if len(runs) > 1 or at != list(range(*cut.indices(len(contents)))) or contents[cut] != run.values:
            return None
        found.append((number, run.tag, run.indexes, cut))
    return found


class Rerun:
    """A `model.Dialogue` after a script. Afterwards `survey` is who has carried it on, if somebody had to; else what
    is said here is what it would say."""

    __slots__ = (
        "_goes_on", "_learned", "_limits", "_now", "_plainly", "_script", "_speech", "_tries", "_under_way", "_values",
        "early_signs", "kind", "patience", "signs", "skipped", "survey",
    )  # fmt: skip

    def __init__(
        self, script: Script, speech: Speech, limits: Limits, learned: Learned, now: Callable[[], float],
        plainly: Callable[[], Survey],
    ) -> None:  # fmt: skip
        """`plainly` makes the survey that would be asked otherwise."""
        self.kind: str = script.asked.kind
        self.patience = limits.patience
        self.survey: Survey | None = None
        self.early_signs: Mapping[bytes, int] = {}
        self.signs: Mapping[bytes, int] = {}
        self.skipped = script.skipped
        self._script = script
        self._limits = limits
        self._learned = learned
        self._now = now
        self._plainly = plainly
        self._speech = speech
        self._under_way = Attempts(speech)
        self._tries = 0
        self._values: Sequence[bytes] = ()
        """Of the answer; none yet."""
        self._goes_on = False
        """The survey has taken over our question, and does not ask it anew."""

    @property
    def answered(self) -> bool:
        return bool(self._values) if self.survey is None else self.survey.answered

    def send(self) -> bytes | None:
        if self._values:
            return None
        if self.survey is None:
            asked = self._script.asked._replace(attempt=self._tries, at=self._now())
            packet = self._under_way.packet(asked, self._limits.request_bytes)
            if packet is not None:
                self.patience = patience(self._limits, self._learned, self._tries)
                return packet
        survey = self._plain()
        packet = survey.send()
        self.kind, self.patience = survey.kind, survey.patience
        return packet

    def receive(self, packet: bytes) -> bool:
        if self.survey is not None:
            return self.survey.receive(packet)
        try:
            heard = self._under_way.hear(packet)
        except Malformed:
            self._plain().malformed += 1
            return False
        if heard is None:
            return False
        body, head, asked = heard
        if asked is None:
            return True
        if self._as_before(body, head, asked):
            return True
        survey = self._plain()
        return survey.take(heard) if self._goes_on else True

    def silence(self) -> None:
        lost = self._tries + 1 < LOSSES and self._limits.retries > 1 and self._speech.refusal is None
        if self.survey is None and lost:
            self._tries += 1  # asked for again as it was, as by the survey
        else:
            self._plain().silence()

    def expire(self, reason: str) -> None:
        if not self._values:
            self._plain().expire(reason)

    def problem(self) -> PollError | None:
        return None

    def share(self, number: int) -> Share:
        part = self._script.parts[number]
        return Share(Harvest(part.columns, Laid(part.places, self._values)), {}, None, part.skipped)

    def _plain(self) -> Survey:
        if self.survey is None:
            self.survey = self._plainly()
            self._goes_on = self.survey.resume(self._under_way)
            for _ in range(self._tries):
                self.survey.silence()
        return self.survey

    def _as_before(self, body: bytes, head: message.Head, asked: Asked) -> bool:
        """Take the answer, if it has the names and types that it had. Hot."""
        script, learned = self._script, self._learned
        if head.error_status:
            return False
        once, rows = script.begins
        start, contents = head.start, list[bytes]()
        try:
            if once:
                if (found := message.expected(body, start, head.stop, once)) is None:
                    return False
                contents, start = found
            if (found := message.expected(body, start, head.stop, rows)) is None or found[1] < head.stop:
                return False
        except Malformed:
            return False
        contents += found[0]
        self.signs = {
            name: ber.signed(contents[place]) if tag == ber.INTEGER else ber.unsigned(contents[place], tag)
            for name, tag, place in script.signs
        }
        self._values = contents
        learned.poll()
        learned.took(self._now() - asked.at)
        learned.clean += 1
        if script.first:
            learned.measure(len(body) - (start - head.start), len(rows))
            learned.sizes[script.first] = max(1.0, (head.stop - start) / len(rows))
        if once:
            learned.unheard = 0
        return True
