import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Policy, WAIT } from '../../../src/policy/policy.ts';
import { Simulation, simulate } from '../../../src/simulation/engine.ts';
import type { SimulationProgress } from '../../../src/simulation/progress.ts';
import type { SimulationInput, SimulationResult } from '../../../src/simulation/simulation.ts';
import type { SimulationSnapshot } from '../../../src/simulation/snapshot.ts';
import { anyFit, randomInstance, simInput, simNode, workItems } from '../../support/simulation-input.ts';

/** Draws from its stream, from a stream of its own and from what it remembers; waits now and then. */
const fickle: Policy = {
  name: 'fickle',
  start({ random }) {
    const own = random.fork('own');
    let turn = 0;
    return {
      choose(_pod, { nodes, count, slackLeft }) {
        if (slackLeft! > 0 && own.next() < 0.6) return WAIT;
        turn += random.integer(3);
        return nodes[turn % count]!;
      },
      explain: () => [],
      save: () => ({ turn, own: own.state }),
      restore(saved) {
        const state = saved as { readonly turn: number; readonly own: typeof own.state };
        turn = state.turn;
        own.restore(state.own);
      },
    };
  },
};

const everything = { sleep: true, smt: true, rhythm: true, slack: true, gpus: true, speed: true, use: 1.3 };

function randomInput(seed: number, policy: Policy): SimulationInput {
  const { nodes, items, windowSeconds } = randomInstance(seed, everything);
  const options = { seriesSeconds: 250, reconsider: 'departure', tickSeconds: 60 } as const;
  return simInput(nodes, items, { policy, windowSeconds, seed, options });
}

/** Every bit of a result, as text. */
function bits(result: SimulationResult): string {
  return JSON.stringify({ ...result, waits: [...result.waits] });
}

function throughJson(snapshot: SimulationSnapshot): SimulationSnapshot {
  return JSON.parse(JSON.stringify(snapshot)) as SimulationSnapshot;
}

test('the same seed gives the same bits, and another seed another run', () => {
  const input = randomInput(1, anyFit);
  assert.equal(bits(simulate(input)), bits(simulate(input)));
  assert.notEqual(bits(simulate(input)), bits(simulate({ ...input, seed: 2 })));
});

test('stopped, copied and resumed anywhere, a run gives the same bits', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.constantFrom(fickle, anyFit),
      fc.array(fc.double({ min: 0, max: 9000, noNaN: true }), { minLength: 1, maxLength: 4 }),
      (seed, policy, stops) => {
        const input = randomInput(seed, policy);
        const expected = bits(simulate(input));
        let simulation = new Simulation(input);
        for (const stop of stops.sort((a, b) => a - b)) {
          simulation.advance(stop);
          assert.ok(simulation.energyJoules >= 0);
          const snapshot = throughJson(simulation.snapshot());
          const clone = simulation.clone();
          clone.advance();
          assert.equal(bits(clone.result()), expected, `cloned at ${stop}`);
          simulation = Simulation.resume(snapshot, input);
        }
        simulation.advance();
        assert.equal(bits(simulation.result()), expected, 'resumed');
      },
    ),
    { numRuns: 60 },
  );
});

test('a copy leaves the simulation that it was made of alone', () => {
  const simulation = new Simulation(randomInput(3, fickle));
  simulation.advance(1500);
  const before = JSON.stringify(simulation.snapshot());
  simulation.clone().advance();
  assert.equal(JSON.stringify(simulation.snapshot()), before);
});

test('a snapshot of a finished run still has its result', () => {
  const input = randomInput(5, anyFit);
  const simulation = new Simulation(input);
  simulation.advance();
  assert.equal(
    bits(Simulation.resume(throughJson(simulation.snapshot()), input).result()),
    bits(simulation.result()),
  );
});

test('a snapshot is not taken up with another input, nor one of another version', () => {
  const input = randomInput(4, anyFit);
  const snapshot = new Simulation(input).snapshot();
  const refused = { code: 'KISIM_E_SIM_SNAPSHOT' };
  assert.throws(() => Simulation.resume(snapshot, { ...input, seed: 5 }), refused);
  assert.throws(() => Simulation.resume(snapshot, { ...input, policy: fickle }), refused);
  assert.throws(() => Simulation.resume(snapshot, randomInput(5, anyFit)), refused);
  assert.throws(() => Simulation.resume({ ...snapshot, version: 2 as 1 }, input), refused);
  assert.throws(() => Simulation.resume({} as SimulationSnapshot, input), refused);
});

test('energy so far grows to that of the result, and the result waits for the end', () => {
  const simulation = new Simulation(randomInput(6, anyFit));
  let last = 0;
  for (let until = 0; !simulation.advance(until); until += 100) {
    assert.ok(simulation.energyJoules >= last);
    last = simulation.energyJoules;
    assert.throws(() => simulation.result(), { code: 'KISIM_E_SIM_UNFINISHED' });
  }
  assert.equal(simulation.energyJoules, simulation.result().energyJoules);
  assert.ok(last > 0.5 * simulation.energyJoules);
});

test('a run can be stopped by a signal and goes on to the same bits; it tells how far it is', async () => {
  const items = workItems(
    ...Array.from({ length: 8000 }, (_, i) => ({ arrivalSeconds: i / 10, seconds: 1 + (i % 7) })),
  );
  const nodes = Array.from({ length: 4 }, (_, i) => simNode(`n${i}`));
  const input = simInput(nodes, items, { policy: anyFit });
  let nanoseconds = 0;
  const clock = { monotonicNanoseconds: () => (nanoseconds += 1e9), unixMilliseconds: () => 0 };
  const stop = new AbortController();
  const told: SimulationProgress[] = [];
  const simulation = new Simulation(input);
  const ended = await simulation.run({
    signal: stop.signal,
    clock,
    onProgress(progress) {
      told.push(progress);
      stop.abort();
    },
  });
  assert.equal(ended, false);
  assert.equal(simulation.finished, false);
  const [first] = told;
  assert.ok(first!.share > 0 && first!.share < 1);
  assert.equal(first!.events, simulation.events);
  assert.equal(first!.eventsPerSecond, first!.events);
  assert.ok(Math.abs(first!.secondsLeft! - (1 - first!.share) / first!.share) < 1e-9);
  assert.equal(await simulation.run({ clock, onProgress: (progress) => told.push(progress) }), true);
  assert.equal(told.at(-1)!.share, 1);
  assert.equal(told.at(-1)!.secondsLeft, 0);
  assert.equal(bits(simulation.result()), bits(simulate(input)));
});

test('a run up to an instant stops there', async () => {
  const simulation = new Simulation(
    simInput([simNode('a')], workItems({ seconds: 100 }, { arrivalSeconds: 50 })),
  );
  assert.equal(await simulation.run({ untilSeconds: 50 }), false);
  assert.equal(simulation.now, 50);
  assert.equal(simulation.cluster.podCount, 2);
  assert.equal(simulation.watts, 20);
  assert.equal(await simulation.run(), true);
});
