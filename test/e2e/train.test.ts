import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runTrain } from '../../src/cli/commands/train.ts';
import type { ModelCard } from '../../src/learning/model-card.ts';
import { loadModel } from '../../src/policy/learned/load-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const STEPS = '5';
const asked = ['--scenario', 'G', '--seed', '5', '--steps', STEPS];

async function train(options: Record<string, unknown>) {
  const host = fakeHost();
  const status = await runTrain({ ...host, options, args: [] });
  return { status, out: host.out(), err: host.err() };
}

function cardOf(folder: string): ModelCard {
  return JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')) as ModelCard;
}

/** Starts the program, and kills it when its log has so many lines. */
async function killed(t: TestContext, folder: string, lines: number) {
  const child = spawn(process.execPath, [main, 'train', ...asked, '--workers', '1', '--out', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  const log = join(folder, 'log.jsonl');
  const isFar = () => existsSync(log) && readFileSync(log, 'utf8').split('\n').length > lines;
  const watcher = watch(dirname(folder), { recursive: true }, () => {
    if (isFar()) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  watcher.close();
  return { signal, err };
}

test('killed in the middle and gone on with, a training ends with the model of one that was left alone', async (t) => {
  const base = temporaryFolder(t);
  const whole = join(base, 'whole');
  assert.equal((await train({ scenario: 'G', seed: '5', steps: STEPS, workers: '2', out: whole })).status, 0);
  const card = cardOf(whole);
  const folder = join(base, 'killed');
  const { signal, err } = await killed(t, folder, 2);
  assert.equal(signal, 'SIGKILL', err);
  assert.equal(existsSync(join(folder, 'model.onnx')), false);
  const resumed = await train({ resume: folder, workers: '1', json: true });
  assert.equal(resumed.status, 0, resumed.err);
  assert.equal((JSON.parse(resumed.out) as ModelCard).model.sha256, card.model.sha256);
  assert.deepEqual(readFileSync(join(folder, 'model.onnx')), readFileSync(join(whole, 'model.onnx')));
  assert.deepEqual(cardOf(folder).report, card.report);
  const model = loadModel(join(whole, 'model.onnx'));
  assert.equal(model.sha256, card.model.sha256);
  assert.equal(model.start.name, card.start);
  const html = readFileSync(join(whole, 'report.html'), 'utf8');
  assert.match(html, /<polyline/);
  assert.ok(html.includes(card.model.sha256));
});

test('a fresh training by the clock tells the steps that come to the same', async (t) => {
  const out = join(temporaryFolder(t), 'out');
  const { status, out: told } = await train({ scenario: 'G', hours: '0.0005', workers: '1', out });
  assert.equal(status, 0);
  const { trained, origin } = cardOf(out);
  assert.ok(trained.steps >= 1);
  assert.ok(told.includes(origin.command) && origin.command.endsWith(`--steps ${trained.steps}`), told);
});

test('bad input is refused by name, and leaves no folder', async (t) => {
  const out = join(temporaryFolder(t), 'out');
  const refused = (options: Record<string, unknown>, code: string) =>
    assert.rejects(train({ out, ...options }), { code });
  await refused({ scenario: 'Z' }, 'KISIM_E_SCENARIO_UNKNOWN');
  await refused({ hours: '1', steps: '1' }, 'KISIM_E_USAGE');
  await refused({ steps: '0' }, 'KISIM_E_USAGE');
  await refused({ algorithm: 'magic' }, 'KISIM_E_USAGE');
  await refused({ scenario: 'B', fromHistory: true }, 'KISIM_E_USAGE');
  await refused({ fromHistory: true, db: join(out, 'none.db') }, 'KISIM_E_HISTORY_OPEN');
  await assert.rejects(train({ resume: out, steps: '3' }), { code: 'KISIM_E_USAGE' });
  await assert.rejects(train({ resume: out }), { code: 'KISIM_E_LEARNING_FOLDER' });
  assert.equal(existsSync(out), false);
});
