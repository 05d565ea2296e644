// What Grafana's server sets up before a board is drawn: registries of field options and transformations, panel kinds.

import {
  booleanOverrideProcessor,
  displayNameOverrideProcessor,
  EventBusSrv,
  identityOverrideProcessor,
  locationUtil,
  numberOverrideProcessor,
  PanelPlugin,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  ThresholdsMode,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { config, setAppEvents, setPluginImportUtils } from '@grafana/runtime';
import { BarPanel, StatPanel, TablePanel, TimePanel } from './panels';
import { StatesPanel, TextPanel } from './standins';
import { problem, told } from './report';

const nothing = () => null;

const option = (id, process, more = {}) => ({
  id,
  path: id,
  name: id,
  description: '',
  editor: nothing,
  override: nothing,
  process,
  shouldApply: () => true,
  settings: {},
  category: ['standard'],
  ...more,
});

const STANDARD = [
  option('unit', unitOverrideProcessor),
  option('min', numberOverrideProcessor),
  option('max', numberOverrideProcessor),
  option('decimals', numberOverrideProcessor),
  option('displayName', displayNameOverrideProcessor),
  option('noValue', stringOverrideProcessor),
  option('color', identityOverrideProcessor),
  option('thresholds', thresholdsOverrideProcessor, {
    defaultValue: { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: 'green' }, { value: 80, color: 'red' }] },
  }),
  option('mappings', valueMappingsOverrideProcessor),
  option('links', identityOverrideProcessor),
  option('filterable', booleanOverrideProcessor),
  option('fieldMinMax', booleanOverrideProcessor),
  option('actions', identityOverrideProcessor),
];

// Options of a panel kind's own that an override may set; those with a value have it where the board says nothing.
const LINES = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', showPoints: 'auto',
  pointSize: 5, spanNulls: false, fillBelowTo: undefined, lineStyle: undefined, barAlignment: 0, stacking: undefined,
  thresholdsStyle: undefined, hideFrom: undefined, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text',
  axisBorderShow: false, axisWidth: undefined, axisSoftMin: undefined, axisSoftMax: undefined, axisGridShow: undefined,
  axisCenteredZero: false, scaleDistribution: undefined, transform: undefined,
};
const CELLS = {
  width: undefined, minWidth: undefined, align: 'auto', cellOptions: { type: 'auto' }, filterable: undefined, hidden: undefined,
  inspect: false, hideFrom: undefined, wrapHeaderText: undefined, tooltip: undefined,
};
const STATES = { lineWidth: 0, fillOpacity: 70, hideFrom: undefined, spanNulls: false };

const KINDS = {
  timeseries: { panel: TimePanel, custom: LINES, colour: 'palette-classic' },
  stat: { panel: StatPanel, custom: {}, colour: 'thresholds' },
  table: { panel: TablePanel, custom: CELLS, colour: 'thresholds' },
  bargauge: { panel: BarPanel, custom: {}, colour: 'thresholds' },
  'state-timeline': { panel: StatesPanel, custom: STATES, colour: 'thresholds' },
  text: { panel: TextPanel, custom: {}, colour: 'thresholds', asksNothing: true },
};

function plugin(id, { panel, custom, colour, asksNothing }) {
  const made = new PanelPlugin(told(panel)).useFieldConfig({
    standardOptions: { color: { defaultValue: { mode: colour } } },
    useCustomConfig: (builder) => {
      for (const [path, defaultValue] of Object.entries(custom)) {
        builder.addCustomEditor(option(path, identityOverrideProcessor, { defaultValue, category: ['own'] }));
      }
    },
  });
  made.setDataSupport({ annotations: true, alertStates: false });
  made.meta = { id, name: id, type: 'panel', info: {}, skipDataQuery: Boolean(asksNothing) };
  return made;
}

export function prepare(board) {
  locationUtil.initialize({ config, getTimeRangeForUrl: () => ({}), getVariablesUrlParams: () => ({}) });
  standardFieldConfigEditorRegistry.setInit(() => STANDARD);
  // The same transformation stands there under several names.
  const transformers = new Map(Object.values(standardTransformers).map((each) => [each.id, each]));
  standardTransformersRegistry.setInit(() =>
    [...transformers.values()].map((each) => ({
      id: each.id,
      name: each.name,
      description: each.description,
      editor: nothing,
      transformation: async () => each,
    }))
  );
  setAppEvents(new EventBusSrv());
  const plugins = Object.fromEntries(Object.entries(KINDS).map(([id, kind]) => [id, plugin(id, kind)]));
  const ours = (id) => plugins[id] ?? plugin(id, { panel: () => { throw new Error(`no way to draw a ${id}`); }, custom: {} });
  setPluginImportUtils({ importPanelPlugin: async (id) => ours(id), getPanelPluginFromCache: ours });
  board.panels.forEach(checked(new Set(STANDARD.map((each) => each.id)), transformers));
}

/** Grafana leaves out in silence what it does not know: a picture without it would prove nothing. */
function checked(standard, transformers) {
  return (panel) => {
    for (const { properties } of panel.fieldConfig?.overrides ?? []) {
      for (const { id } of properties) {
        const own = id.startsWith('custom.') && id.split('.')[1] in (KINDS[panel.type]?.custom ?? {});
        if (!own && !standard.has(id)) {
          problem(panel.title, `an override sets ${id}, which a ${panel.type} has not`);
        }
      }
    }
    for (const { id } of panel.transformations ?? []) {
      if (!transformers.has(id)) {
        problem(panel.title, `no transformation is called ${id}`);
      }
    }
    if (panel.repeat) {
      problem(panel.title, 'panels that repeat are not drawn');
    }
  };
}
