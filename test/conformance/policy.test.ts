import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyByName, policyNames, policyWrappers } from '../../src/policy/registry.ts';
import { Simulation } from '../../src/simulation/engine.ts';
import { scenarioByName } from '../../src/simulation/scenarios/scenarios.ts';
import { checkPolicy } from '../support/check-policy.ts';

const seeds = [1, 2, 3];

for (const { name } of policyNames)
  test(`${name} keeps what every policy promises`, () => {
    for (const ties of ['lexicographic', 'random', 'first'] as const)
      checkPolicy(() => policyByName(name, { ties }), ties === 'random' ? seeds : [4]);
  });

for (const { name, variants = [{ name: '' }] } of policyWrappers)
  for (const variant of variants) {
    const suffix = variant.name === '' ? name : `${name}:${variant.name}`;
    test(`policies with +${suffix} keep what every policy promises`, () => {
      for (const base of ['round-robin', 'best-fit', 'marginal-run-out'])
        checkPolicy(() => policyByName(`${base}+${suffix}`), seeds);
    });
  }

/** Half a day of the small cluster with sleep. */
const resumable = scenarioByName('Gs').generate({ clusterSeed: 0, workloadSeed: 1, load: 0.6 });

for (const { name } of policyNames)
  test(`${name} goes on from a snapshot as if it had never stopped`, () => {
    const input = () => ({ ...resumable, policy: policyByName(name), seed: 5 });
    const whole = new Simulation(input());
    whole.advance();
    const half = new Simulation(input());
    half.advance(6 * 3600);
    const snapshot = JSON.parse(JSON.stringify(half.snapshot()));
    const resumed = Simulation.resume(snapshot, input());
    const copy = half.clone();
    for (const other of [resumed, copy]) {
      other.advance();
      assert.deepEqual(other.result(), whole.result());
    }
  });
