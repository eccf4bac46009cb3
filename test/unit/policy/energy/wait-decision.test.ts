import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState, NODE_ASLEEP } from '../../../../src/cluster/cluster-state.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { WAIT_TERM, WAIT_TERM_COUNT, waitTerms } from '../../../../src/policy/energy/term-table.ts';
import { WaitDecision } from '../../../../src/policy/energy/wait-decision.ts';
import { waitWeights } from '../../../../src/policy/energy/weights.ts';
import { GIBIBYTE, podOf, SLEEP, server } from '../../../support/random-cluster.ts';

const HOUR = 3600;

/** An old node with a quarter of it taken, and a new one that sleeps; it is six o'clock, and five pods wait. */
function cluster(): ClusterState {
  const state = new ClusterState([server('old', 0, SLEEP), server('new', 2, SLEEP)]);
  state.now = 6 * HOUR;
  state.pending = 5;
  state.place(podOf(100, { cpuMilli: 8000, memoryBytes: 32 * GIBIBYTE, predictedCpuMilli: 3200 }), 0);
  state.power[1] = NODE_ASLEEP;
  state.touch(1);
  return state;
}

const pod = podOf(0, { cpuMilli: 4000, predictedCpuMilli: 2000, predictedSeconds: 6000 });

function termsOf(state: ClusterState, node: number): Float64Array {
  const decision = new WaitDecision(
    state,
    new ClusterPower(state.nodes),
    new Float64Array(WAIT_TERM_COUNT).fill(1),
  );
  decision.waits(pod, node, 2 * HOUR);
  return decision.terms;
}

test('every wait term is what its formula says, on a small cluster', () => {
  const terms = termsOf(cluster(), 1);
  const ratio = terms[WAIT_TERM.energyRatio]!;
  const active = terms[WAIT_TERM.activeRatio]!;
  // The new node alone: 1.5625 % of its first tenth, which takes 45 W; the best that a core can cost is 269 W / 128.
  assert.ok(Math.abs(active - (0.15625 * 45) / ((269 / 128) * 2)) < 1e-12, `${active}`);
  assert.ok(ratio > active);
  const size = Math.log10(2);
  const expected: Readonly<Record<string, number>> = {
    constant: 1,
    'energy-ratio': ratio,
    asleep: 1,
    'not-best-tier': 0,
    'worst-tier': 0,
    'slack-left': 2,
    load: 8 / 160,
    'sin-hour': 1,
    'cos-hour': 0,
    duration: 1,
    'free-awake': 24 / 160,
    'active-ratio': active,
    size,
    'ratio-size': ratio * size,
    'ratio-duration': ratio,
    'best-free-cpu': 1,
    'best-free-memory': 1,
    pending: 0.2,
  };
  for (const [i, { name }] of waitTerms.entries())
    assert.ok(Math.abs(terms[i]! - expected[name]!) < 1e-9, `${name}: ${terms[i]} vs ${expected[name]}`);
});

test('a worse node says so', () => {
  const terms = termsOf(cluster(), 0);
  assert.deepEqual(
    [terms[WAIT_TERM.asleep], terms[WAIT_TERM.notBestTier], terms[WAIT_TERM.worstTier]],
    [0, 1, 1],
  );
});

test('each weight that reads an energy has it found, alone as well', () => {
  const state = cluster();
  for (const name of ['energy-ratio', 'active-ratio', 'ratio-size', 'ratio-duration']) {
    const decision = new WaitDecision(state, new ClusterPower(state.nodes), waitWeights({ [name]: 1 }));
    assert.equal(decision.waits(pod, 1, HOUR), true, name);
  }
});

test('nothing waits without slack', () => {
  const state = cluster();
  const decision = new WaitDecision(state, new ClusterPower(state.nodes), waitWeights({ constant: 1 }));
  assert.equal(decision.waits(pod, 0, 0), false);
  assert.equal(decision.waits(pod, 0, 1), true);
});
