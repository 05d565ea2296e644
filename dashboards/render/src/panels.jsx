// Panel kinds over Grafana's published components: TimeSeries, BigValue, BarGauge, TableNG.

import { cacheFieldDisplayNames, FieldType, getDisplayValueAlignmentFactors, getFieldDisplayValues, VizOrientation } from '@grafana/data';
import { BarGauge, BigValue, DataLinksContextMenu, TimeSeries, useTheme2, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useMemo } from 'react';
import { Marks } from './marks';

const hasData = (data) => data.series.some((frame) => frame.length > 0 && frame.fields.some((field) => field.type === FieldType.number));

/** What Grafana says in place of a panel without data. */
export function Empty({ fieldConfig, data }) {
  const theme = useTheme2();
  const said = data.errors?.length ? 'Error' : (fieldConfig.defaults.noValue ?? 'No data');
  return (
    <div style={{ height: '100%', display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center', color: theme.colors.text.secondary, fontSize: theme.typography.h4.fontSize }}>
      {said}
    </div>
  );
}

const plain = (frames) =>
  frames
    .filter((frame) => frame.length > 0)
    .map((frame) => ({ ...frame, fields: frame.fields.filter((field) => field.type === FieldType.time || field.type === FieldType.number) }));

export function TimePanel(props) {
  const { data, timeRange, timeZone, width, height, options } = props;
  const frames = useMemo(() => plain(data.series), [data.series]);
  if (!hasData(data)) {
    return <Empty {...props} />;
  }
  return (
    <TimeSeries frames={frames} structureRev={data.structureRev ?? 1} timeRange={timeRange} timeZone={timeZone} width={width} height={height} legend={options.legend} options={options}>
      {(builder) => <Marks builder={builder} annotations={data.annotations} />}
    </TimeSeries>
  );
}

function values({ fieldConfig, options, replaceVariables, data, timeZone }, theme, sparkline) {
  return getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, theme, data: data.series, sparkline, timeZone });
}

/** A value that leads somewhere opens the menu of its links. */
function Linked({ value, children }) {
  if (!value.hasLinks || !value.getLinks) {
    return children({});
  }
  return (
    <DataLinksContextMenu links={value.getLinks} style={{ flexGrow: 1 }}>
      {(menu) => children({ onClick: menu.openMenu, className: menu.targetClassName, hasLinks: true })}
    </DataLinksContextMenu>
  );
}

export function StatPanel(props) {
  const { data, width, height, options, timeRange, renderCounter } = props;
  const theme = useTheme2();
  const one = ({ value, width, height, count, alignmentFactors }) => (
    <Linked value={value}>
      {(link) => (
        <BigValue
          {...link}
          theme={theme}
          value={value.display}
          count={count}
          width={width}
          height={height}
          alignmentFactors={count === 1 ? undefined : alignmentFactors}
          sparkline={value.sparkline && { ...value.sparkline, timeRange }}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
          text={options.text}
          disableWideLayout={!options.wideLayout}
          percentChangeColorMode={options.percentChangeColorMode}
        />
      )}
    </Linked>
  );
  return (
    <VizRepeater
      getValues={() => values(props, theme, options.graphMode !== 'none')}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={one}
      width={width}
      height={height}
      source={data}
      autoGrid
      itemSpacing={3}
      renderCounter={renderCounter}
      orientation={options.orientation}
    />
  );
}

export function BarPanel(props) {
  const { data, width, height, options, renderCounter } = props;
  const theme = useTheme2();
  if (!hasData(data)) {
    return <Empty {...props} />;
  }
  const auto = options.orientation === VizOrientation.Auto;
  const orientation = auto ? (width > height ? VizOrientation.Vertical : VizOrientation.Horizontal) : options.orientation;
  const one = ({ value, width, height, count, orientation, alignmentFactors }) => (
    <Linked value={value}>
      {({ hasLinks, ...link }) => (
        <BarGauge
          {...link}
          theme={theme}
          value={value.display}
          display={value.view?.getFieldDisplayProcessor(value.colIndex) ?? undefined}
          field={value.field}
          width={width}
          height={height}
          orientation={orientation}
          text={options.text}
          itemSpacing={10}
          lcdCellWidth={12}
          displayMode={options.displayMode}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
          showUnfilled={options.showUnfilled}
          alignmentFactors={count > 1 ? alignmentFactors : undefined}
          isOverflow={false}
        />
      )}
    </Linked>
  );
  return (
    <VizRepeater
      getValues={() => values(props, theme, false)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={one}
      width={width}
      height={height}
      source={data}
      itemSpacing={10}
      renderCounter={renderCounter}
      orientation={orientation}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
    />
  );
}

export function TablePanel(props) {
  const { data, width, height, options, fieldConfig, timeRange } = props;
  const frame = data.series[options.frameIndex ?? 0];
  // The table heads its columns by what is kept as their names, which transformations have changed since.
  useMemo(() => cacheFieldDisplayNames(data.series), [data.series]);
  if (!frame || frame.length === 0 || frame.fields.length === 0) {
    return <Empty {...props} />;
  }
  return (
    <TableNG
      data={frame}
      width={width}
      height={height}
      timeRange={timeRange}
      fieldConfig={fieldConfig}
      noHeader={!options.showHeader}
      showTypeIcons={options.showTypeIcons}
      cellHeight={options.cellHeight}
      sortBy={options.sortBy}
      frozenColumns={options.frozenColumns?.left}
      enablePagination={options.enablePagination}
      structureRev={data.structureRev ?? 1}
      noValue={fieldConfig.defaults.noValue}
      getActions={() => []}
      enableVirtualization={false}
      resizable
    />
  );
}
