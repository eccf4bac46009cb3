import { policyByName } from '../policy/registry.ts';
import type { ServerModel } from '../power-model/server-model.ts';
import { readSpecTable } from '../power-model/spec-table.ts';
import { simulate } from '../simulation/engine.ts';
import { scenarioByName } from '../simulation/scenarios/scenarios.ts';
import type { OpenLaboratory } from './laboratory.ts';
import { annealOffline } from './offline-annealer.ts';

/** What a suite can wait for, a few seconds each. Twice as many still find up to a percent more where nodes sleep. */
const ANNEALING_MOVES_PER_POD = 1000;

/** The program's own scenarios, policies and engine. */
export const openLaboratory: OpenLaboratory = ({ hardware }) => {
  const servers: readonly ServerModel[] | undefined =
    hardware === undefined ? undefined : readSpecTable(hardware);
  return {
    checkScenario: (name) => void scenarioByName(name),
    checkPolicy: (name) => void policyByName(name),
    situation: ({ scenario, load, clusterSeed, workloadSeed }) =>
      scenarioByName(scenario).generate({
        load,
        clusterSeed,
        workloadSeed,
        ...(servers === undefined ? {} : { hardware: servers }),
      }),
    policy: (name) => policyByName(name),
    simulate,
    anneal: (situation, { policy, seed }) =>
      annealOffline(situation, {
        start: policy,
        seed,
        moves: ANNEALING_MOVES_PER_POD * situation.workload.items.length,
      }),
  };
};
