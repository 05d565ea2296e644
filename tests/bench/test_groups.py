"""What all groups cost together: every rule is asked, what it reads is told, and what takes too long is seen."""

from __future__ import annotations

import pytest

from bench.groups import GENERATED, Took, groups, read, report


def rules() -> list[tuple[str, str]]:
    return [(group["name"], rule.get("record") or rule["alert"]) for _, group in groups() for rule in group["rules"]]


def test_every_generated_file_is_looked_at_and_what_its_rules_read_is_told() -> None:
    assert {name for name, _ in groups()} == {path.name for path in GENERATED.glob("*.yml")}
    # By name, by a pattern of names, and what another group has recorded.
    assert {"ifHCInOctets", "cpmCPUTotal5minRev", "wardwatch:port_errors:rate15m", "node_cpu_seconds_total"} <= read()


def test_the_promise_is_kept_and_broken(capsys: pytest.CaptureFixture[str]) -> None:
    quick = [Took(group, rule, 0.0001, 1) for group, rule in rules()]
    assert report(quick)
    assert "over half of their interval: none" in capsys.readouterr().out
    # A group every minute, one rule of which takes half a minute; and many a little.
    assert not report([*quick, Took("network-ports", "slow", 31.0, 1)])
    assert "over half of their interval: ['network-ports']" in capsys.readouterr().out
    assert not report([Took(group, rule, 0.1, 1) for group, rule in rules()])
