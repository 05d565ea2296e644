"""Where the program touches the world: datagrams, the machine it runs on, clocks, state files. Nothing else does.

Everything here is handed to its users as an argument (`model.Edge`, `model.Host`), so that tests hand in another world.
"""

from collector.edge.host import LocalHost
from collector.edge.terms import Tally, Terms
from collector.edge.udp import World

__all__ = ["LocalHost", "Tally", "Terms", "World"]
