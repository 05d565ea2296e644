"""Every fault of RELIABILITY part 1 that the simulator plays, on the wire, against the real agent: what is well is
served whole, what is not says so, nothing raises, and no device ever has two questions at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.text import render
from simulator.faults import MODES
from tests.e2e.faults import Found, Patient, poll

pytestmark = pytest.mark.slow  # one round of all patients together lasts as long as the longest deadline

WALKS: Mapping[tuple[str, str], tuple[str, set[str]]] = {
    # (mode, style): the outcome of a walk, and the reasons that its tables give
    ("dead", ""): ("timeout", set()),
    ("delay", ""): ("success", set()),
    ("drip", ""): ("malformed", set()),
    ("flood", ""): ("success", set()),
    ("f01_not_increasing", "same"): ("partial", {"not_increasing"}),
    ("f01_not_increasing", "back"): ("partial", {"not_increasing"}),
    ("f01_not_increasing", "cycle"): ("partial", {"not_increasing"}),
    ("f01_not_increasing", "inside"): ("partial", {"not_increasing"}),
    ("f01_not_increasing", "elsewhere"): ("success", set()),  # outside is where a table ends
    ("f02_endless_walk", ""): ("partial", {"over_budget"}),
    ("f03_walk_error", "gen_err"): ("partial", {"gen_err"}),
    ("f03_walk_error", "too_big"): ("success", set()),
    ("f03_walk_error", "silence"): ("partial", {"timeout"}),
    ("f04_broken_getbulk", "silent"): ("partial", {"timeout"}),
    ("f04_broken_getbulk", "hangs_at_zero"): ("success", set()),
    ("f04_broken_getbulk", "skips_rows"): ("success", set()),
    ("f04_broken_getbulk", "too_big_empty"): ("success", set()),
    ("f04_broken_getbulk", "silent_at_end"): ("success", set()),
    ("f05_multi_varbind", ""): ("success", set()),
    ("f07_request_id", "wrong"): ("success", set()),
    ("f07_request_id", "old"): ("success", set()),
    ("f07_request_id", "zero"): ("success", set()),
    ("f07_request_id", "duplicate"): ("success", set()),
    ("f07_request_id", "reordered"): ("success", set()),
    ("f08_other_address", ""): ("timeout", set()),
    ("f09_looks_negative", ""): ("success", set()),
    ("f10_odd_integers", ""): ("success", set()),
    ("f11_opaque_float", "both"): ("success", set()),
    ("f11_opaque_float", "nan"): ("success", set()),
    ("f12_hostile_strings", ""): ("success", set()),
    ("f17_large_counter64", ""): ("success", set()),
    ("f21_stall", ""): ("partial", {"timeout"}),
    ("f25_hostile_encoding", "mixed"): ("malformed", set()),
    ("f25_hostile_encoding", "nested"): ("malformed", set()),
    ("f25_hostile_encoding", "many_arcs"): ("malformed", set()),
    ("loss", ""): ("success", set()),
    ("slow", ""): ("partial", {"timeout"}),
}

GETS: Mapping[tuple[str, str], str] = {
    ("f05_multi_varbind", ""): "success",
    ("f06_other_oid", "adds_zero"): "malformed",
    ("f06_other_oid", "sign"): "malformed",
    ("f07_request_id", "mixed"): "success",
    ("f09_looks_negative", ""): "success",
    ("f10_odd_integers", ""): "success",
    ("f12_hostile_strings", ""): "success",
}

AS_A_WELL_ONE = ("delay", "f05_multi_varbind", "f07_request_id", "f09_looks_negative", "f17_large_counter64", "loss")
"""Modes under which every value arrives as it is. 2^63 more is nothing more, modulo 2^53 (F17)."""


@cache
def ward() -> tuple[Mapping[str, Found], Mapping[str, Any], int]:
    """All patients, polled once, together."""
    patients = [Patient("well"), Patient("well-scalars", module="ups_scalars")]
    patients += [
        Patient(f"{mode}:{style}", mode, {"style": style} if style else {}, timeout=15.0) for mode, style in WALKS
    ]
    patients.append(Patient("malformed", "malformed", timeout=15.0))
    patients += [
        Patient(f"{mode}:{style}:get", mode, {"style": style} if style else {}, "ups_scalars", timeout=15.0)
        for mode, style in GETS
    ]
    elsewhere = f"127.9.5.{len(patients) + 2}"  # the address after its own
    patients.append(Patient("cluster", "f08_other_address", reply_from=(elsewhere,)))
    return poll(patients)


@pytest.mark.parametrize(("mode", "style"), WALKS)
def test_a_walk_of_an_ill_device(mode: str, style: str) -> None:
    found, _, _ = ward()
    outcome, reasons = WALKS[mode, style]
    patient = found[f"{mode}:{style}"]
    said = set(patient.incomplete.values())
    if mode == "f02_endless_walk" and said == {"timeout"}:
        said = {"over_budget"}  # where the machine is busy, time ends before the packets do
    assert (patient.outcome, said) == (outcome, reasons)
    if mode in AS_A_WELL_ONE:
        assert patient.values == found["well"].values
    if outcome == "success" and style != "elsewhere":
        assert len(patient.values) == len(found["well"].values)


@pytest.mark.parametrize(("mode", "style"), GETS)
def test_scalars_of_an_ill_device(mode: str, style: str) -> None:
    found, _, _ = ward()
    patient = found[f"{mode}:{style}:get"]
    assert patient.outcome == GETS[mode, style]
    expected = found["well-scalars"].values if patient.outcome == "success" else {}
    assert set(patient.values) == set(expected), "nothing is ever stored under a name that was not answered"


def test_answers_from_the_other_address_of_a_cluster_count_where_the_inventory_lists_it() -> None:
    found, _, _ = ward()
    assert found["cluster"].outcome == "success"
    assert found["cluster"].values == found["well"].values


def test_replies_damaged_at_random_cost_rows_but_never_the_poll_or_the_truth() -> None:
    patient, well = ward()[0]["malformed"], ward()[0]["well"]
    assert patient.outcome in ("malformed", "partial")
    assert (patient.outcome == "partial") == bool(patient.incomplete)
    assert {name for name, _ in patient.values} <= {name for name, _ in well.values}


def test_every_mode_that_the_simulator_has_is_here() -> None:
    assert {mode for mode, _ in (*WALKS, *GETS)} | {"glass", "malformed", "says"} == set(MODES)


def test_nothing_was_a_bug_nothing_was_written_and_nobody_had_two_questions() -> None:
    found, stats, bugs = ward()
    assert bugs == 0
    assert set(stats["kinds"]) <= {"get", "getnext", "getbulk"}
    assert {name: patient.saw["most_outstanding"] for name, patient in found.items()} == dict.fromkeys(found, 1)


def test_no_device_can_break_its_page() -> None:
    found, _, _ = ward()
    for name, patient in found.items():
        page = render(patient.page)
        samples = [s for family in text_string_to_metric_families(page.body.decode()) for s in family.samples]
        assert len(samples) == page.samples, name
        assert page.duplicates == 0, name


def test_glass_devices_survive_and_are_read() -> None:
    """A device that dies of two questions at once, of more than 2 packets a second, of more than one variable, GETBULK,
    a long request, an unlisted name, a quick retry or a wrong version (RELIABILITY C4)."""
    patients = [
        Patient(f"glass-{n}", "glass", {}, "ups_scalars", device_class="fragile", timeout=30.0) for n in range(20)
    ]
    found, stats, bugs = poll(patients, polls=3)
    assert bugs == 0
    assert stats["deaths"] == {}
    for patient in found.values():
        assert patient.outcome == "success"
        assert patient.saw["most_packets_in_window"] <= 2
        assert patient.saw["most_varbinds"] == 1
        assert patient.saw["packets"] == 3 * len(patient.values)


def test_glass_breaks_where_a_device_is_called_it() -> None:
    """The test above can fail: the same device, declared with the wrong class, dies."""
    _, stats, _ = poll([Patient("glass", "glass", {}, "ups_scalars", timeout=5.0)])
    assert list(stats["deaths"]) == ["127.9.5.1"]
