import { ClusterPower } from '../../policy/energy/cluster-power.ts';
import { TermMatrix } from '../../policy/energy/terms.ts';
import type { Policy, PolicyRun } from '../../policy/policy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../../simulation/simulation.ts';
import { choleskySolve } from '../../util/cholesky.ts';
import { exp } from '../../util/portable-math.ts';
import { errors } from '../errors.ts';

/*
 * Behaviour cloning of placements that were found with hindsight: a clairvoyant search knows when every pod will come and end
 * and so places better than any policy can, but what it does on average in a like state can be imitated. The weights of
 * the scorer that make its choices most likely (conditional logit: McFadden, "Conditional logit analysis of qualitative
 * choice behavior", 1974) are where evolution begins, if they prove better than the best rule.
 */

/** All decisions of some episodes, one after the other: terms of each candidate, and which was taken. */
export interface Choices {
  /** Positions of the terms, in the order of the columns. */
  readonly terms: Int32Array;
  /** Candidates by terms, decision after decision. */
  readonly values: Float64Array;
  /** Candidates of each decision, and the place of the one taken among them. */
  readonly counts: Int32Array;
  readonly taken: Int32Array;
  /** Joules that the pod of each decision needs anyway. */
  readonly joules: Float64Array;
}

export interface CloneOptions {
  /** Pull of the weights towards 0, per decision, once each term is divided by its own spread. */
  readonly shrinkage: number;
  /** A pod weighs by its energy, up to so many times the mean. */
  readonly mostTimesMean: number;
}

export const usualClone: CloneOptions = { shrinkage: 0.05, mostTimesMean: 20 };

export interface Clone {
  /** By position of the term in `Choices.terms`. */
  readonly weights: Float64Array;
  /** Standard deviation of each term over the candidates of one decision; 1 where it never differs. */
  readonly spreads: Float64Array;
  /** Share of the decisions in which the clone takes the same node. */
  readonly agreement: number;
}

/**
 * Runs a workload with every pod on the node that an assignment names, and notes the terms of all decisions that had more
 * than one candidate.
 *
 * @param assignment node of each pod, by its id
 * @throws KISIM_E_LEARNING_ASSIGNMENT where a pod finds no room there on arrival
 */
export function notedChoices(
  situation: Situation,
  assignment: Int32Array,
  terms: Int32Array,
  simulate: (input: SimulationInput) => SimulationResult,
): Choices {
  const values: number[] = [];
  const counts: number[] = [];
  const taken: number[] = [];
  const joules: number[] = [];
  const policy: Policy = {
    name: 'noted-assignment',
    start({ cluster }): PolicyRun {
      const matrix = new TermMatrix(cluster, new ClusterPower(cluster.nodes), terms);
      return {
        choose(pod, candidates) {
          const node = assignment[pod.id]!;
          const place = candidates.nodes.subarray(0, candidates.count).indexOf(node);
          if (place < 0)
            throw errors.KISIM_E_LEARNING_ASSIGNMENT(`pod ${pod.name} finds no room on its node`);
          if (candidates.count === 1) return node;
          matrix.fill(pod, candidates);
          for (let i = 0; i < candidates.count; i++)
            for (let t = 0; t < terms.length; t++) values.push(matrix.at(terms[t]!, i));
          counts.push(candidates.count);
          taken.push(place);
          joules.push(matrix.decision.ownJoules);
          return node;
        },
        explain: () => [],
      };
    },
  };
  simulate({ ...situation, policy, seed: 0 });
  return {
    terms,
    values: Float64Array.from(values),
    counts: Int32Array.from(counts),
    taken: Int32Array.from(taken),
    joules: Float64Array.from(joules),
  };
}

/** Newton's steps; the objective is convex and has one minimum. */
const STEPS = 12;

/**
 * Weights whose least weighted sum is most often the candidate that was taken.
 *
 * @throws KISIM_E_LEARNING_ASSIGNMENT without any decision
 */
export function cloneOf(episodes: readonly Choices[], options: CloneOptions = usualClone): Clone {
  const size = episodes[0]?.terms.length ?? 0;
  const decisions = episodes.reduce((sum, { counts }) => sum + counts.length, 0);
  if (decisions === 0) throw errors.KISIM_E_LEARNING_ASSIGNMENT('no decision with more than one candidate');
  const spreads = spreadsOf(episodes, size, decisions);
  let meanJoules = 0;
  for (const { joules } of episodes) for (const each of joules) meanJoules += each / decisions;
  const weights = new Float64Array(size);
  for (let step = 0; step < STEPS; step++) {
    const { gradient, hessian } = derivatives(episodes, weights, spreads, meanJoules, options);
    const move = choleskySolve(hessian, gradient);
    for (let t = 0; t < size; t++) weights[t]! -= move[t]!;
  }
  let same = 0;
  for (const episode of episodes) same += agreements(episode, weights, spreads);
  return { weights: weights.map((weight, t) => weight / spreads[t]!), spreads, agreement: same / decisions };
}

