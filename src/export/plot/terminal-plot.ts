import {
  axisTicks,
  type Plot,
  type PlotRange,
  type PlotSeries,
  plotRange,
  plotTitle,
  seriesLabel,
  timeText,
} from './plot.ts';

export interface TerminalPlotOptions {
  /** Colour by escape sequences; without it each line ends in the number that it has in the legend. */
  readonly colour?: boolean;
}

const DEFAULT_WIDTH = 80;
const DEFAULT_HEIGHT = 16;
const LEAST_WIDTH = 30;
const LEAST_HEIGHT = 4;
const colours = ['36', '33', '35', '32', '34', '31'];

/** Bit of a braille character (U+2800 + bits) by row and column of its 4 x 2 dots. */
const dots = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/**
 * A line chart of braille characters with axes and legend, as lines without line ends. Unknown values are breaks.
 * `width` and `height` (of the chart with its axes, without title and legend) default to 80 x 16.
 */
export function renderTerminalPlot(plot: Plot, { colour = false }: TerminalPlotOptions = {}): string[] {
  const width = Math.max(LEAST_WIDTH, Math.floor(plot.width ?? DEFAULT_WIDTH));
  const height = Math.max(LEAST_HEIGHT, Math.floor(plot.height ?? DEFAULT_HEIGHT));
  const title = plotTitle(plot);
  const range = plotRange(plot.series);
  if (range === undefined) return [title, '(no known values)'];
  const rows = height - 2;
  const ticks = axisTicks(range.least, range.greatest, Math.max(2, Math.floor(rows / 3)));
  const labels = ticks.map(String);
  const margin = Math.max(...labels.map((label) => label.length));
  const columns = width - margin - 2;
  const frame: PlotRange = { ...range, least: ticks[0]!, greatest: ticks.at(-1)! };

  const canvas = new Canvas(columns, rows);
  const colourOf = (index: number) => plot.series[index]?.colour ?? index;
  for (const [index, series] of plot.series.entries()) {
    const end = drawSeries(canvas, series, index, frame);
    // Without colour the number of the legend stands where the line ends.
    if (!colour && plot.series.length > 1 && end !== undefined) canvas.label(end.x, end.y, seriesMark(index));
  }
  const labelOfRow = new Map(
    ticks.map((tick, i) => {
      const share = (tick - frame.least) / (frame.greatest - frame.least);
      return [Math.round((1 - share) * (rows - 1)), labels[i] ?? ''];
    }),
  );
  const lines = canvas.lines(colour ? colourOf : undefined).map((line, row) => {
    const label = labelOfRow.get(row);
    return `${(label ?? '').padStart(margin)} ${label === undefined ? '│' : '┤'}${line}`;
  });
  return [
    title,
    ...lines,
    `${' '.repeat(margin)} └${'─'.repeat(columns)}`,
    ' '.repeat(margin + 2) + timeAxis(frame, columns),
    ...legend(plot.series, colour),
  ].map((line) => line.trimEnd());
}

/** 1 to 9, then a to z, then `*`. */
function seriesMark(index: number): string {
  return index < 9 ? String(index + 1) : index < 35 ? (index + 1).toString(36) : '*';
}

