"""What can be wrong with a device: a table of modes, each repeatable from the device's seed.

F numbers are those of RELIABILITY part 1. A mode is a name, its options with defaults, and a function; a device lists
the modes it has, and they act in that order.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.faults import glass, path, values, walks
from simulator.faults.scene import Datagram, Mode, Options, Scene

MODES: Mapping[str, Mode] = {
    mode.name: mode for mode in sorted((*path.MODES, *walks.MODES, *values.MODES, *glass.MODES), key=lambda m: m.name)
}

__all__ = ["MODES", "Datagram", "Mode", "Options", "Scene"]
