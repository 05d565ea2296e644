"""D4: hostile strings, in every field that a device can fill."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2s
from random import Random
from typing import ClassVar

from prometheus_client.parser import text_string_to_metric_families

from bench.bar.row import Verdict
from collector.model import Column
from collector.wire.snmp import ber
from collector.wire.snmp.module import Index, Metric, Module
from deploy.local import parts
from exporters.text import Page, render
from tests.collector.wire.snmp.agents import Agent, octets
from tests.collector.wire.snmp.faulty import ROOT, poll
from tests.exporters.exposition import parse
from tests.fuzz.modules import EVERY_TYPE, TYPES

Render = Callable[[Iterable[Column]], Page]

PER_PAGE = 20
"""Rows of a page: one string for each column and row."""
CHECKED = 20
"""Pages that promtool reads too."""

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
    """Random bytes and known mischief in values and indexes of every type, read back by three parsers."""

    id: ClassVar[str] = "D4"
    promise: ClassVar[str] = "hostile strings break nothing and come back as they were sent"
    target: ClassVar[str] = "0 exceptions, 0 unparseable pages by any parser, 0 texts changed beyond what is documented"

    strings: int = 10_000
    render: Render = render

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
        checked, refused = _promtool(pages[:CHECKED])
        figure = {
            "strings": sent,
            "pages": len(pages),
            "wrong": len(wrong),
            "changed": changed,
            "pages_read_by_promtool": checked,
            "refused_by_promtool": refused,
            "first": wrong[0][:300] if wrong else None,
        }
        return Verdict(not wrong and not changed and not refused and bool(pages), figure)

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
    """How many pages promtool read, and how many of them it refused (its lint is another matter)."""
    try:
        promtool = parts.part("promtool")
    except (parts.MissingPart, OSError):
        return 0, 0
    codes = [
        subprocess.run(
            [promtool, "check", "metrics"], input=page, capture_output=True, timeout=60, check=False
        ).returncode
        for page in pages
    ]
    return len(codes), sum(code == 1 for code in codes)
