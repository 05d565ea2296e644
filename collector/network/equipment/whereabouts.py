"""Where all equipment is: what boxes said in their last polls, what the inventory says, and what was last seen.

One for the program (`model.Common`). Polls put sheets in; pages ask. Nothing here is sent or waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final

from collector.model import Device, Seconds
from collector.network.equipment import macs, wards
from collector.network.equipment.place import Place, Sighting, Spot, choose, is_vlan, judged, spots, vlan_of
from collector.network.equipment.sheet import Port, Row, Sheet
from collector.network.equipment.uplinks import Boxes, Why, plain, uplinks

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
        self._sheets: dict[str, Sheet] = {}
        self._boxes = Boxes()
        self._rows: dict[int, dict[str, Sequence[Row]]] = {}
        """Rows of addresses that somebody asked for, by box."""
        self._uplinks: dict[str, tuple[Sheet, Boxes, Mapping[int, Why]]] = {}
        self._last: dict[str, Sighting] = {}
        self._unread: frozenset[str] = frozenset()
        """Boxes that were never read."""
        self._since: float | None = None
        """Monotonic seconds at which the first box was read while others were not."""
        self._patience = 0.0
        """Seconds from then on for which the others are waited for: one interval."""

    # -- what is known ----------------------------------------------------------------------------------------------

    def load(self, devices: Sequence[Device], boxes: Collection[str]) -> None:
        """The inventory from now on. Watched is what is clinical, and what has a MAC address there. `boxes` are the
        names of those that are asked for sightings."""
        self._inventory = {device.name: device for device in devices}
        self._watched = {d.name: d for d in devices if not d.agent and (d.device_class == "clinical" or d.mac)}
        self._listed = {macs.number(device.mac): device.name for device in devices if device.mac}
        self._addresses = {plain_address(d.address): d.name for d in self._watched.values() if not d.mac}
        self._sheets = {box: sheet for box, sheet in self._sheets.items() if box in self._inventory}
        self._learned = {name: mac for name, mac in self._learned.items() if name in self._addresses.values()}
        self._last = {name: last for name, last in self._last.items() if name in self._watched}
        self._rows.clear()
        self._unread, self._since = frozenset(boxes) - self._sheets.keys(), None
        self._introduce()

    def put(self, sheet: Sheet) -> None:
        """What a box said just now, instead of what it said before."""
        before = self._sheets.get(sheet.box)
        found = {ip: mac for ip, mac in sheet.arp.items() if ip in self._addresses}
        self._learned |= {self._addresses[ip]: mac for ip, mac in found.items()}
        sheet = replace(sheet, arp=found)
        self._sheets[sheet.box] = sheet
        self._unread -= {sheet.box}
        if self._since is None:
            self._since = sheet.at
            self._patience = sheet.good_for / 2
        if before is None or (before.own, before.name) != (sheet.own, sheet.name):
            self._introduce()
        for mac, rows in self._rows.items():
            if here := sheet.fdb.of(mac):
                rows[sheet.box] = here
            else:
                rows.pop(sheet.box, None)

    def _introduce(self) -> None:
        """Who is who among the boxes, anew. A new object, so that what was derived from the old one is known to be."""
        boxes = Boxes()
        for box, sheet in self._sheets.items():
            boxes.macs |= dict.fromkeys(sheet.own, box)
            boxes.names |= {plain(name): box for name in (box, sheet.name) if name}
            boxes.addresses[self._inventory[box].address if box in self._inventory else ""] = box
        boxes.addresses.pop("", None)
        self._boxes = boxes

    def uplinks(self, sheet: Sheet) -> Mapping[int, Why]:
        """The ports of a box that lead to others."""
        known = self._uplinks.get(sheet.box)
        if known is not None and known[0] is sheet and known[1] is self._boxes:
            return known[2]
        found = uplinks(sheet, self._boxes)
        self._uplinks[sheet.box] = (sheet, self._boxes, found)
        return found

    def settling(self, now: float) -> bool:
        """Whether it is too early to say where anything is: as long as a core was read and the switch at the edge was
        not, everything seems to hang on the core."""
        return bool(self._unread) and (self._since is None or now - self._since < self._patience)

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
        settling = self.settling(now)
        found, beyond = ((), None) if settling else self._found(mac, now)
        spot, count = choose(found, self._last.get(name))
        if spot is not None:
            self._last[name] = self._sighting(device, spot, now, wall)
        elif beyond is not None and self._elsewhere(mac, name, now):
            self._last[name] = Sighting("", "", 0, "wire", wall - (now - beyond))
        last = self._last.get(name)
        if last is None:
            read = not settling and any(sheet.fresh(now) and sheet.whole for sheet in self._sheets.values())
            return Place("unseen" if read and mac else "unknown", mac)
        sheet = self._sheets.get(last.box) if not settling else None
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
        sheet = self._sheets.get(box)
        if sheet is None or self.settling(now):
            return {}
        expected = {d.vlan for d in self._watched.values() if d.vlan and d.device_class == "clinical"}
        there = {vlan for _, _, vlan in sheet.fdb if vlan} | sheet.vlans.keys()
        clinical = {vlan for vlan in there for each in expected if is_vlan(vlan, each, self._names(box, vlan))}
        beyond = self.uplinks(sheet)
        known = self._listed.keys() | set(self._learned.values()) | self._boxes.macs.keys()
        found: dict[int, set[int]] = {vlan: set() for vlan in sorted(clinical)}
        for mac, port, vlan in sheet.fdb:
            if vlan in found and port not in beyond and mac not in known:
                found[vlan].add(mac)
        return {vlan: len(addresses) for vlan, addresses in found.items()}

    def _found(self, mac: int, now: float) -> tuple[Sequence[Spot], float | None]:
        """Spots of an address, and when it was last seen at all, beyond uplinks included."""
        if not mac:
            return (), None
        rows = self._rows.get(mac)
        if rows is None:
            rows = {box: here for box, sheet in self._sheets.items() if (here := sheet.fdb.of(mac))}
            self._rows[mac] = rows
        names = {*rows, *(box for box, sheet in self._sheets.items() if mac in sheet.clients)}
        sheets = [self._sheets[box] for box in names if box in self._sheets and self._sheets[box].fresh(now)]
        return tuple(spots(mac, sheets, self.uplinks)), max((sheet.at for sheet in sheets), default=None)

    def _elsewhere(self, mac: int, name: str, now: float) -> bool:
        """Whether a device that is seen beyond uplinks only has left the port where it was: its own switch says so, by
        having it beyond an uplink too. A core that remembers longer than the switch at the edge says nothing."""
        last = self._last.get(name)
        if last is None or not last.box:
            return True
        sheet = self._sheets.get(last.box)
        return sheet is not None and sheet.fresh(now) and bool(sheet.fdb.of(mac))

    def _port(self, last: Sighting, now: float) -> Port | None:
        sheet = self._sheets.get(last.box)
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
        sheets = (*((self._sheets[box],) if box in self._sheets else ()), *self._sheets.values())
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


def plain_address(text: str) -> str:
    """An IP address as it is compared; other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text
