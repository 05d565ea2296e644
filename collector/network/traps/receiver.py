"""The receiver at work: socket, queue, pysnmp, counts, journal. One thread reads, another waits for the disk."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from collector.edge.datagrams import Listening
from collector.edge.journal import Journal, Record
from collector.network.traps.community import read_community
from collector.network.traps.counts import Counts, engine_record, engines
from collector.network.traps.notice import Notice, Refused
from collector.network.traps.orders import Orders
from collector.network.traps.pdu import version_of
from collector.network.traps.senders import Datagram, Queue
from collector.network.traps.usm import Usm

FLUSH: Final = 0.2
"""Seconds after which what was counted is on disk: what a crash may lose of traps (RELIABILITY G3)."""
SLICE: Final = 0.005
"""Seconds of reading between two looks at the socket: its buffer may hold no more than 250 datagrams."""
DRAIN: Final = 4096
"""Datagrams taken from the socket at a time."""
AGAIN: Final = 1.0
"""Seconds after which a disk that refused is tried again."""
MOST_UNACKNOWLEDGED: Final = 10_000
"""Acknowledgements that wait for the disk. Beyond it the sender asks again, and is answered then."""
ROOM: Final = 10_000
"""Lines that the journal may have beyond what it needs, before it is written anew."""
ENTERPRISE: Final = bytes((0x80, 0x00, 0x4F, 0xB8, 0x05))
"""How our engine id begins: pysnmp's enterprise number (20408), and a 5, since its octets are random (RFC 3411, 5)."""


