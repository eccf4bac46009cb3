import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultServing } from '../../../src/autoscaling/backend.ts';
import { placements } from '../../../src/autoscaling/policy.ts';
import { ServingSimulation } from '../../../src/autoscaling/serving-simulation.ts';
import { decodeState, encodeState } from '../../../src/learning/saved-state.ts';
import { type LoadPattern, StepPattern } from '../../../src/load/pattern/load-pattern.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { erlangWait } from '../../bench/support/mmc.ts';
import { meanWait, plainServing, steady, wideLimits } from '../../support/serving.ts';

const near = (found: number, expected: number, share: number) =>
  assert.ok(Math.abs(found / expected - 1) < share, `${found}, expected ${expected} within ${share}`);

test("waits are M/M/c's, at one server and at four, on either backend", () => {
  for (const [servers, load] of [
    [1, 0.5],
    [4, 0.7],
  ] as const)
    for (const backend of ['gpu', 'cpu'] as const) {
      const wait = meanWait({
        spec: plainServing({ [backend]: { variability: 1 } }),
        rate: servers * load,
        seed: 5,
        replicas: { gpu: 0, cpu: 0, [backend]: servers },
        warmUpSeconds: 500,
        seconds: 150_000,
      });
      near(wait, erlangWait(servers, load), 0.05);
    }
});

test("one server's waits are Pollaczek and Khinchine's, whatever the variability", () => {
  const load = 0.6;
  for (const variability of [0, 0.5]) {
    const wait = meanWait({
      spec: plainServing({ cpu: { variability } }),
      rate: load,
      seed: 8,
      replicas: { gpu: 0, cpu: 1 },
      warmUpSeconds: 500,
      seconds: 200_000,
    });
    near(wait, (load * (1 + variability ** 2)) / (2 * (1 - load)), 0.04);
  }
});

/** Requests at the given moments, in seconds: a rate so great for so short that one comes, almost surely, and none else. */
function at(...moments: readonly number[]): LoadPattern {
  const width = 1e-9;
  const steps = moments.flatMap((moment) => [
    { untilSeconds: moment, level: 0 },
    { untilSeconds: moment + width, level: 40 / width },
  ]);
  return new StepPattern('moments', [...steps, { untilSeconds: 1e9, level: 0 }]);
}

function served(pattern: LoadPattern, options: Parameters<typeof plainServing>[0], cpu: number) {
  const simulation = new ServingSimulation(plainServing(options), wideLimits);
  simulation.begin({ pattern, seed: 1, atSeconds: 0, replicas: { gpu: 0, cpu } });
  return simulation;
}

test('a batch takes what its size asks for, and the queue goes on with what came meanwhile', () => {
  // About forty at once: the first goes alone, the others in batches of four.
  const simulation = served(at(10), { cpu: { baseSeconds: 1, secondsPerRequest: 0.25, maxBatch: 4 } }, 1);
  simulation.advance(10 + 1.25 + 0.5);
  const { interval } = simulation.stations.cpu;
  assert.equal(interval.completed, 1);
  assert.equal(interval.started, 5);
  simulation.advance(10 + 1.25 + 2 + 0.1);
  assert.equal(interval.completed, 4);
  assert.equal(interval.started, 4);
});

test('busy processors are shared, and replicas beside each other slow each other', () => {
  // Two busy replicas on one processor, each slowed by a further 10 %: 2.2 s for the second one, 1 s for the first.
  const simulation = served(at(10), { cpu: { processors: 1, interference: 0.1 }, queueLimit: 1 }, 2);
  simulation.advance(10.5);
  const { interval } = simulation.stations.cpu;
  assert.equal(interval.started, 2);
  simulation.advance(11.01);
  assert.equal(interval.completed, 1);
  simulation.advance(12.19);
  assert.equal(interval.started, 0);
  simulation.advance(12.21);
  assert.equal(interval.completed, 1);
});

test('what waits too long has failed, and so has what finds the queue full', () => {
  const simulation = served(at(10), { queueLimit: 3, timeoutSeconds: 2.5 }, 1);
  simulation.advance(10.5);
  const { interval } = simulation.stations.cpu;
  const refused = interval.failed;
  assert.ok(refused > 10);
  assert.equal(interval.started, 1);
  simulation.advance(20);
  // Of the three in the queue two are begun in time, after one second and after two.
  assert.equal(interval.started, 2);
  assert.equal(interval.failed, 1);
  assert.equal(interval.completed, 3);
});

test('new replicas work after their start-up, and those taken away finish what they are at', () => {
  const simulation = served(at(10, 30), { cpu: { startupSeconds: [5, 5] } }, 1);
  simulation.advance(8);
  simulation.scaleTo('cpu', 3);
  const { cpu } = simulation.stations;
  assert.equal(cpu.replicas, 3);
  assert.equal(cpu.readyReplicas(8), 1);
  simulation.advance(12.5);
  assert.equal(cpu.interval.started, 3);
  assert.equal(cpu.readyReplicas(13), 3);
  simulation.advance(13.5);
  assert.equal(cpu.interval.started, 1 + 2);
  simulation.scaleTo('cpu', 1);
  assert.equal(cpu.replicas, 1);
  simulation.advance(13.8);
  // Two of the three are on their way out: one is at a request that began at 13, and all three at least are there.
  assert.ok(Math.abs(cpu.interval.presentSeconds - 0.3 * 3) < 1e-9);
  simulation.advance(15.5);
  assert.ok(Math.abs(cpu.interval.presentSeconds - (1.7 + 2 * 0.2)) < 1e-9);
});

