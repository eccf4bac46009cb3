import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runCli } from '../../src/cli/program.ts';
import type { QueueResults } from '../../src/queueing/evaluation/evaluate.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'kisimd-queue-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function queue(...args: readonly string[]) {
  const host = fakeHost();
  const status = await runCli(['queue', ...args], host);
  return { status, out: host.out(), err: host.err() };
}

const small = ['--runs', '2', '--weeks', '0.15'];

describe('kisimd queue --evaluate', () => {
  test('compares policies on the same jobs, in pairs, and twice the same', async () => {
    const args = ['--evaluate', ...small, '--policies', 'fifo,sjf,easy,ppo', '--seed', '3'];
    const { status, out, err } = await queue(...args);
    assert.equal(status, 0, err);
    for (const word of ['jobs/h', 'mean wait s', 'success %', 'used %', 'OOM %', 'slowdown', 'kWh'])
      assert.ok(out.includes(word), word);
    assert.match(out, /ppo against sjf +-?\+?[\d.]+ % \(/);
    assert.match(out, /seeds \d+ \d+/);
    assert.equal((await queue(...args)).out, out);
  });

  test('as JSON: every run of every policy has the same jobs', async () => {
    const { status, out, err } = await queue(
      '--evaluate',
      ...small,
      '--policies',
      'fifo,random,conservative',
      '--json',
    );
    assert.equal(status, 0, err);
    const { policies, seeds } = JSON.parse(out) as QueueResults;
    assert.equal(seeds.length, 2);
    const [fifo, random] = policies;
    assert.deepEqual(
      fifo!.runs.map(({ jobs, oomRate }) => [jobs, oomRate]),
      random!.runs.map(({ jobs, oomRate }) => [jobs, oomRate]),
    );
    assert.notEqual(fifo!.runs[0]!.meanWaitSeconds, random!.runs[0]!.meanWaitSeconds);
  });

  test("jobs of a YAML file, of SKRueue's configuration, of an SWF log and of a CSV trace", async () => {
    const yaml = join(folder, 'jobs.yaml');
    writeFileSync(
      yaml,
      'load: 0.8\ntemplates:\n  - { name: t, type: batch, cores: [1, 2], gib: [2], duration: { median: 10m } }\npattern:\n  - { hours: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], rate: 1, weights: { t: 1 } }\n',
    );
    const skrueue = join(folder, 'skrueue.yaml');
    writeFileSync(
      skrueue,
      'kueue: { max_queue_size: 10 }\nworkload:\n  hourly_patterns:\n    all: { hours: [0, 1, 2, 3, 4, 5], job_rate: 60, templates: [ml-training, etl-pipeline] }\n',
    );
    const swf = join(folder, 'log.swf');
    const lines = Array.from({ length: 300 }, (_, i) => {
      const fields = new Array<number>(18).fill(-1);
      fields[0] = i + 1;
      fields[1] = i * 200;
      fields[3] = 100 + ((i * 7919) % 3000);
      fields[4] = 1 + (i % 40);
      fields[8] = 4000;
      return fields.join(' ');
    });
    writeFileSync(swf, `; a log\n${lines.join('\n')}\n`);
    const csv = join(folder, 'trace.csv');
    const rows = Array.from(
      { length: 200 },
      (_, i) => `${i * 300},${600 + ((i * 31) % 900)},${1000 * (1 + (i % 9))}`,
    );
    writeFileSync(csv, `arrival_s,duration_s,cpu_milli\n${rows.join('\n')}\n`);
    for (const [file, load, says] of [
      [yaml, ['--cluster', '2x16'], / at a load of 0\.8 on/],
      [skrueue, ['--cluster', '2x16'], /skrueue\.yaml on 2x16/],
      [swf, ['--load', '0.9', '--cluster', '2x16'], /memory of \d+ jobs is not told/],
      [csv, ['--cluster', '2x16'], /durations of \d+ jobs are not declared/],
    ] as const) {
      const { status, out, err } = await queue(
        '--evaluate',
        '--workload',
        file,
        ...load,
        '--policies',
        'fifo,easy',
        '--runs',
        '1',
        '--weeks',
        '0.08',
      );
      assert.equal(status, 0, err);
      assert.match(out, says);
      assert.match(out, /^easy +\d/m);
    }
  });

  test('what cannot be is said with what to do, and a status that is not 0', async () => {
    const yaml = join(folder, 'bad.yaml');
    writeFileSync(yaml, 'load: 0.8\nstratgy: realistic\n');
    for (const [args, says] of [
      [['--evaluate', '--workload', yaml], /bad\.yaml:2: stratgy/],
      [['--evaluate', '--workload', 'sometimes'], /realistic, burst|uniform, realistic, burst/],
      [['--evaluate', '--policies', 'esay'], /did you mean easy/],
      [['--evaluate', '--model', join(folder, 'none.onnx')], /none\.onnx/],
      [['--evaluate', '--cluster', 'huge'], /huge/],
      [['--evaluate', '--placement', 'nowhere'], /nowhere/],
      [['--evaluate', '--train'], /together/],
      [[], /nothing to do/],
    ] as const) {
      const { status, err } = await queue(...args);
      assert.notEqual(status, 0, args.join(' '));
      assert.match(err, says);
    }
  });
});

describe('kisimd queue --train', () => {
  test('leaves a model with a card, which evaluates; the same command gives the same bytes', async () => {
    const args = [
      '--train',
      '--steps',
      '600',
      '--seed',
      '5',
      '--state',
      'own',
      '--algorithm',
      'dqn',
      '--workload',
      'uniform',
      '--cluster',
      '2x16',
    ];
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    for (const out of [a, b]) {
      const { status, err } = await queue(...args, '--out', out);
      assert.equal(status, 0, err);
    }
    assert.deepEqual(readFileSync(join(a, 'model.onnx')), readFileSync(join(b, 'model.onnx')));
    const card = JSON.parse(readFileSync(join(a, 'card.json'), 'utf8'));
    assert.equal(card.kind, 'queue-admission-policy');
    assert.match(card.origin.command, /--algorithm dqn --state own --seed 5 --steps 600/);
    const { status, out, err } = await queue(
      '--evaluate',
      '--policies',
      'fifo',
      '--model',
      join(a, 'model.onnx'),
      '--cluster',
      '2x16',
      '--runs',
      '1',
      '--weeks',
      '0.05',
    );
    assert.equal(status, 0, err);
    assert.match(out, /model:.*model\.onnx/);
  });
});