class Receiver:
    """`now` and `wall` are clocks; `tell` is called with what the rest of the program should know, as JSON values."""

    def __init__(
        self,
        listening: Listening,
        journal: Path,
        now: Callable[[], float],
        wall: Callable[[], float],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._listening = listening
        self._now, self._wall, self._tell = now, wall, tell
        self._journal = Journal(journal)
        records, self._damaged = self._journal.read()
        self.counts = Counts()
        self.counts.restore(records)
        identity, boots = secrets.token_bytes(12), 0
        self._drops = ("", 0)
        for record in records:
            match record:
                case ["self", str(engine), int(before)]:
                    identity, boots = bytes.fromhex(engine), before
                case ["kernel", str(name), int(drops)]:
                    self._drops = (name, drops)
        self.usm = Usm(ENTERPRISE + identity, min(boots + 1, 2**31 - 1), now)
        self.usm.engines = engines(records)
        self._queue = Queue()
        self._orders: Orders | None = None
        self._disk = ThreadPoolExecutor(1, "journal")
        self._writing: Future[str] | None = None
        self._sending: list[tuple[bytes, tuple[object, ...]]] = []
        self._pending: list[tuple[bytes, tuple[object, ...]]] = []
        self._new: list[Record] = [["self", identity.hex(), self.usm.boots]]
        self._next = 0.0
        self._failures = 0
        self._failing = ""
        """Why the disk refused the last time; empty: it did not."""
        self._buffer: int | None = None
        self._faults: set[str] = set()

    def load(self, orders: Orders) -> None:
        """Obey these from now on."""
        self._orders = orders
        self._queue.load(orders.senders, orders.limits)
        self.usm.load(orders.senders)
        self.counts.names, self.counts.most_names = orders.names, orders.most_names
        self._tell(self._told([[*key, *value] for key, value in self.counts.counts.items()]))

    @property
    def patience(self) -> float:
        """Seconds for which the next `step` may wait until something comes."""
        if len(self._queue):
            return 0.0
        if self._writing is not None or self._pending:
            return 0.005
        return FLUSH

    def step(self) -> None:
        """Take in what has come, read some of it, write what is due. Never waits. Nothing before the first orders."""
        if self._orders is None:
            return
        now = self._now()
        for data, source in self._listening.receive(DRAIN):
            self.counts.received += 1
            try:
                self._queue.put(data, source, now)
            except Refused as error:
                self.counts.refused[error.reason] += 1
        end = self._now() + SLICE
        while (datagram := self._queue.take()) is not None:
            self._read(datagram)
            if self._now() >= end:
                break
        self._write(self._now())

    def close(self) -> None:
        """Read what has been taken in, and write it down."""
        while (datagram := self._queue.take()) is not None:
            self._read(datagram)
        if self._writing is not None:
            self._settle(self._writing)
        self._next = 0.0
        self._write(self._now())
        if self._writing is not None:
            self._settle(self._writing)
        self._disk.shutdown()

    def _read(self, datagram: Datagram) -> None:
        try:
            notice = self._understood(datagram)
        except Refused as error:
            self.counts.refused[error.reason] += 1
            if error.reply:
                self._listening.send(error.reply, datagram.source)
            return
        except Exception as error:  # noqa: BLE001 - whatever a device sends, the others are heard
            self._fault(error)
            self.counts.refused["fault"] += 1
            return
        if self.counts.repeated(notice, self._now()):
            self.counts.refused["repeated"] += 1
        else:
            self.counts.add(notice, self._wall())
        if notice.reply and len(self._pending) < MOST_UNACKNOWLEDGED:
            self._pending.append((notice.reply, datagram.source))

    def _understood(self, datagram: Datagram) -> Notice:
        version = version_of(datagram.data)
        if version in (0, 1):
            return read_community(datagram.data, version, datagram.senders)
        if version == 3:
            return self.usm.read(datagram.data, datagram.senders)
        raise Refused("wrong_version")

    def _fault(self, error: Exception) -> None:
        """A fault of ours is told once of each kind, without a word that came from a device."""
        frames, trace = [], error.__traceback__
        while trace is not None:
            frames.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
            trace = trace.tb_next
        what = f"{type(error).__name__} at {' > '.join(frames)}"
        if what not in self._faults and len(self._faults) < 100:
            self._faults.add(what)

    # -- the disk -------------------------------------------------------------------------------------------------

    def _write(self, now: float) -> None:
        """Have written what is new: at once where somebody waits for it, else every so often."""
        if self._orders is None:
            return
        if self._writing is not None:
            if not self._writing.done():
                return
            self._settle(self._writing)
        if now < self._next and (self._failing or not self._pending):
            return
        self._next = now + (AGAIN if self._failing else FLUSH)
        self._kernel(self._orders.socket)
        self.counts.waiting = len(self._queue)
        changes, learned = self.counts.changes(), self.usm.learned
        self._new += changes
        self._new += [engine_record(*key, self.usm.engines[key]) for key in learned if key in self.usm.engines]
        learned.clear()
        if not self._new and not self._pending and not self._failing:
            return
        records, self._new = self._new, []
        anew = bool(self._failing) or self._journal.lines > ROOM + 4 * len(self.counts.counts)
        if anew:
            records = self._everything(self._orders)
        self._sending, self._pending = self._pending, []
        told = self._told([change[1:] for change in changes if change[0] == "trap"])
        self._writing = self._disk.submit(self._to_disk, records, anew, told)

    def _to_disk(self, records: Sequence[Record], anew: bool, told: dict[str, Any]) -> str:
        """In the other thread. Why the disk refused, empty: it did not; the rest of the program is told."""
        failing = ""
        try:
            (self._journal.replace if anew else self._journal.append)(records)
        except OSError as error:
            failing = f"{type(error).__name__}: {error.strerror}"
        self._tell(told | {"failing": failing, "failures": self._failures + bool(failing)})
        return failing

    def _settle(self, writing: Future[str]) -> None:
        """What was written may be acknowledged; what was not waits for the next attempt."""
        self._writing = None
        self._failing = writing.result()
        if self._failing:
            self._failures += 1
            self._pending = (self._sending + self._pending)[:MOST_UNACKNOWLEDGED]
        else:
            for reply, source in self._sending:
                self._listening.send(reply, source)
        self._sending = []

    def _everything(self, wanted: Orders) -> list[Record]:
        devices = {sender.name for sender in wanted.senders}
        return [
            ["self", self.usm.engine[len(ENTERPRISE) :].hex(), self.usm.boots],
            ["kernel", *self._drops],
            *(engine_record(*key, engine) for key, engine in self.usm.engines.items() if engine.device in devices),
            *self.counts.everything(devices),
        ]

    def _kernel(self, socket: str) -> None:
        """Count what the kernel dropped since the last look. Its own count begins with the socket."""
        told = self._listening.kernel()
        if told is None:
            return
        self._buffer, drops = told
        name, before = self._drops
        if (name, before) != (socket, drops):
            self.counts.refused["kernel_buffer"] += drops - (before if name == socket else 0)
            self._drops = (socket, drops)
            self._new.append(["kernel", *self._drops])

    def _told(self, traps: Sequence[Sequence[Any]]) -> dict[str, Any]:
        return {
            "traps": traps,
            "received": self.counts.received,
            "counted": self.counts.counted,
            "refused": dict(self.counts.refused),
            "waiting": len(self._queue),
            "buffer": self._buffer,
            "failures": self._failures,
            "failing": self._failing,
            "damaged": self._damaged,
            "faults": sorted(self._faults),
        }
