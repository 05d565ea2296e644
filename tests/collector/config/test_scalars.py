"""Durations, numbers, flags, addresses: what is read and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.addresses import endpoint, literal
from collector.config.scalars import alternatives, duration, is_name, seconds, shown, suggestion


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("500ms", 0.5), ("5s", 5), ("1m30s", 90), ("1h", 3600), ("2d", 172_800), ("1.5s", 1.5), ("0s", 0)],
        *[("1d2h3m4s5ms", 93_784.005), ("090s", 90), ("120m", 7200)],
    ],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "5", "5 s", "s", "-5s", "5S", "5m5h", "1:00", "1e3s", "5min", "∞", "5s\n", "٥s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 30s, 1m30s, 500ms, 1h or 2d"):
        seconds(text)


@given(st.integers(0, 31 * 86_400_000))
def test_durations_survive_a_round_trip(milliseconds: int) -> None:
    assert seconds(duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.text(max_size=200))
def test_a_quoted_value_stays_on_its_line_and_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 65


def test_words_for_people() -> None:
    assert alternatives(["a"]) == "a"
    assert alternatives(["a", "b", "c"]) == "a, b or c"
    assert suggestion("clincal", ["it", "clinical"]) == " Did you mean 'clinical'?"
    assert suggestion("zzz", ["it", "clinical"]) == ""


@pytest.mark.parametrize(("text", "good"), [("sw-1.a_b:c", True), ("", False), ("a b", False), ("ä", False),
                                            ("a" * 128, True), ("a" * 129, False), ("a\n", False)])  # fmt: skip
def test_names(text: str, good: bool) -> None:
    assert is_name(text) is good


@pytest.mark.parametrize(
    ("text", "address"),
    [
        *[("10.0.0.1", "10.0.0.1"), ("127.20.0.1", "127.20.0.1"), ("169.254.7.9", "169.254.7.9")],
        *[("FD00:0::1", "fd00::1"), ("2001:db8:0:0::1", "2001:db8::1"), ("::1", "::1")],
        *[
            ("sw-1", None),
            ("sw_1.ward.example.org", None),
            ("sw-1.example.org.", None),
            ("1st-floor.example.org", None),
        ],
    ],
)
def test_addresses_have_one_form_and_names_none(text: str, address: str | None) -> None:
    assert literal(text) == address


def test_an_ending_that_most_subnets_use_needs_a_word() -> None:
    with pytest.raises(ValueError, match="say so with quirks"):
        literal("10.0.1.255")
    assert literal("10.0.1.255", any_ending=True) == "10.0.1.255"
    with pytest.raises(ValueError, match="broadcast or reserved"):
        literal("255.255.255.255", any_ending=True)


@pytest.mark.parametrize("text", ["0x7f.1", "127.1", "0177.0.0.1", "１２７.0.0.1", "10.0.0.1 ", " 10.0.0.1", "a..b",
                                  "-a", "a-", "x" * 64, "a" * 300, "10.0.0.1\n", "a\n", "[::1]", "1.2.3.4.5",
                                  "fe80::1%1", "::ffff:7f00:1", "::", "10.0.0.0/8", "user@host", "host:161",
                                  "host/path", "2130706433", "0", "", "1.2.3.0x4", "."])  # fmt: skip
def test_no_other_spelling_reaches_a_resolver(text: str) -> None:
    """RELIABILITY part 3: what a C library would read as an address in its own way."""
    with pytest.raises(ValueError, match=r"."):
        literal(text)


@pytest.mark.parametrize("text", ["10.0.0.1:1", "[fd00::1]:10810", "server-2.example.org:65535"])
def test_endpoints(text: str) -> None:
    assert endpoint(text) == text


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.1:", "a:0", "a:65536", "a:01", "fd00::1:80", "[a]:80", ":80",
                                  "a:²", "[::1]", "0.0.0.0:80", "10.0.0.0/8:80"])  # fmt: skip
def test_no_endpoints(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        endpoint(text)


@pytest.mark.parametrize("text", [":10810", "0.0.0.0:10810", "[::]:10810", "localhost:10810"])
def test_a_server_may_listen_everywhere(text: str) -> None:
    assert endpoint(text, bind=True) == text
