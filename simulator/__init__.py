"""The simulator: plays SNMP devices on loopback, as they are and as they should not be.

For tests: `with play([Player(...)]) as server:` and ask `server.port` at the players' addresses; `server.stats()` and
`player.safety` say what was asked of them. `fault(NAME, ...)` makes what can be wrong, `synthetic.image(KIND)` and
`recording.load(recording.find(NAME))` what they tell.
`estate.load(DIRECTORY)` are the players of a configuration, `fleet(COUNT)` many switches.
"""

from simulator.fleets import fleet, fleet_address
from simulator.player import Fault, Player, fault
from simulator.server import Server, Unplayable, play

__all__ = ["Fault", "Player", "Server", "Unplayable", "fault", "fleet", "fleet_address", "play"]
