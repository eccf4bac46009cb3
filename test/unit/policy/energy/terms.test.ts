import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../../../src/cluster/cluster-state.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { HORIZON_SECONDS } from '../../../../src/policy/energy/decision.ts';
import { placementTerms, TERM } from '../../../../src/policy/energy/term-table.ts';
import { ALL_TERMS, TermMatrix } from '../../../../src/policy/energy/terms.ts';
import { candidatesOf } from '../../../support/chosen.ts';
import { GIBIBYTE, podOf, randomCluster, randomPod, SLEEP, server } from '../../../support/random-cluster.ts';

/**
 * Four nodes, types middle, new, old, new (tiers 1, 0, 2, 0): on with 16 cores and 64 GiB taken and 8 cores used until
 * 3600 s hence; waking with a little pod; on and empty; asleep. Two pods wait.
 */
function cluster(): ClusterState {
  const state = new ClusterState([
    server('a', 1, SLEEP),
    server('b', 2, SLEEP),
    server('c', 0, SLEEP),
    server('d', 2, SLEEP),
  ]);
  state.now = 1000;
  state.pending = 2;
  const resident = podOf(100, {
    cpuMilli: 16_000,
    memoryBytes: 64 * GIBIBYTE,
    predictedCpuMilli: 8000,
    predictedSeconds: 3600,
  });
  state.place(resident, 0);
  state.power[1] = NODE_WAKING;
  state.awakeAt[1] = 1060;
  state.place(
    podOf(101, { cpuMilli: 1280, memoryBytes: 0, predictedCpuMilli: 1280, predictedSeconds: 300 }),
    1,
  );
  state.emptySince[2] = 900;
  state.power[3] = NODE_ASLEEP;
  for (const node of [1, 3]) state.touch(node);
  return state;
}

const pod = podOf(0, {
  cpuMilli: 6400,
  memoryBytes: 64 * GIBIBYTE,
  predictedCpuMilli: 3200,
  predictedSeconds: 1800,
});

/** Best watts per core: the new type at full. */
const OWN_WATTS = (269 / 128) * 3.2;
const OWN_JOULES = OWN_WATTS * 1800;
/** What a core of the types saves against the old one, all sleeping: watts a core at full. */
const SAVED = { new: 240 / 32 - 269 / 128, middle: 240 / 32 - 262 / 64 };
const LOAD = (16 + 1.28) / (64 + 128 + 32 + 128);
const MEMORY_LOAD = 64 / (256 + 512 + 128 + 512);
const FREE_AWAKE = (48 + 32) / (64 + 128 + 32 + 128);
const TENFOLDS = Math.log10(3);
/** Share of memory over share of CPU that the pod asks for, times how much memory is asked for. */
const SCARCITY = (64 / 1408 / (6.4 / 352)) * MEMORY_LOAD;

