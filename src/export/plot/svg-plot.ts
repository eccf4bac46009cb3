import {
  axisTicks,
  type Plot,
  type PlotSeries,
  plotRange,
  plotTitle,
  seriesLabel,
  seriesProvenance,
} from './plot.ts';

const DEFAULT_WIDTH = 960;
const DEFAULT_HEIGHT = 480;
/** Height of a mark and the gap below it. */
const LEGEND_ROW_PIXELS = 28;
const LEGEND_MARK_PIXELS = 28;
const LEGEND_GAP_PIXELS = 14;
/** Widest label before it is cut; a character of the legend's font takes about 7 pixels. */
const LEGEND_LABEL_PIXELS = 280;
const CHARACTER_PIXELS = 7.2;
/** Distinct also for those who do not see all colours (Okabe and Ito, 2008). */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/**
 * The chart as an SVG document. Unknown values are breaks; a series that was not measured is dashed and named so in the
 * legend. `width` and `height` in pixels, 960 x 480 unless told; a legend of many rows makes it higher. Imports echarts when first called (about 100 ms).
 */
export async function renderSvgPlot(plot: Plot): Promise<string> {
  const { init } = await import('echarts');
  const width = Math.max(240, Math.floor(plot.width ?? DEFAULT_WIDTH));
  const height = Math.max(160, Math.floor(plot.height ?? DEFAULT_HEIGHT));
  const legend = legendLayout(uniqueLabels(plot.series), width);
  // The legend never takes its room from the chart.
  const full = height + (legend.rows - 1) * LEGEND_ROW_PIXELS;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: full });
  try {
    chart.setOption(chartOption(plot, width));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** What echarts is told; apart from it, so that tests can read it. */
export function chartOption(plot: Plot, width: number): Record<string, unknown> {
  const names = uniqueLabels(plot.series);
  const range = plotRange(plot.series);
  const ticks = range === undefined ? [0, 1] : axisTicks(range.least, range.greatest, 5);
  const legend = legendLayout(names, width);
  return {
    animation: false,
    useUTC: true,
    backgroundColor: '#ffffff',
    color: palette,
    title: { text: plotTitle(plot), left: 'center', top: 10, textStyle: { fontSize: 16 } },
    legend: {
      data: names,
      bottom: 8,
      left: 'center',
      width: legend.width,
      itemWidth: LEGEND_MARK_PIXELS,
      itemHeight: LEGEND_ROW_PIXELS - LEGEND_GAP_PIXELS,
      itemGap: LEGEND_GAP_PIXELS,
      // Without a browser there is nothing to measure a text with: every label is given the same room.
      textStyle: { width: legend.labelWidth, overflow: 'truncate', lineHeight: 14 },
    },
    grid: {
      left: 16,
      right: 40,
      top: 60,
      bottom: 24 + legend.rows * LEGEND_ROW_PIXELS,
      containLabel: true,
    },
    graphic:
      range === undefined
        ? [{ type: 'text', left: 'center', top: 'middle', style: { text: 'no known values' } }]
        : [],
    xAxis: { type: 'time', name: 'UTC', nameLocation: 'end', nameGap: 6, splitLine: { show: false } },
    yAxis: {
      type: 'value',
      name: plot.unit,
      min: ticks[0],
      max: ticks.at(-1),
      interval: ticks[1]! - ticks[0]!,
      axisLine: { show: true },
    },
    series: plot.series.map((series, index) => ({
      name: names[index],
      type: 'line',
      showSymbol: true,
      symbol: 'none',
      symbolSize: 5,
      connectNulls: false,
      color: palette[(series.colour ?? index) % palette.length],
      lineStyle: { width: 2, type: isMeasured(series) ? 'solid' : 'dashed' },
      data: series.points.map((point, i) => {
        const value = [point.unixMilliseconds, point.value ?? null];
        return isLone(series, i) ? { value, symbol: 'circle' } : value;
      }),
    })),
  };
}

function isMeasured(series: PlotSeries): boolean {
  const provenance = seriesProvenance(series);
  return provenance === undefined || provenance === 'measured';
}

/** A known value between two unknown ones is no line: it needs a symbol to be seen. */
function isLone({ points }: PlotSeries, i: number): boolean {
  const known = (index: number) => points[index]?.value !== undefined;
  return known(i) && !known(i - 1) && !known(i + 1);
}

interface LegendLayout {
  readonly labelWidth: number;
  readonly width: number;
  readonly rows: number;
}

function legendLayout(names: readonly string[], width: number): LegendLayout {
  const longest = names.reduce((most, name) => Math.max(most, name.length), 1);
  const room = width - 40;
  const most = Math.min(LEGEND_LABEL_PIXELS, room - LEGEND_MARK_PIXELS - LEGEND_GAP_PIXELS);
  const labelWidth = Math.min(most, Math.ceil(longest * CHARACTER_PIXELS));
  // Between mark and label echarts leaves 5 pixels.
  const item = LEGEND_MARK_PIXELS + 5 + labelWidth + LEGEND_GAP_PIXELS;
  const columns = Math.max(1, Math.min(names.length, Math.floor((room + LEGEND_GAP_PIXELS) / item)));
  return { labelWidth, width: columns * item + 1, rows: Math.max(1, Math.ceil(names.length / columns)) };
}

/** echarts takes series of one name for one; two pods can have one name in two namespaces. */
function uniqueLabels(series: readonly PlotSeries[]): string[] {
  const seen = new Map<string, number>();
  return series.map((one) => {
    const label = seriesLabel(one);
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count === 1 ? label : `${label} #${count}`;
  });
}
