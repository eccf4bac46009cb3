import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AutoscalingResults } from '../../src/autoscaling/evaluation.ts';
import type { AutoscalingCard } from '../../src/cli/autoscale/card.ts';
import { runCli } from '../../src/cli/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Short episodes of little load, and an agent that is soon through. */
const small = `environment: { episode_duration: 120, lowest_load: 5, highest_load: 40, max_replicas: 4 }
agent: { hidden_size: 8, num_layers: 1, buffer_size: 256, batch_size: 64, ppo_epochs: 2 }
`;

async function autoscale(...args: readonly string[]) {
  const host = fakeHost();
  const status = await runCli(['autoscale', ...args], host);
  return { status, out: host.out(), err: host.err() };
}

function problemIn(folder: string): string {
  const path = join(folder, 'problem.yaml');
  writeFileSync(path, small);
  return path;
}

test('policies are compared on the same requests, printed, drawn, and the same again from the same seed', async (t) => {
  const folder = temporaryFolder(t);
  const report = join(folder, 'report.html');
  const args = [
    '--evaluate',
    '--problem',
    problemIn(folder),
    '--policies',
    'fixed,fixed-best,hpa',
    '--runs',
    '2',
  ];
  const { status, out, err } = await autoscale(...args, '--report', report);
  assert.equal(status, 0, err);
  for (const pattern of ['ramp', 'spike', 'periodic', 'random'])
    assert.match(out, new RegExp(`^${pattern} .*p95 ms.*kJ.*replica-h`, 'm'));
  assert.match(out, /^fixed-best: \d GPU and \d CPU replicas/m);
  assert.match(readFileSync(report, 'utf8'), /<h1>Autoscaling/);
  assert.equal((await autoscale(...args)).out, out);
  const json = await autoscale(...args, '--json');
  const results = JSON.parse(json.out) as AutoscalingResults;
  assert.equal(results.patterns.length, 4);
  assert.ok(results.patterns.every(({ policies, seeds }) => policies.length === 3 && seeds.length === 2));
});

test('a training that was killed goes on, ends with the same model, and the model is compared', async (t) => {
  const folder = temporaryFolder(t);
  const problem = problemIn(folder);
  const asked = ['--train', '--problem', problem, '--steps', '3000', '--seed', '2'];
  const whole = await autoscale(...asked, '--runs', '1', '--out', join(folder, 'whole'), '--json');
  assert.equal(whole.status, 0, whole.err);
  const card = JSON.parse(whole.out) as AutoscalingCard;
  assert.equal(card.trained.seed, 2);
  assert.match(card.origin.command, /--steps 3000/);

  const stopped = join(folder, 'stopped');
  const child = spawn(process.execPath, [main, 'autoscale', ...asked, '--out', stopped], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let said = '';
  let isAsked = false;
  child.stderr.on('data', (text) => {
    said += text;
    // The first progress comes after the first validation. A second signal would end it at once.
    if (!isAsked && /decisions/.test(said)) isAsked = child.kill('SIGINT');
  });
  const [status] = (await exited) as [number | null];
  assert.equal(status, 130, said);
  assert.match(said, /go on with: kisimd autoscale --train --resume/);
  assert.equal(existsSync(join(stopped, 'model.onnx')), false);

  const resumed = await autoscale('--train', '--resume', stopped, '--runs', '1', '--json');
  assert.equal(resumed.status, 0, resumed.err);
  assert.equal((JSON.parse(resumed.out) as AutoscalingCard).model.sha256, card.model.sha256);

  const model = join(stopped, 'model.onnx');
  const compared = await autoscale(
    ...['--evaluate', '--problem', problem, '--policies', 'hpa', '--model', model, '--runs', '1'],
  );
  assert.equal(compared.status, 0, compared.err);
  assert.match(compared.out, /^model +\d/m);
});

test('one run of one policy is shown interval by interval', async (t) => {
  const problem = problemIn(temporaryFolder(t));
  const { status, out, err } = await autoscale('--simulate', '--problem', problem, '--patterns', 'spike');
  assert.equal(status, 0, err);
  assert.match(out, /^hpa, spike\n *second +load req\/s/);
  assert.equal(out.split('\n').filter((line) => /^ *\d+ +\d+\.\d +\S+ +\d+ +\d+ +\d+$/.test(line)).length, 8);
});

test('what cannot be done is refused with a code', async (t) => {
  const folder = temporaryFolder(t);
  const wrong = join(folder, 'wrong.json');
  writeFileSync(wrong, '{\n  "environment": { "max_nodes": 3 }\n}\n');
  for (const [args, expected] of [
    [[], /KISIM_E_USAGE/],
    [['--evaluate', '--train'], /KISIM_E_USAGE/],
    [['--evaluate', '--policies', 'fixed,nothing'], /KISIM_E_USAGE/],
    [['--evaluate', '--patterns', 'wave'], /KISIM_E_USAGE/],
    [['--simulate', '--policies', 'hpa,fixed'], /KISIM_E_USAGE/],
    [['--evaluate', '--problem', wrong], /KISIM_E_AUTOSCALE_CONFIG.*wrong\.json:2/s],
    [['--evaluate', '--policies', 'fixed', '--model', join(folder, 'none.onnx')], /KISIM_E_LEARNING_MODEL/],
    [['--train', '--resume', join(folder, 'none')], /KISIM_E_LEARNING_FOLDER/],
  ] as const) {
    const { status, err } = await autoscale(...args);
    assert.notEqual(status, 0, args.join(' '));
    assert.match(err, expected);
  }
});