const expected: Readonly<Record<string, readonly [number, number, number, number]>> = {
  // a: from 12.5 % to 17.5 % of its curve; b: 1 % and 3.5 % for 300 s, then alone; c and d: alone.
  'active-energy': [
    ((8 / 64 + 3.2 / 64 - 8 / 64) * 10 * 15 * 1800) / OWN_JOULES,
    (0.025 * 10 * 45 * 1800) / OWN_JOULES,
    (30 * 1800) / OWN_JOULES,
    (0.025 * 10 * 45 * 1800) / OWN_JOULES,
  ],
  'idle-energy': [
    0,
    ((75 - 9) * 1500) / OWN_JOULES,
    ((80 - 9) * 1900) / OWN_JOULES,
    ((150 - 9) * 120 + (75 - 9) * 2100) / OWN_JOULES,
  ],
  'tier-rank': [0.5, 0, 1, 0],
  fill: [(22.4 / 64 + 0.5) / 2, (7.68 / 128 + 0.125) / 2, (0.2 + 0.5) / 2, (0.05 + 0.125) / 2],
  // Least: 65 and 50; 94 and 87; 80 and 50; 95 and 87. Balanced before and after: 100, 92; 99, 96; 100, 85; 100, 96.
  'kube-score': [(57 + 71) / 100, (90 + 73) / 100, (65 + 67) / 100, (91 + 73) / 100],
  asleep: [0, 0, 0, 1],
  waking: [0, 1, 0, 0],
  empty: [0, 0, 1, 1],
  'predicted-watts': [
    7.5 / OWN_WATTS,
    (0.025 * 10 * 45) / OWN_WATTS,
    30 / OWN_WATTS,
    (75 + 0.025 * 10 * 45 - 9) / OWN_WATTS,
  ],
  'requested-watts': [
    (15 * 0.1 * 10) / OWN_WATTS,
    (0.05 * 10 * 45) / OWN_WATTS,
    45 / OWN_WATTS,
    (75 + 0.05 * 10 * 45 - 9) / OWN_WATTS,
  ],
  'cpu-price': [SAVED.middle, SAVED.new, 0, SAVED.new].map(
    (saved) => (0.3 * saved * 6.4 * 1800) / OWN_JOULES,
  ) as never,
  'memory-price': [SAVED.middle, SAVED.new, 0, SAVED.new].map(
    (saved) => (0.3 * saved * 16 * 1800) / OWN_JOULES,
  ) as never,
  'dot-product': [
    (0.1 * 0.75 + 0.25 * 0.75) / 2,
    (0.05 * 0.99 + 0.125) / 2,
    (0.2 + 0.5) / 2,
    (0.05 + 0.125) / 2,
  ],
  'absolute-fit': [
    (41.6 / 128 + 128 / 512) / 2,
    (120.32 / 128 + 448 / 512) / 2,
    (25.6 / 128 + 64 / 512) / 2,
    (121.6 / 128 + 448 / 512) / 2,
  ],
  'node-index': [0, 1 / 3, 2 / 3, 1],
  imbalance: [0.15, 0.065 - 0.01, 0.3, 0.075],
  'end-alignment': [1800 / 5400, (1800 - 360) / 2160, 1, 1],
  'max-fill': [0.5, 0.125, 0.5, 0.125],
  extension: [0, 1440 / 1800, 1, 1],
  'use-after': [11.2 / 64, 4.48 / 128, 0.1, 0.025],
  'use-above-70': [0, 0, 0, 0],
  'asleep-free-awake': [0, 0, 0, FREE_AWAKE],
  'asleep-short': [0, 0, 0, 0.25],
  'asleep-load': [0, 0, 0, LOAD],
  'asleep-queue': [0, 0, 0, 0.2],
  complementarity: [0.25, 0.5, 0, 0],
  'rank-use': [0.25, 0, 0.5, 0],
  // Free CPU less free memory: 0, -0.01, 0, 0 before, and 0.15, 0.065, 0.3, 0.075 after.
  'stranded-cpu': [0.15 * 64 * SAVED.middle, 0.065 * 128 * SAVED.new, 0, 0.075 * 128 * SAVED.new].map(
    (watts) => (0.3 * watts * 1800) / OWN_JOULES,
  ) as never,
  'stranded-memory': [0, (0.3 * -0.01 * 128 * SAVED.new * 1800) / OWN_JOULES, 0, 0],
  'saved-energy': [SAVED.middle, SAVED.new, 0, SAVED.new].map((saved) => (saved * 3.2) / OWN_WATTS) as never,
  // The middle type is at 12.5 % in the mean, the new one at 0.5 %.
  'steady-watts': [7.5, 0.025 * 10 * 45, 30, 0.025 * 10 * 45].map((watts) => watts / OWN_WATTS) as never,
  remaining: [0.5, 360 / 3960, 0, 0],
  lone: [0.5, 0.5, 1, 1],
  'extension-free': [0, (1440 / 1800) * ((0.99 + 1) / 2), 1, 1],
  'max-fill-squared': [0.25, 0.125 ** 2, 0.25, 0.125 ** 2],
};

/** Terms that are others times something, by the other. */
const derived: readonly (readonly [name: string, of: string, factors: readonly number[]])[] = [
  ['cpu-price-full', 'cpu-price', [0.25, 1.28 / 256, 0, 1.28 / 256]],
  ['memory-price-full', 'memory-price', [0.25, 0, 0, 0]],
  ['cpu-price-load', 'cpu-price', [LOAD, LOAD, LOAD, LOAD]],
  ['memory-price-load', 'memory-price', [MEMORY_LOAD, MEMORY_LOAD, MEMORY_LOAD, MEMORY_LOAD]],
  ['idle-load', 'idle-energy', [LOAD, LOAD, LOAD, LOAD]],
  ['idle-fill', 'idle-energy', [0.25, 0.005, 0, 0]],
  ['tier0-idle', 'idle-energy', [0, 1, 0, 1]],
  ['tier1-idle', 'idle-energy', [1, 0, 0, 0]],
  ['tier0-asleep', 'asleep', [0, 1, 0, 1]],
  ['tier1-asleep', 'asleep', [1, 0, 0, 0]],
  ['tier0-fill', 'fill', [0, 1, 0, 1]],
  ['tier1-fill', 'fill', [1, 0, 0, 0]],
];