/** Dots with the series that drew them last. */
class Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly #bits: Uint8Array;
  readonly #owner: Int16Array;
  readonly #labels = new Map<number, string>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#bits = new Uint8Array(columns * rows);
    this.#owner = new Int16Array(columns * rows).fill(-1);
  }

  /** @param x in dots from the left, 0 to 2 * columns - 1; @param y in dots from the top, 0 to 4 * rows - 1 */
  dot(x: number, y: number, owner: number): void {
    const column = x >> 1;
    const row = y >> 2;
    if (column < 0 || column >= this.columns || row < 0 || row >= this.rows) return;
    const cell = row * this.columns + column;
    this.#bits[cell]! |= dots[(y & 3) as 0 | 1 | 2 | 3][(x & 1) as 0 | 1];
    this.#owner[cell] = owner;
  }

  /** A character in the cell of a dot, over what is drawn there; moved up or down where there is one already. */
  label(x: number, y: number, character: string): void {
    const column = x >> 1;
    const row = y >> 2;
    for (let away = 0; away < this.rows; away++) {
      for (const candidate of [row - away, row + away]) {
        const cell = candidate * this.columns + column;
        if (candidate < 0 || candidate >= this.rows || this.#labels.has(cell)) continue;
        this.#labels.set(cell, character);
        return;
      }
    }
  }

  /** Bresenham's line: J. E. Bresenham, IBM Systems Journal 4(1), 1965. */
  line(x0: number, y0: number, x1: number, y1: number, owner: number): void {
    const dx = Math.abs(x1 - x0);
    const dy = -Math.abs(y1 - y0);
    const stepX = x0 < x1 ? 1 : -1;
    const stepY = y0 < y1 ? 1 : -1;
    let x = x0;
    let y = y0;
    let error = dx + dy;
    for (;;) {
      this.dot(x, y, owner);
      if (x === x1 && y === y1) return;
      const doubled = 2 * error;
      if (doubled >= dy) {
        error += dy;
        x += stepX;
      }
      if (doubled <= dx) {
        error += dx;
        y += stepY;
      }
    }
  }

  /** @param colourOf the colour of a series; left out: no colours */
  lines(colourOf: ((owner: number) => number) | undefined): string[] {
    return Array.from({ length: this.rows }, (_, row) => {
      let text = '';
      let run = '';
      let owner = -1;
      for (let column = 0; column <= this.columns; column++) {
        const cell = row * this.columns + column;
        const inside = column < this.columns;
        const bits = inside ? this.#bits[cell]! : 0;
        const character = this.#labels.get(cell) ?? (bits === 0 ? ' ' : String.fromCodePoint(0x2800 + bits));
        const next = colourOf !== undefined && bits !== 0 ? colourOf(this.#owner[cell]!) : -1;
        if (next !== owner || !inside) {
          text += owner < 0 ? run : painted(run, owner);
          run = '';
          owner = next;
        }
        if (inside) run += character;
      }
      return text;
    });
  }
}

function painted(text: string, index: number): string {
  return `\x1b[${colours[index % colours.length]}m${text}\x1b[0m`;
}

interface Dot {
  readonly x: number;
  readonly y: number;
}

/** Where the last known point lies; undefined where there is none. */
function drawSeries(
  canvas: Canvas,
  { points }: PlotSeries,
  index: number,
  frame: PlotRange,
): Dot | undefined {
  const right = canvas.columns * 2 - 1;
  const bottom = canvas.rows * 4 - 1;
  const duration = frame.to - frame.from;
  let last: Dot | undefined;
  let end: Dot | undefined;
  for (const { unixMilliseconds, value } of points) {
    if (value === undefined || !Number.isFinite(value)) {
      last = undefined;
      continue;
    }
    const x = duration === 0 ? 0 : Math.round(((unixMilliseconds - frame.from) / duration) * right);
    const y = Math.round((1 - (value - frame.least) / (frame.greatest - frame.least)) * bottom);
    if (last === undefined) canvas.dot(x, y, index);
    else canvas.line(last.x, last.y, x, y, index);
    last = { x, y };
    end = last;
  }
  return end;
}

function timeAxis({ from, to }: PlotRange, columns: number): string {
  const span = to - from;
  const first = timeText(from, span);
  if (span === 0) return `${first} UTC`;
  const last = `${timeText(to, span)} UTC`;
  const middle = timeText(from + span / 2, span);
  const space = columns - first.length - last.length;
  if (space < middle.length + 4) return first + last.padStart(columns - first.length);
  const before = Math.max(2, Math.round(columns / 2 - first.length - middle.length / 2));
  const after = Math.max(1, columns - first.length - before - middle.length - last.length);
  return first + ' '.repeat(before) + middle + ' '.repeat(after) + last;
}

/** Name and last known value of each series, in the order in which they were drawn. */
function legend(series: readonly PlotSeries[], colour: boolean): string[] {
  return series.map((one, index) => {
    const values = one.points.map(({ value }) => value).filter((value) => value !== undefined);
    const told = one.points.filter(({ isBreak }) => isBreak !== true).length;
    const unknown = told - values.length;
    const mean =
      values.length === 0 ? '?' : number(values.reduce((sum, value) => sum + value, 0) / values.length);
    const most = values.length === 0 ? '?' : number(values.reduce((a, b) => Math.max(a, b)));
    const mark = colour ? painted('⠤⠤', one.colour ?? index) : seriesMark(index);
    const holes = unknown === 0 ? '' : `, ${unknown} of ${told} unknown`;
    return `  ${mark} ${seriesLabel(one)}: mean ${mean}, greatest ${most}${holes}`;
  });
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
