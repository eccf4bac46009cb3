import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  axisTicks,
  type Plot,
  type PlotSeries,
  plotRange,
  timeText,
} from '../../../../src/export/plot/plot.ts';
import { chartOption, renderSvgPlot } from '../../../../src/export/plot/svg-plot.ts';
import { renderTerminalPlot } from '../../../../src/export/plot/terminal-plot.ts';
import type { Provenance } from '../../../../src/meter/power-source.ts';

const start = Date.UTC(2026, 0, 31, 6);

function series(
  name: string,
  values: readonly (number | undefined)[],
  provenance: Provenance = 'measured',
): PlotSeries {
  return {
    name,
    points: values.map((value, i) => ({ unixMilliseconds: start + i * 60_000, value, provenance })),
  };
}

const plotOf = (...all: PlotSeries[]): Plot => ({
  title: 'Power',
  unit: 'W',
  series: all,
  width: 40,
  height: 10,
});

/** The cells of the chart, row by row, without its axis. */
function cells(lines: readonly string[]): string[][] {
  return lines.filter((line) => /[│┤]/.test(line)).map((line) => [...(line.split(/[│┤]/)[1] ?? '')]);
}

const braille = /[\u2801-\u28ff]/;

test('ticks are round, even, and hold the range', () => {
  assert.deepEqual(axisTicks(0, 42, 4), [0, 20, 40, 60]);
  assert.deepEqual(axisTicks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(axisTicks(0, 0, 2), [0, 0.5, 1]);
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 12 }),
      (top, about) => {
        const ticks = axisTicks(0, top, about);
        assert.equal(ticks[0], 0);
        assert.ok(ticks.at(-1)! >= top * (1 - 1e-6), `${ticks}`);
        assert.ok(ticks.length >= 2 && ticks.length <= about * 2.5 + 2);
      },
    ),
  );
});

test('a range too small for any digits still has an axis (it once made the line drawing endless)', () => {
  assert.ok(axisTicks(0, 5e-324, 3).length >= 2);
  assert.equal(renderTerminalPlot(plotOf(series('a', [0, 5e-324]))).length, 12);
});

test('times are told as short as their span allows', () => {
  assert.equal(timeText(start, 60_000), '06:00:00');
  assert.equal(timeText(start, 3_600_000), '06:00');
  assert.equal(timeText(start, 7 * 86_400_000), '01-31 06:00');
  assert.equal(timeText(start, 60 * 86_400_000), '2026-01-31');
});

test('the range begins at zero and leaves out the unknown', () => {
  assert.deepEqual(plotRange([series('a', [undefined, 5, 7])]), {
    from: start + 60_000,
    to: start + 120_000,
    least: 0,
    greatest: 7,
  });
  assert.equal(plotRange([series('a', [undefined])]), undefined);
});

test('terminal: a rising line goes from the lower left to the upper right', () => {
  const lines = renderTerminalPlot(plotOf(series('a', [0, 10])));
  const rows = cells(lines);
  assert.match(rows.at(-1)?.[0] ?? '', braille);
  assert.match(rows[0]?.at(-1) ?? '', braille);
  assert.equal(rows[0]?.[0], ' ');
});

test('terminal: an unknown value is a break in the line', () => {
  const values = Array.from({ length: 30 }, (_, i) => (i >= 10 && i < 20 ? undefined : 5));
  const rows = cells(renderTerminalPlot(plotOf(series('a', values))));
  const line = rows.find((row) => row.some((cell) => braille.test(cell)))!;
  const width = line.length;
  assert.match(line[2] ?? '', braille);
  assert.match(line[width - 3] ?? '', braille);
  assert.equal(line[Math.floor(width / 2)], ' ');
});

test('terminal: an estimate is named in title and legend, unknown values are counted', () => {
  const text = renderTerminalPlot(plotOf(series('a', [1, undefined], 'estimated'), series('b', [1, 2]))).join(
    '\n',
  );
  assert.match(text, /^Power \[W\] {3}ESTIMATED\n/);
  assert.match(text, /1 a \(estimated\): mean 1, greatest 1, 1 of 2 unknown/);
  assert.match(text, /2 b: mean 1\.5, greatest 2/);
});