/** Terms of a tier, by what stands behind its name. */
function tierExpected(tier: 0 | 1): Readonly<Record<string, readonly number[]>> {
  const on = [1, 0, 2, 0].map((each) => (each === tier ? 1 : 0));
  const freeCpu = tier === 0 ? (256 - 1.28) / 256 : 0.75;
  const freeMemory = tier === 0 ? 1 : 0.75;
  const times = (factor: number) => on.map((flag) => flag * factor);
  return {
    '': on,
    '-cpu-price': on.map((flag, i) => flag * expected['cpu-price']![i]!),
    '-memory-price': on.map((flag, i) => flag * expected['memory-price']![i]!),
    '-load': times(LOAD),
    '-free-cpu': times(freeCpu),
    '-free-memory': times(freeMemory),
    '-duration': times(TENFOLDS),
    '-memory-scarcity': times(SCARCITY),
  };
}

function matrixOf(state: ClusterState, needed = ALL_TERMS): TermMatrix {
  return new TermMatrix(state, new ClusterPower(state.nodes), needed);
}

test('every term is what its formula says, on a small cluster', () => {
  const state = cluster();
  const matrix = matrixOf(state);
  matrix.fill(pod, candidatesOf(state, pod));
  const all: Record<string, readonly number[]> = { ...expected };
  for (const tier of [0, 1] as const)
    for (const [suffix, values] of Object.entries(tierExpected(tier))) all[`tier${tier}${suffix}`] = values;
  for (const [name, of, factors] of derived)
    all[name] = factors.map((factor, candidate) => factor * expected[of]![candidate]!);
  for (const [term, { name }] of placementTerms.entries()) {
    // Exponential: has a test of its own.
    if (name === 'peaks') continue;
    const found = [0, 1, 2, 3].map((candidate) => matrix.at(term, candidate));
    for (const [i, value] of found.entries()) {
      const right = all[name]?.[i];
      assert.ok(right !== undefined, `${name} is in the table`);
      assert.ok(
        Math.abs(value - right) < 1e-12 * Math.max(1, Math.abs(right)),
        `${name} of ${i}: ${found} vs ${right}`,
      );
    }
  }
});

test('the idle energy of a tiny pod is clipped at twenty times its own', () => {
  const state = cluster();
  const matrix = matrixOf(state, [TERM.idleEnergy]);
  const tiny = podOf(0, { predictedCpuMilli: 10, predictedSeconds: 30 });
  matrix.fill(tiny, candidatesOf(state, tiny));
  assert.equal(matrix.at(TERM.idleEnergy, 3), 20);
});

test('a term is the same whatever else is found with it', () => {
  for (let seed = 1; seed < 20; seed++) {
    const { cluster: state, random } = randomCluster(seed);
    const whole = matrixOf(state);
    for (const term of ALL_TERMS) {
      const alone = matrixOf(state, [term]);
      const each = randomPod(random, 900_000);
      const candidates = candidatesOf(state, each);
      whole.fill(each, candidates);
      alone.fill(each, candidates);
      for (let i = 0; i < candidates.count; i++) {
        assert.ok(Number.isFinite(alone.at(term, i)), `${placementTerms[term]!.name} is a number`);
        assert.equal(alone.at(term, i), whole.at(term, i), placementTerms[term]!.name);
      }
    }
  }
});

test('a matrix that is kept follows every change of the cluster', () => {
  for (let seed = 1; seed < 10; seed++) {
    const { cluster: state, pods, random } = randomCluster(seed);
    const kept = matrixOf(state);
    for (const gone of pods.slice(0, 10)) {
      state.now += 30;
      state.measuredUse[state.remove(gone)]! *= 0.9;
      const each = randomPod(random, 900_000);
      const candidates = candidatesOf(state, each);
      const fresh = matrixOf(state);
      kept.fill(each, candidates);
      fresh.fill(each, candidates);
      for (const term of ALL_TERMS)
        for (let i = 0; i < candidates.count; i++)
          assert.equal(kept.at(term, i), fresh.at(term, i), placementTerms[term]!.name);
    }
  }
});

test('pods without use, without requests or without end have finite terms', () => {
  const state = cluster();
  const matrix = matrixOf(state);
  const odd = [
    podOf(0, { predictedCpuMilli: 0 }),
    podOf(0, { cpuMilli: 0, memoryBytes: 0, predictedCpuMilli: 0, predictedSeconds: 0 }),
    podOf(0, { predictedSeconds: Number.POSITIVE_INFINITY }),
  ];
  for (const each of odd) {
    matrix.fill(each, candidatesOf(state, each));
    for (const term of ALL_TERMS)
      for (let i = 0; i < 4; i++) assert.ok(Number.isFinite(matrix.at(term, i)), placementTerms[term]!.name);
  }
  assert.equal(matrix.decision.seconds, HORIZON_SECONDS);
});
