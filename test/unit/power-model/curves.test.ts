import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExponentialCurve, exponentialFromPercent } from '../../../src/power-model/exponential-curve.ts';
import { gpuPowerOf } from '../../../src/power-model/gpu-models.ts';
import { LinearCurve } from '../../../src/power-model/linear-curve.ts';
import { medianShape, shapedCurve } from '../../../src/power-model/median-shape.ts';
import type { PowerCurve } from '../../../src/power-model/power-curve.ts';
import { PWR_SOCKETS, SocketCurve } from '../../../src/power-model/socket-curve.ts';
import { TableCurve, tabulated } from '../../../src/power-model/table-curve.ts';

const elevenPoints = [100, 130, 145, 160, 180, 200, 225, 255, 300, 350, 400];
const curves: readonly (readonly [name: string, curve: PowerCurve])[] = [
  ['table', new TableCurve(elevenPoints, 'synthetic')],
  ['linear', new LinearCurve(50, 200, 'synthetic')],
  ['exponential', new ExponentialCurve(471, -91, -7, 'published')],
  ['sockets', new SocketCurve({ threads: 96, ...PWR_SOCKETS }, 'published')],
];

for (const [name, curve] of curves) {
  test(`${name}: begins at idle, ends at full, never falls, stays at its ends outside 0 to 1`, () => {
    assert.equal(curve.kind, name);
    assert.equal(curve.watts(0), curve.idleWatts);
    assert.equal(curve.watts(1), curve.fullWatts);
    assert.equal(curve.watts(-0.3), curve.idleWatts);
    assert.equal(curve.watts(7), curve.fullWatts);
    assert.equal(curve.watts(Number.POSITIVE_INFINITY), curve.fullWatts);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const [from, to] = [curve.watts(low), curve.watts(high)];
        assert.ok(from <= to + 1e-9, `${from} W at ${low}, ${to} W at ${high}`);
        assert.ok(from >= curve.idleWatts - 1e-9 && to <= curve.fullWatts + 1e-9);
      }),
    );
  });

  test(`${name}: a utilisation that is no number is an error, not a power`, () => {
    assert.throws(() => curve.watts(Number.NaN), { code: 'KISIM_E_CURVE_UTILISATION' });
  });
}

test('a table gives its points exactly and straight lines between them', () => {
  const curve = new TableCurve(elevenPoints, 'synthetic');
  elevenPoints.forEach((watts, i) => {
    assert.ok(Math.abs(curve.watts(i / 10) - watts) < 1e-12);
  });
  assert.ok(Math.abs(curve.watts(0.85) - 325) < 1e-12);
  assert.deepEqual([...curve.points], elevenPoints);
});

test('a table that falls, is negative, not finite or too short is refused with its place', () => {
  const make = (watts: number[]) => () => new TableCurve(watts, 'published', 'mine.csv:7');
  assert.throws(make([100, 130, 120]), {
    code: 'KISIM_E_CURVE_FALLS',
    message: /mine\.csv:7: 100 % is 120 W after 130 W/,
  });
  assert.throws(make([-1, 130]), { code: 'KISIM_E_CURVE_INVALID', message: /mine\.csv:7: 0 % is -1 W/ });
  assert.throws(make([1, Number.NaN]), { code: 'KISIM_E_CURVE_INVALID' });
  assert.throws(make([1, Number.POSITIVE_INFINITY]), { code: 'KISIM_E_CURVE_INVALID' });
  assert.throws(make([1]), { code: 'KISIM_E_CURVE_INVALID' });
  make([100, 100])();
});

test('a linear or exponential curve that falls, or has no finite watts, is refused', () => {
  assert.throws(() => new LinearCurve(10, 9, 'synthetic'), { code: 'KISIM_E_CURVE_FALLS' });
  assert.throws(() => new LinearCurve(-1, 9, 'synthetic'), { code: 'KISIM_E_CURVE_INVALID' });
  assert.throws(() => new LinearCurve(Number.NaN, 9, 'synthetic'), { code: 'KISIM_E_CURVE_INVALID' });
  assert.throws(() => new ExponentialCurve(100, -20, 3, 'synthetic'), { code: 'KISIM_E_CURVE_FALLS' });
  assert.throws(() => new ExponentialCurve(1, 20, 800, 'synthetic'), { code: 'KISIM_E_CURVE_INVALID' });
  assert.throws(() => new ExponentialCurve(1, Number.NaN, 1, 'synthetic'), { code: 'KISIM_E_CURVE_INVALID' });
});

