import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { cachedPlugin } from './cached-plugin.ts';
import { sharesGpu } from './choose-gpus.ts';
import { GREATEST_GPU_MILLI } from './openb-best-fit.ts';

const SHARED = 1;

/**
 * Pods of one kind together (the clustering of the FGD study, after Xiao et al., "Gandiva", OSDI 2018). Kinds are: a part
 * of a GPU, one GPU, two, and so on. Whole points, 0 for pods without GPUs: 75 where only this kind runs, 50 where it
 * runs among others, 25 on a node without GPU pods, 0 where only others run, and up to 25 more the more of 8 GPUs is in
 * use or not there.
 */
export const gpuClustering = cachedPlugin('gpu-clustering', gpuClusteringPoints);

export function gpuClusteringPoints(cluster: ClusterState, pod: Pod, node: number): number {
  const asked = pod.gpu;
  if (asked === undefined || asked.count === 0) return 0;
  const kind = sharesGpu(asked) ? SHARED : 1 << asked.count;
  const kinds = kindsOn(cluster, node);
  const used = Math.trunc((25 * (GREATEST_GPU_MILLI - cluster.freeGpuMilli[node]!)) / GREATEST_GPU_MILLI);
  if (kinds === 0) return used + 25;
  if ((kinds & kind) === 0) return used;
  return kinds === kind ? used + 75 : used + 50;
}

/** The kinds of pods on a node: bit 0 for parts of a GPU, bit n for n whole ones. */
function kindsOn(cluster: ClusterState, node: number): number {
  const { podIds, count } = cluster.residents[node]!;
  let kinds = 0;
  for (let i = 0; i < count; i++) {
    const gpus = cluster.gpusOf(podIds[i]!);
    if (gpus === undefined || gpus.length === 0) continue;
    kinds |= gpus.length > 1 || isWhole(cluster, node, gpus[0]!) ? 1 << gpus.length : SHARED;
  }
  return kinds;
}

/** Whether one pod alone has all of a GPU: none of it is free and no second pod holds it. */
function isWhole(cluster: ClusterState, node: number, gpu: number): boolean {
  if (cluster.gpuFree[cluster.gpuOffset[node]! + gpu]! !== 0) return false;
  const { podIds, count } = cluster.residents[node]!;
  let holders = 0;
  for (let i = 0; i < count; i++) if (cluster.gpusOf(podIds[i]!)?.[0] === gpu) holders++;
  return holders === 1;
}
