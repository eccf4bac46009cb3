import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RaplPowercapSource } from '../../../src/meter/rapl-powercap.ts';
import { loadAddon } from '../../../src/native/addon.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { contextAt } from '../../support/file-counter-set.ts';
import { oneSocket } from '../../support/powercap-tree.ts';

function open(t: { after(run: () => void): void }, samplingHz = 0) {
  const tree = oneSocket();
  const source = new RaplPowercapSource({
    sys: tree.sys,
    counters: () => new (loadAddon().CounterSet)(),
    samplingHz,
    sampler: (options) => new (loadAddon().CounterSampler)(options),
  });
  source.open();
  t.after(() => {
    source.close();
    tree.remove();
  });
  const read = () => source.read(contextAt(systemClock.monotonicNanoseconds()));
  return { tree, source, read };
}

test('the native counter set gives the energies of the tree and the time between its own reads', (t) => {
  const { tree, read } = open(t);
  const before = systemClock.monotonicNanoseconds();
  assert.deepEqual(
    read().map(({ gap }) => gap),
    ['first-reading', 'first-reading', 'first-reading'],
  );
  tree.set('intel-rapl:0', 5_004_000);
  tree.set('intel-rapl:0:1', 900_500);
  const readings = read();
  const elapsed = systemClock.monotonicNanoseconds() - before;
  assert.deepEqual(
    readings.map(({ energyMicrojoules }) => energyMicrojoules),
    [4000, 0, 500],
  );
  for (const { intervalNanoseconds } of readings) {
    assert.ok(intervalNanoseconds > 0 && intervalNanoseconds <= elapsed, `${intervalNanoseconds} ns`);
  }
});

test('with held descriptors a zone that vanishes and comes back is a gap, then counts again', (t) => {
  const { tree, read } = open(t);
  const dram = () => read()[2]!;
  dram();
  tree.vanish('intel-rapl:0:1');
  assert.equal(dram().gap, 'vanished');
  tree.add('intel-rapl:0:1', { name: 'dram', energyMicrojoules: 10, rangeMicrojoules: 65_712_999_613 });
  const gaps = [dram().gap, dram().gap];
  assert.ok(gaps.includes('first-reading'), gaps.join());
  tree.set('intel-rapl:0:1', 1010);
  assert.equal(dram().energyMicrojoules, 1000);
});

test('the native sampler starts and stops with the source, and the energy is still that of the counter', (t) => {
  const { tree, source, read } = open(t, 1000);
  read();
  tree.set('intel-rapl:0', 5_004_000);
  assert.equal(read()[0]?.energyMicrojoules, 4000);
  source.close();
});
