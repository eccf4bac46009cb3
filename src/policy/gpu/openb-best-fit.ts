import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { cachedPlugin } from './cached-plugin.ts';
import { minMax } from './min-max.ts';

/** The greatest node of the study's cluster: 128 virtual CPUs, 8 GPUs. Fixed numbers of the study, whatever the cluster. */
export const GREATEST_CPU_MILLI = 128_000;
export const GREATEST_GPU_MILLI = 8000;

/**
 * BestFit of the FGD study (Weng et al., ATC 2023): the node with the least CPU and GPU left over, as shares of the
 * greatest node, in whole points that are then stretched to 0 ... 100. Where all are equal all get 0.
 */
export const openbBestFit = cachedPlugin('openb-best-fit', openbBestFitPoints, minMax(0));

export function openbBestFitPoints(cluster: ClusterState, pod: Pod, node: number): number {
  const asked = pod.gpu === undefined ? 0 : pod.gpu.count * pod.gpu.milliEach;
  const cpuLeft = ((cluster.freeCpu[node]! - pod.cpuMilli) / GREATEST_CPU_MILLI) * 0.5;
  const gpuLeft = ((cluster.freeGpuMilli[node]! - asked) / GREATEST_GPU_MILLI) * 0.5;
  return Math.trunc((1 - (cpuLeft + gpuLeft)) * 100);
}
