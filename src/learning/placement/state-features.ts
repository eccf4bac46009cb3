import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { ClusterTotals } from '../../policy/energy/cluster-totals.ts';
import { durationTenfolds } from '../../policy/energy/interaction-terms.ts';
import { cos, exp, sin } from '../../util/portable-math.ts';

/** How many numbers `writeStateFeatures` writes. */
export const STATE_FEATURES = 22;

const DAY_SECONDS = 86_400;

/** What is around a decision that all nodes have in common. */
export interface DecisionSurroundings {
  readonly cluster: ClusterState;
  readonly totals: ClusterTotals;
  readonly pod: Pod;
  /** The pod's own energy over the mean of all pods. */
  readonly energy: number;
  /** Predicted seconds of the pod, within bounds. */
  readonly seconds: number;
  /** Seconds until no more pods arrive, and those within which the future counts. */
  readonly secondsLeft: number;
  readonly discountSeconds: number;
}

/** Pod and cluster as ratios. `totals` must be up to date. */
export function writeStateFeatures(
  s: DecisionSurroundings,
  out: Float64Array | Float32Array,
  from: number,
): void {
  const { cluster, totals, pod, energy, seconds } = s;
  const { load, memoryLoad, freeAwake, tierFreeCpu, tierFreeMemory, tierUse } = totals;
  // What a day that ends still has before it, of what one without an end would have.
  const left = 1 - exp(-Math.max(0, s.secondsLeft) / s.discountSeconds);
  const angle = (2 * Math.PI * (cluster.now % DAY_SECONDS)) / DAY_SECONDS;
  const duration = durationTenfolds(seconds);
  let at = from;
  out[at++] = 1;
  out[at++] = left;
  out[at++] = left * load;
  out[at++] = left * memoryLoad;
  out[at++] = load;
  out[at++] = load * load;
  out[at++] = memoryLoad;
  out[at++] = memoryLoad * memoryLoad;
  out[at++] = freeAwake;
  out[at++] = tierFreeCpu[0]!;
  out[at++] = tierFreeCpu[1]!;
  out[at++] = tierFreeMemory[0]!;
  out[at++] = tierFreeMemory[1]!;
  out[at++] = tierUse[0]!;
  out[at++] = tierUse[1]!;
  out[at++] = Math.min(1, cluster.pending / 10);
  out[at++] = sin(angle);
  out[at++] = cos(angle);
  out[at++] = energy;
  out[at++] = energy * load;
  out[at++] = duration;
  out[at] =
    Math.min(8, pod.memoryBytes / totals.memoryCapacity / (Math.max(1, pod.cpuMilli) / totals.cpuCapacity)) /
    8;
}
