import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureBaselines } from '../../../src/autoscaling/baselines.ts';
import { AutoscalingEnvironment, writeChangeMask } from '../../../src/autoscaling/environment.ts';
import { AutoscalingEpisode } from '../../../src/autoscaling/episode.ts';
import { patternOf } from '../../../src/autoscaling/patterns.ts';
import { type AutoscalingProblem, actionShape } from '../../../src/autoscaling/problem.ts';
import { KisimReward, ownReward } from '../../../src/autoscaling/rewards.ts';
import { FlattenedActions } from '../../../src/learning/flattened-actions.ts';
import { StepPattern } from '../../../src/load/pattern/load-pattern.ts';
import { calmObservation, smallProblem } from '../../support/autoscaling.ts';
import { checkEnvironment } from '../../support/check-environment.ts';

const kisim: AutoscalingProblem = { ...smallProblem, reward: 'kisim', observation: 'kisim' };

test('it is an environment, with either reward, and flattened', () => {
  checkEnvironment(() => new AutoscalingEnvironment(smallProblem), { steps: 120 });
  const baselines = measureBaselines(kisim, 1);
  checkEnvironment(() => new AutoscalingEnvironment(kisim, baselines), { steps: 120 });
  checkEnvironment(() => new FlattenedActions(new AutoscalingEnvironment(smallProblem)), { steps: 120 });
});

test('ten numbers, [5, 5, 3], and patterns in rotation from another one each', () => {
  const environment = new AutoscalingEnvironment(smallProblem);
  assert.equal(environment.observationSize, 10);
  assert.deepEqual(environment.actions, [5, 5, 3]);
  assert.deepEqual(actionShape, [5, 5, 3]);
  const observation = new Float32Array(10);
  const firstLoads = [0, 1, 2, 3, 4, 5].map((seed) => {
    environment.reset(observation, seed);
    return observation[4]!;
  });
  // A ramp begins with next to nothing; random comes twice, so that seeds 0 and 5 begin with it.
  assert.ok(firstLoads[0]! < 0.1 && firstLoads[5]! < 0.1);
  assert.ok(firstLoads[1]! > 0.05 && firstLoads[2]! > 0.3);
});

test('normalised observations stay within their bounds; raw ones are as measured', () => {
  for (const problem of [smallProblem, kisim]) {
    const environment = new AutoscalingEnvironment(problem, measureBaselines(smallProblem, 1));
    const observation = new Float32Array(10);
    environment.reset(observation, 1);
    for (let step = 0; step < 8; step++) {
      environment.step(Int32Array.of(2, 2, 1), observation);
      if (problem === kisim) {
        assert.equal(observation[5], 3);
        assert.ok(observation[3]! > 20, 'milliseconds');
      } else for (const value of observation) assert.ok(value >= -1 && value <= 1.5);
    }
    assert.equal(observation[9], 1);
  }
});

test('an episode has as many decisions as intervals, and is cut off, not ended', () => {
  const environment = new AutoscalingEnvironment(smallProblem);
  const observation = new Float32Array(10);
  environment.reset(observation, 3);
  const steps = Array.from({ length: 8 }, () => ({
    ...environment.step(Int32Array.of(2, 2, 1), observation),
  }));
  assert.deepEqual(
    steps.map(({ truncated }) => truncated),
    [false, false, false, false, false, false, false, true],
  );
  assert.ok(steps.every(({ terminated, reward }) => !terminated && reward < 0));
});

test('changes that leave the limits are masked, those that lead back are not, and staying always may', () => {
  const masked = (replicas: number) => {
    const mask = new Uint8Array(5);
    writeChangeMask(replicas, { min: 1, max: 4 }, mask, 0);
    return mask.join('');
  };
  assert.equal(masked(1), '00111');
  assert.equal(masked(2), '01111');
  assert.equal(masked(3), '11110');
  assert.equal(masked(4), '11100');
  assert.equal(masked(7), '11100');
  assert.equal(masked(0), '00111');
});

test('a metric that was not measured stops the episode', () => {
  const silent: AutoscalingProblem = { ...smallProblem, load: { low: 1e-9, high: 1e-9 } };
  assert.throws(() => new AutoscalingEnvironment(silent).reset(new Float32Array(10), 1), {
    code: 'KISIM_E_AUTOSCALE_METRIC',
    message: /latencyP95Milliseconds is missing/,
  });
});

test('the window is taken over whole intervals: what is older is forgotten', () => {
  const problem: AutoscalingProblem = { ...smallProblem, windowSeconds: 30 };
  const episode = new AutoscalingEpisode(problem);
  const pattern = new StepPattern('one burst', [
    { untilSeconds: 15, level: 300 },
    { untilSeconds: 120, level: 5 },
  ]);
  episode.begin(pattern, 1);
  const seen = [episode.observation.latencyP95Milliseconds!];
  const rates: number[] = [];
  while (!episode.isOver) {
    episode.step(3, 3, 'balanced');
    seen.push(episode.observation.latencyP95Milliseconds!);
    rates.push(episode.observation.throughputPerSecond!);
  }
  assert.ok(Math.max(...seen.slice(0, 4)) > 1000);
  assert.ok(seen.at(-1)! < 200);
  assert.ok(rates.at(-1)! < 10);
});

