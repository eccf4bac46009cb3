import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FittedCurve, fitCurve, type PowerRow } from '../../../src/power-model/fit.ts';
import { shapedCurve } from '../../../src/power-model/median-shape.ts';
import type { PowerCurve } from '../../../src/power-model/power-curve.ts';
import { TableCurve } from '../../../src/power-model/table-curve.ts';
import { RandomStream } from '../../../src/util/rng.ts';

interface History {
  readonly rows: number;
  readonly noiseWatts: number;
  /** Share of what is left over that stays to the next row. */
  readonly lasting?: number;
  readonly outliers?: number;
  readonly from?: number;
  readonly to?: number;
}

/** A day of a node: the load wanders, the watts follow its curve with noise. */
function history(curve: PowerCurve, seed: number, of: History): PowerRow[] {
  const random = new RandomStream(seed);
  const { from = 0, to = 1, lasting = 0, outliers = 0 } = of;
  let load = 0.5;
  let left = 0;
  return Array.from({ length: of.rows }, () => {
    load += 0.1 * random.normal();
    if (load < 0) load = -load;
    if (load > 1) load = 2 - load;
    load = Math.min(1, Math.max(0, load));
    const utilisation = from + (to - from) * load;
    const seconds = random.pick([5, 10, 20]);
    const noise = (of.noiseWatts * random.normal()) / Math.sqrt(seconds / 10);
    left = lasting * left + Math.sqrt(1 - lasting ** 2) * noise;
    const wild = random.next() < outliers ? random.uniform(50, 500) : 0;
    return { utilisation, watts: Math.max(0, curve.watts(utilisation) + left + wild), seconds };
  });
}

const server = new TableCurve([100, 145, 160, 175, 195, 215, 240, 270, 310, 360, 400], 'synthetic');

function inBars(fit: FittedCurve, truth: PowerCurve): boolean {
  return fit.knots.every(
    ({ utilisation, watts, errorBarWatts }) =>
      errorBarWatts === undefined || Math.abs(watts - truth.watts(utilisation)) <= errorBarWatts,
  );
}

const kinds: readonly (readonly [name: string, history: History])[] = [
  ['independent noise', { rows: 400, noiseWatts: 8 }],
  ['a twentieth of wild rows', { rows: 400, noiseWatts: 8, outliers: 0.05 }],
  ['noise that lasts for several rows', { rows: 800, noiseWatts: 8, lasting: 0.7 }],
  ['noise that lasts for many rows', { rows: 1000, noiseWatts: 8, lasting: 0.95 }],
  ['few rows', { rows: 150, noiseWatts: 8 }],
  ['half of the range', { rows: 300, noiseWatts: 5, from: 0.2, to: 0.6 }],
];
for (const [name, of] of kinds) {
  test(`${name}: the error bars hold the known curve in 95 of 100 seeds`, () => {
    let held = 0;
    for (let seed = 0; seed < 100; seed++) if (inBars(fitCurve(history(server, seed, of)), server)) held++;
    assert.ok(held >= 95, `${held} of 100`);
  });
}

test('the error bars are no wider than they have to be: a tenth of the seeds would be out of bars of half the width', () => {
  let out = 0;
  for (let seed = 0; seed < 100; seed++) {
    const { knots } = fitCurve(history(server, seed, { rows: 400, noiseWatts: 8 }));
    if (knots.some((k) => Math.abs(k.watts - server.watts(k.utilisation)) > k.errorBarWatts! / 2)) out++;
  }
  assert.ok(out >= 10, `${out} of 100`);
});

test('rows without noise give the curve back, with no error', () => {
  const fit = fitCurve(history(server, 1, { rows: 500, noiseWatts: 0 }));
  for (const { utilisation, watts, standardErrorWatts } of fit.knots) {
    assert.ok(Math.abs(watts - server.watts(utilisation)) < 1e-6);
    assert.ok(standardErrorWatts! < 1e-6);
  }
  assert.equal(fit.curve.provenance, 'fitted');
  assert.equal(fit.outliers, 0);
});

test('the fitted curve never falls and stays finite, whatever the rows', () => {
  const row = fc.record({
    utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
    watts: fc.double({ min: 0, max: 1000, noNaN: true }),
    seconds: fc.double({ min: 1, max: 60, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 60, maxLength: 300 }), (rows) => {
      let fit: FittedCurve;
      try {
        fit = fitCurve(rows);
      } catch (error) {
        assert.match((error as { code: string }).code, /^KISIM_E_FIT_NARROW$/);
        return;
      }
      // TableCurve itself refuses a fall; the bars must be numbers.
      for (const knot of fit.knots) {
        assert.ok(Number.isFinite(knot.watts));
        assert.equal(knot.covered, knot.standardErrorWatts !== undefined);
        if (knot.covered) assert.ok(Number.isFinite(knot.standardErrorWatts));
      }
    }),
    { numRuns: 60 },
  );
});

