import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../src/cluster/pod.ts';
import { type Candidates, type Policy, type PolicyRun, UNDECIDED } from '../../../src/policy/policy.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { Simulation, simulate } from '../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../src/simulation/scenarios/scenarios.ts';

/** Decides only where it was told to before, and counts how often it was asked. */
class Hesitating {
  asked = 0;
  mayDecide = false;
  readonly policy: Policy;

  constructor(inner: Policy) {
    this.policy = {
      name: inner.name,
      start: (context) => {
        const run = inner.start(context);
        const hesitating: PolicyRun = {
          choose: (pod: Pod, candidates: Candidates) => {
            this.asked++;
            if (!this.mayDecide) return UNDECIDED;
            this.mayDecide = false;
            return run.choose(pod, candidates);
          },
          explain: (pod, node) => run.explain(pod, node),
        };
        return hesitating;
      },
    };
  }
}

for (const [name, policy, load] of [
  ['B', policyByName('best-fit'), 0.95],
  ['D', policyByName('efficiency-first'), 0.6],
  ['E', policyByName('efficiency-first+wait:2'), 0.5],
  ['Ernd', policyByName('efficiency-first+wait:2'), 0.5],
] as const)
  test(`${name}: a simulation that stops before every decision comes to the same bits`, () => {
    const { workload, ...rest } = scenarioByName(name).generate({ clusterSeed: 1, workloadSeed: 3, load });
    const windowSeconds = 4 * 3600;
    const items = workload.items.filter(({ arrivalSeconds }) => arrivalSeconds < windowSeconds);
    const input = { ...rest, workload: { items, windowSeconds }, seed: 5 };
    const whole = simulate({ ...input, policy });
    const hesitating = new Hesitating(policy);
    const simulation = new Simulation({ ...input, policy: hesitating.policy });
    let stops = 0;
    while (!simulation.advance()) {
      assert.ok(simulation.isUndecided);
      stops++;
      hesitating.mayDecide = true;
    }
    assert.equal(simulation.isUndecided, false);
    assert.deepEqual(simulation.result(), whole);
    assert.equal(stops, whole.decisions);
    assert.equal(hesitating.asked, 2 * whole.decisions);
  });

test('before a decision it can be neither copied nor saved', () => {
  const generated = scenarioByName('B').generate({ clusterSeed: 1, workloadSeed: 3, load: 0.3 });
  const simulation = new Simulation({
    ...generated,
    policy: new Hesitating(policyByName('best-fit')).policy,
    seed: 0,
  });
  assert.equal(simulation.advance(), false);
  for (const act of [() => simulation.clone(), () => simulation.snapshot()])
    assert.throws(act, { code: 'KISIM_E_SIM_UNDECIDED' });
});
