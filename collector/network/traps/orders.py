"""What the receiver is to do, and how it is told: JSON values. The pipe carries credentials: it is ours alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from collector.model import Auth, Secret
from collector.network.traps.senders import Limits, Sender

_SECRETS = ("community", "password", "priv_password")


@dataclass(frozen=True, slots=True)
class Orders:
    """One for each load of the configuration. `names`: of traps, by OID. `socket` names the socket's life."""

    senders: tuple[Sender, ...] = ()
    limits: Limits = field(default_factory=Limits)
    names: Mapping[str, str] = field(default_factory=dict)
    most_names: int = 50
    socket: str = ""


def words(wanted: Orders) -> dict[str, Any]:
    """Orders as JSON values; each set of credentials once."""
    auths = list(dict.fromkeys(sender.auth for sender in wanted.senders if sender.auth is not None))
    place = {auth: index for index, auth in enumerate(auths)}
    return {
        "auths": [_revealed(auth) for auth in auths],
        "senders": [[s.name, s.addresses, None if s.auth is None else place[s.auth]] for s in wanted.senders],
        "limits": asdict(wanted.limits),
        "names": wanted.names,
        "most_names": wanted.most_names,
        "socket": wanted.socket,
    }


def orders(said: dict[str, Any]) -> Orders:
    """The orders that `words` wrote."""
    auths = [_auth(auth) for auth in said["auths"]]
    return Orders(
        senders=tuple(
            Sender(name, tuple(addresses), None if place is None else auths[place])
            for name, addresses, place in said["senders"]
        ),
        limits=Limits(**said["limits"]),
        names=said["names"],
        most_names=said["most_names"],
        socket=said["socket"],
    )


def _auth(said: dict[str, Any]) -> Auth:
    return Auth(**said | {key: Secret(said[key]) for key in _SECRETS})


def _revealed(auth: Auth) -> dict[str, Any]:
    return {
        "name": auth.name,
        "version": auth.version,
        "community": auth.community.reveal(),
        "username": auth.username,
        "security_level": auth.security_level,
        "password": auth.password.reveal(),
        "auth_protocol": auth.auth_protocol,
        "priv_protocol": auth.priv_protocol,
        "priv_password": auth.priv_password.reveal(),
        "context_name": auth.context_name,
    }
