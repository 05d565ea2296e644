"""What Alertmanager's messages come to: who was called how often, which alerts are open, and who sees to them.

`decide` says what a message changes, as records for a journal, and changes nothing; `apply` makes the change. So what
is answered with 200 is on disk first, and a restart that applies the records again is exactly where it was.

What counts as what is in docs/oncall.md. In short: a message is a copy where all that it says was said to the same
receiver about the same group within `copies` seconds, by the other Alertmanager of a pair or in a second attempt.
Said again later, it is another message, for the telephone rings again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2s
from typing import Any, Final

from collector.edge.journal import Record
from collector.oncall import tallies as t
from collector.oncall.episode import Ack, Episode, restored
from collector.oncall.message import Alert, Message
from collector.oncall.rules import Rules, severity_of
from collector.oncall.tallies import Tallies, most_urgent

MOST_ALERTS: Final = 10_000
"""Open ones that are remembered, and as many that are over."""
MOST_TOLD: Final = 100_000
"""Things said that are recognised when they are said again."""
HOUR: Final = 3600.0
DAY: Final = 86_400.0
FLAPS: Final = 3
"""Times that an alert begins again within an hour: then it flaps."""
SAME: Final = 1.0
"""Seconds: beginnings closer than that are one."""
SILENT: Final = 6 * DAY
"""An open alert of which nobody tells any more is over: Alertmanager forgets after 5 days what it has sent (its flag
--data.retention), so that whatever is still there is told again within them."""

Told = tuple[str, str, float, str]
"""Mark of receiver and group, fingerprint, beginning, status."""


class Ledger:
    """All moments in Unix seconds."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.tallies = Tallies()
        self.copies = 0
        """Messages that were copies, in this run."""
        self.open: OrderedDict[str, Episode] = OrderedDict()
        """By fingerprint, the one first that was heard of the longest ago."""
        self.over: OrderedDict[str, Episode] = OrderedDict()
        """The last that is over of each fingerprint."""
        self._told: OrderedDict[Told, float] = OrderedDict()

    # -- decisions ------------------------------------------------------------------------------------------------

    def decide(self, message: Message, now: float, hours: Callable[[float], str]) -> list[Record]:
        """What a message changes; nothing where it is a copy. `hours` gives the class of a moment."""
        wanted = list({alert.fingerprint: alert for alert in message.alerts if self.rules.calls(alert)}.values())
        records: list[Record] = []
        said: list[tuple[str, float, str]] = []
        mark = _mark(message)
        for alert in wanted:
            said.append((alert.fingerprint, self._beginning(alert), alert.status))
            records += self._changes(alert, now)
        if any(not self._is_copy((mark, *each), now) for each in said):
            firing = [alert for alert in wanted if alert.status == "firing"] or wanted
            severity = most_urgent(severity_of(alert) for alert in firing)
            receiver = self.rules.screen(message.receiver)
            kind = (receiver, severity, hours(now), message.status)
            records.append(["message", now, *kind, mark, [list(each) for each in said], message.truncated])
        return records

    def concerns(self, message: Message) -> bool:
        """Whether anything in it calls anybody."""
        return any(map(self.rules.calls, message.alerts))

    def acknowledge(self, fingerprint: str, starts: float, ack: Ack) -> list[Record]:
        """What it changes that somebody acknowledges an alert: nothing where that is over, or known already."""
        episode = self.open.get(fingerprint)
        if episode is None or abs(episode.starts - starts) > 1e-3 or (episode.ack and episode.ack.at >= ack.at):
            return []
        return [["acknowledged", ack.at, fingerprint, ack.until, ack.by, ack.note]]

    def silent(self, now: float) -> list[Record]:
        """The open alerts of which nobody has told for so long that they must be over."""
        return [["lost", now, e.fingerprint, e.heard] for e in self.open.values() if e.heard < now - SILENT]

    def _is_copy(self, told: Told, now: float) -> bool:
        at = self._told.get(told)
        # A clock that was set back makes no message of a copy, and does not silence what comes long after it.
        return at is not None and abs(now - at) < self.rules.copies

    def _known(self, alert: Alert) -> Episode | None:
        """The episode that an alert is part of. Two Prometheus servers see one begin some seconds apart, and who is
        the first to tell of it differs from message to message."""
        now_open, last = self.open.get(alert.fingerprint), self.over.get(alert.fingerprint)
        if now_open is not None and abs(alert.starts - now_open.starts) < SAME:
            return now_open
        if last is not None and (alert.starts < (last.ends or 0.0) or abs(alert.starts - last.starts) < SAME):
            return last
        if now_open is not None and alert.starts < now_open.starts + self.rules.copies:
            return now_open
        return None

    def _beginning(self, alert: Alert) -> float:
        known = self._known(alert)
        near = known is not None and abs(known.starts - alert.starts) < self.rules.copies
        return known.starts if known is not None and near else alert.starts

    def _changes(self, alert: Alert, now: float) -> Iterator[Record]:
        """Beginnings and ends that an alert tells of."""
        known, now_open = self._known(alert), self.open.get(alert.fingerprint)
        if known is not None and known.ends is not None:
            # What is over is told late, or Alertmanager had lost sight of what goes on: it comes back as it began.
            late = now - known.heard < self.rules.copies or abs(alert.starts - known.starts) >= self.rules.copies
            if alert.status == "firing" and now_open is None and not late:
                yield self._begun(alert, now)
            return
        if known is None:
            if now_open is not None:  # it has begun again: nobody told of the end
                yield ["ended", now, alert.fingerprint, alert.starts]
            yield self._begun(alert, now)
        begun = alert.starts if known is None else known.starts
        if alert.ends is not None and alert.ends >= begun:
            yield ["ended", now, alert.fingerprint, alert.ends]

    def _begun(self, alert: Alert, now: float) -> Record:
        labels = self.rules.remembered(alert)
        kind = [labels.get("alertname", ""), severity_of(alert), self.rules.owner(labels.get("owner", ""))]
        return ["begun", now, alert.fingerprint, alert.starts, kind, labels]

    # -- changes --------------------------------------------------------------------------------------------------

    def apply(self, records: Iterable[Record]) -> None:
        """Make the changes. What this version knows nothing of is passed over, and so is what is made already: where
        a disk failed after it had written, the second attempt is in the journal too."""
        for record in records:
            match record:
                case ["begun", now, fingerprint, starts, [name, severity, owner], labels] if (
                    fingerprint not in self.open
                ):
                    self._begin(Episode(fingerprint, starts, self.tallies.kind(name, severity, owner), labels, now))
                case ["ended", now, fingerprint, ends] if fingerprint in self.open:
                    self._end(self.open.pop(fingerprint), ends, now)
                case ["lost", now, fingerprint, ends] if fingerprint in self.open:
                    self._lose(self.open.pop(fingerprint), ends, now, "silent")
                case ["acknowledged", at, fingerprint, until, by, note] if fingerprint in self.open:
                    self._acknowledged(self.open[fingerprint], Ack(at, until, by, note))
                case ["message", now, receiver, severity, hours, status, mark, said, truncated] if any(
                    not self._is_copy((mark, *each), now) for each in said
                ):
                    self.tallies.add(t.NOTIFICATIONS, (self.tallies.receiver(receiver), severity, hours, status))
                    self.tallies.add(t.TRUNCATED, (), truncated)
                    self._say(mark, said, now)
                case ["alert", dict(saved)]:
                    self._restore(saved)
                case ["told", mark, fingerprint, starts, status, at]:
                    self._told[mark, fingerprint, starts, status] = at
                case _:
                    self.tallies.restore(record)

    def everything(self) -> list[Record]:
        """Records that make a new ledger like this one."""
        alerts: list[Record] = [["alert", e.saved()] for e in (*self.over.values(), *self.open.values())]
        told: list[Record] = [["told", *key, at] for key, at in self._told.items()]
        return [*self.tallies.saved(), *alerts, *told]

    def _begin(self, episode: Episode) -> None:
        last = self.over.get(episode.fingerprint)
        if last is not None:
            recent = tuple(at for at in last.restarts if at > episode.starts - HOUR)
            episode.restarts = (*recent, episode.starts)[-FLAPS:]
            if len(episode.restarts) == FLAPS and len(recent) < FLAPS:
                self.tallies.add(t.FLAPPING, episode.kind)
        self.tallies.add(t.STARTED, episode.kind)
        self.open[episode.fingerprint] = episode
        while len(self.open) > MOST_ALERTS:
            _, oldest = self.open.popitem(last=False)
            self.tallies.add(t.FORGOTTEN, ("alert",))
            self._lose(oldest, oldest.heard, episode.heard, "forgotten")

    def _end(self, episode: Episode, ends: float, now: float) -> None:
        self.tallies.add(t.ENDED, episode.kind)
        if not episode.acted:
            self.tallies.add(t.UNTOUCHED, episode.kind)
        self._put_away(episode, ends, now)

    def _lose(self, episode: Episode, ends: float, now: float, reason: str) -> None:
        self.tallies.add(t.LOST, (reason,))
        self._put_away(episode, ends, now)

    def _put_away(self, episode: Episode, ends: float, now: float) -> None:
        episode.ends, episode.heard = max(ends, episode.starts), now
        self.over.pop(episode.fingerprint, None)
        self.over[episode.fingerprint] = episode
        while len(self.over) > MOST_ALERTS:
            self.over.popitem(last=False)
            self.tallies.add(t.FORGOTTEN, ("alert",))

    def _acknowledged(self, episode: Episode, ack: Ack) -> None:
        episode.ack = ack
        if not episode.acted:
            episode.acted = True
            self.tallies.add(t.ACKNOWLEDGED, episode.kind)
            self.tallies.took[episode.kind[1]].observe(max(ack.at - episode.starts, 0.0))

    def _say(self, mark: str, said: Iterable[Any], now: float) -> None:
        for fingerprint, starts, status in said:
            key = (mark, fingerprint, starts, status)
            self._told.pop(key, None)
            self._told[key] = now
            if status == "firing" and fingerprint in self.open:
                self.open[fingerprint].heard = now
                self.open.move_to_end(fingerprint)
        self._forget(now)

    def _forget(self, now: float) -> None:
        """What has become too old to matter, and what there is no room for."""
        while self._told and (next(iter(self._told.values())) <= now - self.rules.copies):
            self._told.popitem(last=False)
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
            self.tallies.add(t.FORGOTTEN, ("message",))
        while self.over and (next(iter(self.over.values())).ends or 0.0) < now - DAY:
            self.over.popitem(last=False)

    def _restore(self, saved: dict[str, Any]) -> None:
        try:
            episode = restored(saved)
        except (KeyError, TypeError, ValueError):  # another version's
            return
        (self.open if episode.ends is None else self.over)[episode.fingerprint] = episode


def _mark(message: Message) -> str:
    digest = blake2s(digest_size=12)
    for text in (message.receiver, message.group):
        octets = text.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8) + octets)
    return digest.hexdigest()
