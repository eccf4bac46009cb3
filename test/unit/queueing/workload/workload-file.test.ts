import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateJobs, generatorFor } from '../../../../src/queueing/workload/generate.ts';
import { loadWorkloadFile, parseWorkloadFile } from '../../../../src/queueing/workload/workload-file.ts';
import { coreNodes } from '../../../support/queue-jobs.ts';

const own = `
name: night-shift
load: 0.7
templates:
  - name: nightly
    type: etl
    pods: [2]
    cores: [2, 4]
    gib: [8]
    duration: { median: 20m }
  - name: tests
    type: generic
    cores: [1]
    gib: [1]
    duration: { median: 90s, sigma: 0.5 }
pattern:
  - { hours: [0, 1, 2], rate: 4, weights: { nightly: 1 } }
  - { days: [1, 2, 3, 4, 5], hours: [9, 10], rate: 2, weights: { tests: 3, nightly: 1 } }
bursts: { every: 6h, jobs: 3 }
`;

const skrueue = `
kueue:
  namespaces: [batch]
  max_queue_size: 10
rl:
  algorithm: PPO
  state_dim: 67
  training_steps: 5000
  reward_weights:
    throughput: 0.5
    wait_penalty: 0.3
workload:
  simulation_duration_hours: 12
  hourly_patterns:
    early:
      hours: [0, 1, 2, 3]
      job_rate: 30
      templates: ["etl-pipeline", "ml-training"]
    late:
      hours: [20]
      job_rate: 60
      template_weights: { quick-task: 1 }
cluster_name: somewhere
`;

describe('a workload of a YAML file', () => {
  test('in the own form: kinds, hours and bursts as it says', () => {
    const { strategy, templates, load } = parseWorkloadFile('own.yaml', own);
    assert.equal(load, 0.7);
    assert.equal(strategy.name, 'night-shift');
    assert.deepEqual(strategy.bursts, { everySeconds: 21600, jobs: 3, gapSeconds: 5 });
    assert.deepEqual(
      templates.map(({ name, duration }) => [name, duration.medianSeconds]),
      [
        ['nightly', 1200],
        ['tests', 90],
      ],
    );
    const nodes = coreNodes(4, 8);
    const { jobs } = generateJobs({
      ...generatorFor(nodes),
      strategy: { ...strategy, bursts: undefined as never },
      templates,
      load: 0.7,
      windowSeconds: 7 * 86400,
      seed: 1,
    });
    for (const { arrivalSeconds, type } of jobs) {
      const hour = Math.floor(arrivalSeconds / 3600) % 24;
      const day = Math.floor(arrivalSeconds / 86400);
      assert.ok(hour < 3 || ((hour === 9 || hour === 10) && day < 5), `at ${arrivalSeconds}`);
      if (hour < 3) assert.equal(type, 'etl');
    }
  });

  test("SKRueue's configuration: jobs an hour, its templates, its training", () => {
    const { strategy, templates, skrueue: found, ratesAreJobsPerHour } = parseWorkloadFile('s.yaml', skrueue);
    assert.ok(ratesAreJobsPerHour);
    assert.deepEqual(found, {
      algorithm: 'ppo',
      trainingSteps: 5000,
      rewardWeights: { throughput: 0.5, wait_penalty: 0.3 },
      hours: 12,
    });
    const nodes = coreNodes(4, 32);
    const { jobs } = generateJobs({
      ...generatorFor(nodes),
      strategy,
      templates,
      load: 'as-said',
      windowSeconds: 28 * 86400,
      seed: 1,
    });
    const perDay = (from: number, to: number) =>
      jobs.filter(({ arrivalSeconds: at }) => (at / 3600) % 24 >= from && (at / 3600) % 24 < to).length / 28;
    assert.ok(Math.abs(perDay(0, 4) - 120) < 8, `${perDay(0, 4)} jobs before four`);
    assert.ok(Math.abs(perDay(20, 21) - 60) < 6);
    assert.equal(perDay(4, 20) + perDay(21, 24), 0);
  });

  const bad: readonly (readonly [text: string, says: RegExp])[] = [
    ['laod: 0.7\n', /bad\.yaml:1: laod/],
    ['load: 0.7\nstrategy: sometimes\n', /bad\.yaml:2: strategy/],
    [
      own.replace('nightly: 1 } }', 'yearly: 1 } }'),
      /bad\.yaml:17: pattern\.0\.weights\.yearly: no template/,
    ],
    [own.replace('20m', 'soon'), /bad\.yaml:10: templates\.0\.duration\.median/],
    [own.replace('pattern:', 'strategy: uniform\npattern:'), /bad\.yaml:17: pattern: together/],
    ['load: [1\n', /bad\.yaml:\d/],
    [
      skrueue.replace('max_queue_size: 10', 'max_queue_size: 12'),
      /bad\.yaml:4: kueue\.max_queue_size: is 12/,
    ],
    [skrueue.replace('state_dim: 67', 'state_dim: 307'), /bad\.yaml:7: rl\.state_dim: is 307/],
    [skrueue.replace('job_rate: 30', 'job_rat: 30'), /bad\.yaml:15: workload\.hourly_patterns\.early/],
    [skrueue.replace('"ml-training"', '"tea-making"'), /bad\.yaml:18: .*no template tea-making/],
    [skrueue.replace('  algorithm: PPO', '  algorithm: SARSA'), /bad\.yaml:6: rl\.algorithm/],
    ['kueue:\n  max_queue_size: 10\n', /hourly_patterns: is missing/],
  ];
  for (const [text, says] of bad)
    test(`refused with file and line: ${says.source}`, () => {
      assert.throws(() => parseWorkloadFile('bad.yaml', text), { code: 'KISIM_E_QUEUE_FILE', message: says });
    });

  test('a file that is not there is named', () => {
    assert.throws(() => loadWorkloadFile('/nowhere/jobs.yaml'), {
      code: 'KISIM_E_QUEUE_FILE',
      message: /ENOENT/,
    });
  });
});
