import assert from 'node:assert/strict';
import { test } from 'node:test';
import { episodePool } from '../../../../src/learning/own-cluster/episode-pool.ts';
import { type EpisodeRunner, inThisThread } from '../../../../src/learning/own-cluster/episodes.ts';
import { startingPoints } from '../../../../src/learning/own-cluster/starting-points.ts';
import { rememberingTwin } from '../../../../src/learning/own-cluster/twin.ts';
import { type TwinPlan, twinOf } from '../../../../src/learning/own-cluster/twin-plan.ts';
import { simulate } from '../../../../src/simulation/engine.ts';

const plan: TwinPlan = { kind: 'scenario', scenario: 'G', load: 0.6, clusterSeed: 0 };
const twin = rememberingTwin(twinOf(plan));
const here = inThisThread(twin, simulate);
const rules = startingPoints(twin).slice(0, 4);
const episodes = rules.flatMap((rule) => [1, 2, 3].map((seed) => ({ rule, seed })));

test('costs are the same to the bit for any number of threads, in every batch', async () => {
  const expected = here.run(episodes);
  for (const threads of [1, 2, 3]) {
    const pool = episodePool(plan, here, threads);
    for (let batch = 0; batch < 3; batch++) assert.deepEqual(pool.run(episodes), expected);
    await pool.close();
  }
});

test('other threads take their share', async () => {
  let own = 0;
  const slow: EpisodeRunner = {
    run: (some) => {
      own += some.length;
      // Until the other thread has begun, which takes as long as it takes.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      return here.run(some);
    },
  };
  const pool = episodePool(plan, slow, 2);
  for (let batch = 0; batch < 50 && own === batch * episodes.length; batch++) pool.run(episodes);
  await pool.close();
  assert.ok(own > 0 && own % episodes.length !== 0, `${own}`);
});

test('threads that are lost cost nothing but time', async () => {
  const pool = episodePool(plan, here, 2, 50);
  const expected = here.run(episodes);
  await pool.close();
  assert.deepEqual(pool.run(episodes), expected);
});

test('an episode that fails elsewhere fails here with its own error', async () => {
  const pool = episodePool(plan, here, 3);
  const wrong = [...episodes, { rule: rules[0]!, seed: -1 }];
  assert.throws(() => pool.run(wrong), { code: 'KISIM_E_SCENARIO_INVALID' });
  await pool.close();
});
