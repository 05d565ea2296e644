"""Which addresses may be written into an inventory: those of one machine, in one unmistakable form.

Nothing is contacted unless it is listed (RELIABILITY S1), and what is listed must be one unicast address (S12): no
subnet, no broadcast, no number that a C library would read as an address in its own way (part 3, SSRF).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

UNICAST_QUIRK: Final = "unicast_address"

_HOST = re.compile(r"([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?")
_HOST_LENGTH = 253
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_SUBNET = re.compile(r"[0-9A-Fa-f.:]+/[0-9.]+")
_HEX = re.compile(r"0[xX][0-9a-fA-F]*")
_NETWORK = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?")

WIDEST: Final = {4: 16, 6: 64}
"""Shortest prefix of a subnet that may be allowed, by IP version: what is wider names no place (RELIABILITY S1)."""


def literal(text: str, *, any_ending: bool = False) -> str | None:
    """The canonical form of an address; None where `text` is a DNS name. Raises ValueError with what is wrong.

    `any_ending` allows an IPv4 address that ends in .0 or .255, which most subnets use for themselves.
    """
    try:
        address = ip_address(text)
    except ValueError:
        _check_name(text)
        return None
    _check(address, any_ending)
    return str(address)


Network = IPv4Network | IPv6Network


def network(text: str, *, any_width: bool = False) -> Network:
    """A subnet, or a single address as one. Raises ValueError with what is wrong.

    `any_width` allows one that is too wide to say who may be asked, but not to say who may not.
    """
    if not _NETWORK.fullmatch(text):
        raise ValueError("is neither a subnet such as 10.20.0.0/22 nor an IPv4 or IPv6 address")
    if "/" not in text:
        literal(text)
    try:
        found = ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise ValueError(f"has host bits set: write {ip_network(text, strict=False)}") from None
        raise ValueError("is neither a subnet such as 10.20.0.0/22 nor an IPv4 or IPv6 address") from None
    _check(found.network_address, any_ending=True)
    if not any_width and found.prefixlen < WIDEST[found.version]:
        raise ValueError(f"is too wide: at least /{WIDEST[found.version]}; write the subnets that are meant")
    return found


def endpoint(text: str, *, bind: bool = False) -> str:
    """`host:port`, with brackets around IPv6. Raises ValueError. `bind`: also `:port` and unspecified addresses."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or port[0] == "0" or int(port) > 65_535:
        raise ValueError("write host:port, with a port from 1 to 65535")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed != (":" in host):
        raise ValueError("write an IPv6 address in brackets: [fd00::1]:10810")
    host = host.strip("[]")
    if not (bind and host in ("", "0.0.0.0", "::")):  # noqa: S104 (compared, not bound)
        literal(host, any_ending=True)
    return text


def _check_name(text: str) -> None:
    if "%" in text:
        raise ValueError("zone ids are not allowed: write an address that needs none")
    if _SUBNET.fullmatch(text):
        raise ValueError("is a subnet: list each device with its own address")
    last = text.rstrip(".").rpartition(".")[2]
    if last.isdigit() or _HEX.fullmatch(last) or ":" in text:
        raise ValueError("is not an address: write four decimal numbers without leading zeros, IPv6, or a DNS name")
    if len(text) > _HOST_LENGTH or not _HOST.fullmatch(text):
        raise ValueError("is neither an IPv4 or IPv6 address nor a DNS name")


def _check(address: IPv4Address | IPv6Address, any_ending: bool) -> None:
    if address.is_multicast:
        raise ValueError("is a multicast address: list each device with its own")
    if address.is_unspecified:
        raise ValueError("is the unspecified address: write the device's own")
    if isinstance(address, IPv6Address):
        if address.scope_id is not None or address.is_link_local:
            raise ValueError("is a link-local address or has a zone id: write an address that needs none")
        if address.ipv4_mapped is not None:
            raise ValueError(f"is an IPv4 address inside IPv6: write {address.ipv4_mapped}")
        return
    if address.is_reserved or address in _THIS_NETWORK:
        raise ValueError("is a broadcast or reserved address: write the device's own")
    if address.packed[3] in (0, 255) and not any_ending:
        raise ValueError(
            "is the network's or the broadcast address of most subnets: where it is truly the device's own, "
            f"say so with quirks: [{UNICAST_QUIRK}]"
        )
