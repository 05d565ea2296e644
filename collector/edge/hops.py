"""How many hops a packet to a device may take (RELIABILITY S12)."""

from __future__ import annotations

import socket
from typing import Final

SYSTEM: Final = 0
"""As many as the system says."""
_DEFAULT: Final = -1
"""What gives a socket the system's number back (ip(7); RFC 3493 section 5.1)."""


def limit_hops(sock: socket.socket, hops: int) -> None:
    """Of what the socket sends from now on; 1 to 255, or `SYSTEM`."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops or _DEFAULT)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops or _DEFAULT)