function spreadsOf(episodes: readonly Choices[], size: number, decisions: number): Float64Array {
  const variances = new Float64Array(size);
  for (const { values, counts } of episodes) {
    let at = 0;
    for (const count of counts) {
      for (let t = 0; t < size; t++) {
        let sum = 0;
        let squares = 0;
        for (let i = 0; i < count; i++) {
          const value = values[at + i * size + t]!;
          sum += value;
          squares += value * value;
        }
        variances[t]! += Math.max(0, squares / count - (sum / count) ** 2) / decisions;
      }
      at += count * size;
    }
  }
  return variances.map((variance) => (variance > 1e-18 ? Math.sqrt(variance) : 1));
}

/** Of the mean penalised negative log-likelihood, weighted by energy, in standardised weights. */
function derivatives(
  episodes: readonly Choices[],
  weights: Float64Array,
  spreads: Float64Array,
  meanJoules: number,
  { shrinkage, mostTimesMean }: CloneOptions,
): { readonly gradient: Float64Array; readonly hessian: Float64Array } {
  const size = weights.length;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const centre = new Float64Array(size);
  const away = new Float64Array(size);
  const shares = new Float64Array(1024);
  let total = 0;
  for (const { values, counts, taken, joules } of episodes) {
    let at = 0;
    for (let d = 0; d < counts.length; d++) {
      const count = counts[d]!;
      const importance = Math.min(mostTimesMean, joules[d]! / meanJoules);
      total += importance;
      likelihoods(values, at, count, weights, spreads, shares);
      centre.fill(0);
      for (let i = 0; i < count; i++)
        for (let t = 0; t < size; t++) centre[t]! += (shares[i]! * values[at + i * size + t]!) / spreads[t]!;
      const chosen = at + taken[d]! * size;
      for (let t = 0; t < size; t++)
        gradient[t]! += importance * (values[chosen + t]! / spreads[t]! - centre[t]!);
      for (let i = 0; i < count; i++) {
        const share = importance * shares[i]!;
        for (let t = 0; t < size; t++) away[t] = values[at + i * size + t]! / spreads[t]! - centre[t]!;
        for (let t = 0; t < size; t++) {
          const scaled = share * away[t]!;
          for (let u = 0; u <= t; u++) hessian[t * size + u]! += scaled * away[u]!;
        }
      }
      at += count * size;
    }
  }
  for (let t = 0; t < size; t++) {
    gradient[t] = gradient[t]! / total + shrinkage * weights[t]!;
    for (let u = 0; u <= t; u++) hessian[t * size + u]! /= total;
    hessian[t * size + t]! += shrinkage;
  }
  return { gradient, hessian };
}

/** Softmax of the negated weighted sums. */
function likelihoods(
  values: Float64Array,
  at: number,
  count: number,
  weights: Float64Array,
  spreads: Float64Array,
  out: Float64Array,
): void {
  const size = weights.length;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let t = 0; t < size; t++) sum -= (weights[t]! * values[at + i * size + t]!) / spreads[t]!;
    out[i] = sum;
    most = Math.max(most, sum);
  }
  let whole = 0;
  for (let i = 0; i < count; i++) {
    out[i] = exp(out[i]! - most);
    whole += out[i]!;
  }
  for (let i = 0; i < count; i++) out[i]! /= whole;
}

function agreements(
  { values, counts, taken }: Choices,
  weights: Float64Array,
  spreads: Float64Array,
): number {
  const size = weights.length;
  let same = 0;
  let at = 0;
  for (let d = 0; d < counts.length; d++) {
    let least = Number.POSITIVE_INFINITY;
    let best = -1;
    for (let i = 0; i < counts[d]!; i++) {
      let sum = 0;
      for (let t = 0; t < size; t++) sum += (weights[t]! * values[at + i * size + t]!) / spreads[t]!;
      if (sum < least) {
        least = sum;
        best = i;
      }
    }
    if (best === taken[d]) same++;
    at += counts[d]! * size;
  }
  return same;
}
