import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkObjectives, parseObjectives } from '../../../src/load/objectives.ts';
import type { LoadFigures } from '../../../src/load/report/figures.ts';

const figures: LoadFigures = {
  sent: 1000,
  answered: 990,
  errors: 15,
  errorShare: 0.015,
  errorsByKind: { reset: 10, 'status 500': 5 },
  byStatus: { 200: 985, 500: 5 },
  ratePerSecond: 99,
  goodRatePerSecond: 98.5,
  bytes: 0,
  latencyMilliseconds: { count: 990, mean: 20, p50: 10, p90: 40, p95: 50, p99: 90, p999: 200, max: 300 },
};

const holds = (text: string, of = figures) =>
  checkObjectives(parseObjectives(text), of).map((each) => each.holds);

test('objectives are held or missed by their figure', () => {
  assert.deepEqual(
    holds('p50<10ms, p50<=10ms, p90<0.05s, p95<51ms, p99>=90ms, p99.9<200ms, p999<=200ms, mean<21ms, max<1s'),
    [false, true, true, true, true, false, true, true, true],
  );
  assert.deepEqual(holds('errors<1.5%, errors<=1.5%, errors<16, errors<=14'), [false, true, true, false]);
  assert.deepEqual(holds('rate>98, rate>=99/s'), [true, false]);
});

test('what was not measured never holds', () => {
  const nothing = { ...figures, latencyMilliseconds: null, errorShare: null, errors: 0 };
  assert.deepEqual(holds('p95<1h, p95>0ms, errors<100%, errors<1', nothing), [false, false, false, true]);
  assert.equal(checkObjectives(parseObjectives('p95<1h'), nothing)[0]!.value, null);
});

for (const text of [
  'p95',
  'p95<300',
  'p42<1s',
  'p95=1s',
  'errors<1.5',
  'errors<a%',
  'rate>many',
  'rate<',
  '',
])
  test(`'${text}' is no objective`, () => {
    assert.throws(
      () => parseObjectives(text),
      (error) => error instanceof Error && 'code' in error && error.code === 'KISIM_E_LOAD_SLO',
    );
  });
