"""What comes of one datagram: a notice, or the reason for which there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OTHER: Final = "other"
"""The name of all traps beyond a device's share of names."""

REASONS: Final[dict[str, str]] = {
    "unknown_source": "the sender's address is of no device in the inventory; nothing of it was read",
    "too_long": "longer than a trap may be; nothing of it was read",
    "rate": "the device sent more than it may; nothing of it was read",
    "queue_full": "all devices together sent more than can be read; nothing of it was read",
    "kernel_buffer": "the kernel had no room for it: the collector was too slow, or the granted buffer is too small",
    "malformed": "no SNMP message",
    "not_a_trap": "an SNMP message that is neither trap nor inform",
    "no_credentials": "the device has no `auth:` in the inventory",
    "wrong_version": "an SNMP version that the device's credentials are not for",
    "wrong_community": "not the device's community",
    "wrong_user": "not the device's SNMPv3 user",
    "security_level": "less, or other, protection than the device's credentials ask for",
    "wrong_digest": "an SNMPv3 message that the device's password did not make",
    "wrong_engine": "an SNMPv3 engine that belongs to another device, or an inform meant for another receiver",
    "time_window": "an old SNMPv3 message, or an inform from before the sender knew our time (it sends it again)",
    "decryption": "an SNMPv3 message that the device's second password does not open",
    "discovery": "the question with which an SNMPv3 inform begins; answered",
    "repeated": "the same again: a copy of a trap, or an inform whose acknowledgement got lost",
    "lost_at_restart": "it waited to be read when the receiver was killed",
    "fault": "a fault of this program; the log has it",
}
"""Every reason for which a datagram is not counted as a trap, and what it means."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A trap or inform that is what it claims to be.

    `trap` is its OID in numbers. `auth`: the SNMPv3 security level at which it came, `none` for everything that
    proves nothing (v1, v2c, noAuthNoPriv). `reply` acknowledges an inform, empty for a trap. `mark` is the same for
    every copy of it; empty where copies cannot be told from new ones.
    """

    device: str
    trap: str
    auth: str
    reply: bytes = b""
    mark: bytes = b""


class Refused(Exception):
    """No notice; `reason` is one of `REASONS`. `reply` is to be sent to the sender, if it is not empty."""

    def __init__(self, reason: str, reply: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply = reply
