import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { progressLine } from '../../../../src/cli/benchmark/progress.ts';
import { runBenchmark } from '../../../../src/cli/commands/benchmark.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

const laboratory = new URL('../../../support/fake-laboratory.ts', import.meta.url);

const suiteFile = `
name: tiny
baseline: base
clusters: 3
policies: [base, saving, wasting]
cells:
  - scenario: plain
    loads: [0.6]
  - scenario: asleep
    loads: [0.3]
    policies: [late]
  - scenario: flat
    loads: [0.6]
    control: true
`;

function setUp(t: Parameters<typeof temporaryFolder>[0]) {
  const folder = temporaryFolder(t);
  const suite = join(folder, 'tiny.yaml');
  writeFileSync(suite, suiteFile);
  const out = join(folder, 'out');
  const run = async (options: Record<string, unknown> = {}, signal = new AbortController().signal) => {
    const host = { ...fakeHost(), signal };
    const context = { ...host, options: { suite, out, workers: '1', ...options }, args: [] };
    return { status: await runBenchmark(context, laboratory), out: host.out(), err: host.err() };
  };
  return { folder, suite, out, run };
}

test('tables hold the savings, the yardsticks, the flags and the control', async (t) => {
  const { run, out } = setUp(t);
  const { status, out: text } = await run();
  assert.equal(status, 0);
  assert.match(text, /saving +-1\d\.\d ±\d\.\d\*? +-2\d\.\d ±\d\.\d/);
  assert.match(text, /base +0 +0 +0/);
  assert.match(text, /best single rule +saving +saving/);
  assert.match(text, /late +-2\d\.\d ±\d\.\d!/);
  assert.match(text, /never the best: late in asleep 30 %/);
  assert.match(text, /with linear power every policy reads zero, as it must/);
  assert.deepEqual(readdirSync(out).sort(), [
    'conditions.json',
    'report.html',
    'results.csv',
    'results.json',
    'runs.csv',
    'runs.jsonl',
  ]);
});

test('where a control does not read zero the status says so, after the tables', async (t) => {
  const { run, suite } = setUp(t);
  writeFileSync(suite, suiteFile.replace('- scenario: plain', '- control: true\n    scenario: plain'));
  const { status, out } = await run();
  assert.equal(status, 1);
  assert.match(out, /CONTROL FAILED: .* plain 60 % reads otherwise/);
});

test('a suite that was cut down is named so', async (t) => {
  const { run, folder } = setUp(t);
  const name = async (options: Record<string, unknown>, out: string) =>
    JSON.parse((await run({ ...options, json: true, out: join(folder, out) })).out).suite.name;
  assert.equal(await name({ seed: '3', baseline: 'saving' }, 'a'), 'tiny');
  assert.equal(await name({ clusters: '2' }, 'b'), 'tiny, changed');
});

test('equal seeds give equal files, whatever the number of workers', async (t) => {
  const { run, folder } = setUp(t);
  const outs = ['a', 'b', 'c'].map((name) => join(folder, name));
  await run({ out: outs[0] });
  await run({ out: outs[1] });
  await run({ out: outs[2], workers: '2' });
  for (const name of ['results.json', 'results.csv', 'runs.csv']) {
    const [first, ...others] = outs.map((out) => readFileSync(join(out, name), 'utf8'));
    for (const other of others) assert.equal(other, first, name);
  }
  await run({ out: join(folder, 'd'), seed: '1' });
  assert.notEqual(
    readFileSync(join(folder, 'd', 'results.json'), 'utf8'),
    readFileSync(join(outs[0]!, 'results.json'), 'utf8'),
  );
});

test('--json prints what results.json holds, --csv a line for each policy of each cell', async (t) => {
  const { run, out, folder } = setUp(t);
  const { out: json } = await run({ json: true });
  assert.equal(json, readFileSync(join(out, 'results.json'), 'utf8'));
  const { out: csv } = await run({ csv: true, out: join(folder, 'csv') });
  const lines = csv.trimEnd().split('\r\n');
  assert.equal(lines.length, 1 + 3 + 4 + 3);
  assert.match(lines[0]!, /^cell,scenario,load,control,policy,clusters,kwh,percent,/);
  const fields = lines[0]!.split(',').length;
  for (const line of lines) assert.equal(line.split(',').length, fields);
});

