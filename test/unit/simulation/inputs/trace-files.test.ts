import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { describedMachines } from '../../../../src/simulation/inputs/machines.ts';
import { readTraceFile } from '../../../../src/simulation/inputs/trace-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function file(t: TestContext, name: string, text: string): string {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, text);
  return path;
}

test('traces are told apart by their columns', (t) => {
  const jobs = readTraceFile(file(t, 'jobs.csv', 'arrival_s,duration_s,cpu_milli\n0,1,1000\n')).trace;
  assert.equal(jobs.kind, undefined);
  const requests = file(t, 'http.csv', 't_s,requests\n0,10\n60,10\n');
  assert.throws(() => readTraceFile(requests), { code: 'KISIM_E_INPUT_SCALE', message: /one replica/ });
  const replicas = { amountPerReplica: 5, cpuMilli: 500, memoryBytes: 0, useOfRequest: 0.5, downSeconds: 60 };
  const service = readTraceFile(requests, { replicas }).trace;
  assert.equal(service.kind, 'service');
  assert.equal(service.jobs.length, 2);
  const use = file(t, 'use.csv', 'slot_5min,7\n0,50\n1,100\n');
  assert.throws(() => readTraceFile(use), { code: 'KISIM_E_INPUT_SCALE', message: /size of its machines/ });
  const vms = file(t, 'vms.csv', 'vm,cpu_count,cpu_capacity_mhz,memory_kib\n7,4,1,1024\n');
  const machines = readTraceFile(use, { vms }).trace.jobs;
  assert.deepEqual(
    machines.map(({ seconds, useOfRequest }) => [seconds, useOfRequest]),
    [[600, 0.75]],
  );
});

test('machines by a short description', () => {
  const plain = describedMachines('3x64', true);
  assert.equal(plain.length, 3);
  assert.equal(plain[0]!.cpuMilli, 64000);
  assert.equal(plain[0]!.sleep!.sleepWatts, 9);
  assert.ok(Math.abs(plain[0]!.power!.fullWatts - 262.4) < 1e-9);
  assert.equal(describedMachines('2x96+8xV100M16', false)[1]!.gpus!.count, 8);
  for (const bad of ['', '3', '0x4', '3x', '2x96+8xXYZ', 'x'])
    assert.throws(() => describedMachines(bad, false), { code: 'KISIM_E_INPUT_MACHINES' });
});
