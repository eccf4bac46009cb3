import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readCpuTopology } from '../../../src/inventory/cpu-topology.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface CpuFiles {
  readonly package?: number;
  readonly core?: number;
  readonly die?: number;
}

/** A /sys with these CPUs; undefined = offline, a folder without a topology. */
function sysWith(t: TestContext, cpus: readonly (CpuFiles | undefined)[], online?: string): string {
  const sys = temporaryFolder(t);
  const folder = join(sys, 'devices/system/cpu');
  const write = (path: string, value: number | string | undefined) => {
    if (value === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${value}\n`);
  };
  write(join(folder, 'online'), online);
  for (const name of ['cpufreq', 'cpuidle', 'smt']) mkdirSync(join(folder, name), { recursive: true });
  for (const [cpu, files] of cpus.entries()) {
    mkdirSync(join(folder, `cpu${cpu}`), { recursive: true });
    write(join(folder, `cpu${cpu}/topology/physical_package_id`), files?.package);
    write(join(folder, `cpu${cpu}/topology/core_id`), files?.core);
    write(join(folder, `cpu${cpu}/topology/die_id`), files?.die);
  }
  return sys;
}

test('sockets, cores and siblings; the same core id on another socket or die is another core', (t) => {
  const sys = sysWith(t, [
    { package: 0, core: 0, die: 0 },
    { package: 0, core: 0, die: 1 },
    { package: 2, core: 0, die: 0 },
    { package: 0, core: 0, die: 0 },
  ]);
  const topology = readCpuTopology(sys, 1);
  assert.equal(topology.count, 4);
  assert.deepEqual(topology.sockets, [0, 2]);
  assert.deepEqual([...topology.socketOf], [0, 0, 2, 0]);
  assert.deepEqual([...topology.coreOf], [0, 1, 2, 0]);
  assert.equal(topology.hasSiblings, true);
});

test('CPUs that are offline are no capacity, no socket and nobody’s siblings', (t) => {
  // Siblings switched off (nosmt): core ids are sparse, and an offline CPU has the number of a core.
  const cpus = [
    { package: 0, core: 0 },
    undefined,
    { package: 0, core: 1 },
    undefined,
    { package: 0, core: 3 },
  ];
  const topology = readCpuTopology(sysWith(t, cpus, '0,2,4'), 1);
  assert.equal(topology.count, 3);
  assert.deepEqual([...topology.socketOf], [0, -1, 0, -1, 0]);
  assert.deepEqual([...topology.coreOf], [0, -1, 1, -1, 2]);
  assert.equal(topology.hasSiblings, false);
});

test('ranges and single numbers of `online` are understood', (t) => {
  const cpus = Array.from({ length: 8 }, (_, core) => ({ package: 0, core }));
  assert.equal(readCpuTopology(sysWith(t, cpus, '0-3,6'), 1).count, 5);
  assert.equal(readCpuTopology(sysWith(t, cpus, 'none of these'), 1).count, 8);
});

test('where the kernel tells no topology every CPU is a core of package 0', (t) => {
  const topology = readCpuTopology(sysWith(t, [{}, {}]), 1);
  assert.deepEqual([...topology.socketOf], [0, 0]);
  assert.equal(topology.hasSiblings, false);
});

test('a core id of -1 means unknown, not that all CPUs share a core', (t) => {
  const topology = readCpuTopology(
    sysWith(t, [
      { package: -1, core: -1 },
      { package: -1, core: -1 },
    ]),
    1,
  );
  assert.deepEqual(topology.sockets, [0]);
  assert.equal(topology.hasSiblings, false);
});

test('without a folder of CPUs the given number stands', (t) => {
  const topology = readCpuTopology(temporaryFolder(t), 2);
  assert.deepEqual([topology.count, topology.sockets.length, topology.hasSiblings], [2, 1, false]);
});