test('one wild row in ten moves no knot by more than its error bar', () => {
  const clean = fitCurve(history(server, 5, { rows: 2000, noiseWatts: 4 }));
  const random = new RandomStream(9);
  const rows = history(server, 5, { rows: 2000, noiseWatts: 4 }).map((row) =>
    random.next() < 0.1 ? { ...row, watts: 5000 } : row,
  );
  const fit = fitCurve(rows);
  assert.ok(fit.outliers > 150 && fit.outliers < 250, `${fit.outliers}`);
  fit.knots.forEach(({ watts, errorBarWatts }, i) => {
    assert.ok(Math.abs(watts - clean.knots[i]!.watts) < errorBarWatts!);
  });
});

test('time weighs: two watts at one utilisation meet nearer to the longer rows', () => {
  const rows = history(server, 3, { rows: 400, noiseWatts: 0 }).map((row, i) =>
    i % 2 === 0
      ? { ...row, seconds: 30, watts: row.watts + 1 }
      : { ...row, seconds: 10, watts: row.watts - 1 },
  );
  const middle = fitCurve(rows).knots[5]!;
  assert.ok(middle.watts > server.watts(0.5) + 0.3, `${middle.watts}`);
});

test('outside the covered range stands the scaled shape, marked and without an error', () => {
  const truth = shapedCurve(2020, 90, 380);
  const fit = fitCurve(history(truth, 2, { rows: 800, noiseWatts: 2, from: 0.28, to: 0.72 }), { year: 2020 });
  assert.equal(fit.coveredFrom, 0.3);
  assert.equal(fit.coveredTo, 0.7);
  assert.deepEqual(
    fit.knots.map(({ covered }) => covered),
    [false, false, false, true, true, true, true, true, false, false, false],
  );
  assert.ok(fit.outside > 0);
  // The truth has that very shape here, so that the scaled ends come near it.
  assert.ok(Math.abs(fit.curve.fullWatts - 380) < 15, `${fit.curve.fullWatts}`);
  assert.ok(Math.abs(fit.curve.idleWatts - 90) < 15, `${fit.curve.idleWatts}`);
});

test('a gap between two loads is bridged by the shape and marked', () => {
  const truth = shapedCurve(2020, 90, 380);
  const low = history(truth, 4, { rows: 300, noiseWatts: 2, from: 0, to: 0.22 });
  const high = history(truth, 5, { rows: 300, noiseWatts: 2, from: 0.78, to: 1 });
  const fit = fitCurve([...low, ...high], { year: 2020 });
  assert.deepEqual(
    fit.knots.filter(({ covered }) => !covered).map(({ utilisation }) => utilisation),
    [0.3, 0.4, 0.5, 0.6, 0.7],
  );
  assert.ok(Math.abs(fit.curve.watts(0.5) - truth.watts(0.5)) < 6, `${fit.curve.watts(0.5)}`);
});

test('a node whose use has hardly varied is refused, not extrapolated', () => {
  const steady = history(server, 1, { rows: 500, noiseWatts: 3, from: 0.4, to: 0.5 });
  assert.throws(() => fitCurve(steady), {
    code: 'KISIM_E_FIT_NARROW',
    message: /4\d\.\d and (4\d|50)\.\d %/,
  });
  const same = steady.map((row) => ({ ...row, utilisation: 0.5 }));
  assert.throws(() => fitCurve(same), { code: 'KISIM_E_FIT_NARROW' });
});

test('too few rows, and rows that were not measured, are refused by number', () => {
  const rows = history(server, 1, { rows: 100, noiseWatts: 3 });
  assert.throws(() => fitCurve(rows.slice(0, 59)), { code: 'KISIM_E_FIT_ROWS', message: /59 rows/ });
  for (const bad of [{ watts: Number.NaN }, { utilisation: 1.2 }, { seconds: 0 }, { watts: -1 }]) {
    const with7 = rows.map((row, i) => (i === 6 ? { ...row, ...bad } : row));
    assert.throws(() => fitCurve(with7), { code: 'KISIM_E_FIT_ROWS', message: /row 7:/ });
  }
});
