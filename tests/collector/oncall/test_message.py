"""Messages are read strictly, and whatever somebody sends does no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.oncall.message import MOST_ALERTS, MOST_BYTES, Unreadable, read
from tests.collector.oncall.messages import BEGIN, alert, message


def test_a_message_of_alertmanager() -> None:
    found = read(message(alert(instance="sw-1"), alert(instance="sw-2", ends=BEGIN + 60.5), truncatedAlerts=3))

    assert (found.receiver, found.group, found.status) == ("page", '{}:{alertname="DeviceDown"}', "firing")
    assert found.truncated == 3
    one, other = found.alerts
    assert (one.status, one.ends, one.labels["instance"]) == ("firing", None, "sw-1")
    assert (other.status, other.ends) == ("resolved", pytest.approx(BEGIN + 60.5, abs=1e-3))
    assert one.starts == pytest.approx(BEGIN, abs=1e-3)


def test_what_a_newer_alertmanager_adds_is_passed_over() -> None:
    assert read(message(alert(), notification_reason="repeat")).status == "firing"


def changed(**values: Any) -> bytes:
    return message(alert() | values)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the message is no JSON"),
        (b"\xff\xfe", "the message is no JSON"),
        (b"[" * 100_000, "the message is no JSON"),
        (b"9" * 10_000, "the message is no JSON"),
        (b"[]", "the message is no JSON object"),
        (message(alert(), version="3"), "'version' is not \"4\""),
        (message(alert(), version=4), "'version' is not \"4\""),
        (message(alert(), alerts={}), "'alerts' is no list"),
        (message(alert(), alerts=[None] * (MOST_ALERTS + 1)), "'alerts' has more than 10000"),
        (message(alert(), alerts=["canary"]), r"'alerts\[0\]' is no JSON object"),
        (message(alert(), receiver=["canary"]), "'receiver' is no text"),
        (message(alert(), receiver=""), "'receiver' is no text of 1 to 4096 characters"),
        (message(alert(), group="x" * 65_537), "'groupKey' is no text"),
        (message(alert(), status="canary"), "'status' is neither firing nor resolved"),
        (message(alert(), truncatedAlerts=-1), "'truncatedAlerts' is no number"),
        (message(alert(), truncatedAlerts=True), "'truncatedAlerts' is no number"),
        (message(alert(), truncatedAlerts=1e9), "'truncatedAlerts' is no number"),
        (changed(fingerprint="canary"), r"'alerts\[0\].fingerprint' is not 16 hexadecimal digits"),
        (changed(fingerprint="A" * 16), "is not 16 hexadecimal digits"),
        (changed(labels=[]), r"'alerts\[0\].labels' is no JSON object of at most 64"),
        (changed(labels={str(n): "" for n in range(65)}), r"'alerts\[0\].labels' is no JSON object of at most 64"),
        (changed(labels={"a": 1}), "holds what is no text"),
        (changed(status="pending"), r"'alerts\[0\].status' is neither"),
        (changed(startsAt="canary"), r"'alerts\[0\].startsAt' is no time"),
        (changed(startsAt="2026-11-25T10:00:00"), "is no time"),
        (changed(startsAt="2026-13-25T10:00:00Z"), "is no time"),
        (changed(startsAt="0001-01-01T00:00:00Z"), "is no time"),
        (changed(startsAt="2200-01-01T00:00:00Z"), "is no time"),
        (changed(startsAt=17), "is no time"),
        (changed(status="resolved"), r"'alerts\[0\].endsAt' is no time"),
        (b" " * (MOST_BYTES + 1), "more than 4194304 bytes"),
    ],
)
def test_what_is_no_such_message_is_refused_and_never_quoted(body: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as caught:
        read(body)
    assert "canary" not in str(caught.value)


def test_labels_are_cut_and_cleaned() -> None:
    hostile = {"alertname": "x" * 5000, "a\nb": 'quo"te\x00\ud800', "severity": "{{ evil }}"}
    (found,) = read(message(alert() | {"labels": hostile})).alerts

    assert len(found.labels["alertname"]) == 256
    assert found.labels["a\nb"] == 'quo"te\ufffd\ufffd'


def test_an_end_is_never_before_the_beginning() -> None:
    (found,) = read(message(alert(ends=BEGIN - 60))).alerts
    assert found.ends == found.starts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)


@given(st.sampled_from(sorted(json.loads(message(alert())))), st.sampled_from(sorted(alert())), JSON, st.booleans())
def test_any_value_in_any_place_is_read_or_refused(key: str, of_alert: str, value: Any, inner: bool) -> None:
    content = json.loads(message(alert()))
    if inner:
        content["alerts"][0][of_alert] = value
    else:
        content[key] = value
    try:
        read(json.dumps(content).encode())
    except Unreadable:
        pass


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)
