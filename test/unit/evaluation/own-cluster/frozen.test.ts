import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  balanced,
  bestOf,
  type FrozenSettings,
  trainFrozen,
} from '../../../../src/evaluation/own-cluster/frozen.ts';
import {
  drawEpisodes,
  EpisodePrices,
  type Family,
} from '../../../../src/evaluation/own-cluster/frozen-episodes.ts';
import { startingPoints } from '../../../../src/learning/own-cluster/starting-points.ts';
import { readServerModels } from '../../../../src/power-model/server-models.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { randomHardware } from '../../../../src/simulation/generators/hardware.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

const clusters = [1, 2].map((seed) => randomHardware(readServerModels(), seed));
const settings: FrozenSettings = {
  seed: 1,
  generations: 2,
  population: 4,
  sigma: 0.12,
  episodes: 3,
  startEpisodes: 1,
  judgingEpisodes: 3,
};

test('episodes are a third of each family, and the same whenever they are asked for', () => {
  const drawn = drawEpisodes(clusters, 6, new RandomStream(3));
  assert.deepEqual(
    drawn.map(({ family }) => family),
    ['B', 'D', 'E', 'B', 'D', 'E'],
  );
  assert.deepEqual(drawn[1]!.situation().workload, drawn[1]!.situation().workload);
  assert.notDeepEqual(drawn[1]!.situation().workload, drawn[4]!.situation().workload);
});

test('prices are told against the reference, which is 1 on every episode', () => {
  const prices = new EpisodePrices(simulate);
  const rules = startingPoints({ sleeps: true, waits: true }).filter(({ name }) =>
    ['efficiency-first', 'worst-fit'].includes(name),
  );
  const found = prices.of(rules, drawEpisodes(clusters, 3, new RandomStream(3)));
  const reference = found[rules.findIndex(({ name }) => name === 'efficiency-first')]!;
  assert.deepEqual([...reference], [1, 1, 1]);
  assert.ok(prices.decisions > 0);
});

const episodesOf = (families: readonly Family[]) =>
  families.map((family) => ({
    family,
    situation: () => assert.fail('no episode is run to compare prices'),
  }));

test('of what is not proven worse in any family the least price is taken', () => {
  const episodes = episodesOf(['B', 'D', 'B', 'D', 'B', 'D']);
  const rule = [1, 1, 1, 1, 1, 1];
  const worseInOne = [0.5, 1.01, 0.5, 1.012, 0.5, 1.011];
  const perhapsWorse = [0.9, 1.01, 0.9, 0.99, 0.9, 1.02];
  const better = [0.98, 1, 0.98, 0.97, 0.99, 1];
  const prices = [rule, better, worseInOne, perhapsWorse].map((own) => Float64Array.from(own));
  assert.equal(bestOf(prices, episodes), 3);
  assert.equal(bestOf(prices.slice(0, 3), episodes), 1);
  assert.equal(bestOf([prices[0]!, prices[2]!], episodes), 0);
});

test('every family has the same say in the ranking, however much its prices scatter', () => {
  const episodes = episodesOf(['B', 'D']);
  const prices = [
    [1, 1.2],
    [0.99, 1.4],
    [1.01, 1],
  ].map((own) => Float64Array.from(own));
  const [middle, firstFamily, secondFamily] = balanced(prices, episodes);
  assert.ok(Math.abs(firstFamily! - secondFamily!) < 1e-9);
  assert.ok(Math.abs(middle!) < 1e-9);
  assert.deepEqual(balanced([Float64Array.of(1, 2), Float64Array.of(1, 2)], episodes), [0, 0]);
});

test('a training keeps a share of the way that it judged, and comes to the same again', () => {
  const train = () =>
    trainFrozen({ clusters: clusters.slice(0, 1), judges: clusters.slice(1), settings, simulate });
  const [trained, again] = [train(), train()];
  assert.deepEqual(again, trained);
  assert.ok([0, 0.25, 0.5, 0.75, 1].includes(trained.share));
  const isRule = trained.point.weights.every((weight, i) => weight === trained.start.weights[i]);
  assert.equal(isRule, trained.share === 0);
});
