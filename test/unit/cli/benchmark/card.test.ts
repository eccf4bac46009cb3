import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import type { CardFigures } from '../../../../src/evaluation/card-figures.ts';
import { frozenCard, frozenModel } from '../../../../src/evaluation/own-cluster/frozen-model.ts';
import type { BenchmarkResults } from '../../../../src/evaluation/results.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import type { WeightedRule } from '../../../../src/policy/energy/weighted-policy.ts';
import { placementWeights, waitWeights } from '../../../../src/policy/energy/weights.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

const suite = `
name: tiny
baseline: portfolio
clusters: 2
seed: 3
policies: [portfolio, round-robin, efficiency-first]
cells:
  - scenario: Drnd
    loads: [0.3]
`;

/** A tiny model that nobody trained, with its card, as the program ships them. */
function shipped(
  t: TestContext,
  weights: Readonly<Record<string, number>> = { 'active-energy': 1, fill: -0.2 },
) {
  const folder = temporaryFolder(t);
  const point: WeightedRule = {
    name: 'tiny',
    unit: 'points',
    weights: placementWeights(weights),
    waitWeights: waitWeights({}),
  };
  const trained = { point, start: marginalRunOut, share: 1, decisions: 0 };
  const model = frozenModel(trained);
  const settings = {
    seed: 1,
    generations: 1,
    population: 4,
    sigma: 0.1,
    episodes: 3,
    startEpisodes: 1,
    judgingEpisodes: 3,
  };
  const origin = { command: '', code: '', finished: '', machine: {}, threads: 1 };
  const card = frozenCard(trained, model, { settings, data: 'none', scores: [], origin });
  const path = join(folder, 'frozen.card.json');
  writeFileSync(join(folder, 'frozen.onnx'), model.onnx);
  writeFileSync(path, JSON.stringify(card));
  writeFileSync(join(folder, 'tiny.yaml'), suite);
  let runs = 0;
  const benchmark = async (...words: readonly string[]) => {
    const host = fakeHost();
    const out = join(folder, `out-${runs++}`);
    const status = await runCli(['benchmark', '--workers', '1', '--out', out, ...words], host);
    return { status, err: host.err(), out: host.out() };
  };
  const read = () => JSON.parse(readFileSync(path, 'utf8')) as { start: string; benchmark: CardFigures };
  return { folder, path, benchmark, read, suite: join(folder, 'tiny.yaml') };
}

test('a benchmark is written into the card of a model, and the card alone gives every figure again', async (t) => {
  const { path, benchmark, read, suite: file } = shipped(t);
  const written = await benchmark('--suite', file, '--into-card', path);
  assert.equal(written.status, 0, written.err);
  const { start, benchmark: told } = read();
  assert.equal(start, 'marginal-run-out');
  assert.deepEqual(told.suite.policies, ['portfolio', 'round-robin', 'efficiency-first', 'model']);
  assert.deepEqual(
    told.cells.map(({ cell, policies }) => [cell, policies.map(({ policy }) => policy)]),
    [['Drnd 30 %', ['portfolio', 'model']]],
  );
  const [, model] = told.cells[0]!.policies;
  assert.equal(model!.kwhByCluster.length, 2);
  assert.ok(model!.low! <= model!.percent && model!.percent <= model!.high!);
  const again = await benchmark('--card', path);
  assert.equal(again.status, 0, again.err);
  assert.match(again.err, /every figure is the one of/);
});

test('the portfolio chooses among rules alone, and a model is never called the best rule', async (t) => {
  const { benchmark, path, suite: file } = shipped(t, { 'active-energy': 1, 'idle-energy': 1 });
  const { out } = await benchmark('--suite', file, '--into-card', path, '--json');
  const [cell] = (JSON.parse(out) as BenchmarkResults).cells;
  const [portfolio] = cell!.policies;
  assert.equal(portfolio!.policy, 'portfolio');
  for (const name of [...portfolio!.ranAs, cell!.bestSingle!.policy])
    assert.match(name, /^(round-robin|efficiency-first)/);
});

test('a figure that does not come out again is told, and the status says so', async (t) => {
  const { path, benchmark, suite: file } = shipped(t);
  await benchmark('--suite', file, '--into-card', path);
  const text = readFileSync(path, 'utf8');
  const { kwhByCluster } = (JSON.parse(text) as { benchmark: CardFigures }).benchmark.cells[0]!.policies[1]!;
  writeFileSync(path, text.replace(String(kwhByCluster[1]), String(kwhByCluster[1]! * (1 + 2 ** -50))));
  const { status, err } = await benchmark('--card', path);
  assert.equal(status, 1);
  assert.match(err, /not the figures of .*:\n {2}cells\.0\.policies\.[01]\.kwhByCluster\.1: /);
});

test('cards that are none, of other models or without figures have their code', async (t) => {
  const { folder, path, benchmark, suite: file } = shipped(t);
  const code = async (...words: readonly string[]) => /^(\w+): /.exec((await benchmark(...words)).err)?.[1];
  assert.equal(await code('--card', path), 'KISIM_E_EVALUATION_CARD');
  assert.equal(await code('--card', join(folder, 'none.json')), 'KISIM_E_EVALUATION_CARD');
  assert.equal(await code('--card', file), 'KISIM_E_EVALUATION_CARD');
  assert.equal(await code('--card', path, '--clusters', '3'), 'KISIM_E_USAGE');
  assert.equal(await code('--card', path, '--into-card', path), 'KISIM_E_USAGE');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"sha256":"./, '"sha256":"x'));
  assert.equal(await code('--into-card', path, '--suite', file), 'KISIM_E_EVALUATION_CARD');
  writeFileSync(path, '{}');
  assert.equal(await code('--into-card', path, '--suite', file), 'KISIM_E_EVALUATION_CARD');
});
