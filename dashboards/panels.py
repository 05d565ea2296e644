"""The kinds of panel that boards are made of, one function each, over grafana-foundation-sdk.

Only core panels. Each has a description: what it shows and what good looks like. Units are Grafana's identifiers
(`grafana_foundation_sdk.models.units`). Sizes are in Grafana's grid: 24 columns, rows of about 38 pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from grafana_foundation_sdk.builders import bargauge, prometheus, statetimeline, text, timeseries
from grafana_foundation_sdk.builders import common as build
from grafana_foundation_sdk.builders import dashboard as make
from grafana_foundation_sdk.builders import stat as stats
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, BigValueTextMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode
from grafana_foundation_sdk.models.text import TextMode

from dashboards.palette import CALM, Step, Words

DATASOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
How = Literal["range", "rows", "instant", "table"]
"""How a query is asked: for lines over time, a row a step, numbers, a row a series."""
MOST_ROWS: Final = 3000
WORDS: Final = "string"
"""The unit of what is no number."""


NOTHING: Final = "–"
"""What stands in a cell of a table that has no value."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel before it has a place."""

    builder: Any
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, and what its series are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: a label of its queries, or `Value` (of one query), `Value #A`, `Value #B` (of several)."""

    name: str
    title: str
    unit: str = WORDS
    decimals: int | None = None
    steps: Sequence[Step] = ()
    words: Words = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """What is shown in place of a value, which is no state and has no colour."""
    links: Sequence[Link] = ()
    width: int | None = None
    least: int | None = None
    """Pixels that it has at least, where it may have more."""
    gauge: bool = False
    """Of a share: drawn as a bar, which 1 fills."""


def stat(
    title: str,
    about: str,
    query: Query | Sequence[Query],
    unit: str = "short",
    *,
    steps: Sequence[Step] = (),
    words: Words | None = None,
    links: Sequence[Link] = (),
    none: str = "",
    decimals: int | None = None,
    trend: bool = False,
    names: bool = False,
    width: int = 4,
    height: int = 4,
) -> Panel:
    """One number, or a few. `none` is what is said where there is no data; `trend` draws its history behind it;
    `names` writes the series' names as well."""
    panel = _shared(stats.Panel(), title, about, unit, steps, words, links, none, decimals)
    panel.reduce_options(build.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    panel.color_mode(BigValueColorMode.VALUE if steps or words else BigValueColorMode.NONE)
    panel.graph_mode(BigValueGraphMode.AREA if trend else BigValueGraphMode.NONE)
    panel.text_mode(BigValueTextMode.VALUE_AND_NAME if names else BigValueTextMode.VALUE)
    return _asked(panel, query, "range" if trend else "instant", width, height)


def series(
    title: str,
    about: str,
    query: Query | Sequence[Query],
    unit: str = "short",
    *,
    steps: Sequence[Step] = (),
    links: Sequence[Link] = (),
    low: float | None = None,
    high: float | None = None,
    reaches: float | None = None,
    stacked: bool = False,
    none: str = "",
    width: int = 12,
    height: int = 8,
) -> Panel:
    """Lines over time. Steps are drawn as lines. `reaches`: the axis goes at least so far."""
    panel = _shared(timeseries.Panel(), title, about, unit, steps, None, links, none, None)
    panel.color_scheme(make.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    panel.line_width(1).fill_opacity(25 if stacked else 5).show_points(common.VisibilityMode.NEVER)
    panel.legend(_legend())
    panel.tooltip(build.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    if steps:
        panel.thresholds_style(build.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    if stacked:
        panel.stacking(build.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if low is not None:
        panel.min(low)
    if high is not None:
        panel.max(high)
    if reaches is not None:
        panel.axis_soft_max(reaches)
    return _asked(panel, query, "range", width, height)


def bars(
    title: str,
    about: str,
    query: Query | Sequence[Query],
    unit: str,
    *,
    steps: Sequence[Step] = (),
    links: Sequence[Link] = (),
    low: float = 0,
    high: float | None = None,
    none: str = "",
    decimals: int | None = None,
    width: int = 12,
    height: int = 8,
) -> Panel:
    """Values side by side, for a ranking: the query sorts and limits."""
    panel = _shared(bargauge.Panel(), title, about, unit, steps, None, links, none, decimals)
    panel.reduce_options(build.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    panel.orientation(common.VizOrientation.HORIZONTAL).display_mode(common.BarGaugeDisplayMode.BASIC)
    panel.show_unfilled(True).min(low)
    if high is not None:
        panel.max(high)
    return _asked(panel, query, "instant", width, height)


def states(
    title: str,
    about: str,
    query: Query | Sequence[Query],
    words: Words,
    *,
    links: Sequence[Link] = (),
    none: str = "",
    width: int = 24,
    height: int = 8,
) -> Panel:
    """States over time, a line each."""
    panel = _shared(statetimeline.Panel(), title, about, "short", (), words, links, none, None)
    panel.show_value(common.VisibilityMode.AUTO).merge_values(True).row_height(0.8).line_width(0).fill_opacity(80)
    panel.legend(_legend())
    panel.tooltip(build.VizTooltipOptions().mode(common.TooltipDisplayMode.SINGLE).sort(common.SortOrder.NONE))
    return _asked(panel, query, "range", width, height)


def table(
    title: str,
    about: str,
    query: Query | Sequence[Query],
    columns: Sequence[Column],
    *,
    sort: str = "",
    falling: bool = True,
    none: str = "",
    each: str = "",
    width: int = 24,
    height: int = 9,
) -> Panel:
    """Rows of instant vectors, several queries joined by the labels that they share. Only `columns` are shown, in
    their order; `sort` is the title of one. `each` (a duration) asks over the board's time range instead, a row for
    each step of at least so long, with the column `Time`."""
    panel = _shared(tables.Panel(), title, about, WORDS, (), None, (), none, None)
    panel.show_header(True).cell_height(common.TableCellHeight.SM).filterable(True)
    panel.with_transformation(dashboard.DataTransformerConfig("merge", options={}))
    names = [column.name for column in columns]
    panel.with_transformation(
        dashboard.DataTransformerConfig("filterFieldsByName", options={"include": {"names": names}})
    )
    panel.with_transformation(
        dashboard.DataTransformerConfig(
            "organize",
            options={
                "excludeByName": {},
                "indexByName": {name: place for place, name in enumerate(names)},
                "renameByName": {column.name: column.title for column in columns},
            },
        )
    )
    for column in columns:
        panel.override_by_name(column.title, list(_cells(column)))
    if sort:
        panel.sort_by([build.TableSortByFieldState().display_name(sort).desc(falling)])
    if each:
        # Else Grafana takes no more steps than the panel has pixels, and makes each longer.
        panel.interval(each).max_data_points(MOST_ROWS)
    return _asked(panel, query, "rows" if each else "table", width, height)


def words(content: str, *, width: int = 6, height: int = 4, title: str = "") -> Panel:
    """Markdown."""
    panel = text.Panel().title(title).mode(TextMode.MARKDOWN).content(content).transparent(True)
    return Panel(panel, width, height)


def _shared(
    panel: Any,
    title: str,
    about: str,
    unit: str,
    steps: Sequence[Step],
    mapped: Words | None,
    links: Sequence[Link],
    none: str,
    decimals: int | None,
) -> Any:
    """What panels of every kind are told alike."""
    panel.title(title).description(about).datasource(DATASOURCE).unit(unit)
    panel.color_scheme(make.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
    panel.thresholds(_thresholds(steps))
    if mapped:
        panel.mappings([_mapping(mapped), *_no_data(mapped)])
    if links:
        panel.data_links([_link(link) for link in links])
    if none:
        panel.no_value(none)
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def _asked(
    panel: Any,
    query: Query | Sequence[Query],
    how: How,
    width: int,
    height: int,
) -> Panel:
    for letter, each in zip("ABCDEFGHIJKL", [query] if isinstance(query, Query) else query, strict=False):
        target = prometheus.Dataquery().datasource(DATASOURCE).expr(each.expr).ref_id(letter)
        target.legend_format(each.legend or "__auto").editor_mode(QueryEditorMode.CODE)
        target = target.range() if how in ("range", "rows") else target.instant()
        target.format(PromQueryFormat.TABLE if how in ("rows", "table") else PromQueryFormat.TIME_SERIES)
        panel.with_target(target)
    return Panel(panel, width, height)


def _legend() -> build.VizLegendOptions:
    """Names of lines and lanes, below them."""
    shown = build.VizLegendOptions().show_legend(True).calcs([])
    return shown.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)


def _thresholds(steps: Sequence[Step]) -> make.ThresholdsConfig:
    chosen = [dashboard.Threshold(value=step.value, color=step.colour) for step in steps or (Step(None, CALM),)]
    return make.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(chosen)


def _mapping(mapped: Words) -> dashboard.ValueMap:
    options = {
        value: dashboard.ValueMappingResult(text=word.text, color=word.colour, index=index)
        for index, (value, word) in enumerate(mapped.items())
        if value != "null"
    }
    return dashboard.ValueMap(options=options)


def _texts(texts: Mapping[str, str]) -> dashboard.ValueMap:
    return dashboard.ValueMap(
        options={
            value: dashboard.ValueMappingResult(text=text, index=index)
            for index, (value, text) in enumerate(texts.items())
        }
    )


def _no_data(mapped: Words) -> Iterable[dashboard.SpecialValueMap]:
    if "null" in mapped:
        word = mapped["null"]
        yield dashboard.SpecialValueMap(
            dashboard.DashboardSpecialValueMapOptions(
                match=dashboard.SpecialValueMatch.NULL_AND_NAN,
                result=dashboard.ValueMappingResult(text=word.text, color=word.colour, index=len(mapped)),
            )
        )


def _link(link: Link) -> make.DashboardLink:
    return make.DashboardLink(link.title).url(link.url).target_blank(False)


def _cells(column: Column) -> Iterable[dashboard.DynamicConfigValue]:
    """How a column is drawn."""
    yield dashboard.DynamicConfigValue("unit", column.unit)
    # Else an empty cell says what the table would without any row.
    yield dashboard.DynamicConfigValue("noValue", NOTHING)
    if column.decimals is not None:
        yield dashboard.DynamicConfigValue("decimals", column.decimals)
    if column.width is not None:
        yield dashboard.DynamicConfigValue("custom.width", column.width)
    if column.least is not None:
        yield dashboard.DynamicConfigValue("custom.minWidth", column.least)
    if column.steps:
        steps = [{"value": step.value, "color": step.colour} for step in column.steps]
        yield dashboard.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps})
    if column.words:
        yield dashboard.DynamicConfigValue("mappings", [_mapping(column.words), *_no_data(column.words)])
    if column.texts:
        yield dashboard.DynamicConfigValue("mappings", [_texts(column.texts)])
    if column.gauge:
        yield dashboard.DynamicConfigValue("custom.cellOptions", {"type": "gauge", "mode": "basic"})
        # Else the fullest of them looks full, however empty it is.
        yield dashboard.DynamicConfigValue("min", 0)
        yield dashboard.DynamicConfigValue("max", 1)
    elif column.steps or column.words:
        yield dashboard.DynamicConfigValue("custom.cellOptions", {"type": "color-text"})
    if column.links:
        links = [{"title": link.title, "url": link.url} for link in column.links]
        yield dashboard.DynamicConfigValue("links", links)
