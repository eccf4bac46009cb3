import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../src/cluster/pod.ts';
import { type Candidates, type Policy, WAIT } from '../../../src/policy/policy.ts';
import { Simulation, simulate } from '../../../src/simulation/engine.ts';
import { choosing, simInput, simNode, workItems } from '../../support/simulation-input.ts';

/** Asks `choose`, and notes when it was asked about whom and with how much slack. */
function noting(choose: (pod: Pod, candidates: Candidates) => number): {
  readonly policy: Policy;
  readonly asked: (readonly [now: number, pod: number, slackLeft: number])[];
} {
  const asked: [number, number, number][] = [];
  const policy: Policy = {
    name: 'noting',
    start: ({ cluster }) => ({
      choose(pod, candidates) {
        asked.push([cluster.now, pod.id, candidates.slackLeft!]);
        return choose(pod, candidates);
      },
      explain: () => [],
    }),
  };
  return { policy, asked };
}

test('a pod that fits nowhere waits for room, and nobody waits behind it', () => {
  const items = workItems(
    { useMilli: 6000, seconds: 100 },
    { arrivalSeconds: 10, useMilli: 8000, seconds: 10 },
    { arrivalSeconds: 20, useMilli: 2000, seconds: 10 },
  );
  const result = simulate(simInput([simNode('a')], items));
  assert.deepEqual([...result.waits], [0, 90, 0]);
  assert.equal(result.sloMisses, 1);
  assert.equal(result.meanWaitSeconds, 30);
  assert.equal(result.p95WaitSeconds, 90);
});

test('pending pods take freed room in the order of their arrival', () => {
  const items = workItems(
    { useMilli: 8000, seconds: 100 },
    { arrivalSeconds: 1, useMilli: 5000, seconds: 10 },
    { arrivalSeconds: 2, useMilli: 5000, seconds: 10 },
    { arrivalSeconds: 3, useMilli: 3000, seconds: 50 },
  );
  const result = simulate(simInput([simNode('a')], items));
  assert.deepEqual([...result.waits], [0, 99, 108, 97]);
});

test('a pod that fits nowhere is offered to the policy only once something fits', () => {
  const { policy, asked } = noting((_, { nodes }) => nodes[0]!);
  const items = workItems(
    { useMilli: 2000, seconds: 50 },
    { useMilli: 6000, seconds: 100 },
    { arrivalSeconds: 10, useMilli: 4000, seconds: 10 },
  );
  simulate(simInput([simNode('a')], items, { policy }));
  assert.deepEqual(asked, [
    [0, 0, 0],
    [0, 1, 0],
    [100, 2, 0],
  ]);
});

test('with dropping, what does not fit at once never runs', () => {
  const items = workItems(
    { useMilli: 8000, seconds: 100 },
    { arrivalSeconds: 10, seconds: 10 },
    { arrivalSeconds: 200 },
  );
  const result = simulate(simInput([simNode('a')], items, { options: { unplaced: 'drop' } }));
  assert.equal(result.dropped, 1);
  assert.equal(result.completed, 2);
  assert.deepEqual([...result.waits], [0, 0]);
});

test('who waits is asked at every tick, and at its deadline for the last time', () => {
  const { policy, asked } = noting((_, { nodes, slackLeft }) => (slackLeft! > 0 ? WAIT : nodes[0]!));
  const items = workItems({ arrivalSeconds: 50, seconds: 10, pod: { slackSeconds: 700 } });
  const result = simulate(simInput([simNode('a')], items, { policy }));
  assert.deepEqual(asked, [
    [50, 0, 700],
    [300, 0, 450],
    [600, 0, 150],
    [750, 0, 0],
  ]);
  assert.deepEqual([...result.waits], [700]);
  assert.equal(result.decisions, 4);
  assert.equal(result.sloMisses, 0);
});

test('who waits is asked at departures too where that is wished', () => {
  for (const reconsider of ['tick', 'departure'] as const) {
    const { policy, asked } = noting(({ id }, { nodes, slackLeft }) =>
      id === 1 && slackLeft! > 0 ? WAIT : nodes[0]!,
    );
    const items = workItems({ seconds: 100 }, { arrivalSeconds: 10, pod: { slackSeconds: 200 } });
    simulate(simInput([simNode('a')], items, { policy, options: { reconsider } }));
    const times = asked.filter(([, pod]) => pod === 1).map(([now]) => now);
    assert.deepEqual(times, reconsider === 'tick' ? [10, 210] : [10, 100, 210]);
  }
});

test('who waits is asked when a node is up again, too, where departures are asked at', () => {
  const sleep = { sleepWatts: 2, emptySeconds: 5, wakeSeconds: 30, wakeWatts: 20 };
  for (const reconsider of ['tick', 'departure'] as const) {
    const { policy, asked } = noting(({ id }, { nodes, slackLeft }) =>
      id === 0 && slackLeft! > 0 ? WAIT : nodes[0]!,
    );
    const items = workItems(
      { arrivalSeconds: 10, pod: { slackSeconds: 200 } },
      { arrivalSeconds: 20, seconds: 500 },
    );
    simulate(simInput([simNode('a', { sleep })], items, { policy, options: { reconsider } }));
    const times = asked.filter(([, pod]) => pod === 0).map(([now]) => now);
    assert.deepEqual(times, reconsider === 'tick' ? [10, 210] : [10, 50, 210]);
  }
});

