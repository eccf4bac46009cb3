import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  readRequestCounts,
  readTokenCounts,
  replicasFor,
} from '../../../../src/simulation/inputs/request-series.ts';
import {
  meanUse,
  readMachineUse,
  readTaskUse,
  readVms,
  vmJobs,
} from '../../../../src/simulation/inputs/use-series.ts';
import { sharedData } from '../../../support/shared-data.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function file(t: Parameters<typeof temporaryFolder>[0], name: string, text: string): string {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, text);
  return path;
}

test('use of tasks in steps of five minutes', (t) => {
  const path = file(t, 'use.csv', 'task,slot_5min,util_permille\na,0,500\na,1,700\nb,0,0\n');
  const { shares, stepSeconds } = readTaskUse(path);
  assert.equal(stepSeconds, 300);
  assert.deepEqual([...shares.get('a')!], [0.5, 0.7]);
  const gap = file(t, 'gap.csv', 'task,slot_5min,util_permille\na,0,500\na,2,700\n');
  assert.throws(() => readTaskUse(gap), {
    code: 'KISIM_E_INPUT_VALUE',
    message: /gap\.csv:3: slot_5min is 2/,
  });
});

test('a machine that was not measured has no use, not none', (t) => {
  const use = readMachineUse(file(t, 'vms.csv', 'slot_5min,7,8\n0,10,\n1,,\n2,30,\n'));
  assert.ok(Number.isNaN(use.shares.get('8')![0]!));
  assert.equal(meanUse(use.shares.get('7')!, 300), 0.2);
  assert.equal(meanUse(use.shares.get('7')!, 300, 600, 900), 0.3);
  const vms = readVms(
    file(t, 'list.csv', 'vm,cpu_count,cpu_capacity_mhz,memory_kib\n7,4,1,1024\n8,2,1,1024\n'),
  );
  const { jobs, unmeasured } = vmJobs(vms, use, 0, 900);
  assert.deepEqual(unmeasured, ['8']);
  assert.deepEqual(
    jobs.map(({ cpuMilli, memoryBytes, useOfRequest, seconds }) => [
      cpuMilli,
      memoryBytes,
      useOfRequest,
      seconds,
    ]),
    [[4000, 2 ** 20, 0.2, 900]],
  );
});

const plan = { amountPerReplica: 10, cpuMilli: 500, memoryBytes: 0, useOfRequest: 0.6, downSeconds: 120 };

test('replicas follow the requests: up at once, down after a while, the youngest first', (t) => {
  const path = file(t, 'http.csv', 't_s,requests\n0,5\n60,25\n120,5\n180,5\n240,5\n300,5\n');
  const jobs = replicasFor(readRequestCounts(path), plan, 'http');
  assert.deepEqual(
    jobs.map(({ arrivalSeconds, seconds }) => [arrivalSeconds, seconds]),
    [
      [0, 360],
      [60, 180],
      [60, 180],
    ],
  );
});

test('tokens of single requests are summed to minutes', (t) => {
  const path = file(t, 'llm.csv', 'arrival_s,context_tokens,generated_tokens\n0.5,10,1\n59,5,5\n130,7,0\n');
  assert.deepEqual([...readTokenCounts(path).amounts], [21, 0, 7]);
  const back = file(t, 'back.csv', 'arrival_s,context_tokens,generated_tokens\n5,1,1\n4,1,1\n');
  assert.throws(() => readTokenCounts(back), { message: /back\.csv:3: arrival_s is 4 after 5/ });
});

test('counts whose time stands still or that need no replica are refused', (t) => {
  const still = file(t, 'still.csv', 't_s,requests\n0,5\n0,5\n');
  assert.throws(() => readRequestCounts(still), { code: 'KISIM_E_INPUT_VALUE', message: /still\.csv:3/ });
  const none = file(t, 'none.csv', 't_s,requests\n0,0\n60,0\n');
  assert.throws(() => replicasFor(readRequestCounts(none), plan, 'none'), { code: 'KISIM_E_INPUT_SCALE' });
});

test('the shared series are read whole', { skip: sharedData.skip }, () => {
  const path = (name: string) => sharedData.path('traces', name);
  assert.equal(readMachineUse(path('bitbrains50_cpu_util_pct.csv')).shares.size, 50);
  const http = readRequestCounts(path('nasa_http_1995_per_minute.csv'));
  assert.equal(http.amounts.length, 84332);
  const requests = http.amounts.reduce((sum, each) => sum + each, 0);
  assert.ok(Math.abs(requests - 3461610) < 100, `${requests}`);
  assert.equal(readTokenCounts(path('azure_llm_2023_conv.csv')).amounts.length, 59);
});
