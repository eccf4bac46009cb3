import type { Policy } from '../policy/policy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../simulation/simulation.ts';

/** What the annealer with hindsight tells. */
export interface Annealed {
  readonly joules: number;
  readonly startJoules: number;
  readonly moves: number;
  readonly accepted: number;
}

export interface SituationRequest {
  readonly scenario: string;
  readonly load: number;
  readonly clusterSeed: number;
  readonly workloadSeed: number;
}

/**
 * Where a benchmark gets its scenarios, policies and engine. A module that exports `openLaboratory`; every worker
 * imports it for itself.
 */
export interface Laboratory {
  /** Throws a coded error for a scenario that is not known. */
  checkScenario(name: string): void;
  /** Throws a coded error for a policy that is not known. */
  checkPolicy(name: string): void;
  situation(request: SituationRequest): Situation;
  policy(name: string): Policy;
  simulate(input: SimulationInput): SimulationResult;
  /** Looks, with hindsight, for less energy than a policy's run takes. Throws KISIM_E_OFFLINE_* where it cannot. */
  anneal(situation: Situation, start: { readonly policy: Policy; readonly seed: number }): Annealed;
}

export interface LaboratoryOptions {
  /** A table of servers to draw clusters from; the program's own models where undefined. */
  readonly hardware: string | undefined;
}

export type OpenLaboratory = (options: LaboratoryOptions) => Laboratory;
