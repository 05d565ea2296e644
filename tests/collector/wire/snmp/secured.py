"""A device that speaks SNMPv3, in memory: the simulator's agent, and one of our conversations with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from collector.model import Auth, Secret
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.discovery import Discovery
from collector.wire.snmp.engine import Engine, Engines, Peer
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.usm import Usm
from simulator import Player, synthetic, usm
from tests.collector.wire.snmp.agents import Clock, converse

WHERE = ("127.0.0.9", 161)
ENGINE_ID = bytes.fromhex("80001f88017f000009")

OCTETS = "1.3.6.1.2.1.2.2.1.10"
TABLE = Module(
    "table", walk=(OCTETS,), metrics=(Metric("ifInOctets", OCTETS, "counter", "", (Index("ifIndex", "gauge"),)),)
)
AUTH = Auth(
    "secured",
    3,
    username="ward",
    security_level="authPriv",
    password=Secret("maplesyrup"),
    auth_protocol="SHA256",
    priv_protocol="AES",
    priv_password=Secret("newsyrup"),
)
LIMITS = Limits(retries=3)


def user(auth: Auth) -> usm.User:
    """The agent's user for our credentials."""
    return usm.User(
        auth.username.encode(),
        auth.security_level,
        auth.auth_protocol,
        auth.password.reveal().encode(),
        auth.priv_protocol,
        auth.priv_password.reveal().encode(),
    )


@dataclass
class Ward:
    """A switch of four ports, and how we know it. `agent` is the authoritative engine."""

    auth: Auth = AUTH
    users: tuple[usm.User, ...] = ()
    clock: Clock = field(default_factory=Clock)
    engines: Engines = field(default_factory=Engines)
    packets: int = 0

    def __post_init__(self) -> None:
        users = (*self.users, user(self.auth))
        self.agent = usm.Engine(ENGINE_ID, users, boots=5, started=self.clock() - 500)
        self.player = Player("ward", WHERE[0], synthetic.image("switch", 4), engine=self.agent)
        self.learned = Learned()

    @property
    def peer(self) -> Peer:
        return self.engines.peer(WHERE, self.clock())

    @property
    def engine(self) -> Engine:
        engine = self.peer.speaker
        assert engine is not None
        return engine

    def answer(self, packet: bytes) -> list[bytes]:
        self.packets += 1
        return [datagram.payload for datagram in self.player.hear(packet, self.clock())]

    def meet(self) -> Discovery:
        """Find out who it is."""
        discovery = Discovery(LIMITS, self.learned, self.clock)
        converse(discovery, self.answer, self.clock)
        if discovery.engine_id:
            self.engines.found(self.peer, discovery.engine_id)
        return discovery

    def survey(self, auth: Auth | None = None, module: Module = TABLE) -> tuple[Survey, Usm]:
        """A conversation not yet begun; the device was met."""
        auth = auth or self.auth
        speech = Usm(auth, self.engines.equip(self.engine, auth), self.engine, self.clock)
        return Survey(compile(module), speech, LIMITS, self.learned, self.clock), speech

    def poll(self, auth: Auth | None = None) -> tuple[Survey, Usm]:
        """One conversation, carried out."""
        survey, speech = self.survey(auth)
        converse(survey, self.answer, self.clock)
        self.engines.ended(self.peer, self.engine, answered=survey.answered, stranger=speech.stranger)
        return survey, speech


def met(auth: Auth = AUTH, **changes: object) -> Ward:
    """A device that is known and whose clock is set."""
    ward = Ward(replace(auth, **changes))  # type: ignore[arg-type]
    ward.meet()
    survey, _ = ward.poll()
    assert survey.problem() is None
    ward.packets = 0
    return ward
