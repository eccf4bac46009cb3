import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordedPolicy } from '../../../../src/evaluation/offline/assigned-policy.ts';
import { NodeReplay } from '../../../../src/evaluation/offline/node-replay.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { ExponentialCurve } from '../../../../src/power-model/exponential-curve.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { planOf } from '../../../../src/simulation/plan.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { roomyInstance } from '../../../support/roomy-instance.ts';
import { anyFit, randomInstance, simInput, simNode, workItems } from '../../../support/simulation-input.ts';

const listOf = (pods: readonly number[]) => ({ ids: Int32Array.from(pods), count: pods.length });

function podsOf(assignment: Int32Array, node: number): number[] {
  return [...assignment.keys()].filter((pod) => assignment[pod] === node);
}

const features = [
  ['nodes that never sleep', {}],
  ['nodes that sleep', { sleep: true }],
  ['times that coincide', { sleep: true, whole: true }],
  ['nodes of other speeds', { sleep: true, speed: true }],
] as const;
for (const [name, has] of features) {
  for (const beginAsleep of [false, true]) {
    test(`${name}${beginAsleep ? ', asleep at first' : ''}: a node replayed alone burns what it burns in the engine`, () => {
      let compared = 0;
      for (let seed = 0; seed < 60; seed++) {
        const { nodes, items, windowSeconds } = roomyInstance(seed, { ...has, pods: 30 });
        let queued = false;
        const watched: Policy = {
          name: 'any',
          start: (context) => {
            const run = anyFit.start(context);
            return {
              choose(pod, candidates) {
                queued ||= context.cluster.now > items[pod.id]!.arrivalSeconds;
                return run.choose(pod, candidates);
              },
              explain: () => [],
            };
          },
        };
        const policy = new RecordedPolicy(watched, items.length);
        const input = simInput(nodes, items, { policy, windowSeconds, seed, options: { beginAsleep } });
        const result = simulate(input);
        if (queued) continue;
        compared++;
        const plan = planOf(input);
        nodes.forEach((node, i) => {
          const joules = new NodeReplay(plan, node, input.options).remember(listOf(podsOf(policy.nodes, i)));
          const expected = result.energyByNode[i]!;
          assert.ok(
            Math.abs(joules - expected) <= 1e-10 * expected,
            `seed ${seed}: ${joules}, ${expected} J`,
          );
        });
      }
      assert.ok(compared >= 15, `${compared} runs without a queue`);
    });
  }
}

test('a change is told as a whole replay would, from checkpoint to checkpoint', () => {
  let compared = 0;
  for (let seed = 0; seed < 40; seed++) {
    const random = new RandomStream(seed);
    const { nodes, items, windowSeconds } = randomInstance(seed, {
      sleep: seed % 4 !== 0,
      whole: seed % 2 === 0,
      pods: 300,
      nodes: 1,
    });
    const small = items.map((item) => ({
      ...item,
      useMilli: item.useMilli / 40,
      seconds: Math.ceil(item.seconds / 30),
      pod: { ...item.pod, cpuMilli: Math.ceil(item.pod.cpuMilli / 20), memoryBytes: 1 },
    }));
    const options = { beginAsleep: seed % 3 === 0 };
    const input = simInput(nodes, small, { windowSeconds, options });
    const replay = new NodeReplay(planOf(input), nodes[0]!, input.options);
    const fresh = new NodeReplay(planOf(input), nodes[0]!, input.options);
    const drawn = (share: number) => small.map((item) => item.pod.id).filter(() => random.next() < share);
    const here = drawn(0.6);
    replay.remember(listOf(here));
    for (let change = 0; change < 30; change++) {
      const some = 1 + random.integer(4);
      const without = here.filter(() => random.next() < some / 200);
      const and = drawn(some / 300).filter((id) => !here.includes(id));
      const after = [...here.filter((id) => !without.includes(id)), ...and].sort((a, b) => a - b);
      const joules = replay.joules(listOf(here), listOf(without), listOf(and));
      const whole = fresh.remember(listOf(after));
      if (whole === Number.POSITIVE_INFINITY) assert.equal(joules, whole);
      else assert.ok(Math.abs(joules - whole) <= 1e-11 * whole, `seed ${seed}: ${joules}, ${whole} J`);
      compared++;
    }
  }
  assert.equal(compared, 1200);
});

test('a pod that does not fit when it arrives has no energy', () => {
  const node = simNode('a', { pods: 2 });
  const fits = workItems({ useMilli: 4000 }, { useMilli: 4000 }, { useMilli: 1000, arrivalSeconds: 100 });
  const joules = (items: typeof fits, list: readonly number[]) => {
    const input = simInput([node], items);
    return new NodeReplay(planOf(input), node, input.options).remember(listOf(list));
  };
  // The third arrives as the first two end.
  assert.ok(Number.isFinite(joules(fits, [0, 1, 2])));
  assert.equal(joules(workItems({ useMilli: 5000 }, { useMilli: 4000 }), [0, 1]), Number.POSITIVE_INFINITY);
  const third = workItems({}, {}, {});
  assert.equal(joules(third, [0, 1, 2]), Number.POSITIVE_INFINITY);
});

test('curves that are no tables and services without an end are counted too', () => {
  const node = simNode('a', { power: new ExponentialCurve(100, -60, -3, 'synthetic') });
  const items = workItems(
    { useMilli: 3000, kind: 'service', seconds: Number.POSITIVE_INFINITY },
    { useMilli: 2000, arrivalSeconds: 500, seconds: 900 },
  );
  const input = simInput([node], items);
  const joules = new NodeReplay(planOf(input), node, input.options).remember(listOf([0, 1]));
  const { energyJoules } = simulate(input);
  assert.ok(Math.abs(joules - energyJoules) < 1e-10 * energyJoules);
});
