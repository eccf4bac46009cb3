import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePolicy } from '../../../src/learning/portfolio.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { Simulation } from '../../../src/simulation/engine.ts';
import { pricedKilowattHours } from '../../../src/simulation/priced-energy.ts';
import { scenarioByName } from '../../../src/simulation/scenarios/scenarios.ts';
import type { SimulationInput, SimulationResult, Situation } from '../../../src/simulation/simulation.ts';

const policies = (...names: string[]): Policy[] =>
  names.map((name) => ({
    name,
    start: () => {
      throw new Error('never started by the chooser');
    },
  }));

const situations = (count: number) => Array.from({ length: count }, () => ({}) as Situation);

/** A made-up engine: kWh of a policy on the situation of a seed. */
function engine(table: Readonly<Record<string, (seed: number) => number>>) {
  const runs: string[] = [];
  const simulate = ({ policy, seed }: SimulationInput) => {
    runs.push(`${policy.name} ${seed}`);
    return {
      energyJoules: 3.6e6 * table[policy.name]!(seed),
      meanWaitSeconds: 0,
      sloMisses: 0,
      placed: 1,
    } as SimulationResult;
  };
  return { runs, simulate };
}

test('waiting and missed objectives have a price', () => {
  const result = {
    energyJoules: 3.6e8,
    meanWaitSeconds: 1800,
    sloMisses: 5,
    placed: 100,
  } as SimulationResult;
  assert.equal(pricedKilowattHours(result), 100 * (1 + 0.01 + 0.025));
});

test('all candidates run the first situations, the best of them all', () => {
  const { runs, simulate } = engine({ a: () => 3, b: () => 1, c: () => 2 });
  const choice = choosePolicy(policies('a', 'b', 'c'), {
    situations: situations(5),
    simulate,
    firstSituations: 2,
    finalists: 2,
  });
  assert.equal(choice.policy.name, 'b');
  assert.equal(runs.length, 3 * 2 + 2 * 3);
  assert.deepEqual(
    choice.standings.map(({ policy, meanCost, situations: ran }) => [policy.name, meanCost, ran]),
    [
      ['b', 1, 5],
      ['c', 2, 5],
      ['a', 3, 2],
    ],
  );
});

test('a finalist that was lucky at first is overtaken', () => {
  const { simulate } = engine({ lucky: (seed) => (seed < 1 ? 1 : 9), steady: () => 2 });
  const options = { situations: situations(4), simulate, firstSituations: 1 };
  assert.equal(choosePolicy(policies('lucky', 'steady'), options).policy.name, 'steady');
});

test('without more time it chooses by what all have run', () => {
  const { runs, simulate } = engine({ a: () => 2, b: (seed) => (seed === 0 ? 1 : 9) });
  let asked = 0;
  const choice = choosePolicy(policies('a', 'b'), {
    situations: situations(5),
    simulate,
    hasTime: () => ++asked <= 1,
  });
  assert.deepEqual(runs, ['a 0', 'b 0', 'a 1', 'b 1']);
  assert.equal(choice.policy.name, 'a');
  assert.ok(choice.standings.every((standing) => standing.situations === 2));
});

test('each situation is made once, when it is needed', () => {
  const { simulate } = engine({ a: () => 2, b: () => 1 });
  const made: number[] = [];
  const lazy = {
    length: 3,
    at: (i: number) => {
      made.push(i);
      return {} as Situation;
    },
  };
  choosePolicy(policies('a', 'b'), { situations: lazy, simulate, firstSituations: 1, finalists: 1 });
  assert.deepEqual(made, [0, 1, 2]);
});

test('of equal candidates the first is taken', () => {
  const { simulate } = engine({ x: () => 1, y: () => 1 });
  assert.equal(choosePolicy(policies('y', 'x'), { situations: situations(2), simulate }).policy.name, 'y');
});

test('nothing to choose from is refused', () => {
  const { simulate } = engine({});
  assert.throws(() => choosePolicy([], { situations: situations(1), simulate }), {
    code: 'KISIM_E_LEARNING_PORTFOLIO',
  });
  assert.throws(() => choosePolicy(policies('a'), { situations: [], simulate }), {
    code: 'KISIM_E_LEARNING_PORTFOLIO',
  });
});

test('on a cluster of old and new nodes it takes an energy rule and not round robin', () => {
  const generated = [1, 2].map((workloadSeed) =>
    scenarioByName('G').generate({ clusterSeed: 0, workloadSeed, load: 0.3 }),
  );
  const choice = choosePolicy(
    ['round-robin', 'marginal-run-out'].map((name) => policyByName(name)),
    {
      situations: generated,
      simulate: (input) => {
        const simulation = new Simulation(input);
        simulation.advance();
        return simulation.result();
      },
    },
  );
  assert.equal(choice.policy.name, 'marginal-run-out');
});
