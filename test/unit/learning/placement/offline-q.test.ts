import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inThisThread } from '../../../../src/learning/own-cluster/episodes.ts';
import { replayPlan } from '../../../../src/learning/own-cluster/replay-plan.ts';
import { replayTwin } from '../../../../src/learning/own-cluster/replay-twin.ts';
import { rememberingTwin } from '../../../../src/learning/own-cluster/twin.ts';
import { twinOf } from '../../../../src/learning/own-cluster/twin-plan.ts';
import { offlineQ } from '../../../../src/learning/placement/offline-q-trainer.ts';
import { defaultOfflineQ, OfflineQTraining } from '../../../../src/learning/placement/offline-q-training.ts';
import {
  RECORDED_OPTIONS,
  recordedTransitions,
} from '../../../../src/learning/placement/recorded-transitions.ts';
import { decodeState, encodeState, type SavedState } from '../../../../src/learning/saved-state.ts';
import { TERM, TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';
import { type WeightedRule, weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { recordedRuns, recordOf } from '../../../support/recorded-cluster.ts';

const plan = replayPlan(recordOf(recordedRuns(300)), false);
const twin = rememberingTwin(replayTwin(plan));
const positions = Int32Array.of(TERM.activeEnergy, TERM.fill);
const small = { validationSeeds: 4, acceptanceSeeds: 4, validations: 1, steps: 4, updatesPerStep: 250 };

describe('recorded decisions as transitions', () => {
  const data = recordedTransitions(twin.recorded!, positions, 7200, new RandomStream(1));
  const { transitions, rowFeatures, scales } = data;
  const size = RECORDED_OPTIONS * rowFeatures;

  test('every pod that was placed is one decision, and those by rules are counted', () => {
    assert.equal(transitions.rows + data.departed, 300);
    assert.ok(data.departed < 10, `${data.departed} departed`);
    assert.ok(data.decided > 80 && data.decided <= 100);
  });

  test('what was done was allowed, and four nodes stood open at most', () => {
    for (let row = 0; row < transitions.rows; row++) {
      const mask = transitions.masks!.subarray(row * RECORDED_OPTIONS, (row + 1) * RECORDED_OPTIONS);
      assert.equal(mask[transitions.actions[row]!], 1);
      assert.ok(mask.reduce((sum, each) => sum + each, 0) <= 4);
    }
  });

  test('the next state of a decision is the state of the next one; only the last ends', () => {
    for (let row = 0; row + 1 < transitions.rows; row++)
      assert.deepEqual(
        transitions.nextObservations.subarray(row * size, (row + 1) * size),
        transitions.observations.subarray((row + 1) * size, (row + 2) * size),
      );
    assert.deepEqual([...transitions.terminated.slice(-2)], [0, 1]);
  });

  test('old nodes cost more than efficient ones: the reward says so', () => {
    const energyOf = (row: number) =>
      transitions.observations[row * size + transitions.actions[row]! * rowFeatures]! * scales[0]!;
    const rows = Array.from({ length: transitions.rows }, (_, row) => row);
    const correlation = rows.reduce((sum, row) => sum + energyOf(row) * transitions.rewards[row]!, 0);
    assert.ok(correlation < 0);
    assert.ok(rows.every((row) => Number.isFinite(transitions.rewards[row]!)));
  });
});

test('what is learned holds the active energy of a node against it', () => {
  const training = new OfflineQTraining({
    twin,
    settings: { ...defaultOfflineQ, ...small, conservative: 0.1 },
  });
  while (!training.isDone) training.advance();
  assert.ok(training.weights[TERM.activeEnergy]! > 0, `${training.weights[TERM.activeEnergy]}`);
  assert.equal(training.validations.length, 1);
});

test('what is learned of pods that were placed at random needs less energy than they did', () => {
  const training = new OfflineQTraining({
    twin,
    settings: { ...defaultOfflineQ, ...small, steps: 10, updatesPerStep: 500 },
  });
  while (!training.isDone) training.advance();
  const situation = twin.situation(3_000_001);
  const { nodes } = twin.recorded!;
  const asRecorded: Policy = {
    name: 'recorded',
    start: () => ({
      choose: (pod, candidates) =>
        candidates.nodes.subarray(0, candidates.count).includes(nodes[pod.id]!)
          ? nodes[pod.id]!
          : candidates.nodes[0]!,
      explain: () => [],
    }),
  };
  const learned: WeightedRule = {
    name: 'q',
    weights: training.weights.slice(0, TERM_COUNT),
    unit: 'points',
  };
  const joules = (policy: Policy) => simulate({ ...situation, policy, seed: 0 }).energyJoules;
  const ratio = joules(weightedPolicy(learned, 'first')) / joules(asRecorded);
  assert.ok(ratio < 0.97, `${ratio} of the energy of the record`);
});

test('a training that is gone on with ends with the same weights, bit for bit', () => {
  const settings = { ...defaultOfflineQ, ...small };
  const whole = new OfflineQTraining({ twin, settings });
  while (!whole.isDone) whole.advance();
  const first = new OfflineQTraining({ twin, settings });
  first.advance();
  first.advance();
  const saved = decodeState(encodeState(first.save() as unknown as SavedState));
  const rest = new OfflineQTraining({ twin, settings, saved: saved as never });
  while (!rest.isDone) rest.advance();
  assert.deepEqual(rest.weights, whole.weights);
  assert.deepEqual(rest.validations, whole.validations);
});

test('a twin that is no record is refused, with what would do', () => {
  const other = twinOf({ kind: 'scenario', scenario: 'B', load: 0.5, clusterSeed: 0 });
  assert.throws(
    () =>
      offlineQ.begin({
        twin: other,
        episodes: inThisThread(other, simulate),
        seed: 0,
        steps: 1,
      }),
    { code: 'KISIM_E_LEARNING_SETTINGS', expected: /--from-history --arrivals/ },
  );
});
