"""What is taken out of texts, and what stays. The numbers begin with 999, which is nobody's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy import REMOVED, Privacy, Screen, is_nhs_number

NUMBER = "9991234578"
WRONG = "9991234579"
PLAIN = Screen()


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "999 123 4578",
        "999-123-4578",
        "999_123_4578",
        "999\u00a0123\u00a04578",
        "999\u2011123\u20114578",
        "999 - 123 - 4578".replace(" - ", "- "),
        "999123 4578",
        f"bed 4 {NUMBER}",
        f"NHS{NUMBER}x",
        f"1-{NUMBER}",
        f"{NUMBER},{NUMBER}",
        f"\N{ARABIC-INDIC DIGIT ONE}{NUMBER}",
    ],
)
def test_a_number_is_taken_out_however_it_is_spelled(text: str) -> None:
    cleared = PLAIN(text)
    assert REMOVED in cleared
    assert not any(digits in cleared for digits in ("999", "4578"))


@pytest.mark.parametrize(
    "text",
    [
        WRONG,
        "999-123-4579",
        f"1{NUMBER}",
        f"{NUMBER}1",
        "0000000000",
        "999.123.4578",
        "999 1234 578",
        "9991 234 578",
        "99912345",
        "GigabitEthernet1/0/1",
        "00:50:56:99:12:34",
        "",
    ],
)
def test_other_digits_stay(text: str) -> None:
    assert PLAIN(text) is text


def test_the_check_digit_is_that_of_the_data_dictionary() -> None:
    """Its own steps: products, sum, remainder, eleven less that; 11 is 0, and with 10 there is no number."""
    for nine in range(999_000_000, 999_002_000):
        digits = str(nine)
        left = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
        right = {digit for digit in "0123456789" if is_nhs_number(digits + digit)}
        assert right == (set() if left == 10 else {str(left % 11)})


def test_a_number_is_shown_where_the_configuration_says_so() -> None:
    assert Screen(Privacy("shown", ("smith",)))(f"Smith {NUMBER}") == f"{REMOVED} {NUMBER}"


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("Smith", REMOVED),
        ("bed 4, SMITH_J", f"bed 4, {REMOVED}_J"),
        ("smithson, blacksmith", "smithson, blacksmith"),
        ("o'brien / O Brien / obrien", f"{REMOVED} / {REMOVED} / obrien"),
        ("anna maria", REMOVED),
        ("anna and maria", "anna and maria"),
        ("Anna-Maria Schmidt, Anna", f"{REMOVED}, Anna"),
        ("STRASSE", REMOVED),
    ],
)
def test_words_are_whole_words_in_any_case(text: str, cleared: str) -> None:
    words = ("smith", "O'Brien", "Anna Maria", "anna maria schmidt", "stra\u00dfe")
    assert Screen(Privacy(words=words))(text) == cleared


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("RXH123456", REMOVED),
        ("no rxh123456.", f"no {REMOVED}."),
        ("RXH1234567", "RXH1234567"),
        ("xRXH123456", "xRXH123456"),
        ("AB/12.3", REMOVED),
        ("AB/1233", "AB/1233"),
    ],
)
def test_patterns_have_signs_for_digits_and_letters_and_no_others(text: str, cleared: str) -> None:
    assert Screen(Privacy(patterns=("RXH######", "@@/##.#")))(text) == cleared


def test_texts_are_counted_not_places() -> None:
    screen = Screen()
    screen(f"{NUMBER} {NUMBER}")
    screen("sw-1")
    screen(NUMBER)
    assert screen.removed == 2


def test_bytes_in_hexadecimal_are_judged_by_what_they_say() -> None:
    assert PLAIN.octets(NUMBER.encode(), "0x" + NUMBER.encode().hex()) == REMOVED
    assert PLAIN.octets(bytes.fromhex("ff" + NUMBER), "0xFF" + NUMBER) == "0xFF" + NUMBER


@given(st.text())
def test_what_was_cleared_is_clear(text: str) -> None:
    screen = Screen(Privacy(words=("smith", "anna maria"), patterns=("RXH######",)))
    cleared = screen(text)
    assert screen(cleared) == cleared


@given(st.integers(0, 999_999_999), st.text(st.characters(exclude_categories=["Nd"])))
def test_no_number_gets_through(nine: int, around: str) -> None:
    for digit in "0123456789":
        number = f"{nine:09}{digit}"
        shown = number in PLAIN(f"{around}{number}{around}")
        assert shown == (not is_nhs_number(number))
