import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ModelCardFile } from '../../../../src/cli/benchmark/model-card-file.ts';
import { suiteWith } from '../../../../src/evaluation/card-figures.ts';
import { openLaboratory } from '../../../../src/evaluation/own-laboratory.ts';
import type { RunRecord } from '../../../../src/evaluation/records.ts';
import { runPairing } from '../../../../src/evaluation/run-pairing.ts';
import { loadModel } from '../../../../src/policy/learned/load-model.ts';
import { FEATURE_SET } from '../../../../src/policy/learned/model-format.ts';
import { shippedModel } from '../../../../src/policy/learned/shipped-model.ts';

const path = shippedModel()!;
const card = join(dirname(path), 'frozen.card.json');

test('the model that comes with the program is for any cluster and for the terms of this version, and its card says where it is from', () => {
  const model = loadModel(path);
  assert.equal(model.cluster, undefined);
  const told = JSON.parse(readFileSync(card, 'utf8'));
  assert.equal(told.model.sha256, model.sha256);
  assert.equal(told.model.features, FEATURE_SET);
  assert.match(told.origin.command, /--seed \d+/);
  assert.doesNotMatch(told.origin.code, /changed/);
  assert.ok(told.scores.length > 0);
});

test('the first figure of each cell of its card comes out again', () => {
  const file = new ModelCardFile(card);
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
