"""A board: rows of panels laid out on Grafana's grid, variables, annotations, links; and its JSON.

Classic JSON: Grafana's file provisioning takes no other (grafana/grafana#127928). Panels are numbered in reading order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as make
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards.palette import BAD, NOTICE
from dashboards.panels import DATASOURCE, Panel, words

COLUMNS: Final = 24
TAG: Final = "wardwatch"
ANY: Final = ".+"
ANY_OR_NONE: Final = ".*"


@dataclass(frozen=True, slots=True)
class Row:
    """Panels beside each other, going on below where the columns do not suffice. A heading only where there is one."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice above the board: `query` is `label_values(SELECTOR, LABEL)`. A single choice where not `many`. `every`
    is the pattern of all of them: ANY_OR_NONE where series without the label are meant too."""

    name: str
    label: str
    query: str
    many: bool = True
    every: str = ANY


@dataclass(frozen=True, slots=True)
class Mark:
    """Moments to be shown in every panel over time, as an expression has series."""

    name: str
    expr: str
    title: str
    colour: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """`title` is a question that the first row answers; `about` (Markdown) says for whom the board is and what good
    looks like, and stands at the right of the first row: its panels leave six columns."""

    uid: str
    title: str
    about: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()
    marks: Sequence[Mark] = ()
    since: str = "now-6h"
    refresh: str = "1m"


def alerts(selector: str = "") -> Mark:
    """Alerts that fire; `selector` is what else their labels must be."""
    matchers = ", ".join(
        filter(None, ('alertstate="firing"', 'alertname!="Watchdog"', 'severity=~"critical|warning"', selector))
    )
    firing = with_service("ALERTS", matchers)
    return Mark("Alerts", firing, "{{alertname}}", BAD, "{{instance}} {{service}} {{severity}}")


def with_service(name: str, matchers: str) -> str:
    """`ALERTS` or `ALERTS_FOR_STATE`, without the label `service` where nobody knows one. Prometheus leaves a label's
    template there, and there only, where it comes to nothing (rules/alerting.go, `sample`)."""
    left = f'{name}{{{matchers}, service=~"[{{]{{2}}.*"}}'
    return f'({name}{{{matchers}, service!~"[{{]{{2}}.*"}} or label_replace({left}, "service", "", "service", ".*"))'


def maintenance(expr: str) -> Mark:
    return Mark("Maintenance", expr, "Maintenance", NOTICE, "{{service}}{{instance}}")


def written(board: Board) -> str:
    """The board's JSON. The same board gives the same bytes."""
    made = make.Dashboard(board.title).uid(board.uid).tags([TAG]).readonly().timezone("browser")
    made.time(board.since, "now").refresh(board.refresh).tooltip(model.DashboardCursorSync.CROSSHAIR)
    made.with_variable(make.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    for variable in board.variables:
        made.with_variable(_variable(variable))
    for mark in board.marks:
        made.annotation(_mark(mark))
    made.link(
        make.DashboardLink("Boards")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    content = made.build()
    # Not by the builder's `with_panel`, whose own layout lets a row run over the edge.
    content.panels = list(_placed(board))
    return json.dumps(content, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _placed(board: Board) -> Iterator[model.Panel | model.RowPanel]:
    number, top = 1, 0
    for place, row in enumerate(board.rows):
        panels = list(row.panels)
        if place == 0:
            panels = _with_about(panels, board.about)
        if row.title:
            heading = model.RowPanel(title=row.title, id_val=number, collapsed=False)
            heading.grid_pos = model.GridPos(h=1, w=COLUMNS, x=0, y=top)
            yield heading
            number, top = number + 1, top + 1
        left = high = 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                left, top, high = 0, top + high, 0
            built = panel.builder.build()
            built.id_val = number
            built.grid_pos = model.GridPos(h=panel.height, w=panel.width, x=left, y=top)
            yield built
            number, left, high = number + 1, left + panel.width, max(high, panel.height)
        top += high


def _with_about(panels: Sequence[Panel], about: str) -> list[Panel]:
    """The first line of panels, what the board is about, and the rest below."""
    left = 0
    for place, panel in enumerate(panels):
        left += panel.width
        if left == COLUMNS - 6:
            height = max(each.height for each in panels[: place + 1])
            return [*panels[: place + 1], words(about, width=6, height=height), *panels[place + 1 :]]
    raise ValueError("the first row's first panels must be 18 columns wide together, the board's text has 6")


def _variable(variable: Variable) -> make.QueryVariable:
    made = make.QueryVariable(variable.name).label(variable.label).datasource(DATASOURCE)
    made.query(variable.query).definition(variable.query)
    made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)
    if variable.many:
        made.multi(True).include_all(True).all_value(variable.every)
        made.current(model.VariableOption(text=["All"], value=["$__all"], selected=True))
    return made


def _mark(mark: Mark) -> make.AnnotationQuery:
    made = make.AnnotationQuery().name(mark.name).datasource(DATASOURCE).expr(mark.expr).icon_color(mark.colour)
    return made.title_format(mark.title).text_format(mark.text).step("60s").enable(True)


def files(boards: Iterable[Board]) -> dict[str, str]:
    """What is to be written, by path."""
    return {f"grafana/{board.uid}.json": written(board) for board in boards}
