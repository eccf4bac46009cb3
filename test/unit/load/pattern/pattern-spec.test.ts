import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadPattern, parsePatternFile } from '../../../../src/load/pattern/pattern-file.ts';
import { makePattern, parsePatternSpec } from '../../../../src/load/pattern/pattern-spec.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const code = (name: string, found: RegExp) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name && found.test(error.message);

test('a pattern in one word says only what differs from the usual', () => {
  assert.deepEqual(parsePatternSpec('random:seed=4,every=10s,duration=2m'), {
    pattern: 'random',
    seed: 4,
    stepSeconds: 10,
    durationSeconds: 120,
  });
  const usual = makePattern({ pattern: 'spike' });
  assert.equal(usual.durationSeconds, 600);
  assert.deepEqual([usual.levelAt(0), usual.levelAt(300)], [10, 100]);
  assert.equal(makePattern({ pattern: 'ramp' }).levelAt(0), 1);
  assert.equal(loadPattern('spike:high=7').highestLevel, 10);
});

for (const [text, found] of [
  ['peak', /no pattern 'peak'/],
  ['spike:high', /'high'/],
  ['spike:height=3', /'height=3'/],
  ['spike:high=a', /high is 'a'/],
  ['spike:duration=3', /duration is '3'/],
  ['spike:high=1,high=2', /high twice/],
  ['spike:cycles=3', /spike takes no cycles/],
  ['constant', /needs a level/],
  ['constant:level=-1', /level is -1/],
  ['ramp:steps=1.5', /steps is 1.5/],
  ['ramp:duration=0s', /duration is 0/],
  ['trace', /needs a file/],
] as const)
  test(`${text} is refused and the mistake named`, () => {
    assert.throws(() => loadPattern(text), code('KISIM_E_LOAD_PATTERN', found));
  });

test('a file describes a shape, or steps that are held or climbed', () => {
  const shape = parsePatternFile('p.yaml', 'pattern: periodic\nlow: 2\nhigh: 4\nduration: 1m\ncycles: 1\n');
  assert.equal(shape.durationSeconds, 60);
  assert.ok(Math.abs(shape.highestLevel - 4) < 1e-9);
  const steps = parsePatternFile(
    'p.yaml',
    'name: morning\nsteps:\n  - for: 30s\n    level: 5\n  - for: 10\n    from: 0\n    to: 10\n  - { for: 4s, from: 1, to: 3, steps: 2 }\n',
  );
  assert.equal(steps.name, 'morning');
  assert.equal(steps.durationSeconds, 44);
  assert.equal(steps.amountBetween(30, 40), 50);
  assert.deepEqual(
    [steps.levelAt(29), steps.levelAt(30), steps.levelAt(40), steps.levelAt(42)],
    [5, 0.5, 1.5, 2.5],
  );
});

for (const [text, found] of [
  ['pattern: spike\nhight: 3\n', /p\.yaml:2: hight/],
  ['pattern: spike\nlow: 3\ncycles: 3\n', /p\.yaml:3: spike takes no cycles/],
  ['pattern: constant\n', /p\.yaml:1: constant needs a level/],
  [
    'steps:\n  - for: 3s\n    level: 1\n  - for: soon\n    level: 1\n',
    /p\.yaml:4: steps\.1\.for: expected a duration/,
  ],
  ['steps:\n  - for: 3s\n', /p\.yaml:2: steps\.0: expected either `level`/],
  ['steps: []\n', /p\.yaml:1: steps/],
  ['pattern: [\n', /p\.yaml:\d/],
] as const)
  test(`a file with ${JSON.stringify(text)} is refused with its line`, () => {
    assert.throws(() => parsePatternFile('p.yaml', text), code('KISIM_E_LOAD_PATTERN_FILE', found));
  });

test('a file that is not there is told with its path', () => {
  assert.throws(() => loadPattern('/nowhere/p.yaml'), code('KISIM_E_LOAD_PATTERN_FILE', /p\.yaml: ENOENT/));
});

const minutes = 't_s,requests\n0,60\n60,120\n120,0\n240,600\n';

function traceFile(t: TestContext, text: string): string {
  const path = join(temporaryFolder(t), 'day.csv');
  writeFileSync(path, text);
  return path;
}

test('a trace gives requests a second, a step a minute', (t) => {
  const path = traceFile(t, minutes);
  const pattern = loadPattern(`trace:file=${path},duration=150s,scale=2`);
  assert.equal(pattern.name, 'day');
  assert.deepEqual([pattern.levelAt(0), pattern.levelAt(60), pattern.levelAt(149)], [2, 4, 0]);
  assert.equal(pattern.durationSeconds, 150);
  assert.equal(loadPattern(`trace:file=${path},from=90s,duration=1m`).amountBetween(0, 60), 60);
  assert.equal(loadPattern(`trace:file=${path},from=240s`).levelAt(59), 10);
});

test('a minute without a record is never taken for zero', (t) => {
  const path = traceFile(t, minutes);
  assert.throws(
    () => loadPattern(`trace:file=${path}`),
    code('KISIM_E_LOAD_TRACE_GAP', /day\.csv: nothing recorded from t_s 180 to 240/),
  );
});

test('a trace out of order names its line', (t) => {
  const path = traceFile(t, 't_s,requests\n0,1\n120,1\n60,1\n');
  assert.throws(
    () => loadPattern(`trace:file=${path}`),
    code('KISIM_E_INPUT_VALUE', /day\.csv:4: t_s is 60 after 120/),
  );
});

test('minutes that overlap, no rows and a part beyond the end are refused', (t) => {
  const overlapping = traceFile(t, 't_s,requests\n0,1\n30,1\n');
  assert.throws(() => loadPattern(`trace:file=${overlapping}`), code('KISIM_E_LOAD_PATTERN', /overlap/));
  const empty = traceFile(t, 't_s,requests\n');
  assert.throws(() => loadPattern(`trace:file=${empty}`), code('KISIM_E_LOAD_PATTERN', /no rows/));
  const short = traceFile(t, 't_s,requests\n0,1\n');
  assert.throws(
    () => loadPattern(`trace:file=${short},duration=2m`),
    code('KISIM_E_LOAD_PATTERN', /has 60 s/),
  );
});

test('a trace named in a file is looked for beside it', (t) => {
  const path = traceFile(t, minutes);
  const file = path.replace('day.csv', 'pattern.yaml');
  writeFileSync(file, 'pattern: trace\nfile: day.csv\nduration: 3m\n');
  assert.equal(loadPattern(file).durationSeconds, 180);
});
