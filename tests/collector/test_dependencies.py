"""What is silent because of what lies before it: redundant paths, several levels, restarts and repairs."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.dependencies import UNKNOWN, Dependencies, Health

SITE = Dependencies(
    {
        "core-1": ["line"],
        "core-2": ["line"],
        "access": ["core-1", "core-2"],
        "server": ["access"],
        "pump": ["access"],
        "line": [],
    }
)
DOWN = Health(up=False, since=50.0, asked=100.0)
UP = Health(up=True, since=10.0, asked=100.0)


def being(**known: Health) -> Callable[[str], Health]:
    return lambda name: known.get(name.replace("-", "_"), UNKNOWN)


def behind(**known: Health) -> set[str]:
    names = ("line", "core-1", "core-2", "access", "server", "pump")
    return {name for name in names if SITE.down(name, being(**known))}


def test_the_failed_core_speaks_for_itself_and_those_behind_it_do_not() -> None:
    everything = {"access": DOWN, "server": DOWN}
    assert behind(line=UP, core_1=DOWN, core_2=DOWN, **everything) == {"access", "server", "pump"}


def test_one_of_two_redundant_paths_is_enough() -> None:
    assert behind(line=UP, core_1=DOWN, core_2=UP, access=DOWN, server=DOWN) == {"server", "pump"}
    assert behind(line=UP, core_1=DOWN, core_2=UP, access=UP, server=DOWN) == set()


def test_a_lost_line_is_all_that_is_told_of_a_site() -> None:
    lost = {"line": DOWN, "core_1": DOWN, "core_2": DOWN, "access": DOWN, "server": DOWN}
    assert behind(**lost) == {"core-1", "core-2", "access", "server", "pump"}


def test_what_nobody_knows_is_as_open_as_its_own_paths() -> None:
    assert behind(line=DOWN, server=DOWN) == {"core-1", "core-2", "access", "server", "pump"}
    assert behind(server=DOWN) == set()


def test_who_answers_proves_its_path() -> None:
    assert behind(line=DOWN, core_1=DOWN, core_2=DOWN, access=UP, server=DOWN) == {"core-1", "core-2"}
    assert behind(line=DOWN, core_1=DOWN, core_2=DOWN, access=DOWN, server=UP) == {
        "core-1",
        "core-2",
        "access",
        "pump",
    }


def test_after_a_start_nothing_is_behind_anything() -> None:
    assert behind() == set()


def test_silence_from_before_the_path_was_back_says_nothing() -> None:
    """A breaker leaves a silent device alone for up to a quarter of an hour: its own return is not seen at once."""
    back = Health(up=True, since=200.0, asked=200.0)
    assert behind(line=UP, core_1=back, core_2=DOWN, access=DOWN, server=DOWN) == {"access", "server", "pump"}
    asked = Health(up=False, since=50.0, asked=210.0)
    assert behind(line=UP, core_1=back, core_2=DOWN, access=asked, server=DOWN) == {"server", "pump"}
    assert "access" not in behind(line=UP, core_1=back, core_2=UP, access=DOWN), "the other path was open all the time"


def test_who_has_no_parents_says_nothing() -> None:
    assert SITE.down("line", being(line=DOWN)) is None
    assert SITE.down("stranger", being()) is None


def test_a_cycle_is_refused() -> None:
    with pytest.raises(CycleError):
        Dependencies({"a": ["b"], "b": ["a"]})


def test_thousands_of_levels_are_no_matter() -> None:
    chain = Dependencies({f"d{n}": [f"d{n + 1}"] for n in range(5000)})
    assert chain.down("d0", lambda name: DOWN if name == "d5000" else UNKNOWN) is True


@given(st.dictionaries(st.integers(0, 9), st.tuples(st.lists(st.integers(0, 9), max_size=3), st.booleans())))
def test_a_device_is_behind_exactly_when_no_path_of_answering_parents_leads_to_it(
    drawn: dict[int, tuple[list[int], bool]],
) -> None:
    parents = {str(n): sorted({str(p) for p in above if p < n}) for n, (above, _) in drawn.items()}
    known = {str(n): UP if up else DOWN for n, (_, up) in drawn.items()}
    made = Dependencies(parents)
    for name, above in parents.items():
        closed = all(known.get(parent, UNKNOWN).up is False for parent in above)
        expected = None if not above else closed and not known[name].up
        assert made.down(name, lambda each: known.get(each, UNKNOWN)) == expected
