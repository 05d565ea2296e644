"""Whom `/snmp` and `/probe` may ask: a device of the inventory, or an address that is allowed. Nothing is looked up.

RELIABILITY part 3: a target is never resolved and never guessed at, and there is one way to write an address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from collector.budget import STRICTEST
from collector.config.addresses import literal
from collector.config.ondemand import Allow
from collector.model import Device

DEFAULT_PORT = 161
"""Of SNMP; a target that names no port means it, unless the inventory says another."""

_TRANSPORT = re.compile(r"([a-z0-9]{1,16})://(.*)")
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


class Forbidden(Exception):
    """The target may not be asked; the text says why, in words that may be shown to whoever asks."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """An address without an inventory entry, and the names of the credentials that may be used there."""

    address: str
    port: int
    auths: frozenset[str]

    @property
    def name(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return address if self.port == DEFAULT_PORT else f"{address}:{self.port}"


class Admission:
    """Who may be asked under one configuration."""

    def __init__(self, devices: Sequence[Device], allow: Sequence[Allow]) -> None:
        self._names = {device.name: device for device in devices}
        self._addresses: dict[str, list[Device]] = {}
        self._others: dict[str, str] = {}
        for device in devices:
            self._addresses.setdefault(device.address, []).append(device)
            for address in device.reply_from:
                self._others[address] = device.name
        self._allow = tuple(allow)

    def find(self, target: str) -> Device | Stranger:
        """Who is meant by `target`: `[udp://]host[:port]`, host being an inventory name or an address.

        Raises Forbidden. No exception of any other kind leaves here, whatever the text is.
        """
        device = self._names.get(target)
        if device is not None:
            return _polled(device)
        host, port = _parts(target)
        device = self._names.get(host)
        if device is not None:
            if port not in (None, device.port):
                raise Forbidden("the device is in the inventory with another port")
            return _polled(device)
        address = _address(host)
        found = self._addresses.get(address)
        if found is not None:
            return _polled(_meant(found, port))
        if address in self._others:
            raise Forbidden("the address is a further one of a device in the inventory: ask for its own")
        return self._stranger(address, port or DEFAULT_PORT)

    def probed(self, host: str, port: int, module: str) -> Device:
        """Whom a probe is meant for: an inventory name or address, or an address that is allowed for the module and
        the port (0: it has none). Raises Forbidden.
        """
        device = self._names.get(host)
        if device is not None:
            return _spoken_to(device)
        address = _address(host)
        found = self._addresses.get(address)
        if found is not None:
            return _spoken_to(min(found, key=lambda each: (not _silent(each), STRICTEST.index(each.device_class))))
        parsed = ip_address(address)
        places = [each for each in self._allow if any(parsed in network for network in each.networks)]
        if not any(module in each.probes for each in places):
            raise Forbidden("the address is neither in the inventory nor within on_demand.allow for this module")
        if not any(module in each.probes and (not port or port in each.ports) for each in places):
            raise Forbidden(f"on_demand.allow does not list port {port} for this address")
        if any(_shared(network, address) for each in places for network in each.networks if parsed in network):
            raise Forbidden("the address is a network's or a broadcast address")
        return Device(f"[{address}]" if ":" in address else address, address)

    def _stranger(self, address: str, port: int) -> Stranger:
        parsed = ip_address(address)
        auths: set[str] = set()
        otherwise = "the address is neither in the inventory nor within on_demand.allow"
        for entry in self._allow:
            for network in entry.networks:
                if parsed not in network:
                    continue
                if port != entry.port:
                    otherwise = "on_demand.allow has another port for this address"
                elif _shared(network, address):
                    otherwise = "the address is a network's or a broadcast address"
                else:
                    auths |= entry.auths
        if not auths:
            raise Forbidden(otherwise)
        return Stranger(address, port, frozenset(auths))


def _address(host: str) -> str:
    """The address that `host` is, which is no name of the inventory. Raises Forbidden."""
    try:
        address = literal(host, any_ending=True)
    except ValueError as error:
        raise Forbidden(f"the target {error}") from None
    if address is None:
        raise Forbidden("no device of that name is in the inventory; other names are not looked up")
    return address


def _parts(target: str) -> tuple[str, int | None]:
    """Host and port, None where it is not said."""
    if not target.isascii() or not target.isprintable() or " " in target or len(target) > 300:
        raise Forbidden("the target is neither a name of the inventory nor an address")
    transport = _TRANSPORT.fullmatch(target)
    if transport is not None:
        if transport[1] != "udp":
            raise Forbidden(f"SNMP over {transport[1]} is not spoken here: write the target without a transport")
        target = transport[2]
    if "/" in target or "@" in target or "," in target:
        raise Forbidden("the target is neither a name of the inventory nor an address")
    bracketed = _BRACKETED.fullmatch(target)
    if bracketed is not None:
        if ":" not in bracketed[1]:
            raise Forbidden("only IPv6 addresses are written in brackets")
        host, port = bracketed[1], bracketed[2]
    elif target.count(":") == 1:
        host, _, port = target.partition(":")
    else:
        host, port = target, None
    if port is None:
        return host, None
    if not _PORT.fullmatch(port) or int(port) > 65_535:
        raise Forbidden("the target's port is no number from 1 to 65535")
    return host, int(port)


def _meant(found: Sequence[Device], port: int | None) -> Device:
    """Which of the devices at one address: by port, and where several share that, the one to be most careful with."""
    ports = {device.port for device in found}
    if port is None:
        port = next(iter(ports)) if len(ports) == 1 else DEFAULT_PORT
    there = [device for device in found if device.port == port]
    if not there:
        raise Forbidden("the inventory has another port for this address")
    return min(there, key=lambda device: (not _silent(device), STRICTEST.index(device.device_class)))


def _silent(device: Device) -> bool:
    return device.passive or bool(device.agent)


def _polled(device: Device) -> Device:
    _spoken_to(device)
    if device.auth is None:
        raise Forbidden("the device has no SNMP credentials in the inventory")
    return device


def _spoken_to(device: Device) -> Device:
    if device.agent:
        raise Forbidden("the device is a host agent elsewhere: it is asked by no other way")
    if device.passive:
        raise Forbidden(f"the device is of class {device.device_class} and passive: nothing is ever sent to it")
    return device


def _shared(network: IPv4Network | IPv6Network, address: str) -> bool:
    """Whether an address belongs to a subnet as a whole, by what is written of it (RELIABILITY S12)."""
    if network.num_addresses > 2:
        ends = [network.network_address] + ([network.broadcast_address] if network.version == 4 else [])
        if ip_address(address) in ends:
            return True
    try:
        literal(address)
    except ValueError:
        return True
    return False


def auth_of(found: Device | Stranger, wanted: str, default: str) -> str | None:
    """The name of the credentials to use where the asker says `wanted` (empty: nothing); None: the device's own.

    Raises Forbidden for any that are not for this target: credentials of one device are never tried on another.
    """
    if isinstance(found, Device):
        assert found.auth is not None
        if wanted and wanted != found.auth.name:
            raise Forbidden(f"the auth {wanted!r} is not that of this device: leave it out to have its own used")
        return None
    name = wanted or default
    if name not in found.auths:
        raise Forbidden(f"the auth {name!r} is not allowed for this address")
    return name