test('what still waits at the end is served, and counts', () => {
  const episode = new AutoscalingEpisode(smallProblem);
  const pattern = patternOf({ ...smallProblem, load: { low: 200, high: 200 } }, 'spike', 1);
  episode.begin(pattern, 1);
  while (!episode.isOver) episode.step(1, 1, 'balanced');
  const before = episode.latencies.total;
  const { gpu, cpu } = episode.simulation.stations;
  const waiting = gpu.waiting + cpu.waiting;
  assert.ok(waiting > 50);
  episode.finish();
  assert.ok(episode.latencies.total >= before + waiting);
  assert.equal(gpu.waiting + cpu.waiting, 0);
});

const outcome = {
  answered: 100,
  failed: 0,
  late: 0,
  meanLatencySeconds: 0.1,
  energyJoules: 3000,
  gpuReplicas: 2,
  cpuReplicas: 2,
  changed: 0,
};

test('our reward falls with energy, late requests, latency, replicas and changes', () => {
  const base = ownReward(smallProblem, outcome);
  for (const worse of [
    { energyJoules: 4000 },
    { late: 5 },
    { meanLatencySeconds: 0.2 },
    { gpuReplicas: 3 },
    { cpuReplicas: 3 },
    { changed: 1 },
  ])
    assert.ok(ownReward(smallProblem, { ...outcome, ...worse }) < base, JSON.stringify(worse));
});

const baseline = {
  gpu: { p95Milliseconds: 400, throughputPerSecond: 20 },
  cpu: { p95Milliseconds: 600, throughputPerSecond: 30 },
};
const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found}, expected ${expected}`);

test("KISim's reward has its four parts with their weights, never below 0 in the first two", () => {
  const reward = new KisimReward(smallProblem);
  const of = (pattern: 'spike' | 'ramp', seen: object, more: object = {}) => {
    reward.clear();
    return reward.of(pattern, baseline, { ...calmObservation, ...seen }, { ...outcome, ...more });
  };
  const calm = { latencyP95Milliseconds: 200, throughputPerSecond: 30 };
  // 0.4 of half the latency, 0.3 of half more throughput, 0.2 of half the replicas, no stability yet.
  near(of('spike', calm), 0.4 * 0.5 + 0.3 * 0.5 + 0.2 * 0.5);
  // By the mean of both backends, and by how even they are.
  near(of('ramp', calm), 0.4 * 0.6 + 0.3 * 0.2 + 0.2 * 1);
  near(of('ramp', calm, { gpuReplicas: 1, cpuReplicas: 3 }), 0.4 * 0.6 + 0.3 * 0.2 + 0.2 * 0.5);
  near(of('spike', { latencyP95Milliseconds: 9000, throughputPerSecond: 1 }), 0.2 * 0.5);
  near(of('spike', { ...calm, cpuUtilizationPercent: 95 }), of('spike', calm) - 0.5);
});

test("KISim's stability is earned by few changes, and blind where its defect is asked for", () => {
  const run = (problem: AutoscalingProblem, changed: number) => {
    const reward = new KisimReward(problem);
    return Array.from({ length: 6 }, () =>
      reward.of('spike', baseline, calmObservation, { ...outcome, changed }),
    );
  };
  const steady = run(smallProblem, 0);
  near(steady[2]! - steady[1]!, 0.1 * 0.1);
  const restless = run(smallProblem, 1);
  near(restless[5]! - restless[1]!, -0.2 * 0.1);
  const blind = { ...smallProblem, defects: { ...smallProblem.defects, stabilityBlind: true } };
  assert.deepEqual(run(blind, 1), steady);
});

test('baselines are measured on the problem itself, each backend alone', () => {
  const one = measureBaselines(smallProblem, 1);
  const slower = {
    ...smallProblem,
    serving: {
      ...smallProblem.serving,
      backends: {
        ...smallProblem.serving.backends,
        cpu: { ...smallProblem.serving.backends.cpu, secondsPerRequest: 0.2 },
      },
    },
  };
  const other = measureBaselines(slower, 1);
  for (const pattern of ['ramp', 'spike', 'periodic', 'random'] as const) {
    assert.deepEqual(other[pattern].gpu, one[pattern].gpu);
    assert.ok(other[pattern].cpu.p95Milliseconds > 1.5 * one[pattern].cpu.p95Milliseconds);
  }
});

test('the placement is ignored only where that defect is asked for', () => {
  const joules = (problem: AutoscalingProblem, placement: 'prefer-gpu' | 'prefer-cpu') => {
    const episode = new AutoscalingEpisode(problem);
    episode.begin(patternOf(problem, 'spike', 1), 1);
    let sum = 0;
    while (!episode.isOver) sum += episode.step(3, 3, placement).energyJoules;
    return sum;
  };
  assert.ok(joules(smallProblem, 'prefer-gpu') > 1.02 * joules(smallProblem, 'prefer-cpu'));
  const defective = { ...smallProblem, defects: { ...smallProblem.defects, placementIgnored: true } };
  assert.equal(joules(defective, 'prefer-gpu'), joules(defective, 'prefer-cpu'));
});
