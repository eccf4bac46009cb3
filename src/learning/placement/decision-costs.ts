import { type ClusterState, NODE_ASLEEP } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { SLO_PRICE, WAIT_PRICE_PER_HOUR } from '../../simulation/priced-energy.ts';
import type { Situation } from '../../simulation/simulation.ts';
import type { Joules } from '../../util/units.ts';
import { meanOwnJoules } from './situation-energy.ts';

const SECONDS_PER_HOUR = 3600;

/**
 * What one decision costs at once, in mean pod energies. The run-out energies of all placements add up to the energy of the
 * whole run (they are the differences of a potential), so that each decision is charged with what it brings about and
 * with nothing of what the other pods burn. What the pod needs anywhere is taken
 * off. Waiting and missed objectives cost what they add to the priced energy of the run.
 */
export class DecisionCosts {
  /** What the others are relative to. */
  readonly meanJoules: Joules;
  readonly #hourOfWaiting: number;
  readonly #miss: number;
  readonly #tickSeconds: number;
  readonly #sloSeconds: number;
  readonly #arrival: Float64Array;
  /** Up to when a pod's waiting has been charged. */
  readonly #charged: Float64Array;

  /** @param pricedJoules about what a run of this situation costs in all */
  constructor(situation: Situation, pricedJoules: Joules) {
    const { workload, options } = situation;
    this.meanJoules = meanOwnJoules(situation);
    const pods = workload.items.length;
    const each = pricedJoules / pods / this.meanJoules;
    this.#hourOfWaiting = WAIT_PRICE_PER_HOUR * each;
    this.#miss = SLO_PRICE * each;
    this.#tickSeconds = options.tickSeconds;
    this.#sloSeconds = options.sloSeconds;
    this.#arrival = Float64Array.from(workload.items, ({ arrivalSeconds }) => arrivalSeconds);
    this.#charged = this.#arrival.slice();
  }

  begin(): void {
    this.#charged.set(this.#arrival);
  }

  /**
   * Of a pod that begins on a node.
   *
   * @param ownJoules what the pod needs anywhere
   * @param runOutJoules of the choice: active, idle and wake, nothing clipped, else they would not add up
   */
  placing(pod: Pod, node: number, cluster: ClusterState, ownJoules: Joules, runOutJoules: Joules): number {
    const { id, slackSeconds } = pod;
    const asleep = cluster.power[node] === NODE_ASLEEP;
    const begins = cluster.now + (asleep ? (cluster.nodes[node]!.sleep?.wakeSeconds ?? 0) : 0);
    const late = Math.max(0, begins - this.#charged[id]!) / SECONDS_PER_HOUR;
    const misses = begins - this.#arrival[id]! > slackSeconds + this.#sloSeconds ? this.#miss : 0;
    return (runOutJoules - ownJoules) / this.meanJoules + this.#hourOfWaiting * late + misses;
  }

  /** Of a pod that waits until it is asked about again. */
  waiting(pod: Pod, now: number): number {
    const next = (Math.floor(now / this.#tickSeconds) + 1) * this.#tickSeconds;
    const late = Math.max(0, next - this.#charged[pod.id]!) / SECONDS_PER_HOUR;
    this.#charged[pod.id] = Math.max(next, this.#charged[pod.id]!);
    return this.#hourOfWaiting * late;
  }
}
