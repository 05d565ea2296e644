"""Why an alert fires is on the board in the words of the rule files."""

from __future__ import annotations

import pytest

from tests.dashboards.boards.reading import rules
from tests.dashboards.boards.shipped import boards, panels


@pytest.mark.parametrize(("title", "severity"), [("Pages", "critical"), ("Tickets", "warning")])
def test_every_alert_has_its_summary(title: str, severity: str) -> None:
    """Of each name one, else the board could not tell them apart."""
    alerts = [each for each in rules() if "alert" in each and each["labels"]["severity"] == severity]
    summaries = {(each["alert"], each["annotations"]["summary"]) for each in alerts}
    panel = next(each for each in panels(boards()["wardwatch-oncall"]) if each["title"] == title)
    (texts,) = [
        each["value"][0]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == "Why"
        for each in override["properties"]
        if each["id"] == "mappings"
    ]
    assert {(name, said["text"]) for name, said in texts.items()} == summaries
    assert summaries


def test_what_is_why_is_the_name() -> None:
    panel = next(each for each in panels(boards()["wardwatch-oncall"]) if each["title"] == "Pages")
    assert all(each["expr"].startswith("label_replace(") and '"why", "$1", "alertname"' in each["expr"]
               for each in panel["targets"])  # fmt: skip
