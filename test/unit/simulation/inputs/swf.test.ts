import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSwf, readSwf } from '../../../../src/simulation/inputs/swf.ts';
import { sharedData } from '../../../support/shared-data.ts';

const line = (submit: number, run: number, processors: number, cpu = -1, memory = -1) =>
  `1 ${submit} -1 ${run} ${processors} ${cpu} ${memory} -1 -1 -1 -1 1 1 -1 -1 -1 -1 -1`;

test('jobs count from the first submission; unknown sizes are left out and counted', () => {
  const text = ['; a comment', line(100, 50, 4), line(100, -1, 4), line(130, 60, 2, 45, 1024), ''].join('\n');
  const trace = parseSwf(text, 'log.swf');
  assert.equal(trace.dropped, 1);
  assert.equal(trace.name, 'log');
  assert.deepEqual(trace.jobs, [
    {
      arrivalSeconds: 0,
      seconds: 50,
      cpuMilli: 4000,
      memoryBytes: undefined,
      gpus: undefined,
      useOfRequest: undefined,
    },
    {
      arrivalSeconds: 30,
      seconds: 60,
      cpuMilli: 2000,
      memoryBytes: 2 ** 21,
      gpus: undefined,
      useOfRequest: 0.75,
    },
  ]);
});

const bad: readonly (readonly [string, string, RegExp])[] = [
  ['a short line', '1 2 3', /log\.swf:1: 3 fields/],
  ['a word', line(1, 2, 3).replace('-1', 'x'), /log\.swf:1: field 3 is 'x'/],
  ['a negative time', line(-5, 2, 3), /log\.swf:1: submit time is -5/],
  ['a time that goes back', `${line(9, 2, 3)}\n${line(8, 2, 3)}`, /log\.swf:2: submit time is 8 after 9/],
];
for (const [what, text, message] of bad) {
  test(`${what} is a coded error with file and line`, () => {
    assert.throws(() => parseSwf(text, 'log.swf'), { code: 'KISIM_E_INPUT_VALUE', message });
  });
}

test('the NASA log of the archive', { skip: sharedData.skip }, () => {
  const { jobs, dropped } = readSwf(sharedData.path('traces', 'nasa_ipsc_1993_cln.swf'));
  assert.equal(jobs.length + dropped, 18239);
  assert.ok(jobs.every(({ cpuMilli }) => cpuMilli! <= 128000));
});
