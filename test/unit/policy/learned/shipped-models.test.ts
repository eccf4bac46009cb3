import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { ModelCardFile } from '../../../../src/cli/benchmark/model-card-file.ts';
import { suiteWith } from '../../../../src/evaluation/card-figures.ts';
import { openLaboratory } from '../../../../src/evaluation/own-laboratory.ts';
import type { RunRecord } from '../../../../src/evaluation/records.ts';
import { runPairing } from '../../../../src/evaluation/run-pairing.ts';
import { loadModel } from '../../../../src/policy/learned/load-model.ts';
import { FEATURE_SET } from '../../../../src/policy/learned/model-format.ts';
import { shippedModel } from '../../../../src/policy/learned/shipped-model.ts';

const folder = dirname(shippedModel()!);
const told = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const cards = readdirSync(folder)
  .filter((name) => name.endsWith('.card.json'))
  .map((name) => join(folder, name))
  .filter((path) => told(path).kind === 'placement-policy');

test('a frozen model and one of Q-learning come with the program; the frozen one is for any cluster', () => {
  assert.deepEqual(cards.map((path) => basename(path)).sort(), ['dqn-b60.card.json', 'frozen.card.json']);
  assert.equal(loadModel(shippedModel()!).cluster, undefined);
});

for (const path of cards) {
  test(`${basename(path)}: the model is for the terms of this version, and its card says where it is from`, () => {
    const { model, trained, origin, benchmark } = told(path);
    assert.equal(loadModel(join(folder, model.file)).sha256, model.sha256);
    assert.equal(model.features, FEATURE_SET);
    assert.match(origin.command, /^(npm run|kisimd|node) /);
    assert.equal(typeof trained.seed, 'number');
    assert.doesNotMatch(origin.code, /changed/);
    assert.equal(benchmark.command, `kisimd benchmark --card models/${basename(path)}`);
  });

  test(`${basename(path)}: the first energy of each cell comes out again, to the last digit`, () => {
    const file = new ModelCardFile(path);
    const figures = file.figures();
    const suite = suiteWith(figures, file.policy);
    const laboratory = openLaboratory({ hardware: undefined });
    for (const [cell, { policies }] of figures.cells.entries()) {
      let joules = 0;
      for (let seed = 0; seed < suite.seeds; seed++) {
        const records = [...runPairing(laboratory, suite, { cell, cluster: 0, seed }, [file.policy])];
        joules += records.find((record): record is RunRecord => record.kind === 'run')!.energyJoules;
      }
      const model = policies.find(({ policy }) => policy === 'model')!;
      assert.equal(joules / 3.6e6, model.kwhByCluster[0]);
    }
  });
}
