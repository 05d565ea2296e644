"""Ports are settings, and a taken one is named together with who has it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import ports


def test_the_usual_ports_are_those_of_the_house() -> None:
    assert ports.read({}) == ports.Ports(10810, 10811, 10812, 10816, 10162)


def test_each_port_is_a_setting() -> None:
    chosen = {
        "WARDWATCH_PORT": "1",
        "PROMETHEUS_PORT": "2",
        "ALERTMANAGER_PORT": "3",
        "SIMULATOR_PORT": " 4 ",
        "TRAPS_PORT": "5",
    }
    assert ports.read(chosen) == ports.Ports(1, 2, 3, 4, 5)


def test_an_empty_setting_is_none() -> None:
    assert ports.read({"PROMETHEUS_PORT": ""}) == ports.Ports()


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "1.5", "٣"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"PROMETHEUS_PORT=.* is no port: a number from 1 to 65535"):
        ports.read({"PROMETHEUS_PORT": text})


def test_two_servers_on_one_port_are_refused() -> None:
    with pytest.raises(ValueError, match="WARDWATCH_PORT and PROMETHEUS_PORT are both 10811"):
        ports.read({"WARDWATCH_PORT": "10811"})


def test_the_simulator_may_share_a_number_as_it_speaks_udp() -> None:
    assert ports.read({"SIMULATOR_PORT": "10810"}).simulator == 10810


def test_two_that_speak_udp_may_not() -> None:
    with pytest.raises(ValueError, match="SIMULATOR_PORT and TRAPS_PORT are both 10162"):
        ports.read({"SIMULATOR_PORT": "10162"})


def test_a_taken_port_is_told_with_its_holder_and_the_setting(free_port: Callable[[], int]) -> None:
    port = free_port()
    comm = Path("/proc/self/comm").read_text().strip()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        said = list(ports.taken(ports.Ports(prometheus=port), ["prometheus"]))

    assert said == [
        f"{port}/tcp on 127.0.0.1 is taken by {comm} (pid {os.getpid()}): stop that, or choose another port:"
        " make run PROMETHEUS_PORT=..."
    ]
    assert list(ports.taken(ports.Ports(prometheus=port), ["prometheus"])) == []


def test_a_server_on_every_address_takes_the_port_too(free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.socket() as other:
        other.bind(("0.0.0.0", port))
        other.listen()

        assert len(list(ports.taken(ports.Ports(wardwatch=port), ["wardwatch"]))) == 1


def test_the_simulators_port_is_looked_for_in_udp(free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))

        (said,) = ports.taken(ports.Ports(simulator=port, wardwatch=port), ["wardwatch", "simulator"])

    assert said.startswith(f"{port}/udp on 0.0.0.0 is taken by")
