import { type ClusterState, NODE_ASLEEP } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { cos, ln, sin } from '../../util/portable-math.ts';
import type { ExplainedTerm } from '../policy.ts';
import type { ClusterPower } from './cluster-power.ts';
import { LEAST_MILLI } from './decision.ts';
import { durationTenfolds } from './interaction-terms.ts';
import { TERM, WAIT_TERM, WAIT_TERM_COUNT, waitTerms } from './term-table.ts';
import { TermMatrix } from './terms.ts';

const DAY_SECONDS = 86_400;
const READING_ENERGY = [
  WAIT_TERM.energyRatio,
  WAIT_TERM.activeRatio,
  WAIT_TERM.ratioSize,
  WAIT_TERM.ratioDuration,
];

/** The second linear decision: whether a pod waits rather than start on the node that was chosen for it. */
export class WaitDecision {
  /** The terms of the last node asked about. */
  readonly terms = new Float64Array(WAIT_TERM_COUNT);
  readonly #cluster: ClusterState;
  readonly #power: ClusterPower;
  readonly #weights: Float64Array;
  readonly #matrix: TermMatrix;
  readonly #one = { nodes: new Int32Array(1), count: 1 };

  constructor(cluster: ClusterState, power: ClusterPower, weights: Float64Array) {
    this.#cluster = cluster;
    this.#power = power;
    this.#weights = weights;
    const energies = READING_ENERGY.every((term) => weights[term] === 0)
      ? []
      : [TERM.activeEnergy, TERM.idleEnergy];
    this.#matrix = new TermMatrix(cluster, power, energies);
  }

  /**
   * Whether the weighted sum is above 0; false without slack.
   *
   * @param slackLeft seconds that the pod may still wait
   */
  waits(pod: Pod, node: number, slackLeft: number): boolean {
    if (!(slackLeft > 0)) return false;
    this.#fill(pod, node, slackLeft);
    let sum = 0;
    for (let t = 0; t < WAIT_TERM_COUNT; t++) sum += this.#weights[t]! * this.terms[t]!;
    return sum > 0;
  }

  /** The parts of the sum; together above 0 means waiting. */
  explain(pod: Pod, node: number, slackLeft: number): readonly ExplainedTerm[] {
    this.#fill(pod, node, slackLeft);
    return waitTerms.flatMap(({ name }, t) => {
      if (this.#weights[t] === 0) return [];
      return [{ term: `wait: ${name}`, amount: this.#weights[t]! * this.terms[t]!, unit: 'points' as const }];
    });
  }

  #fill(pod: Pod, node: number, slackLeft: number): void {
    const terms = this.terms;
    const { now } = this.#cluster;
    const { tier, tiers } = this.#power;
    const matrix = this.#matrix;
    this.#one.nodes[0] = node;
    matrix.fill(pod, this.#one);
    matrix.totals.renew();
    terms[WAIT_TERM.constant] = 1;
    terms[WAIT_TERM.energyRatio] = matrix.at(TERM.activeEnergy, 0) + matrix.at(TERM.idleEnergy, 0);
    terms[WAIT_TERM.asleep] = this.#cluster.power[node] === NODE_ASLEEP ? 1 : 0;
    terms[WAIT_TERM.notBestTier] = tier[node]! > 0 ? 1 : 0;
    terms[WAIT_TERM.worstTier] = tiers > 1 && tier[node] === tiers - 1 ? 1 : 0;
    terms[WAIT_TERM.slackLeft] = slackLeft / 3600;
    terms[WAIT_TERM.load] = matrix.totals.load;
    terms[WAIT_TERM.sinHour] = sin((2 * Math.PI * (now % DAY_SECONDS)) / DAY_SECONDS);
    terms[WAIT_TERM.cosHour] = cos((2 * Math.PI * (now % DAY_SECONDS)) / DAY_SECONDS);
    terms[WAIT_TERM.duration] = durationTenfolds(matrix.decision.seconds);
    terms[WAIT_TERM.freeAwake] = matrix.totals.freeAwake;
    const ratio = terms[WAIT_TERM.energyRatio]!;
    const size = ln(Math.max(LEAST_MILLI, matrix.decision.useMilli) / 1000) / Math.LN10;
    terms[WAIT_TERM.activeRatio] = matrix.at(TERM.activeEnergy, 0);
    terms[WAIT_TERM.size] = size;
    terms[WAIT_TERM.ratioSize] = ratio * size;
    terms[WAIT_TERM.ratioDuration] = ratio * terms[WAIT_TERM.duration]!;
    terms[WAIT_TERM.bestFreeCpu] = matrix.totals.tierFreeCpu[0]!;
    terms[WAIT_TERM.bestFreeMemory] = matrix.totals.tierFreeMemory[0]!;
    terms[WAIT_TERM.pending] = this.#cluster.pending / (this.#cluster.pending + 20);
  }
}
