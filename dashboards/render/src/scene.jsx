// A board's classic JSON as a scene. Grafana's own conversion is not published.

import { dateTime, LoadingState, toDataFrame } from '@grafana/data';
import {
  CustomVariable,
  EmbeddedScene,
  MultiValueVariable,
  SceneControlsSpacer,
  SceneDataNode,
  SceneDataTransformer,
  SceneGridItem,
  SceneGridLayout,
  SceneGridRow,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
  VizPanel,
} from '@grafana/scenes';
import { of } from 'rxjs';
import { report } from './report';

/** A variable whose options were asked before. */
class Asked extends MultiValueVariable {
  constructor(state) {
    super({ type: 'query', options: [], ...state });
  }

  getValueOptions() {
    return of(this.state.choices.map((value) => ({ label: value, value })));
  }
}
Asked.Component = CustomVariable.Component;

export function scene(board, range, variables, data, annotations) {
  const time = { from: dateTime(range.from), to: dateTime(range.to), raw: range.raw };
  const marks = annotations.length ? [marksFrame(annotations)] : [];
  return new EmbeddedScene({
    $timeRange: new SceneTimeRange({ from: range.raw.from, to: range.raw.to, value: time, timeZone: 'utc' }),
    $variables: new SceneVariableSet({ variables: variables.map(variable) }),
    controls: [
      new VariableValueSelectors({}),
      new SceneControlsSpacer(),
      new SceneTimePicker({}),
      new SceneRefreshPicker({ intervals: [board.refresh || '1m'], refresh: '' }),
    ],
    body: new SceneGridLayout({ children: rows(board, time, data, marks), isLazy: false, isDraggable: false, isResizable: false }),
  });
}

function variable({ name, label, value, choices, many, all, everything }) {
  const chosen = all ? ['$__all'] : many ? value : value[0];
  return new Asked({
    name,
    label,
    value: chosen,
    text: all ? ['All'] : chosen,
    choices,
    isMulti: many,
    includeAll: all,
    allValue: everything || undefined,
  });
}

/** Panels below a heading are children of its row; a row that is folded keeps its own. */
function rows(board, time, data, marks) {
  const top = [];
  let row = null;
  for (const each of board.panels) {
    if (each.type === 'row') {
      row = new SceneGridRow({ title: each.title, y: each.gridPos.y, isCollapsed: Boolean(each.collapsed), children: [] });
      top.push(row);
      continue;
    }
    const item = panel(each, time, data[each.id] ?? {}, marks);
    report.expected += 1;
    if (row) {
      row.setState({ children: [...row.state.children, item] });
    } else {
      top.push(item);
    }
  }
  return top;
}

/** Panels that show annotations. A table without rows would take them for its own. */
const OVER_TIME = new Set(['timeseries', 'state-timeline']);

function panel(each, time, { series = [], error }, marks) {
  const { x = 0, y = 0, w, h } = each.gridPos;
  const content = {
    state: error ? LoadingState.Error : LoadingState.Done,
    timeRange: time,
    series: series.map(frame),
    annotations: OVER_TIME.has(each.type) ? marks : [],
    ...(error ? { errors: [{ message: error }] } : {}),
  };
  return new SceneGridItem({
    x,
    y,
    width: w,
    height: h,
    body: new VizPanel({
      key: `panel-${each.id}`,
      title: each.title ?? '',
      description: each.description,
      pluginId: each.type,
      displayMode: each.transparent ? 'transparent' : 'default',
      hoverHeader: !each.title,
      options: each.options ?? {},
      fieldConfig: each.fieldConfig ?? { defaults: {}, overrides: [] },
      $data: new SceneDataTransformer({
        transformations: each.transformations ?? [],
        $data: new SceneDataNode({ data: content }),
      }),
    }),
  });
}

const UNWRITABLE = { NaN: NaN, '+Inf': Infinity, '-Inf': -Infinity };

/** JSON has no such numbers: Prometheus' texts of them become what they are. */
function frame(written) {
  const fields = written.fields.map((field) => ({
    ...field,
    values: field.type === 'number' ? field.values.map((value) => (typeof value === 'string' ? UNWRITABLE[value] : value)) : field.values,
  }));
  return toDataFrame({ ...written, fields });
}

function marksFrame(annotations) {
  const column = (name, type) => ({ name, type, config: {}, values: annotations.map((mark) => mark[name]) });
  return toDataFrame({
    name: 'marks',
    fields: [column('time', 'time'), column('timeEnd', 'time'), column('title', 'string'), column('text', 'string'), column('color', 'string')],
  });
}