test('terminal: without colour each line ends in its number, with colour in none', () => {
  const plot = plotOf(series('a', [1, 9]), series('b', [1, 2]));
  const plain = cells(renderTerminalPlot(plot)).map((row) => row.join(''));
  assert.ok(plain.some((row) => row.endsWith('1')));
  assert.ok(plain.some((row) => row.endsWith('2')));
  const coloured = renderTerminalPlot(plot, { colour: true }).join('\n');
  assert.ok(coloured.includes('\x1b[36m') && coloured.includes('\x1b[33m'));
});

test('terminal: no line is wider than asked, nothing known says so, names are harmless', () => {
  for (const line of renderTerminalPlot(plotOf(series('a', [1, 2, 3]))).slice(1, -1))
    assert.ok(line.length <= 40);
  assert.deepEqual(renderTerminalPlot(plotOf(series('a', []))), ['Power [W]', '(no known values)']);
  assert.ok(
    !renderTerminalPlot(plotOf(series('a\x1b[2J', [1])))
      .join('')
      .includes('\x1b'),
  );
});

test('terminal: any values give a chart of the right form', () => {
  const value = fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
      const lines = renderTerminalPlot(plotOf(series('a', values)));
      const known = values.some((one) => one !== undefined);
      assert.equal(lines.length, known ? 12 : 2);
    }),
  );
});

test('SVG: an estimated series is dashed and named so; a measured one is neither', async () => {
  const svg = await renderSvgPlot({
    ...plotOf(series('meas', [1, 2, 3]), series('guess', [2, 3, 4], 'estimated')),
    width: 600,
    height: 300,
  });
  assert.match(svg, /^<svg width="600" height="300"/);
  assert.match(svg, /guess \(estimated\)/);
  assert.doesNotMatch(svg, /meas \(/);
  assert.match(svg, /ESTIMATED/);
  const lines = [...svg.matchAll(/<path d="[^"]*" fill="none"[^>]*stroke-width="2"[^>]*>/g)].map(
    ([line]) => line,
  );
  const ofColour = (colour: string) => lines.find((line) => line.includes(`stroke="${colour}"`)) ?? '';
  assert.match(ofColour('#d55e00'), /stroke-dasharray/);
  assert.ok(ofColour('#0072b2') !== '' && !ofColour('#0072b2').includes('stroke-dasharray'));
});

test('SVG: unknown values stay unknown, a lone value gets a symbol, equal names stay apart', () => {
  const option = chartOption(plotOf(series('a', [1, 2, undefined, 4, undefined]), series('a', [1, 2])), 600);
  const [first, second] = option['series'] as { name: string; data: unknown[]; connectNulls: boolean }[];
  assert.deepEqual(first?.data, [
    [start, 1],
    [start + 60_000, 2],
    [start + 120_000, null],
    { value: [start + 180_000, 4], symbol: 'circle' },
    [start + 240_000, null],
  ]);
  assert.equal(first?.connectNulls, false);
  assert.equal(second?.name, 'a #2');
});

test('SVG: a long legend makes the picture higher, not the chart smaller', async () => {
  const many = Array.from({ length: 12 }, (_, i) =>
    series(`namespace-${i}/a-rather-long-pod-name-${i}`, [1, 2]),
  );
  const svg = await renderSvgPlot({ ...plotOf(...many), width: 600, height: 300 });
  assert.ok(Number(/^<svg width="600" height="(\d+)"/.exec(svg)?.[1]) > 400);
});

test('SVG: names are escaped, and with nothing known it says so', async () => {
  const svg = await renderSvgPlot({ ...plotOf(series('<script>&', [1, 2])), width: 600, height: 300 });
  assert.ok(!svg.includes('<script>'));
  const empty = await renderSvgPlot({ ...plotOf(series('a', [undefined])), width: 600, height: 300 });
  assert.match(empty, /no known values/);
});

test('series that ask for it have one colour, in both forms', () => {
  const plot = plotOf(series('a', [1, 2]), { ...series('a, mean', [3, 3]), colour: 0 }, series('b', [5, 5]));
  const colours = (chartOption(plot, 600)['series'] as { color: string }[]).map(({ color }) => color);
  assert.equal(colours[0], colours[1]);
  assert.notEqual(colours[0], colours[2]);
  const text = renderTerminalPlot(plot, { colour: true }).join('\n');
  const escapes = new Set(text.split('\x1b[').flatMap((part) => /^\d+m/.exec(part)?.[0] ?? []));
  assert.deepEqual([...escapes].sort(), ['0m', '35m', '36m']);
});