test('energy is that of replicas that are there and of the work that they do', () => {
  const simulation = served(at(10), { queueLimit: 1 }, 3);
  simulation.advance(10.25);
  const { interval } = simulation.stations.cpu;
  near(interval.energyJoules, 3 * 10.25 * 10 + 3 * 0.25 * 90, 1e-6);
  simulation.advance(20);
  near(interval.energyJoules, 3 * 9.75 * 10 + (3 * 0.75 + 1) * 90, 1e-6);
});

test('the preferred backend is taken while both have room, the other one before the queue', () => {
  for (const [placement, gpu, cpu] of [
    ['prefer-gpu', 2, 1],
    ['prefer-cpu', 1, 2],
  ] as const) {
    const simulation = new ServingSimulation(plainServing({ queueLimit: 1 }), wideLimits);
    simulation.begin({ pattern: at(10), seed: 1, atSeconds: 0, replicas: { gpu: 2, cpu: 2 } });
    simulation.placement = placement;
    simulation.advance(10.5);
    const { stations } = simulation;
    assert.equal(stations.gpu.interval.started, 2);
    assert.equal(stations.cpu.interval.started, 2);
    const few = new ServingSimulation(plainServing(), wideLimits);
    few.begin({ pattern: steady(0.01), seed: 3, atSeconds: 0, replicas: { gpu: 2, cpu: 2 } });
    few.placement = placement;
    few.advance(2000);
    assert.equal(few.stations.gpu.interval.started > 0, gpu > cpu);
    assert.equal(few.stations.cpu.interval.started > 0, cpu > gpu);
  }
});

/** A life of random decisions, and all that was seen in it. */
function life(seed: number, steps: number, simulation: ServingSimulation, random: RandomStream): number[] {
  const seen: number[] = [];
  for (let step = 0; step < steps; step++) {
    simulation.scaleTo('gpu', random.integer(8));
    simulation.scaleTo('cpu', random.integer(8));
    simulation.placement = random.pick(placements);
    simulation.advance(simulation.seconds + 5);
    for (const { interval, waiting } of Object.values(simulation.stations))
      seen.push(...Object.values(interval), waiting);
    seen.push(simulation.latencies.quantile(0.95) ?? -1, seed);
  }
  return seen;
}

const begun = (seed: number, pattern: LoadPattern) => {
  const simulation = new ServingSimulation({ ...defaultServing, timeoutSeconds: 3 }, wideLimits);
  simulation.begin({ pattern, seed, atSeconds: -10, replicas: { gpu: 2, cpu: 2 } });
  return simulation;
};

test('every request is answered, has failed, is being served or waits; times and energies fit together', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 120 }), (seed, rate) => {
      const simulation = begun(seed, steady(rate));
      const random = new RandomStream(seed);
      let [answered, began, failed] = [0, 0, 0];
      for (let step = 0; step < 30; step++) {
        simulation.scaleTo('gpu', random.integer(8));
        simulation.scaleTo('cpu', random.integer(8));
        simulation.advance(simulation.seconds + 5);
        let ended = 0;
        for (const { interval } of Object.values(simulation.stations)) {
          answered += interval.completed;
          began += interval.started;
          failed += interval.failed;
          ended += interval.completed + interval.failed;
          assert.ok(interval.busySeconds <= interval.readySeconds + 1e-9);
          assert.ok(interval.readySeconds <= interval.presentSeconds + 1e-9);
          assert.ok(interval.busySeconds >= -1e-9);
          assert.ok(answered <= began);
        }
        assert.equal(simulation.latencies.total, ended);
      }
      // The load stops coming: all that was begun ends.
      simulation.restore(simulation.save(), new StepPattern('over', [{ untilSeconds: 1, level: 0 }]));
      assert.ok(failed + began > 0);
    }),
    { numRuns: 30 },
  );
});

test('a saved simulation goes on bit by bit as the one that it was saved from', () => {
  const pattern = new StepPattern('up', [
    { untilSeconds: 30, level: 20 },
    { untilSeconds: 500, level: 90 },
  ]);
  const random = new RandomStream(4);
  const simulation = begun(4, pattern);
  life(4, 9, simulation, random);
  const state = decodeState(encodeState({ simulation: simulation.save() }))['simulation']!;
  const other = begun(99, steady(1));
  other.restore(state, pattern);
  const same = new RandomStream(0);
  same.restore(random.state);
  assert.deepEqual(life(4, 20, other, same), life(4, 20, simulation, random));
});

test('arrivals and their work do not depend on what a policy decides', () => {
  const total = (replicas: number) => {
    const simulation = served(steady(2), { cpu: { variability: 1 } }, replicas);
    simulation.advance(1000);
    const { interval, waiting } = simulation.stations.cpu;
    return interval.started + waiting;
  };
  assert.equal(total(1), total(8));
});

test('the load of a pattern comes, before its beginning at its first level, and none after its end', () => {
  const pattern = new StepPattern('steps', [
    { untilSeconds: 1000, level: 2 },
    { untilSeconds: 2000, level: 40 },
  ]);
  const simulation = new ServingSimulation(plainServing({ cpu: { secondsPerRequest: 0.001 } }), wideLimits);
  simulation.begin({ pattern, seed: 2, atSeconds: -1000, replicas: { gpu: 0, cpu: 4 } });
  for (const [until, expected] of [
    [0, 2000],
    [1000, 2000],
    [2000, 40_000],
  ] as const) {
    simulation.advance(until);
    near(simulation.stations.cpu.interval.started, expected, 5 / Math.sqrt(expected));
  }
  simulation.advance(3000);
  assert.equal(simulation.stations.cpu.interval.started, 0);
});
