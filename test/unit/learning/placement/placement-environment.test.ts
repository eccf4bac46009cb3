import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROW_FEATURES } from '../../../../src/learning/placement/node-features.ts';
import { PlacementEnvironment } from '../../../../src/learning/placement/placement-environment.ts';
import { PooledValues } from '../../../../src/learning/placement/pooled-values.ts';
import { randomSituations, usualSituations } from '../../../../src/learning/placement/random-situations.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';
import { readServerModels } from '../../../../src/power-model/server-models.ts';
import type { Situation } from '../../../../src/simulation/simulation.ts';
import { checkEnvironment } from '../../../support/check-environment.ts';

const hardware = readServerModels();
const MOST = 24;

function situations(more: Partial<typeof usualSituations> = {}): (seed: number) => Situation {
  return randomSituations({ hardware, ...usualSituations, windowSeconds: 1800, ...more });
}

const make = (situation = situations()) => new PlacementEnvironment({ situation, mostNodes: MOST });

/** Return of an episode in which the valid action that `prefer` likes best is taken. */
function play(environment: PlacementEnvironment, seed: number, prefer: (row: Float32Array) => number) {
  const observation = new Float32Array(environment.observationSize);
  const mask = new Uint8Array(MOST + 1);
  const action = new Int32Array(1);
  environment.reset(observation, seed);
  for (let sum = 0, steps = 0; ; ) {
    environment.writeMask(mask);
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i <= MOST; i++) {
      const likes = prefer(observation.subarray(i * ROW_FEATURES, (i + 1) * ROW_FEATURES));
      if (mask[i] === 1 && likes > most) {
        best = i;
        most = likes;
      }
    }
    action[0] = best;
    const { reward, terminated } = environment.step(action, observation);
    sum += reward;
    steps++;
    if (terminated) return { sum, steps };
  }
}

test('placement keeps the rules of environments', () => {
  checkEnvironment(() => make());
});

test('the same seed draws the same situation, and another one another', () => {
  const draw = situations();
  assert.deepEqual(draw(3).workload, draw(3).workload);
  assert.notDeepEqual(draw(3).workload, draw(4).workload);
});

test('what is cheap is paid for: marginal run-out energy earns more than its opposite', () => {
  const environment = make(situations({ sleepShare: 0, waitShare: 0, load: [0.4, 0.6] }));
  for (const seed of [1, 2, 3]) {
    const cheap = play(environment, seed, (row) => -row[0]!);
    const dear = play(environment, seed, (row) => row[0]!);
    assert.ok(cheap.sum > dear.sum, `${cheap.sum} against ${dear.sum}`);
  }
});

test('a masked action, and a step before an episode, are refused', () => {
  const environment = make(situations({ waitShare: 0 }));
  const observation = new Float32Array(environment.observationSize);
  const refused = { code: 'KISIM_E_LEARNING_ENVIRONMENT' };
  assert.throws(() => environment.step(Int32Array.of(0), observation), refused);
  environment.reset(observation, 1);
  assert.throws(() => environment.step(Int32Array.of(MOST), observation), refused);
});

test('a cluster larger than was said is refused', () => {
  const environment = new PlacementEnvironment({ situation: situations(), mostNodes: 2 });
  const observation = new Float32Array(environment.observationSize);
  assert.throws(() => environment.reset(observation, 1), { code: 'KISIM_E_LEARNING_ENVIRONMENT' });
});

test('what the value network reads does not depend on the order of nodes', () => {
  const batch = new PooledValues(new VectorEnvironment([make(), make()]), MOST + 1);
  batch.reset(1);
  const before = batch.valueObservations.slice();
  const { observations, masks } = batch;
  const swap = (array: Float32Array | Uint8Array, width: number) => {
    const kept = array.slice(0, width);
    array.copyWithin(0, width, 2 * width);
    array.set(kept, width);
  };
  swap(observations, ROW_FEATURES);
  swap(masks, 1);
  batch.restore(batch.save());
  batch.valueObservations.forEach((value, i) => {
    assert.ok(Math.abs(value - before[i]!) < 1e-5);
  });
});
