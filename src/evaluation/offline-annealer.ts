import type { Policy } from '../policy/policy.ts';
import { simulate } from '../simulation/engine.ts';
import type { Plan } from '../simulation/plan.ts';
import { RandomStream } from '../util/rng.ts';
import { AssignedPolicy, RecordedPolicy } from './offline/assigned-policy.ts';
import { AssignmentSearch, type SearchOptions } from './offline/assignment-search.ts';
import { offlineErrors } from './offline/errors.ts';
import { type Hindsight, hindsightPlan } from './offline/hindsight.ts';

export interface AnnealOptions extends SearchOptions {
  /** Its run gives the first assignment: the best rule of this cluster. */
  readonly start: Policy;
  readonly seed: number;
}

export interface OfflineSolution {
  /** Of the assignment, as the engine finds it. */
  readonly joules: number;
  /** Of the start's run without waiting. */
  readonly startJoules: number;
  /** Node of each pod, by its id. */
  readonly assignment: Int32Array;
  readonly moves: number;
  readonly accepted: number;
  /** Moves to where a pod finds no room. */
  readonly impossible: number;
}

/** Relative difference between the search's energy and the engine's that is rounding. */
const ROUNDING = 1e-9;

/**
 * Looks for the placement of all pods, known to the last, that takes least energy: no migration, no delay but for waking
 * nodes. Simulated annealing (Kirkpatrick, Gelatt and Vecchi, Science 220, 1983) from a rule's own run; the engine then runs
 * the assignment found, and must come to the same energy. Not a bound: a better solution may exist.
 *
 * @throws KISIM_E_OFFLINE_UNSUPPORTED, KISIM_E_OFFLINE_QUEUES, KISIM_E_OFFLINE_DISAGREES
 *
 * @example
 * const { joules } = annealOffline({ nodes, workload, options }, { start: policyByName('efficiency-first'), seed: 1, moves: 1e5 });
 */
export function annealOffline(situation: Hindsight, options: AnnealOptions): OfflineSolution {
  const plan = hindsightPlan(situation);
  if (plan.isConstrained)
    throw offlineErrors.KISIM_E_OFFLINE_UNSUPPORTED('pods or nodes have scheduling constraints');
  const start = startOf(situation, plan, options);
  const search = new AssignmentSearch(
    situation,
    plan,
    start.nodes,
    new RandomStream(options.seed).fork('offline annealer'),
  );
  search.run(options);
  const { assignment } = search;
  const joules = simulate({
    ...situation,
    policy: new AssignedPolicy(assignment),
    seed: options.seed,
  }).energyJoules;
  if (!(Math.abs(joules - search.bestJoules) <= ROUNDING * joules)) {
    const found = `${joules} J in the engine, ${search.bestJoules} J in the search`;
    throw offlineErrors.KISIM_E_OFFLINE_DISAGREES(found);
  }
  const { moves, accepted, impossible } = search;
  return { joules, startJoules: start.joules, assignment, moves, accepted, impossible };
}

/** The start's own choices, which need not all be possible without a queue. */
function startOf(
  situation: Hindsight,
  plan: Plan,
  { start, seed }: AnnealOptions,
): { readonly nodes: Int32Array; readonly joules: number } {
  const policy = new RecordedPolicy(start, plan.count);
  const { energyJoules, dropped } = simulate({ ...situation, policy, seed });
  if (dropped > 0)
    throw offlineErrors.KISIM_E_OFFLINE_QUEUES(`under ${policy.name} ${dropped} pods are dropped`);
  return { nodes: policy.nodes, joules: energyJoules };
}
