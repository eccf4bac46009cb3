import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalCdf, normalQuantile } from '../../../../src/util/statistics/normal.ts';
import { studentCritical, studentTwoSided } from '../../../../src/util/statistics/student-t.ts';

const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected} within ${within}`);

test('critical values of t are those of the printed tables', () => {
  for (const [degrees, expected] of [
    [1, 12.706204736],
    [2, 4.30265273],
    [5, 2.570581836],
    [9, 2.262157163],
    [23, 2.06865761],
    [100, 1.983971519],
  ] as const)
    near(studentCritical(0.95, degrees), expected, 1e-8);
  near(studentCritical(0.99, 10), 3.169272673, 1e-8);
});

test('two-sided probabilities of t have their closed forms for one and two degrees', () => {
  for (const t of [0.1, 0.7, 1, 3, 40]) {
    near(studentTwoSided(t, 1), 1 - (2 / Math.PI) * Math.atan(t), 1e-13);
    near(studentTwoSided(-t, 2), 1 - t / Math.sqrt(2 + t * t), 1e-13);
  }
  assert.equal(studentTwoSided(Number.POSITIVE_INFINITY, 3), 0);
  assert.equal(studentTwoSided(0, 3), 1);
});

test('normal probabilities and quantiles are those of the printed tables and undo each other', () => {
  near(normalCdf(1.959963984540054), 0.975, 1e-14);
  near(normalCdf(-1), 0.15865525393145707, 1e-14);
  near(normalQuantile(0.995), 2.5758293035489004, 1e-12);
  assert.equal(normalCdf(0), 0.5);
  for (const p of [1e-6, 0.01, 0.3, 0.5, 0.8]) near(normalCdf(normalQuantile(p)), p, 1e-13);
});
