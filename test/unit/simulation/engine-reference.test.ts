import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WAIT } from '../../../src/policy/policy.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import { referenceSimulation } from '../../support/reference-simulation.ts';
import { anyFit, choosing, firstFit, randomInstance, simInput } from '../../support/simulation-input.ts';

const flag = fc.boolean();
const instance = fc.record({
  sleep: flag,
  smt: flag,
  rhythm: flag,
  slack: flag,
  gpus: flag,
  speed: flag,
  use: fc.constantFrom(0.8, 1, 1.6),
});

/** Waits as long as it may where the pod's id says so. */
const patient = choosing(({ id }, { nodes, slackLeft }) =>
  id % 3 !== 0 && slackLeft! > 100 * (id % 2) ? WAIT : nodes[0]!,
);

test('energy, begins and work are those of a plain simulation without clocks and heaps', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      instance,
      fc.constantFrom(firstFit, anyFit, patient),
      fc.constantFrom<'tick' | 'departure'>('tick', 'departure'),
      (seed, has, policy, reconsider) => {
        const { nodes, items, windowSeconds } = randomInstance(seed, has);
        const options = { reconsider, tickSeconds: 137 };
        const input = simInput(nodes, items, { policy, windowSeconds, options });
        const result = simulate(input);
        const reference = referenceSimulation(input);
        result.energyByNode.forEach((joules, node) => {
          near(joules, reference.energyByNode[node]!, 1e-9, `energy of node ${node}`);
        });
        const waits = items.flatMap(({ prefill, arrivalSeconds, pod }) =>
          prefill === true ? [] : [reference.starts.get(pod.id)! - arrivalSeconds],
        );
        assert.equal(result.waits.length, waits.length);
        result.waits.forEach((wait, i) => {
          assert.ok(Math.abs(wait - waits[i]!) < 1e-6, `wait ${i}: ${wait}, not ${waits[i]}`);
        });
        near(result.endSeconds, Math.max(...reference.ends.values()), 1e-9, 'end');
        const work = reference.batchCoreSeconds + reference.servedCoreSeconds;
        near(result.workCoreSeconds, work, 1e-9, 'work');
      },
    ),
    { numRuns: 150 },
  );
});

test('so they are with hundreds of pods in the queue', () => {
  for (const seed of [1, 2, 3]) {
    const has = { slack: true, use: 1, pods: 400, nodes: 3 };
    const { nodes, items, windowSeconds } = randomInstance(seed, has);
    const options = { seriesSeconds: 100, reconsider: 'departure' } as const;
    const input = simInput(nodes, items, { policy: patient, windowSeconds, options });
    const result = simulate(input);
    assert.ok(Math.max(...result.series!.pending) > 200);
    const reference = referenceSimulation(input);
    for (const [i, { prefill, arrivalSeconds }] of items.entries()) {
      const wait = result.waits[i - (items.length - result.waits.length)];
      if (prefill !== true) near(wait! + 1, reference.starts.get(i)! - arrivalSeconds + 1, 1e-9, `wait ${i}`);
    }
  }
});

function near(actual: number, expected: number, relative: number, what: string): void {
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.abs(expected),
    `${what}: ${actual}, not ${expected}`,
  );
}
