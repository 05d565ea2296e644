"""What was learned of addresses that are not in the inventory, for when they are asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_Key = tuple[str, str, str]


class Strangers:
    """By address, port and auth, oldest first, as `Watch.saved` gives it. No secret is among it."""

    def __init__(self) -> None:
        self._known: dict[_Key, Mapping[str, Any]] = {}

    def keep(self, known: Mapping[str, Any], most: int) -> None:
        """Remember this, and of all of it `most` at most."""
        self._known.pop(_key(known), None)
        self._known[_key(known)] = known
        while len(self._known) > most:
            del self._known[next(iter(self._known))]

    def known(self, identity: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is known of one; empty: nothing."""
        return self._known.get(_key(identity), {})

    def saved(self) -> Sequence[Mapping[str, Any]]:
        """All of it, as JSON has it."""
        return list(self._known.values())

    def restore(self, saved: Any, most: int) -> None:
        """What `saved` gave in an earlier run. What it never gives is passed over."""
        for known in saved if isinstance(saved, list) else ():
            if isinstance(known, dict) and isinstance(known.get("modules"), dict):
                self.keep(known, most)


def _key(known: Mapping[str, Any]) -> _Key:
    return str(known.get("address")), str(known.get("port")), str(known.get("auth"))
