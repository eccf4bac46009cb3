import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveLine, reportText, toldOf } from '../../../../src/cli/block/format.ts';
import type { Holding } from '../../../../src/load/block/tally.ts';

const cpu: Holding = {
  resource: 'cpu',
  asked: 1.5,
  held: 1.503,
  deviation: 0.002,
  windows: 20,
  windowsWithin: 0.95,
  worstWindow: -0.08,
  lastWindow: 1.49,
};
const disk: Holding = {
  resource: 'disk-write',
  asked: 50e6,
  held: 40e6,
  deviation: -0.2,
  windows: 20,
  windowsWithin: 0,
  worstWindow: -0.3,
  lastWindow: 41e6,
};
const early: Holding = {
  resource: 'memory',
  asked: 2 ** 31,
  held: undefined,
  deviation: undefined,
  windows: 0,
  windowsWithin: undefined,
  worstWindow: undefined,
  lastWindow: undefined,
};

test('the live line has the last second and the mean so far', () => {
  assert.equal(
    liveLine([cpu, disk, early], 8_400),
    'cpu 1.490 cores of 1.500 cores (+0.20 %)  disk-write 41.00 MB/s of 50.00 MB/s (-20.00 %)  memory - of 2.00 GiB (-)  8 s left',
  );
});

test('the report is a table with what ended it; what is not known stays open', () => {
  const text = reportText({ end: 'time', seconds: 20.04, holdings: [cpu, early], failure: undefined });
  assert.equal(
    text,
    [
      '              asked         held  deviation  seconds within 5 %',
      'cpu     1.500 cores  1.503 cores    +0.20 %            19 of 20',
      'memory     2.00 GiB            -          -                   -',
      'let go after 20.0 s: the time is over',
      '',
    ].join('\n'),
  );
});

test('JSON tells whether all was held', () => {
  const told = (holdings: readonly Holding[]) =>
    toldOf({ end: 'time', seconds: 1, holdings, failure: undefined }).held;
  assert.equal(told([cpu]), true);
  assert.equal(told([cpu, disk]), false);
  assert.equal(told([early]), false);
});