test("PEAKS' numbers are for per cent: half load is 50", () => {
  const curve = exponentialFromPercent(471.74, -91.5, -0.0718, 'published');
  const expected = 471.74 - 91.5 * Math.exp(-0.0718 * 50);
  assert.ok(Math.abs(curve.watts(0.5) - expected) < 1e-9);
});

test("PWR's sockets: a socket is active from its first core to its last", () => {
  // 96 threads, 48 cores, 3 sockets.
  const curve = new SocketCurve({ threads: 96, ...PWR_SOCKETS }, 'published');
  assert.equal(curve.sockets, 3);
  assert.equal(curve.idleWatts, 45);
  assert.equal(curve.fullWatts, 360);
  const used = (threads: number) => curve.watts(threads / 96);
  assert.equal(used(1), 150);
  assert.equal(used(32), 150);
  // The 33rd thread takes the 17th core, in the second socket.
  assert.equal(used(33), 255);
  assert.equal(used(64), 255);
  assert.equal(used(65), 360);
  // 10 threads make 5 cores, one socket that is not full.
  const small = new SocketCurve({ threads: 10, ...PWR_SOCKETS }, 'published');
  assert.equal(small.sockets, 1);
  assert.equal(small.watts(0.01), 120);
});

test('sockets that fall, or have no cores, are refused', () => {
  const base = { threads: 96, ...PWR_SOCKETS };
  const make = (change: object) => () => new SocketCurve({ ...base, ...change }, 'synthetic');
  assert.throws(make({ activeWattsPerSocket: 14 }), { code: 'KISIM_E_CURVE_FALLS' });
  assert.throws(make({ coresPerSocket: 0 }), { code: 'KISIM_E_CURVE_INVALID' });
  assert.throws(make({ threads: Number.NaN }), { code: 'KISIM_E_CURVE_INVALID' });
});

test('any curve can be tabulated; a table at its own steps stays as it is', () => {
  const table = new TableCurve(elevenPoints, 'measured');
  assert.deepEqual([...tabulated(table, 10).points], elevenPoints);
  assert.equal(tabulated(table, 10).provenance, 'measured');
  const exponential = new ExponentialCurve(471, -91, -7, 'published');
  const twin = tabulated(exponential, 1000);
  assert.ok(Math.abs(twin.watts(0.3337) - exponential.watts(0.3337)) < 0.01);
});

test('median shapes go from 0 to 1 without falling, and newer hardware is dearest at its top', () => {
  for (const year of [2006, 2012, 2015, 2024]) {
    const shape = medianShape(year);
    assert.equal(shape.length, 11);
    assert.equal(shape[0], 0);
    assert.equal(shape[10], 1);
    const curve = shapedCurve(year, 70, 333);
    assert.equal(curve.idleWatts, 70);
    assert.equal(curve.fullWatts, 333);
    assert.equal(curve.provenance, 'estimated');
  }
  const [old, recent] = [medianShape(2008), medianShape(2020)];
  assert.ok(1 - recent[9]! > 1 - old[9]!);
  assert.throws(() => shapedCurve(2020, 300, 200, 'estimated', 'mine.csv:3'), {
    code: 'KISIM_E_CURVE_FALLS',
    message: /mine\.csv:3/,
  });
});

test('GPUs of the openb trace are known by name, others are not guessed', () => {
  assert.deepEqual(gpuPowerOf('G2'), { idleWatts: 30, fullWatts: 150, law: 'full-when-used' });
  assert.deepEqual(gpuPowerOf('V100M32'), gpuPowerOf('V100M16'));
  assert.equal(gpuPowerOf('H100'), undefined);
});
