import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../../src/cluster/cluster-state.ts';
import { awakeFirst } from '../../../src/policy/awake-first.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { chosen, scoresOf, startOn } from '../../support/chosen.ts';
import { podOf, SLEEP, server } from '../../support/random-cluster.ts';

/** The emptier, the better for least-allocated: node 2 asleep, 1 waking, 0 on and not empty. */
function cluster(): ClusterState {
  const state = new ClusterState(['a', 'b', 'c'].map((name) => server(name, 0, SLEEP)));
  state.place(podOf(100, { cpuMilli: 16_000 }), 0);
  state.power[1] = NODE_WAKING;
  state.awakeAt[1] = 100;
  state.place(podOf(101), 1);
  state.power[2] = NODE_ASLEEP;
  return state;
}

test('takes a node that is on, else one that wakes already, else one that sleeps', () => {
  const inner = policyByName('least-allocated');
  const state = cluster();
  assert.equal(chosen(inner, state, podOf(0)), 2);
  assert.equal(chosen(awakeFirst(inner), state, podOf(0)), 0);
  assert.equal(chosen(awakeFirst(inner), state, podOf(0, { cpuMilli: 20_000 })), 1);
  assert.equal(chosen(awakeFirst(inner), state, podOf(0, { cpuMilli: 31_000 })), 2);
});

test('scores and explanations have the same order', () => {
  const policy = awakeFirst(policyByName('least-allocated'));
  const state = cluster();
  const [on, waking, asleep] = scoresOf(policy, state, podOf(0));
  assert.ok(on! > waking! && waking! > asleep!);
  const run = startOn(policy, state);
  assert.deepEqual(run.explain(podOf(0), 2).at(-1), { term: 'not awake', amount: -2e6, unit: 'points' });
  assert.equal(run.explain(podOf(0), 0).length, 1);
});