test('who waits at its deadline and fits nowhere is placed when something is freed', () => {
  const wait = choosing(({ id }, { nodes, slackLeft }) => (id === 0 && slackLeft! > 0 ? WAIT : nodes[0]!));
  const items = workItems(
    { pod: { slackSeconds: 100 } },
    { arrivalSeconds: 50, useMilli: 8000, seconds: 100 },
  );
  assert.deepEqual([...simulate(simInput([simNode('a')], items, { policy: wait })).waits], [150, 0]);
  const dropping = simInput([simNode('a')], items, { policy: wait, options: { unplaced: 'drop' } });
  assert.equal(simulate(dropping).dropped, 1);
});

test('prefilled pods are there at time 0, without slack and without a wait', () => {
  const { policy, asked } = noting((_, { nodes }) => nodes[0]!);
  const items = workItems({ prefill: true, pod: { slackSeconds: 500 } }, { arrivalSeconds: 0 });
  const result = simulate(simInput([simNode('a')], items, { policy }));
  assert.deepEqual(asked, [
    [0, 0, 0],
    [0, 1, 0],
  ]);
  assert.equal(result.waits.length, 1);
  assert.equal(result.placed, 2);
});

test('nodes may begin asleep: those of prefilled pods are up at once, others wake for pods that arrive', () => {
  const sleep = { sleepWatts: 9, emptySeconds: 300, wakeSeconds: 120, wakeWatts: 150 };
  const nodes = [simNode('a', { sleep }), simNode('b', { sleep }), simNode('c')];
  const powers: number[][] = [];
  const policy: Policy = {
    name: 'looking',
    start: ({ cluster }) => ({
      choose: (pod) => {
        powers.push([...cluster.power]);
        return pod.id;
      },
      explain: () => [],
    }),
  };
  const items = workItems({ prefill: true, seconds: 900 }, { arrivalSeconds: 500, seconds: 100 });
  const input = simInput(nodes, items, { policy, options: { beginAsleep: true } });
  const result = simulate(input);
  assert.deepEqual(powers, [
    [1, 1, 0],
    [0, 1, 0],
  ]);
  assert.deepEqual([...result.waits], [120]);
  assert.equal(result.wakes, 1);
  assert.equal(result.wakeJoules, 120 * 150);
});

test('policies see what is in use and how many wait', () => {
  const seen: number[] = [];
  const policy: Policy = {
    name: 'seeing',
    start: ({ cluster }) => ({
      choose(_pod, { nodes }) {
        seen.push(cluster.measuredUse[0]!, cluster.predictedUse[0]!, cluster.pending);
        return nodes[0]!;
      },
      explain: () => [],
    }),
  };
  const items = workItems(
    { useMilli: 9000, seconds: 200, pod: { cpuMilli: 3000, predictedCpuMilli: 2500 } },
    { arrivalSeconds: 1, useMilli: 1000, seconds: 100, pod: { cpuMilli: 6000 } },
    { arrivalSeconds: 2, useMilli: 1000, seconds: 100 },
  );
  simulate(simInput([simNode('a')], items, { policy }));
  // The second one fits nowhere until the first has ended, so that the third is asked about with one pending.
  assert.deepEqual(seen.slice(0, 6), [0, 0, 0, 8000, 2500, 1]);
});

test('a choice that is no candidate is an error that names policy and pod', () => {
  const items = workItems({ useMilli: 5000 }, { arrivalSeconds: 5, useMilli: 5000 });
  const input = simInput([simNode('a'), simNode('b')], items, { policy: choosing(() => 0, 'stubborn') });
  assert.throws(() => simulate(input), {
    code: 'KISIM_E_SIM_BAD_CHOICE',
    message: /stubborn chose node a.* for default\/pod-1/,
  });
  for (const choice of [2, -2, 0.5, Number.NaN]) {
    const policy = choosing(() => choice);
    assert.throws(() => simulate(simInput([simNode('a')], items, { policy })), {
      code: 'KISIM_E_SIM_BAD_CHOICE',
    });
  }
});

test('waiting without slack is an error that names policy and pod', () => {
  const policy = choosing(() => WAIT, 'sleepy');
  assert.throws(() => simulate(simInput([simNode('a')], workItems({}), { policy })), {
    code: 'KISIM_E_SIM_WAIT_REFUSED',
    message: /sleepy about default\/pod-0/,
  });
  const slack = workItems({ pod: { slackSeconds: 10 } });
  const simulation = new Simulation(simInput([simNode('a')], slack, { policy }));
  assert.equal(simulation.advance(9.9), false);
  assert.throws(() => simulation.advance(10), { code: 'KISIM_E_SIM_WAIT_REFUSED' });
});
