import { perNodePlugin } from './per-node-plugin.ts';
import type { ScorePlugin } from './score-plugin.ts';

/** One point of the shape: at this utilisation in percent, this score of 0 to 10. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

/** The shape of bin packing in Kubernetes' documentation. */
export const BIN_PACKING_SHAPE: readonly ShapePoint[] = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];

/** Whole points on the broken line through the shape, with Go's integer division (helper/shape_score.go). */
function onShape(shape: readonly ShapePoint[], percent: number): number {
  for (let i = 0; i < shape.length; i++) {
    const to = shape[i]!;
    if (percent > to.utilization) continue;
    if (i === 0) return to.score * 10;
    const from = shape[i - 1]!;
    const rise = (to.score - from.score) * 10 * (percent - from.utilization);
    return from.score * 10 + Math.trunc(rise / (to.utilization - from.utilization));
  }
  return shape[shape.length - 1]!.score * 10;
}

/**
 * Kubernetes' RequestedToCapacityRatio over CPU and memory of equal weight; 0 to 100
 * (noderesources/requested_to_capacity_ratio.go). A resource that scores 0 counts neither in sum nor in weight.
 *
 * @param shape ascending utilisation in percent, scores from 0 to 10
 */
export function requestedToCapacityRatio(shape: readonly ShapePoint[] = BIN_PACKING_SHAPE): ScorePlugin {
  return perNodePlugin('requested-to-capacity-ratio', () => (cluster, pod, node) => {
    let sum = 0;
    let weight = 0;
    const cpu = cluster.cpuCapacity[node]!;
    const cpuAsked = cpu - cluster.freeCpu[node]! + pod.cpuMilli;
    const cpuPoints = onShape(shape, cpuAsked > cpu ? 100 : Math.trunc((cpuAsked * 100) / cpu));
    if (cpuPoints > 0) {
      sum += cpuPoints;
      weight++;
    }
    const memory = cluster.memoryCapacity[node]!;
    const memoryAsked = memory - cluster.freeMemory[node]! + pod.memoryBytes;
    const memoryPoints = onShape(
      shape,
      memoryAsked > memory ? 100 : Math.trunc((memoryAsked * 100) / memory),
    );
    if (memoryPoints > 0) {
      sum += memoryPoints;
      weight++;
    }
    // Go's math.Round goes away from zero; nothing here is negative.
    return weight === 0 ? 0 : Math.round(sum / weight);
  });
}
