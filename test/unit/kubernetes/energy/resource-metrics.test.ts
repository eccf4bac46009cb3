import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateSums } from '../../../../src/kubernetes/energy/rate-sums.ts';
import { readRates, type UseRate } from '../../../../src/kubernetes/energy/resource-metrics.ts';

const timestamp = '2026-11-23T15:12:44Z';
const unixMilliseconds = Date.parse(timestamp);

test('rates of nodes and pods are read, containers added up', () => {
  assert.deepEqual(
    readRates({
      kind: 'NodeMetricsList',
      items: [
        { metadata: { name: 'n1' }, timestamp, window: '10.5s', usage: { cpu: '250000001n', memory: '1Ki' } },
      ],
    }),
    [
      {
        name: 'n1',
        namespace: '',
        unixMilliseconds,
        windowMilliseconds: 10_500,
        cpus: 0.250000001,
        memoryBytes: 1024,
      },
    ],
  );
  assert.deepEqual(
    readRates({
      kind: 'PodMetricsList',
      items: [
        {
          metadata: { name: 'web', namespace: 'team' },
          timestamp,
          window: '1m0s',
          containers: [
            { name: 'a', usage: { cpu: '100m' } },
            { name: 'b', usage: { cpu: '50u' } },
          ],
        },
      ],
    }),
    [
      {
        name: 'web',
        namespace: 'team',
        unixMilliseconds,
        windowMilliseconds: 60_000,
        cpus: 0.10005,
        memoryBytes: undefined,
      },
    ],
  );
});

test('items without a usable amount, time or window are left out; what is no list is none', () => {
  const good = { metadata: { name: 'n1' }, timestamp, window: '10s', usage: { cpu: '1' } };
  const items = [
    { ...good, usage: {} },
    { ...good, usage: { cpu: '-1' } },
    { ...good, timestamp: null },
    { ...good, window: '0s' },
    { ...good, metadata: {} },
  ];
  assert.deepEqual(readRates({ items }), []);
  assert.equal(readRates('text'), undefined);
});

test('rates are summed up over the time between them, each once', () => {
  const sums = new RateSums();
  const rate = (cpus: number, second: number): UseRate => ({
    name: 'web',
    namespace: 'team',
    unixMilliseconds: second * 1000,
    windowMilliseconds: 10_000,
    cpus,
  });
  const add = (cpus: number, second: number) => {
    sums.begin();
    return sums.add('u1', rate(cpus, second)).cpuNanoseconds / 1e9;
  };
  assert.equal(add(0.5, 100), 5);
  assert.equal(add(0.5, 100), 5);
  assert.equal(add(1, 115), 20);
  // Over more than five minutes a rate says nothing.
  assert.equal(add(1, 1115), 320);
  sums.begin();
  sums.begin();
  sums.begin();
  assert.equal(add(0.5, 1200), 5);
});
