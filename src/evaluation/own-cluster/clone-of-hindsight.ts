import { cloneOf, notedChoices } from '../../learning/own-cluster/hindsight-clone.ts';
import { ScorerSpace } from '../../learning/own-cluster/scorer-space.ts';
import type { Beginning } from '../../learning/own-cluster/training.ts';
import type { Twin } from '../../learning/own-cluster/twin.ts';
import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../../simulation/simulation.ts';
import { KisimError } from '../../util/errors.ts';
import { annealOffline } from '../offline-annealer.ts';

/** Seeds of workloads that nothing else is done with. */
const HINDSIGHT = 4_000_000;
/** A fifth of what finds nearly the best: imitation needs many episodes more than it needs the last percent of one. */
const MOVES_PER_POD = 200;
const MOST_EPISODES = 24;
/** First steps of evolution from a clone, in mean weights of standardised terms. */
const STEP = 0.3;

/** Workloads in which pods have to queue are passed over; so many of them in a row, and there is no clone. */
const MOST_PASSED_OVER = 3;

/**
 * A point to begin at: the clone of placements found with hindsight on as many workloads of a twin as time allows (two at
 * least). Where pods may wait, the search places them at once, and the rule's own weights of waiting are kept. Undefined
 * where pods have to queue however they are placed, as they do on a full cluster: the search knows no queue.
 */
export function cloneOfHindsight(
  twin: Twin,
  start: WeightedRule,
  simulate: (input: SimulationInput) => SimulationResult,
  hasTime: () => boolean,
): Beginning | undefined {
  const space = new ScorerSpace(twin.waits);
  const from = space.encode(start);
  const placement = { weights: start.weights, name: start.name, unit: start.unit };
  const terms = new ScorerSpace(false).searched(from.slice(0, start.weights.length), twin);
  const episodes = [];
  let passedOver = 0;
  for (let seed = 0; episodes.length < 2 || (hasTime() && episodes.length < MOST_EPISODES); seed++) {
    const situation = twin.situation(HINDSIGHT + seed);
    const assignment = withHindsight(situation, placement, seed);
    if (assignment !== undefined) {
      episodes.push(notedChoices(situation, assignment, terms, simulate));
      passedOver = 0;
    } else if (++passedOver === MOST_PASSED_OVER) {
      if (episodes.length < 2) return undefined;
      break;
    }
  }
  const { weights: found, spreads } = cloneOf(episodes);
  const weights = new Float64Array(start.weights.length);
  for (const [i, term] of terms.entries()) weights[term] = found[i]!;
  const deviations = space.deviations(1);
  const usual = Math.sqrt(
    found.reduce((sum, weight, i) => sum + (weight * spreads[i]!) ** 2, 0) / found.length,
  );
  for (const [i, term] of terms.entries()) deviations[term] = (STEP * usual) / spreads[i]!;
  // Weights of waiting are no part of the clone: they keep the steps that they have beside a rule.
  const waiting = space.deviations(WAIT_SIGMA);
  for (let i = weights.length; i < space.size; i++) deviations[i] = waiting[i]!;
  return { rule: { ...start, name: 'hindsight-clone', weights, unit: 'points' }, deviations };
}

const WAIT_SIGMA = 0.12;

/** Undefined where pods have to queue. */
function withHindsight(situation: Situation, rule: WeightedRule, seed: number): Int32Array | undefined {
  try {
    const moves = MOVES_PER_POD * situation.workload.items.length;
    return annealOffline(situation, { start: weightedPolicy(rule, 'first'), seed, moves }).assignment;
  } catch (error) {
    if (error instanceof KisimError && error.code === 'KISIM_E_OFFLINE_QUEUES') return undefined;
    throw error;
  }
}
