"""What a device says of itself, and the modules that this gives it: the rules of `snmp/fingerprints.yml`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One rule: where all its conditions hold, its modules are asked of the device.

    A condition holds where any of its alternatives does; one without alternatives is no condition. OIDs are dotted
    text, `sys_descr` are expressions in RE2's syntax.
    """

    name: str
    modules: tuple[str, ...] = ()
    sys_object_id: tuple[str, ...] = ()
    sys_descr: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
