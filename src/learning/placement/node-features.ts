import type { Pod } from '../../cluster/pod.ts';
import { durationTenfolds } from '../../policy/energy/interaction-terms.ts';
import { TERM, TERM_COUNT } from '../../policy/energy/term-table.ts';
import type { TermMatrix } from '../../policy/energy/terms.ts';
import { ln } from '../../util/portable-math.ts';

/** Terms of the scorer that networks see of a node. Products of terms are left to them. */
const TERMS: readonly number[] = [
  TERM.activeEnergy,
  TERM.idleEnergy,
  TERM.tierRank,
  TERM.fill,
  TERM.asleep,
  TERM.waking,
  TERM.empty,
  TERM.predictedWatts,
  TERM.cpuPrice,
  TERM.memoryPrice,
  TERM.imbalance,
  TERM.endAlignment,
  TERM.maxFill,
  TERM.extension,
  TERM.useAfter,
  TERM.useAbove70,
  TERM.tier0,
  TERM.tier1,
  TERM.complementarity,
];

export const FEATURE_TERMS: readonly number[] = TERMS.filter((term) => term < TERM_COUNT);

/** Of pod and cluster, the same in all rows. */
const COMMON = 9;

/** Numbers a row holds: terms of the node, pod and cluster, and whether the row stands for waiting. */
export const ROW_FEATURES = FEATURE_TERMS.length + COMMON + 1;

/** Relative energies beyond this are all the same: far too dear. */
const CLIP = 5;

/**
 * Writes what a policy network reads: one row for each of `rows - 1` nodes, in the order of the cluster, and a last one for waiting.
 * Rows of nodes that the pod does not fit are 0. All numbers are ratios, so that they mean the same on any cluster.
 *
 * @param matrix filled for this pod and its candidates, totals renewed
 * @param energy the pod's own energy over the mean of all pods
 * @param slackHours for which the pod may still wait
 * @param common [9] scratch
 */
export function writeRows(
  matrix: TermMatrix,
  pod: Pod,
  energy: number,
  slackHours: number,
  pending: number,
  common: Float64Array,
  out: Float32Array,
  rows: number,
): void {
  const { decision, totals } = matrix;
  const { columns, stride, count, nodes } = decision;
  const terms = FEATURE_TERMS.length;
  common[0] = totals.load;
  common[1] = totals.memoryLoad;
  common[2] = totals.freeAwake;
  common[3] = totals.tierFreeCpu[0]!;
  common[4] = totals.tierFreeMemory[0]!;
  common[5] = Math.min(1, pending / 10);
  common[6] = ln(Math.max(1e-4, energy)) / 5;
  common[7] = durationTenfolds(decision.seconds);
  const memoryShare = pod.memoryBytes / totals.memoryCapacity;
  const cpuShare = Math.max(1, pod.cpuMilli) / totals.cpuCapacity;
  common[8] = Math.min(8, memoryShare / cpuShare) / 8;
  out.fill(0);
  for (let i = 0; i < count; i++) {
    let at = nodes[i]! * ROW_FEATURES;
    for (let t = 0; t < terms; t++) {
      const value = columns[FEATURE_TERMS[t]! * stride + i]!;
      out[at++] = Math.min(value, CLIP);
    }
    for (let k = 0; k < COMMON; k++) out[at++] = common[k]!;
  }
  let at = (rows - 1) * ROW_FEATURES;
  out[at] = Math.min(CLIP, slackHours);
  at += terms;
  for (let k = 0; k < COMMON; k++) out[at++] = common[k]!;
  out[at] = 1;
}
