"""A listening socket on loopback: what comes, from whom, and what the kernel says of it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from collector.edge.datagrams import CannotBind, Listening, readable


@pytest.fixture
def listening() -> Listening:
    return Listening.at("127.0.0.1", 0)


def sender(family: int = socket.AF_INET) -> socket.socket:
    return socket.socket(family, socket.SOCK_DGRAM)


def test_what_came_is_taken_with_its_source_and_may_be_answered(listening: Listening) -> None:
    with sender() as other:
        other.bind(("127.9.4.7", 0))
        other.settimeout(2)
        for word in (b"one", b"two", b"three"):
            other.sendto(word, ("127.0.0.1", listening.port))
        assert readable([listening.number], 2.0) == [listening.number]
        assert list(listening.receive(2)) == [(b"one", other.getsockname()), (b"two", other.getsockname())]
        assert [data for data, _ in listening.receive(9)] == [b"three"]
        assert readable([listening.number], 0.0) == []
        listening.send(b"answer", other.getsockname())
        assert other.recv(100) == b"answer"
    listening.send(b"to nobody", ("127.9.4.7", 9))
    listening.close()


def test_ipv4_and_ipv6_share_a_socket_on_every_address() -> None:
    listening = Listening.at("::", 0)
    with sender() as four, sender(socket.AF_INET6) as six:
        four.sendto(b"4", ("127.0.0.1", listening.port))
        six.sendto(b"6", ("::1", listening.port))
        found = {data: source[0] for data, source in listening.receive(9)}
    assert found == {b"4": "::ffff:127.0.0.1", b"6": "::1"}
    listening.close()


def test_a_taken_port_is_named(listening: Listening) -> None:
    with pytest.raises(CannotBind, match=rf"UDP 127\.0\.0\.1:{listening.port} is taken"):
        Listening.at("127.0.0.1", listening.port, 0.0)
    with pytest.raises(CannotBind, match=r"UDP 192\.0\.2\.1:9999 "):
        Listening.at("192.0.2.1", 9999)
    listening.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_kernels_drops_are_those_of_this_socket(listening: Listening) -> None:
    told = listening.kernel()
    assert told is not None
    buffer, drops = told
    assert buffer <= 2 * int(Path("/proc/sys/net/core/rmem_max").read_text())
    assert drops == 0
    with sender() as other:
        for _ in range(30_000):
            other.sendto(b"x", ("127.0.0.1", listening.port))
    read = len(list(listening.receive(50_000)))
    told = listening.kernel()
    assert told is not None
    assert told[1] > 0
    assert read + told[1] == 30_000
    listening.close()
