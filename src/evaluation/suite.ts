import { RandomStream } from '../util/rng.ts';
import { errors } from './errors.ts';

/** A row of the headline table: one scenario at one load, under the policies of the suite and some of its own. */
export interface SuiteCell {
  readonly scenario: string;
  /** Share of the cluster's CPU that the workload asks for, 0 to 1. */
  readonly load: number;
  /** Nothing can be saved here, so every policy must read zero: it tests the benchmark, not the policies. */
  readonly control: boolean;
  /** Policies that make sense here only, such as those that hold pods back. */
  readonly policies: readonly string[];
}

/** Everything that decides the result of a benchmark, with the version of the program. */
export interface Suite {
  readonly name: string;
  readonly cells: readonly SuiteCell[];
  readonly policies: readonly string[];
  /** The policy that all others are compared with, in pairs. */
  readonly baseline: string;
  /** Clusters in each cell; they are the units of all intervals. */
  readonly clusters: number;
  /** Workloads on each cluster; their energies are added up. */
  readonly seeds: number;
  /** From which all clusters, workloads and ties are drawn. */
  readonly seed: number;
  /** Whether the annealer with hindsight runs beside the policies. */
  readonly offline: boolean;
}

/** One workload on one cluster, which every policy of its cell gets to place. */
export interface Pairing {
  readonly cell: number;
  readonly cluster: number;
  readonly seed: number;
}

export interface PairingSeeds {
  /**
   * The same in every cell, so that the same clusters are seen without sleep, with it, and at every load. Consecutive,
   * because hardware is dealt by it from a deck: neighbours share no CPU model.
   */
  readonly cluster: number;
  readonly workload: number;
  /** Of ties and of random policies; the same for every policy. */
  readonly policy: number;
}

/** Stands among the policies for the solution that an annealer finds with hindsight. */
export const OFFLINE = 'offline';
/** Stands for the rule that simulation on other workloads of the same cluster finds best. */
export const PORTFOLIO = 'portfolio';

const MOST_CLUSTERS = 10_000;

/** What stands before the path of a model. */
export const MODEL = 'model:';

/** Whether a policy is one that can be run by its name, as choosers cannot. */
export function isPolicy(policy: string): boolean {
  return policy !== PORTFOLIO && policy !== OFFLINE;
}

/** Whether a policy may be called the best rule: choosers see more than a rule does, and models have learned. */
export function isRule(policy: string): boolean {
  return isPolicy(policy) && !policy.startsWith(MODEL);
}

export function cellName({ scenario, load }: Pick<SuiteCell, 'scenario' | 'load'>): string {
  return `${scenario} ${Number((load * 100).toFixed(3))} %`;
}

/** The policies of a cell, the baseline among them, each once, in the order of the suite. */
export function policiesOf(suite: Suite, cell: number): readonly string[] {
  const { policies, control } = suite.cells[cell]!;
  const offline = suite.offline && !control ? [OFFLINE] : [];
  return [...new Set([...suite.policies, ...policies, ...offline])];
}

export function pairingsOf(suite: Suite): Pairing[] {
  // Cells innermost: a run that is stopped early has seen every cell.
  const pairings: Pairing[] = [];
  for (let cluster = 0; cluster < suite.clusters; cluster++)
    for (let seed = 0; seed < suite.seeds; seed++)
      for (let cell = 0; cell < suite.cells.length; cell++) pairings.push({ cell, cluster, seed });
  return pairings;
}

/** Seeds depend on what they are for, never on how many cells, clusters or seeds there are. */
export function pairingSeeds(suite: Suite, { cell, cluster, seed }: Pairing): PairingSeeds {
  const root = new RandomStream(suite.seed);
  // Names, not indices: a cell keeps its workloads when others are left out.
  const where = `${cellName(suite.cells[cell]!)}/${cluster}/${seed}`;
  return {
    cluster: suite.seed * MOST_CLUSTERS + cluster,
    workload: root.fork(`workload/${where}`).bits32(),
    policy: root.fork(`policy/${where}`).bits32(),
  };
}

/** Of a workload that is none of the pairings' own, for whoever chooses by trying. */
export function trainingSeed(suite: Suite, { cell, cluster }: Pairing, index: number): number {
  return new RandomStream(suite.seed)
    .fork(`training/${cellName(suite.cells[cell]!)}/${cluster}/${index}`)
    .bits32();
}

/**
 * @throws KISIM_E_EVALUATION_SUITE for what no suite can hold; names of scenarios and policies are looked at by whoever
 * runs it
 */
export function checkSuite(suite: Suite): Suite {
  const refuse = (found: string) => errors.KISIM_E_EVALUATION_SUITE(`${suite.name}: ${found}`);
  const whole = (name: 'clusters' | 'seeds', most: number) => {
    if (!Number.isInteger(suite[name]) || suite[name] < 1 || suite[name] > most)
      throw refuse(`${name} is ${suite[name]}`);
  };
  whole('clusters', MOST_CLUSTERS);
  whole('seeds', 10_000);
  if (!Number.isInteger(suite.seed) || suite.seed < 0 || suite.seed > 0xffffffff)
    throw refuse(`seed is ${suite.seed}`);
  if (suite.cells.length === 0) throw refuse('no cells');
  if (!suite.policies.includes(suite.baseline))
    throw refuse(`the baseline ${suite.baseline} is not among the policies`);
  const seen = new Set<string>();
  for (const cell of suite.cells) {
    if (!(cell.load > 0 && cell.load <= 1)) throw refuse(`${cell.scenario} at a load of ${cell.load}`);
    const name = cellName(cell);
    if (seen.has(name)) throw refuse(`${name} twice`);
    seen.add(name);
  }
  if (suite.policies.length < 2) throw refuse('nothing beside the baseline');
  return suite;
}
