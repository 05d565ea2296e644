"""Rows that a device's page leaves out because their counters come round too fast, for `/snmp` (`wire.snmp.wraps`)."""

from __future__ import annotations

from collections.abc import Sequence

from collector.model import Aside
from collector.privacy import Privacy, Screen
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.module import Module
from collector.wire.snmp.outcome import Share
from collector.wire.snmp.wraps import octets, refused_only


class Memory:
    """The rows of each module that were left out, rendered once."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Module, Privacy, Interned]] = {}

    def columns(self, module: Module, share: Share, room: float, screen: Screen) -> Sequence[Aside]:
        """The rows of this poll; none where their names were left out of it and are not known."""
        known = self._rows.get(module.name)
        if known is None or known[0] is not module or known[1] is not screen.privacy:
            known = self._rows[module.name] = module, screen.privacy, Interned()
        harvest = refused_only(module, share.harvest)
        sheet = Sheet(octets(module), harvest, known[2], share.skipped, room=room, screen=screen)
        made = [Aside(column.family, column.rows, column.values) for column in sheet.columns()]
        return () if sheet.stale else made
