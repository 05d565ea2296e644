"""D4: hostile strings, in every field that a device can fill."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from random import Random
from typing import ClassVar, Literal

from prometheus_client.parser import text_string_to_metric_families

from bench.bar.row import Verdict
from collector.cli.traps import _Page as TrapPage
from collector.model import Column
from collector.network.traps.community import read_community
from collector.network.traps.counts import Counts
from collector.network.traps.notice import Notice
from collector.network.traps.senders import Sender
from collector.wire.snmp import ber
from collector.wire.snmp.module import Index, Metric, Module
from deploy.local import parts
from exporters.text import Page, render
from tests.collector.network.traps.device import LINK_DOWN, SWITCH, by_community
from tests.collector.wire.snmp.agents import Agent, octets
from tests.collector.wire.snmp.faulty import ROOT, poll
from tests.exporters.exposition import parse
from tests.fuzz.modules import EVERY_TYPE, TYPES

Render = Callable[[Iterable[Column]], Page]
Read = Callable[[bytes, int, Sequence[Sender]], Notice]

PER_PAGE = 20
"""Rows of a page: one string for each column and row."""
CHECKED = 20
"""Pages that promtool reads too."""
TRAPS = 20
"""Of so many strings one goes into a trap, which takes pysnmp a hundred times as long."""
WITHOUT = "WARDWATCH_WITHOUT_PROMTOOL"
"""Says, if it is set, that promtool is left out on purpose; where it is merely missing the row is red."""

NAMED = Module(
    name="named",
    walk=(ROOT,),
    metrics=(Metric("said", f"{ROOT}.1.1", "DisplayString", "", (Index("row", "gauge"),)),),
)
"""A text as a label, told back exactly."""

BITS = (
    b'"', b"\\", b"\n", b"\r", b"\t", b"\x00", b"\x1b[31m", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8", b"\xff", b"\xfe\xff",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"{{ .Value }}", b"<script>", b'"} 1\nup 1\n',
    b"# TYPE x counter", b"\xf0\x9f\x92\x89", b"caf\xc3\xa9", b"a" * 300, b"%s%n", b"{a=\"b\"}", b" ", b",", b"=",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class D4:
    """Random bytes and known mischief in values and indexes of every type, read back by three parsers; and in traps,
    of which no text is to come back at all."""

    id: ClassVar[str] = "D4"
    promise: ClassVar[str] = "hostile strings break nothing and come back as they were sent"
    target: ClassVar[str] = "0 exceptions, 0 unparseable pages by any parser, 0 texts changed beyond what is documented"

    strings: int = 10_000
    render: Render = render
    read: Read = read_community
    """The trap receiver's way of reading."""
    promtool: Literal["needed", "left out"] = "left out" if os.environ.get(WITHOUT) else "needed"

    def measure(self, seed: int) -> Verdict:
        random = Random(seed)
        sent = changed = 0
        wrong: list[str] = []
        pages: list[bytes] = []
        while sent < self.strings:
            try:
                body, told, count = self._page(random)
            except Exception as error:  # noqa: BLE001 - any exception is what the row counts
                wrong.append(f"exception {type(error).__name__}: {error}")
                sent += PER_PAGE
                continue
            sent += count
            pages.append(body)
            wrong += list(_unreadable(body))
            changed += told
        counted, shown, page = self._traps(max(PER_PAGE, self.strings // TRAPS), random)
        wrong += list(_unreadable(page))
        checked, refused = (0, 0) if self.promtool == "left out" else _promtool([*pages[:CHECKED], page])
        figure = {
            "strings": sent,
            "pages": len(pages),
            "wrong": len(wrong),
            "changed": changed,
            "traps": counted,
            "trap_texts_shown": shown,
            "promtool": self.promtool,
            "pages_read_by_promtool": checked,
            "refused_by_promtool": refused,
            "first": wrong[0][:300] if wrong else None,
        }
        read = bool(pages) and bool(counted) and (checked > 0 or self.promtool == "left out")
        return Verdict(read and not wrong and not changed and not refused and not shown, figure)

    def _page(self, random: Random) -> tuple[bytes, int, int]:
        """A page, how many texts on it are not what was sent, and how many strings went into it."""
        values = {}
        for column in range(len(TYPES)):
            for _ in range(PER_PAGE):
                index = ".".join(str(random.choice((0, 1, 4, 6, 16, 65, 255))) for _ in range(random.randint(2, 20)))
                values[f"{ROOT}.1.{column}.{index}"] = ber.tlv(random.choice(TAGS), hostile(random))
        columns = list(poll(Agent(values), EVERY_TYPE).columns.values())
        texts = {str(row): hostile(random) for row in range(1, PER_PAGE + 1)}
        said = poll(Agent({f"{ROOT}.1.1.{row}": octets(text) for row, text in texts.items()}), NAMED).columns
        body = self.render([*columns, *said.values()]).body
        return body, self._changed(body, texts), len(values) + len(texts)

    def _traps(self, count: int, random: Random) -> tuple[int, int, bytes]:
        """How many traps with hostile text were counted, labels that are no name of a trap, and the device's page."""
        counts, page = Counts(), TrapPage()
        for _ in range(count):
            oid = LINK_DOWN if random.random() < 0.5 else f"1.3.6.1.4.1.32473.{random.randrange(100)}.0.1"
            packet = by_community(oid, text=hostile(random), inform=random.random() < 0.2)
            counts.add(self.read(packet, 1, (SWITCH,)), 0.0)
        for (_, trap, auth), (number, last) in counts.counts.items():
            page.put((trap, auth), number, last)
        columns = page.columns()
        words = [label for column in columns for labels in column.rows.values for label in labels]
        shown = sum(not re.fullmatch(r"[0-9.]+|other|none", word) for word in words)
        return sum(number for number, _ in counts.counts.values()), shown, self.render(columns).body

    def _changed(self, body: bytes, texts: dict[str, bytes]) -> int:
        try:
            page = parse(body)
        except (ValueError, IndexError, KeyError):
            return 0  # counted as unreadable
        told = {dict(labels)["row"]: dict(labels).get("said", "") for name, labels in page.samples if name == "said"}
        return sum(told.get(row) != sanitised(text) for row, text in texts.items())


TAGS = (ber.OCTET_STRING,) * 6 + (ber.OPAQUE, ber.IP_ADDRESS, ber.OID, ber.INTEGER)


def hostile(random: Random) -> bytes:
    """Bytes as no honest device says them."""
    if random.random() < 0.3:
        return random.randbytes(random.choice((0, 1, 6, 8, 11, 16, 40, 400)))
    return b"".join(random.choice(BITS) for _ in range(random.randint(1, 4)))


def sanitised(text: bytes) -> str:
    """What docs/configuration.md promises of a text: no bytes that are no UTF-8, no controls, 256 characters. Written
    apart from the product's."""
    decoded = re.sub("[\udc80-\udcff]+", "\ufffd", text.decode("utf-8", "surrogateescape"))
    harmless = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "\ufffd", decoded)
    if len(harmless) <= 256:
        return harmless
    return f"{harmless[:247]}~{blake2s(harmless.encode(), digest_size=4).hexdigest()}"


def _unreadable(body: bytes) -> Iterator[str]:
    """Why a page cannot be read, by our strict parser and by prometheus-client's."""
    try:
        strict = len(parse(body).samples)
    except (ValueError, IndexError, KeyError) as error:
        yield f"strict parser: {error}"
        return
    try:
        found = sum(len(family.samples) for family in text_string_to_metric_families(body.decode()))
        if found != strict:
            yield f"prometheus-client reads {found} samples, the strict parser {strict}"
    except Exception as error:  # noqa: BLE001 - it raises whatever it stumbles over
        yield f"prometheus-client: {error}"


def _promtool(pages: list[bytes]) -> tuple[int, int]:
    """How many pages promtool read, and how many it refused (its lint is another matter). Raises MissingPart."""
    promtool = parts.part("promtool")
    codes = [
        subprocess.run(
            [promtool, "check", "metrics"], input=page, capture_output=True, timeout=60, check=False
        ).returncode
        for page in pages
    ]
    return len(codes), sum(code == 1 for code in codes)
