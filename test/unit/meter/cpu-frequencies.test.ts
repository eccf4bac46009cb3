import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CpuFrequencies } from '../../../src/meter/cpu-frequencies.ts';
import { FakeCounters } from '../../support/file-counter-set.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SECOND = 1e9;

function host(t: TestContext) {
  const sys = temporaryFolder(t);
  const folder = (cpu: number) => join(sys, `devices/system/cpu/cpu${cpu}/cpufreq`);
  const set = (cpu: number, kilohertz: number | string) => {
    mkdirSync(folder(cpu), { recursive: true });
    writeFileSync(join(folder(cpu), 'scaling_cur_freq'), `${kilohertz}\n`);
  };
  return { sys, set, folder, counters: new FakeCounters() };
}

test('each CPU has its frequency; those without one are unknown, not zero', (t) => {
  const { sys, set, counters } = host(t);
  set(0, 3_400_000);
  set(3, 800_000);
  const frequencies = new CpuFrequencies(sys, [0, 1, 3], counters.factory);
  assert.equal(frequencies.known, true);
  assert.deepEqual([...frequencies.read(0)!], [3_400_000, Number.NaN, Number.NaN, 800_000]);
  frequencies.close();
  assert.equal(counters.closed, counters.opened);
});

test('a guest that has no frequencies says so and opens nothing', (t) => {
  const { sys, counters } = host(t);
  const frequencies = new CpuFrequencies(sys, [0, 1], counters.factory);
  assert.equal(frequencies.known, false);
  assert.equal(frequencies.read(0), undefined);
  frequencies.close();
  assert.equal(counters.opened, 0);
});

test('a fast meter reads them about once a second, a meter of 1 Hz at every tick though some come early', (t) => {
  const { sys, set, counters } = host(t);
  set(0, 1000);
  const frequencies = new CpuFrequencies(sys, [0], counters.factory);
  frequencies.read(0);
  set(0, 2000);
  assert.equal(frequencies.read(0.1 * SECOND)![0], 1000);
  assert.equal(frequencies.read(0.99 * SECOND)![0], 2000);
  frequencies.close();
});

test('a CPU that goes offline becomes unknown and the others go on', (t) => {
  const { sys, set, folder, counters } = host(t);
  set(0, 1000);
  set(1, 2000);
  const frequencies = new CpuFrequencies(sys, [0, 1], counters.factory);
  frequencies.read(0);
  rmSync(folder(1), { recursive: true });
  assert.deepEqual([...frequencies.read(SECOND)!], [1000, Number.NaN]);
  frequencies.close();
});
