"""The receiver of traps as the rest of the program sees it: a process that is started, told, heard, started again."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

import collector
from collector.config import Config
from collector.edge.datagrams import CannotBind, Listening
from collector.model import Column, Device, Family, Rows, column, rows, single
from collector.network.traps.orders import Orders, words
from collector.network.traps.senders import Limits, Sender
from collector.status import labelled

TRAPS = Family("wardwatch_traps_total", "Traps and informs of the device; auth none: it proves nothing.", "counter")
LAST = Family("wardwatch_trap_last_timestamp_seconds", "When the device's last trap of that name came.")
RECEIVED = Family("wardwatch_traps_received_total", "Datagrams at the trap port.", "counter")
COUNTED = Family("wardwatch_traps_counted_total", "Datagrams counted on the devices' pages.", "counter")
REFUSED = Family("wardwatch_traps_refused_total", "Datagrams not counted as traps, by reason.", "counter")
WAITING = Family("wardwatch_traps_waiting", "Datagrams not read yet.")
LISTENING = Family("wardwatch_traps_listening", "1: the receiver of traps is at work.")
BUFFER = Family("wardwatch_traps_buffer_bytes", "Receive buffer that the kernel granted for traps.")
RESTARTS = Family("wardwatch_traps_restarts_total", "Times that the receiver of traps ended by itself.", "counter")

JOURNAL: Final = "traps.journal"
LONGEST_LINE: Final = 256 << 20
"""Bytes of the longest word from the receiver: all counts of all devices, once."""
PATIENCE: Final = 3.0
"""Seconds that the receiver has to write its last counts."""
REST: Final = 30.0
"""Seconds between two starts at most, of a receiver that ends by itself."""

log = structlog.get_logger()


class TrapReceiver:
    """Traps and informs, if the configuration says where to listen. Counts are those that have been written down."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._listening: Listening | None = None
        self._socket = secrets.token_hex(8)
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._pages: dict[str, _Page] = {}
        self._said: Mapping[str, Any] = {}
        self._restarts = 0
        self._closing = False

    def bind(self) -> None:
        """Take the port, if that is wanted. Raises CannotBind."""
        settings = self._config.settings
        if not settings.traps.listen:
            return
        host, _, port = settings.traps.listen.rpartition(":")
        self._listening = Listening.at(host.strip("[]"), int(port))
        if (told := self._listening.kernel()) is not None:
            log.info("traps", listen=settings.traps.listen, buffer=told[0])

    def start(self) -> None:
        """Begin to receive. Inside the event loop, after `bind`."""
        if self._listening is not None:
            self._task = asyncio.create_task(self._keep_running(), name="traps")

    def load(self, config: Config) -> None:
        """Listen to these devices from now on."""
        if config.settings.traps.listen != self._config.settings.traps.listen:
            log.warning("traps.listen changes with a restart", listen=config.settings.traps.listen)
        self._config = config
        self._order()

    async def close(self) -> None:
        """Have the receiver write its last counts, and end it."""
        self._closing = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._task is not None:
            done, _ = await asyncio.wait((self._task,), timeout=PATIENCE)
            if not done:
                log.error("the receiver of traps did not end, and was killed")
                if process is not None:
                    with suppress(ProcessLookupError):
                        process.kill()
                self._task.cancel()
                await asyncio.wait((self._task,))
        if self._listening is not None:
            self._listening.close()

    # -- what is shown --------------------------------------------------------------------------------------------

    def page(self, device: str) -> Sequence[Column]:
        """A device's traps, as columns."""
        page = self._pages.get(device)
        return page.columns() if page is not None else ()

    def columns(self) -> Iterator[Column]:
        """The receiver's own figures; nothing where there is none."""
        if self._listening is None:
            return
        said = self._said
        yield single(LISTENING, self._process is not None)
        yield single(RESTARTS, self._restarts)
        if not said:
            return
        yield single(RECEIVED, said["received"])
        yield single(COUNTED, said["counted"])
        yield labelled(REFUSED, "reason", said["refused"])
        yield single(WAITING, said["waiting"])
        if said["buffer"] is not None:
            yield single(BUFFER, said["buffer"])

    @property
    def failures(self) -> int:
        """Times that counts could not be written, or were found damaged."""
        return int(self._said.get("failures", 0) + self._said.get("damaged", 0))

    # -- the process ----------------------------------------------------------------------------------------------

    async def _keep_running(self) -> None:
        rest = 1.0
        loop = asyncio.get_running_loop()
        while not self._closing:
            began = loop.time()
            try:
                why = await self._run_once()
            except OSError as error:
                why = f"{type(error).__name__}: {error.strerror}"
            if self._closing:
                return
            self._restarts += 1
            rest = min(rest * 2, REST) if loop.time() - began < REST else 1.0
            log.error("the receiver of traps ended, and is started again", why=why, seconds=rest)
            await asyncio.sleep(rest)

    async def _run_once(self) -> str:
        """Start the process and hear it to its end. How it ended."""
        assert self._listening is not None
        settings = self._config.settings
        settings.state.mkdir(parents=True, exist_ok=True)
        # This very code, whatever directory we were started in.
        path = [str(Path(collector.__file__ or "").parents[1]), os.environ.get("PYTHONPATH", "")]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "collector.network.traps"),
            *(str(self._listening.number), str(settings.state / JOURNAL)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=(self._listening.number,),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))},
            limit=LONGEST_LINE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        try:
            self._order()
            errors = asyncio.create_task(process.stderr.read())
            async for line in process.stdout:
                self._hear(json.loads(line))
            last = (await errors).decode(errors="replace").strip().rpartition("\n")[2]
            return f"exit {await process.wait()}: {last.partition(':')[0]}"
        finally:
            self._process = None
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _order(self) -> None:
        """Tell the receiver what to do. Of a process that is gone the next one is told."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        said = json.dumps(words(_orders(self._config, self._socket)), separators=(",", ":"))
        process.stdin.write(said.encode() + b"\n")

    def _hear(self, said: Mapping[str, Any]) -> None:
        for device, trap, auth, count, last in said["traps"]:
            self._pages.setdefault(device, _Page()).put((trap, auth), count, last)
        if said["failing"] and said["failing"] != self._said.get("failing"):
            log.error("traps not written", path=str(self._config.settings.state), why=said["failing"])
        if said["damaged"] and said["damaged"] != self._said.get("damaged"):
            log.error("counts of traps are damaged, the rest is kept", lines=said["damaged"])
        for fault in said["faults"]:
            if fault not in self._said.get("faults", ()):
                log.error("bug in the receiver of traps", where=fault)
        self._said = said


class _Page:
    """What is shown of one device's traps. Its rows are rendered once for each new name."""

    __slots__ = ("_rows", "_values")

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[int, float]] = {}
        self._rows: Rows | None = None

    def put(self, key: tuple[str, str], count: int, last: float) -> None:
        if key not in self._values:
            self._rows = None
        self._values[key] = (count, last)

    def columns(self) -> Sequence[Column]:
        if self._rows is None:
            self._values = dict(sorted(self._values.items()))
            self._rows = rows(("trap", "auth"), self._values)
        values = self._values.values()
        return (
            column(TRAPS, self._rows, (count for count, _ in values)),
            column(LAST, self._rows, (last for _, last in values)),
        )


def _orders(config: Config, socket: str) -> Orders:
    traps = config.settings.traps
    return Orders(
        senders=tuple(_sender(device) for device in config.devices if device.address and not device.agent),
        limits=Limits(traps.rate, traps.burst),
        names=config.trap_names,
        most_names=traps.names,
        socket=socket,
    )


def _sender(device: Device) -> Sender:
    return Sender(device.name, (device.address, *device.reply_from), device.auth)


__all__ = ["CannotBind", "TrapReceiver"]
