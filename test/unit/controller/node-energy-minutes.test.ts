import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeEnergySource, NodeJoules } from '../../../src/cluster/node-energy.ts';
import { NodeEnergyMinutes } from '../../../src/controller/node-energy-minutes.ts';

const MINUTE = 60_000;
const START = 30_000_000 * MINUTE;

function reading(at: number, joules: number | undefined, source: NodeEnergySource = 'metered', asOf = at) {
  const nodes = new Map<string, NodeJoules>();
  if (joules !== undefined) nodes.set('n', { joules, source, asOfUnixMilliseconds: START + asOf });
  return {
    unixMilliseconds: START + at,
    nodes,
    missing: new Map(joules === undefined ? [['n', 'gone']] : []),
  };
}

test('the first reading says nothing, the next ones what lies between', () => {
  const minutes = new NodeEnergyMinutes();
  assert.deepEqual(minutes.take(reading(0, 1000)), []);
  assert.deepEqual(minutes.take(reading(MINUTE, 1600)), [
    {
      node: 'n',
      unixSeconds: START / 1000,
      microjoules: 600e6,
      source: 'metered',
      coveredMilliseconds: MINUTE,
    },
  ]);
});

test('a stretch over several minutes is spread by time', () => {
  const minutes = new NodeEnergyMinutes();
  minutes.take(reading(45_000, 0));
  const records = minutes.take(reading(150_000, 105));
  assert.deepEqual(
    records.map(({ unixSeconds, microjoules, coveredMilliseconds }) => [
      unixSeconds - START / 1000,
      microjoules,
      coveredMilliseconds,
    ]),
    [
      [0, 15e6, 15_000],
      [60, 60e6, 60_000],
      [120, 30e6, 30_000],
    ],
  );
});

test('a source that has not counted since gives its joules with its next count', () => {
  const minutes = new NodeEnergyMinutes();
  minutes.take(reading(0, 0));
  assert.deepEqual(minutes.take(reading(MINUTE, 0, 'metered', 0)), []);
  const records = minutes.take(reading(2 * MINUTE, 120));
  assert.equal(records.length, 2);
  assert.equal(records[0]!.microjoules + records[1]!.microjoules, 120e6);
});

test('nothing is said of the time in which a node was missing, its source changed or its counter fell', () => {
  const minutes = new NodeEnergyMinutes();
  minutes.take(reading(0, 100));
  minutes.take(reading(MINUTE, undefined));
  assert.deepEqual(minutes.take(reading(2 * MINUTE, 200)), []);
  assert.deepEqual(minutes.take(reading(3 * MINUTE, 300, 'modelled')), []);
  assert.deepEqual(minutes.take(reading(4 * MINUTE, 250, 'modelled')), []);
  assert.equal(minutes.take(reading(5 * MINUTE, 251, 'modelled')).length, 1);
});

test('the parts of any stretch add up to it, to the microjoule and millisecond', () => {
  fc.assert(
    fc.property(
      fc.nat(MINUTE),
      fc.integer({ min: 1, max: 20 * MINUTE }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (from, length, joules) => {
        const minutes = new NodeEnergyMinutes();
        minutes.take(reading(from, 0));
        const records = minutes.take(reading(from + length, joules));
        const sum = (of: (record: (typeof records)[number]) => number) =>
          records.reduce((total, record) => total + of(record), 0);
        assert.equal(
          sum(({ microjoules }) => microjoules),
          Math.round(joules * 1e6),
        );
        assert.equal(
          sum(({ coveredMilliseconds }) => coveredMilliseconds),
          length,
        );
        for (const record of records)
          assert.ok(record.coveredMilliseconds <= MINUTE && record.microjoules >= 0);
      },
    ),
  );
});
