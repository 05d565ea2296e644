// Panel kinds that Grafana does not publish as components, drawn simply and labelled so.

import { dateTimeFormat, FieldType, getFieldDisplayName, renderMarkdown } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { Empty } from './panels';

function Label() {
  const theme = useTheme2();
  const style = { position: 'absolute', right: 4, bottom: 0, fontSize: 10, color: theme.colors.text.disabled, pointerEvents: 'none' };
  return <span style={style}>stand-in</span>;
}

export function TextPanel({ options, replaceVariables, height }) {
  return (
    <div style={{ position: 'relative', height, overflow: 'auto' }}>
      <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderMarkdown(replaceVariables(options.content, {}, 'html')) }} />
      <Label />
    </div>
  );
}

/** Runs of the same value, each until the next one begins; a gap of data ends a run. */
function runs(time, values, until) {
  const gap = time.config.interval ? time.config.interval * 1.5 : Infinity;
  const made = [];
  time.values.forEach((at, i) => {
    const last = made.at(-1);
    const next = Math.min(time.values[i + 1] ?? until, at + gap, until);
    if (last && last.value === values[i] && last.to >= at) {
      last.to = next;
    } else {
      made.push({ value: values[i], from: at, to: next });
    }
  });
  return made;
}

export function StatesPanel(props) {
  const { data, width, height, timeRange, options } = props;
  const theme = useTheme2();
  const [from, to] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const lines = data.series.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === FieldType.time);
    return frame.fields.filter((field) => field !== time && time?.values.length).map((field) => ({ frame, field, time }));
  });
  if (!lines.length) {
    return <Empty {...props} />;
  }
  const left = Math.min(160, width * 0.3);
  const foot = 22 + (options.legend?.showLegend ? 22 : 0);
  const row = Math.max((height - foot) / lines.length, 4);
  const place = (at) => `${((at - from) / (to - from)) * 100}%`;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => from + part * (to - from));
  const legend = new Map();
  return (
    <div style={{ position: 'relative', width, height, overflow: 'hidden', fontSize: 12 }}>
      {lines.map(({ frame, field, time }, number) => (
        <div key={number} style={{ display: 'flex', height: row, alignItems: 'center' }}>
          <div style={{ width: left, paddingRight: 8, textAlign: 'right', whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis', boxSizing: 'border-box', lineHeight: `${row}px` }}>
            {row >= 10 && getFieldDisplayName(field, frame, data.series)}
          </div>
          <div style={{ position: 'relative', flexGrow: 1, height: row * (options.rowHeight ?? 0.9) }}>
            {runs(time, field.values, to).map((run, i) => {
              const shown = field.display(run.value);
              legend.set(shown.text, shown.color);
              const style = {
                position: 'absolute', top: 0, bottom: 0, left: place(run.from), width: `${((run.to - run.from) / (to - from)) * 100}%`,
                background: shown.color, opacity: 0.8, overflow: 'hidden', whiteSpace: 'nowrap', padding: '0 4px', boxSizing: 'border-box',
                color: theme.colors.getContrastText(shown.color), display: 'flex', alignItems: 'center',
              };
              const wide = row >= 12 && ((run.to - run.from) / (to - from)) * (width - left) > 8 * shown.text.length;
              return <div key={i} style={style}>{wide && options.showValue !== 'never' && shown.text}</div>;
            })}
          </div>
        </div>
      ))}
      <div style={{ display: 'flex', justifyContent: 'space-between', marginLeft: left, color: theme.colors.text.secondary }}>
        {ticks.map((at) => <span key={at}>{dateTimeFormat(at, { format: to - from > 86_400_000 ? 'MM-DD HH:mm' : 'HH:mm', timeZone: props.timeZone })}</span>)}
      </div>
      {options.legend?.showLegend && (
        <div style={{ display: 'flex', gap: 12, marginTop: 4 }}>
          {[...legend].map(([text, colour]) => (
            <span key={text}><span style={{ display: 'inline-block', width: 14, height: 4, marginRight: 6, verticalAlign: 'middle', background: colour }} />{text}</span>
          ))}
        </div>
      )}
      <Label />
    </div>
  );
}
