import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrace } from '../../../../src/simulation/inputs/trace-csv.ts';

test('jobs of cores, with and without memory and measured use', () => {
  const plain = parseTrace('arrival_s,duration_s,cpu_milli\n0,10,2000\n5,20,500\n', 'data/two.csv');
  assert.equal(plain.name, 'two');
  assert.equal(plain.unit, 'cores');
  assert.deepEqual(plain.jobs[1], {
    arrivalSeconds: 5,
    seconds: 20,
    cpuMilli: 500,
    memoryBytes: undefined,
    gpus: undefined,
    useOfRequest: undefined,
  });
  const measured = parseTrace(
    'task,arrival_s,duration_s,cpu_milli,memory_mib,util_mean_pct,util_p95_pct\nx,1,2,3000,4,21.5,90\n',
    'm.csv',
  );
  assert.equal(measured.jobs[0]!.memoryBytes, 4 * 2 ** 20);
  assert.equal(measured.jobs[0]!.useOfRequest, 0.215);
});

test('jobs of GPUs tell nothing of cores', () => {
  const { jobs, unit } = parseTrace('arrival_s,duration_s,gpus,vc\n0,10,16,a\n', 'g.csv');
  assert.equal(unit, 'GPUs');
  assert.equal(jobs[0]!.gpus, 16);
  assert.equal(jobs[0]!.cpuMilli, undefined);
});

const bad: readonly (readonly [what: string, text: string, code: string, found: RegExp])[] = [
  [
    'no duration',
    'arrival_s,cpu_milli\n',
    'KISIM_E_INPUT_COLUMN',
    /^a table lacks.*t\.csv:1: no column duration_s/,
  ],
  ['no amount', 'arrival_s,duration_s\n', 'KISIM_E_INPUT_COLUMN', /t\.csv:1: no column cpu_milli/],
  [
    'negative time',
    'arrival_s,duration_s,cpu_milli\n-1,1,1\n',
    'KISIM_E_INPUT_VALUE',
    /t\.csv:2: arrival_s is '-1'/,
  ],
  [
    'time that goes back',
    'arrival_s,duration_s,cpu_milli\n5,1,1\n\n4,1,1\n',
    'KISIM_E_INPUT_VALUE',
    /t\.csv:4: arrival_s is 4 after 5/,
  ],
  ['no time', 'arrival_s,duration_s,cpu_milli\n0,0,1\n', 'KISIM_E_INPUT_VALUE', /t\.csv:2: duration_s/],
  ['no cores', 'arrival_s,duration_s,cpu_milli\n0,1,0\n', 'KISIM_E_INPUT_VALUE', /t\.csv:2: cpu_milli/],
  ['half a GPU', 'arrival_s,duration_s,gpus\n0,1,0.5\n', 'KISIM_E_INPUT_VALUE', /t\.csv:2: gpus is '0.5'/],
  [
    'use above all',
    'arrival_s,duration_s,cpu_milli,util_mean_pct\n0,1,1,120\n',
    'KISIM_E_INPUT_VALUE',
    /t\.csv:2: util_mean_pct/,
  ],
];
for (const [what, text, code, message] of bad) {
  test(`${what} is a coded error with file and line`, () => {
    assert.throws(() => parseTrace(text, 't.csv'), { code, message });
  });
}
