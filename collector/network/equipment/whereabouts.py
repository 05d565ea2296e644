"""Where all equipment is: what boxes said in their last polls, what the inventory says, and what was last seen.

One for the program (`model.Common`). Polls put sheets in; pages ask. Nothing here is sent or waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final

from collector.model import Device, Seconds
from collector.network.equipment import macs, wards
from collector.network.equipment.ledger import Ledger
from collector.network.equipment.place import Place, Sighting, Spot, choose, is_vlan, judged, spots, vlan_of
from collector.network.equipment.sheet import Port, Sheet

WINDOW: Final = Seconds(900.0)
"""Seconds for which a device counts as seen, where its box does not say: the 300 s for which a bridge remembers an
address by default (RFC 4188, dot1dTpAgingTime), and two polls of five minutes."""


class Whereabouts:
    """Sheets by box, sightings by device."""

    def __init__(self) -> None:
        self._inventory: dict[str, Device] = {}
        self._watched: dict[str, Device] = {}
        self._listed: dict[int, str] = {}
        """Devices by the address that the inventory says."""
        self._addresses: dict[str, str] = {}
        """Watched devices without one, by IP address."""
        self._learned: dict[str, int] = {}
        """Their addresses as routers told them."""
        self.ledger = Ledger()
        self._last: dict[str, Sighting] = {}

    # -- what is known ----------------------------------------------------------------------------------------------

    def load(self, devices: Sequence[Device], boxes: Collection[str]) -> None:
        """The inventory from now on. Watched is what is clinical, and what has a MAC address there. `boxes` are the
        names of those that are asked for sightings."""
        self._inventory = {device.name: device for device in devices}
        self._watched = {d.name: d for d in devices if not d.agent and (d.device_class == "clinical" or d.mac)}
        self._listed = {macs.number(device.mac): device.name for device in devices if device.mac}
        self._addresses = {plain_address(d.address): d.name for d in self._watched.values() if not d.mac}
        self._learned = {name: mac for name, mac in self._learned.items() if name in self._addresses.values()}
        self._last = {name: last for name, last in self._last.items() if name in self._watched}
        self.ledger.load({device.name: device.address for device in devices if not device.agent}, boxes)
        self.ledger.want(self._known())

    def put(self, sheet: Sheet) -> None:
        """What a box said just now, instead of what it said before."""
        found = {ip: mac for ip, mac in sheet.arp.items() if ip in self._addresses}
        if found:
            self._learned |= {self._addresses[ip]: mac for ip, mac in found.items()}
            self.ledger.want(self._known())
        self.ledger.put(replace(sheet, arp=found))

    def _known(self) -> AbstractSet[int]:
        """The addresses of the inventory's devices."""
        return self._listed.keys() | set(self._learned.values())

    # -- what is asked ----------------------------------------------------------------------------------------------

    @property
    def watched(self) -> Sequence[str]:
        """Names of the devices whose place is looked for."""
        return tuple(self._watched)

    def place(self, name: str, now: float, wall: float) -> Place | None:
        """Where a device is, at monotonic `now` and Unix time `wall`; None for one whose place is not looked for."""
        device = self._watched.get(name)
        if device is None:
            return None
        mac = macs.number(device.mac) if device.mac else self._learned.get(name, 0)
        settling = self.ledger.settling(now)
        seen = () if settling or not mac else self.ledger.seen(mac, now)
        spot, count = choose(tuple(spots(mac, seen)), self._last.get(name))
        if spot is not None:
            self._last[name] = self._sighting(device, spot, now, wall)
        elif not settling and (heard := self.ledger.heard(mac, now)) is not None and self._elsewhere(mac, name, now):
            self._last[name] = Sighting("", "", 0, "wire", wall - (now - heard))
        last = self._last.get(name)
        if last is None:
            read = not settling and any(sheet.fresh(now) and sheet.whole for sheet in self.ledger.sheets.values())
            return Place("unseen" if read and mac else "unknown", mac)
        sheet = self.ledger.sheets.get(last.box) if not settling else None
        state, recent = judged(last, sheet, window=sheet.window if sheet else WINDOW, now=now, wall=wall)
        ward = self._ward(last.box, last.port)
        moved = ward.casefold() != device.ward.casefold() if ward and device.ward and last.box else None
        if moved and state in ("seen", "quiet"):
            state = "moved"
        wrong = None
        if device.vlan and last.vlan:
            right = is_vlan(last.vlan, device.vlan, self._names(last.box, last.vlan))
            wrong = None if right is None else not right
        return Place(
            state=state,
            mac=mac,
            box=last.box,
            port=last.port,
            vlan=last.vlan,
            ward=ward,
            recent=recent,
            last=last.at,
            moved=moved,
            wrong_vlan=wrong,
            half=port.half if (port := self._port(last, now)) is not None else None,
            ports=count if not last.box or (sheet is not None and sheet.fresh(now)) else None,
            company=spot.company if spot is not None and spot.medium == "wire" else None,
        )

    def strangers(self, box: str, now: float) -> Mapping[int, int]:
        """Addresses that the inventory does not have on each clinical VLAN of a box, its uplinks left out. Nothing
        while its uplinks are not known.

        A VLAN is clinical where the inventory expects a clinical device.
        """
        sheet = self.ledger.sheets.get(box)
        if sheet is None or self.ledger.settling(now):
            return {}
        expected = {d.vlan for d in self._watched.values() if d.vlan and d.device_class == "clinical"}
        there = sheet.fdb.vlans | sheet.vlans.keys()
        clinical = {vlan for vlan in there for each in expected if is_vlan(vlan, each, self._names(box, vlan))}
        beyond, known = self.ledger.uplinks(sheet), self._known() | self.ledger.boxes.macs.keys()
        found: dict[int, set[int]] = {vlan: set() for vlan in sorted(clinical)}
        for mac, port, vlan in sheet.fdb.within(found):
            if port not in beyond and mac not in known:
                found[vlan].add(mac)
        return {vlan: len(addresses) for vlan, addresses in found.items()}

    def _elsewhere(self, mac: int, name: str, now: float) -> bool:
        """Whether a device that is seen beyond uplinks only has left the port where it was: its own switch says so, by
        having it beyond an uplink too. A core that remembers longer than the switch at the edge says nothing."""
        last = self._last.get(name)
        if last is None or not last.box:
            return True
        sheet = self.ledger.sheets.get(last.box)
        return sheet is not None and sheet.fresh(now) and bool(sheet.fdb.of(mac))

    def _port(self, last: Sighting, now: float) -> Port | None:
        sheet = self.ledger.sheets.get(last.box)
        return sheet.named(last.port) if sheet is not None and sheet.fresh(now) and last.medium == "wire" else None

    def _sighting(self, device: Device, spot: Spot, now: float, wall: float) -> Sighting:
        names = {vlan: self._names(spot.box, vlan).get(vlan, "") for vlan in spot.vlans}
        vlan = vlan_of(spot.vlans, device.vlan, names)
        at = wall - (now - spot.at)
        before = self._last.get(device.name)
        if before is not None and before.box == spot.box and before.port == spot.port and abs(before.at - at) < 1:
            at = before.at  # the same poll: the two clocks drift apart by a hair
        return Sighting(spot.box, spot.port, vlan, spot.medium, at)

    def _names(self, box: str, vlan: int) -> Mapping[int, str]:
        """Names of VLANs as a box has them, or as another has them that knows this one: controllers tell none."""
        sheets = (*((self.ledger.sheets[box],) if box in self.ledger.sheets else ()), *self.ledger.sheets.values())
        return next((sheet.vlans for sheet in sheets if sheet.vlans.get(vlan)), {})

    def _ward(self, box: str, port: str) -> str:
        device = self._inventory.get(box)
        return wards.ward(device.wards, device.ward, port) if device is not None else ""

    # -- over restarts ----------------------------------------------------------------------------------------------

    def saved(self) -> Mapping[str, Any]:
        """The last sightings, as JSON has them."""
        return {
            name: {**last.saved(), **({"mac": macs.written(self._learned[name])} if name in self._learned else {})}
            for name, last in self._last.items()
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """What an earlier run had last seen. Raises KeyError, TypeError or ValueError for what `saved` never gives."""
        for name, each in saved.items():
            if name in self._watched:
                self._last[name] = Sighting.restored(each)
                if "mac" in each and name in self._addresses.values():
                    self._learned[name] = macs.number(each["mac"])
        self.ledger.want(self._known())


def plain_address(text: str) -> str:
    """An IP address as it is compared; other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text
