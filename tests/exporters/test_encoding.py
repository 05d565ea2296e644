"""gzip: only where the client wants it, and whole."""

import gzip

import pytest

from exporters.encoding import compress, wants_gzip


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("*;q=0.1, identity", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("gzip;q=no", False),
        ("gzipped", False),
    ],
)
def test_accept_encoding(header: str, wanted: bool) -> None:
    assert wants_gzip(header) is wanted


@pytest.mark.parametrize("body", [b"", b"up 1\n", b"node_load1 0.25\n" * 100_000])
def test_round_trip(body: bytes) -> None:
    packed = compress(body)
    assert gzip.decompress(packed) == body
    assert compress(body) == packed
