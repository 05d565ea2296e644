"""Who may listen in, and who may make something happen, when the server can be reached from other machines."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal

from exporters.listener import split
from exporters.webconfig import WebConfig, load

Strangers = Literal["refused", "trusted"]
"""Who comes from another machine with neither password nor certificate; trusted where something in front of us, or a
person, answers for them."""

ACTING: Final = ("/-/reload", "/alertmanager/webhook", "/probe", "/snmp")
"""Routes that make something happen: for people and programs that are known (RELIABILITY part 3)."""


NEEDS_LOGIN: Final = (
    "this route needs a login: write basic_auth_users or client certificates into the web configuration file, or say "
    "--web.insecure if something in front of wardwatch does that"
)


def may_bind(listen: str, web_config: Path | None, strangers: Strangers) -> str | None:
    """None where the server may listen there, else what to do. Raises CannotListen for what is no address, and
    ConfigError for a web configuration file that cannot be used.

    What is said about patients' rooms and networks is not for everybody: anything but loopback needs a web
    configuration file with TLS or users in it, or a person who takes it upon themselves.
    """
    if not exposed(listen, strangers) or (web_config is not None and load(web_config).closed):
        return None
    what = "give a --web.config.file" if web_config is None else f"{web_config} has neither: write one"
    return (
        f"{listen} is reachable from other machines: {what} with TLS and users, "
        "or say --web.insecure if something in front of it does that"
    )


def exposed(listen: str, strangers: Strangers) -> bool:
    """Whether other machines can come here with nobody to answer for them."""
    host, _ = split(listen)
    # A name other than this, or nothing, may mean any address.
    return strangers == "refused" and host != "localhost" and not _is_loopback(host)


def known(route: str, remote: str | None, config: WebConfig, strangers: Strangers) -> bool:
    """Whether somebody knows who asks for a route from a `remote` address, where there are no passwords."""
    if route not in ACTING or strangers == "trusted" or config.certified:
        return True
    return _is_loopback(remote or "")


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
