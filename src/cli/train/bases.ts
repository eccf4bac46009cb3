import type { BaseLoad } from '../../cluster/base-load.ts';
import type { StoredPodRun } from '../../history/cluster-reader.ts';

/** Milli-cores that it really used in the mean; undefined: not metered. */
export function useOf({ cpu }: StoredPodRun): number | undefined {
  return cpu === undefined || cpu.meteredMilliseconds <= 0
    ? undefined
    : cpu.usedMicroseconds / cpu.meteredMilliseconds;
}

export interface OnNode {
  readonly node: string;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly useMilli: number;
  /** Of the time. */
  readonly share: number;
}

/** Pods that no policy places: those of DaemonSets, static ones, the system's. */
export function baseOf(
  run: StoredPodRun,
  { from, to }: { readonly from: number; readonly to: number },
): readonly OnNode[] {
  const { placeable, node, cpuMilli, memoryBytes } = run;
  if (placeable || node === undefined) return [];
  const begin = Math.max(from, run.boundUnixMilliseconds ?? run.createdUnixMilliseconds);
  const share = Math.max(0, Math.min(to, run.endedUnixMilliseconds ?? to) - begin) / (to - from);
  return [{ node, cpuMilli, memoryBytes, useMilli: useOf(run) ?? cpuMilli, share }];
}

export function basesOf(pods: readonly OnNode[]): ReadonlyMap<string, BaseLoad> {
  const bases = new Map<string, BaseLoad>();
  for (const { node, cpuMilli, memoryBytes, useMilli, share } of pods) {
    const base = bases.get(node) ?? { useMilli: 0, cpuMilli: 0, memoryBytes: 0, pods: 0 };
    bases.set(node, {
      useMilli: base.useMilli + share * useMilli,
      cpuMilli: base.cpuMilli + share * cpuMilli,
      memoryBytes: base.memoryBytes + share * memoryBytes,
      pods: base.pods + share,
    });
  }
  return bases;
}
