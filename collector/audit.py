"""One line in the log for each change of a device's state, and for what a person took upon themselves (RELIABILITY S23;
HOUSE 7.6: quiet when well)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from collector.watch import Watch

if TYPE_CHECKING:
    from collector.oncall.episode import Episode

log = structlog.get_logger()


def health(watch: Watch) -> None:
    """The device answers again, or no longer."""
    device = watch.device
    where = {"device": device.name, "class": device.device_class, "site": device.site, "location": device.location}
    if watch.answered:
        log.info("device up", **where)
    else:
        log.warning("device down", **where, reason=watch.reason)


def breaker(watch: Watch) -> None:
    """The device is left alone, or no longer; with what was sent to it so far, as `wardwatch_packets_total` has it."""
    failures, sent = watch.line.allowance.breaker.failures, dict(watch.tally.kinds)
    if watch.line.allowance.breaker.open:
        log.warning("breaker open", device=watch.device.name, failures=failures, packets=sent)
    else:
        log.info("breaker closed", device=watch.device.name, packets=sent)


def guest(watch: Watch) -> None:
    """An address outside the inventory, which has no page, is asked no more: what was sent to it since it was first."""
    device = watch.device
    auth = device.auth.name if device.auth else ""
    log.info("asked on demand", address=device.address, port=device.port, auth=auth, packets=dict(watch.tally.kinds))


def by_hand(watch: Watch, person: str, packets: Mapping[str, int]) -> None:
    """Somebody ran `wardwatch poll`: what that sent is counted with the device."""
    for kind, count in packets.items():
        watch.tally.count(kind, count)
    log.info("asked by hand", device=watch.device.name, by=person, packets=dict(packets))


def strain(watch: Watch, seconds: float) -> None:
    """The device takes ever longer to answer, `seconds` by now, and is asked no more."""
    log.error("device slows down, polling stops", device=watch.device.name, seconds_to_answer=seconds)


def acknowledged(episode: Episode) -> None:
    """Somebody sees to an alert. The only place besides the state where it says who."""
    ack = episode.ack
    if ack is not None:
        about = {name: episode.labels[name] for name in ("service", "instance", "site") if name in episode.labels}
        alert, took = episode.labels.get("alertname", ""), round(ack.at - episode.starts, 1)
        log.info("alert acknowledged", alert=alert, **about, by=ack.by, until=ack.until, note=ack.note, seconds=took)
