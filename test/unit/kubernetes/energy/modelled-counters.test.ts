import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnergyReader } from '../../../../src/kubernetes/energy/epoch-counters.ts';
import { ModelledCounters } from '../../../../src/kubernetes/energy/modelled-counters.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { nodeUse, podUse, UNIX_AT_ZERO } from '../../../support/node-uses.ts';

const curve = new LinearCurve(100, 300, 'synthetic');

function setUp() {
  const time = { second: 0 };
  const nodes = [
    { name: 'n', cpuMilli: 4000, power: curve },
    { name: 'dark', cpuMilli: 4000 },
  ];
  const counters = new ModelledCounters({
    nodes: () => nodes,
    clock: {
      monotonicNanoseconds: () => time.second * 1e9,
      unixMilliseconds: () => UNIX_AT_ZERO + time.second * 1000,
    },
  });
  return { time, counters, reader: new EnergyReader(counters) };
}

describe('modelled energy', () => {
  test('is the curve at the mean utilisation, times the time', async () => {
    const { time, counters, reader } = setUp();
    counters.take(nodeUse('n', 0, 1000, []));
    const first = await reader.read();
    time.second = 10;
    counters.take(nodeUse('n', 10, 1020, []));
    const { nodes, missing } = await reader.read();
    // Two of four CPUs: 200 W for 10 s.
    assert.equal(nodes.get('n')!.joules - first.nodes.get('n')!.joules, 2000);
    assert.equal(nodes.get('n')!.source, 'modelled');
    assert.equal(missing.get('dark'), 'nothing is known of its power');
  });

  test('a reading that tells the old count again adds nothing', async () => {
    const { counters, reader } = setUp();
    counters.take(nodeUse('n', 0, 0, []));
    counters.take(nodeUse('n', 0, 0, []));
    assert.equal((await reader.read()).nodes.get('n')?.joules, 0);
  });

  test('without a count of the node that of its pods stands in', async () => {
    const { counters, reader } = setUp();
    counters.take(nodeUse('n', 0, undefined, [podUse('a', 5, 0)]));
    counters.take(nodeUse('n', 10, undefined, [podUse('a', 15, 10), podUse('b', 10, 10)]));
    assert.equal((await reader.read()).nodes.get('n')?.joules, 2000);
  });

  test('a node that booted again is missing once', async () => {
    const { time, counters, reader } = setUp();
    counters.take(nodeUse('n', 0, 1000, []));
    await reader.read();
    time.second = 10;
    counters.take(nodeUse('n', 10, 3, []));
    assert.match((await reader.read()).missing.get('n') ?? '', /began anew/);
    time.second = 20;
    counters.take(nodeUse('n', 20, 3, []));
    assert.equal((await reader.read()).nodes.get('n')?.joules, 1000);
  });

  test('a use that was not read for long is no use', async () => {
    const { time, counters, reader } = setUp();
    assert.match((await reader.read()).missing.get('n') ?? '', /has not been read/);
    counters.take(nodeUse('n', 0, 1000, []));
    time.second = 120;
    assert.match((await reader.read()).missing.get('n') ?? '', /last read 120 s ago/);
    time.second = 2000;
    counters.take(nodeUse('n', 2000, 5000, []));
    // Nobody knows what was in between.
    assert.equal((await reader.read()).nodes.get('n')?.joules, 0);
  });
});
