import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { policyByName } from '../../../../src/policy/registry.ts';
import { admissionByName } from '../../../../src/queueing/admission-by-name.ts';
import { queueCluster } from '../../../../src/queueing/clusters.ts';
import { metricsOf } from '../../../../src/queueing/evaluation/metrics.ts';
import { simulateQueue } from '../../../../src/queueing/simulated/simulate-queue.ts';
import { generateJobs, generatorFor } from '../../../../src/queueing/workload/generate.ts';
import { strategyByName } from '../../../../src/queueing/workload/strategies.ts';

const file = (name: string) => fileURLToPath(new URL(`../../../../models/${name}`, import.meta.url));

test('the card of the shipped model is of this file, and tells how to make it again', () => {
  const card = JSON.parse(readFileSync(file('queue-ppo.card.json'), 'utf8'));
  assert.equal(
    card.model.sha256,
    createHash('sha256')
      .update(readFileSync(file(card.model.file)))
      .digest('hex'),
  );
  assert.match(
    card.origin.command,
    /^kisimd queue --train --algorithm ppo --state own --seed \d+ --steps \d+/,
  );
  assert.ok(card.trained.validation.meanBoundedSlowdown > 1);
});

test('the shipped model slows jobs down less than FIFO and EASY on three busy days, with less energy', () => {
  const nodes = queueCluster('skrueue', false);
  const workload = generateJobs({
    ...generatorFor(nodes),
    strategy: strategyByName('realistic'),
    load: 0.85,
    windowSeconds: 3 * 86400,
    seed: 4_000_000_000,
  });
  const placement = policyByName('efficiency-first', { ties: 'lexicographic' });
  const figures = (name: string) =>
    metricsOf(
      simulateQueue({ nodes, workload, placement }, admissionByName(name), 1),
      nodes,
      workload.windowSeconds,
    );
  const ppo = figures('ppo');
  for (const name of ['fifo', 'easy']) {
    const other = figures(name);
    assert.ok(ppo.meanBoundedSlowdown < other.meanBoundedSlowdown, name);
    assert.ok(ppo.energyKwh < other.energyKwh, name);
  }
});
