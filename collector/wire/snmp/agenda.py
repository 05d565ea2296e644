"""What a conversation has still to ask, module by module, and what it could not read.

Each module has its turn, as long as its own timeout: one that is slow, or never answered, costs the others nothing.
What several modules need is asked in the turn of the first of them, and not again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from collector.wire.snmp import ber
from collector.wire.snmp.joint import Joint
from collector.wire.snmp.plan import Plan, Turn

GETS = "get"
"""The name of the table that single values belong to, where a table is named."""

NEVER = float("inf")


class Agenda:
    """`names` are GETs and `roots` walks of the turn under way; `ends` is when it is over, in monotonic seconds.

    `signs` are names to be asked for when all has been read, and before all else too where that is said to be needed.
    Single values are then asked for together with them at the end: they share a packet.

    `unread` says why a subtree was not read, or not to its end; `lost` the same of single values. Both by raw OID. What
    is `said` about it in a peer's words, and how many varbinds of a subtree made no sense, are kept beside that.
    """

    __slots__ = (
        "_apart", "_began", "_damaged", "_deferred", "_got", "_later", "_plan", "_reached", "_said", "_signs", "ending",
        "ends", "lost", "names", "roots", "unread",
    )  # fmt: skip

    def __init__(
        self, plan: Plan | Joint, seconds: Sequence[float], signs: Sequence[bytes] = (), early: bool = False
    ) -> None:
        self.names: deque[bytes] = deque()
        self.roots: deque[bytes] = deque()
        self.ends = NEVER
        self._began = 0.0
        self.unread: dict[bytes, str] = {}
        self.lost: dict[bytes, str] = {}
        self._plan = plan
        self._later: deque[tuple[Turn, float]] = deque()
        self._got: set[bytes] = set()
        """Names of later turns that have been dealt with already."""
        self._reached: dict[bytes, bytes] = {}
        """The last OID that was read of a subtree that was not read to its end."""
        self._said: dict[bytes, str] = {}
        self._damaged: dict[bytes, int] = {}
        self._apart: set[bytes] = set()
        """Subtrees walked by themselves because what they lie in was not read to its end."""
        self._signs = tuple(signs)
        self._deferred: list[Sequence[bytes]] | None = [] if signs and not early else None
        """Names by turn that wait for the end."""
        self.ending = False
        if early:
            self.names.extend(sign for sign in signs if sign not in plan.gets)
        for turn in plan.turns:
            longest = max((seconds[number] for number in turn.plans), default=NEVER) if seconds else NEVER
            self._later.append((turn, longest))

    def turn(self, now: float) -> bool:
        """Begin the next turn; False: there is none."""
        if not self._later:
            return self._end()
        turn, seconds = self._later.popleft()
        self._began, self.ends = now, now + seconds
        self.roots.extend(turn.roots)
        if self._deferred is not None:
            self._deferred.append(turn.gets)
            return True
        self.names.extend(name for name in turn.gets if name not in self._got)
        if not self.names:
            # A device that answers a GET is there, whatever becomes of the walk; so one goes first where there is any.
            self.names.extend(islice(self.ahead(), 1))
        return True

    def _end(self) -> bool:
        if self.ending or not self._signs:
            return False
        self.ending, self.ends = True, NEVER
        self.names.extend(self._last(self._deferred or ()))
        return True

    def _last(self, deferred: Iterable[Sequence[bytes]]) -> Iterable[bytes]:
        return dict.fromkeys(name for names in (*deferred, self._signs) for name in names)

    def last(self, under_way: Collection[bytes] = ()) -> Sequence[bytes]:
        """What is to be asked for at the end, where nothing else is left but these subtrees, which are being walked.
        Else nothing."""
        if self.ending or self.names or not self._signs or self._deferred is None:
            return ()
        if any(root not in under_way for root in self.coming()):
            return ()
        return tuple(self._last((*self._deferred, *(turn.gets for turn, _ in self._later))))

    def finish(self) -> None:
        """The end: all that is left are the names of `last`."""
        while not self.ending and self.turn(0.0):
            pass

    def is_sign(self, name: bytes) -> bool:
        return name in self._signs

    def is_value(self, name: bytes) -> bool:
        """Whether a name that is asked for now is a module's, and not only a sign."""
        return name not in self._signs or (name in self._plan.gets and self.ending == (self._deferred is not None))

    def company(self) -> set[bytes]:
        """The names to give up together with the first: those of its module."""
        for names in self._deferred or ():
            if self.names[0] in names:
                return {name for name in self.names if name in names}
        return set(self.names)

    def replace(self, gets: Iterable[bytes], roots: Iterable[bytes]) -> None:
        """Ask this instead of what was planned."""
        self._later.clear()
        self.roots = deque(roots)
        if self._deferred is None:
            self.names = deque(gets)
        else:
            self._deferred.append(tuple(gets))

    def refuse(self, roots: Iterable[bytes]) -> None:
        """No walks: the class of the device does not allow them."""
        for root in roots:
            self.mark(root, "refused")
        self._later = deque((turn._replace(roots=()), seconds) for turn, seconds in self._later)

    def ahead(self) -> Iterator[bytes]:
        """Names that a GET may ask for now: this turn's, and where there is room those of later turns."""
        yield from self.names
        for turn, _ in self._later:
            for name in turn.gets:
                if name not in self._got and name not in self.names:
                    yield name

    def drop(self, names: set[bytes]) -> None:
        """These need not be asked any more."""
        self.names = deque(name for name in self.names if name not in names)
        if self._later:
            self._got |= names

    def coming(self) -> Iterator[bytes]:
        """What is still to be walked, in this turn and in later ones."""
        yield from self.roots
        for turn, _ in self._later:
            yield from turn.roots

    def beside(self, roots: frozenset[bytes]) -> frozenset[bytes]:
        """Which of these are still to be walked, in this turn or a later one. This turn may then take as long as
        that one."""
        found = roots.intersection(self.roots)
        for turn, seconds in self._later:
            if mine := roots.intersection(turn.roots):
                found |= mine
                self.ends = max(self.ends, self._began + seconds)
        return found

    def skip(self, roots: frozenset[bytes]) -> None:
        """These need not be walked any more."""
        self.roots = deque(root for root in self.roots if root not in roots)
        for place, (turn, seconds) in enumerate(self._later):
            if not roots.isdisjoint(turn.roots):
                left = tuple(root for root in turn.roots if root not in roots)
                self._later[place] = turn._replace(roots=left), seconds

    # What could not be read.

    @property
    def whole(self) -> bool:
        """Whether everything so far could be read."""
        return not self.unread and not self.lost

    def lose(self, names: Iterable[bytes], reason: str, said: str = "") -> None:
        for name in names:
            if self.is_value(name):
                self._said.setdefault(name, said)
                self.lost.setdefault(name, reason)

    def mark(self, root: bytes, reason: str, last: bytes = b"", said: str = "") -> None:
        """This subtree was not read to its end; `last` is what was read of it last."""
        self._said.setdefault(root, said)
        self.unread.setdefault(root, reason)
        if last:
            self._reached.setdefault(root, last)

    def fall_back(self, root: bytes) -> Sequence[bytes]:
        """Subtrees that other modules need within one that was not read to its end, to be walked by themselves now."""
        if not isinstance(self._plan, Joint):
            return ()
        inner = [each for each in self._plan.inner.get(root, ()) if self._cause(each) is not None]
        self._apart.update(inner)
        self.roots.extendleft(reversed(inner))
        return inner

    def expire(self, reason: str) -> None:
        """There is no more time: what is left is not read."""
        self._close(reason)
        while self.turn(0.0):
            self._close(reason)

    def close(self) -> None:
        """The turn under way has taken its time."""
        self._close("timeout")
        self.ends = NEVER

    def _close(self, reason: str) -> None:
        self.lose(self.names, reason)
        for root in self.roots:
            self.mark(root, reason)
        self.names.clear()
        self.roots.clear()

    def damage(self, root: bytes, count: int) -> None:
        """So many varbinds of this subtree made no sense, and were passed."""
        self._damaged[root] = count

    def incomplete(self, plan: Plan | None = None) -> dict[str, str]:
        """Reasons by table: a dotted root, or `GETS`. Only what touches one of the modules where `plan` is that."""
        marks: dict[str, str] = {}
        for table, oid in self._missing(plan):
            marks.setdefault(table, self.lost[oid] if oid in self.lost else self.unread[oid])
        return marks

    def said(self, plan: Plan | None = None) -> dict[str, str]:
        """The same in a peer's words, where it has any."""
        words: dict[str, str] = {}
        for table, oid in self._missing(plan):
            if said := self._said[oid]:
                words.setdefault(table, said)
        return words

    def damaged(self, plan: Plan | None = None) -> dict[str, int]:
        """How many varbinds made no sense, by table. What lay in a wider subtree counts for each one within it, for
        nobody knows where it belonged."""
        if not self._damaged:
            return {}
        if plan is None or plan is self._plan:
            return {ber.dotted(root): count for root, count in self._damaged.items()}
        counts = {}
        for root in plan.roots:
            mine = [n for each, n in self._damaged.items() if each.startswith(root)]
            if root not in self._apart:
                mine += [n for each, n in self._damaged.items() if root.startswith(each) and root != each]
            if mine:
                counts[ber.dotted(root)] = sum(mine)
        return counts

    def _missing(self, plan: Plan | None) -> Iterator[tuple[str, bytes]]:
        """Tables of which something was not read, each with the OID that `unread` or `lost` says it of."""
        if self.whole:
            return
        if plan is None or plan is self._plan:
            yield from ((ber.dotted(root), root) for root in self.unread)
            yield from ((GETS, name) for name in self.lost)
            return
        for root in plan.roots:
            if (oid := self._cause(root)) is not None:
                yield ber.dotted(root), oid
        for name in (*plan.gets, *self.lost):
            if name in plan.gets or name.startswith(plan.roots):
                oid = name if name in self.lost else self._cause(name)
                if oid is not None:
                    yield GETS, oid

    def _cause(self, root: bytes) -> bytes | None:
        """The subtree that was not read, or not far enough, for which this one, or a value, is missing; None: it was
        read."""
        if root in self.unread:
            return root
        if root in self._apart:
            return None
        for around in self.unread:
            if root.startswith(around):
                last = self._reached.get(around, b"")
                passed = last and not last.startswith(root) and ber.after(last, root)
                return None if passed else around
        return None