test('a stopped benchmark says how to go on, and goes on to the same results', async (t) => {
  const { run, folder } = setUp(t);
  const whole = join(folder, 'whole');
  await run({ out: whole });
  const stopped = join(folder, 'stopped');
  const gone = await run({ out: stopped }, AbortSignal.abort());
  assert.equal(gone.status, 130);
  assert.equal(gone.out, '');
  assert.match(gone.err, /stopped; .*--resume --out/);
  // As if the first five records had been made before.
  const log = readFileSync(join(whole, 'runs.jsonl'), 'utf8').split('\n');
  writeFileSync(join(stopped, 'runs.jsonl'), `${log.slice(0, 6).join('\n')}\n{"kind":"ru`);
  const resumed = await run({ out: stopped, resume: true });
  assert.equal(resumed.status, 0);
  assert.equal(
    readFileSync(join(stopped, 'results.json'), 'utf8'),
    readFileSync(join(whole, 'results.json'), 'utf8'),
  );
});

test('the same runs can be held against another baseline', async (t) => {
  const { run, out } = setUp(t);
  await run();
  const { status, out: text } = await run({ resume: true, baseline: 'saving' });
  assert.equal(status, 0);
  assert.match(text, /% against saving/);
  const conditions = JSON.parse(readFileSync(join(out, 'conditions.json'), 'utf8'));
  assert.equal(conditions.runsMade, 0);
});

test('what cannot be run is refused before anything is made', async (t) => {
  const { run, folder } = setUp(t);
  const refused = async (options: Record<string, unknown>, code: string) =>
    assert.rejects(run(options), { code }, JSON.stringify(options));
  await refused({ loads: '30' }, 'KISIM_E_USAGE');
  await refused({ loads: '0.3,' }, 'KISIM_E_USAGE');
  await refused({ clusters: '0' }, 'KISIM_E_USAGE');
  await refused({ workers: 'two' }, 'KISIM_E_USAGE');
  await refused({ resume: true, out: undefined }, 'KISIM_E_USAGE');
  await refused({ policies: 'base' }, 'KISIM_E_EVALUATION_SUITE');
  await refused({ policies: 'unknown' }, 'KISIM_E_TEST');
  await refused({ suite: join(folder, 'none.yaml') }, 'KISIM_E_EVALUATION_SUITE_FILE');
  await refused({ hardware: join(folder, 'none.csv') }, 'KISIM_E_EVALUATION_HARDWARE_FILE');
  await assert.rejects(run({ scenarios: 'elsewhere' }), /no scenario elsewhere/);
  assert.deepEqual(readdirSync(folder), ['tiny.yaml']);
});

test('a used folder is left as it is', async (t) => {
  const { run, out } = setUp(t);
  await run();
  const before = readFileSync(join(out, 'runs.jsonl'), 'utf8');
  await assert.rejects(run(), { code: 'KISIM_E_EVALUATION_FOLDER_USED' });
  await assert.rejects(run({ resume: true, seed: '9' }), { code: 'KISIM_E_EVALUATION_OTHER_RUNS' });
  assert.equal(readFileSync(join(out, 'runs.jsonl'), 'utf8'), before);
});

test('options take the place of what the suite has', async (t) => {
  const { run } = setUp(t);
  const { out } = await run({
    json: true,
    policies: 'wasting',
    scenarios: 'asleep',
    loads: '0.2,0.4',
    clusters: '2',
  });
  const { cells, suite } = JSON.parse(out);
  assert.deepEqual(
    cells.map(({ cell }: { cell: string }) => cell),
    ['asleep 20 %', 'asleep 40 %'],
  );
  assert.deepEqual(suite.policies, ['base', 'wasting']);
  assert.deepEqual(
    cells[0].policies.map(({ policy }: { policy: string }) => policy),
    ['base', 'wasting'],
  );
  assert.equal(cells[0].clusters.length, 2);
});

test('progress tells rate and time left', () => {
  assert.equal(progressLine({ done: 0, made: 0, total: 40, last: undefined }, 0), '0 of 40 runs');
  assert.equal(
    progressLine({ done: 30, made: 10, total: 40, last: undefined }, 5),
    '30 of 40 runs, 2.0 a second, 5 s left',
  );
});
