import type { NodeUse, PodUse } from '../../src/attribution/node-use.ts';

/** Unix time at the beginning of the monotonic clock of hand-made readings and intervals. */
export const UNIX_AT_ZERO = 1_700_000_000_000;

/** A pod's counter in seconds of CPU, read at a second of the monotonic clock. */
export function podUse(
  uid: string,
  cpuSeconds: number,
  atSecond: number,
  over: Partial<PodUse> & { readonly startSecond?: number } = {},
): PodUse {
  const { startSecond = -1000, ...rest } = over;
  return {
    uid,
    namespace: 'default',
    name: uid,
    startUnixMilliseconds: UNIX_AT_ZERO + startSecond * 1000,
    cpu: { cpuNanoseconds: cpuSeconds * 1e9, unixMilliseconds: UNIX_AT_ZERO + atSecond * 1000 },
    containers: [],
    ...rest,
  };
}

/** A reading of a node whose own counter was read at `atSecond`, too. */
export function nodeUse(
  node: string,
  atSecond: number,
  cpuSeconds: number | undefined,
  pods: readonly PodUse[],
  over: Partial<NodeUse> & { readonly lagSeconds?: number } = {},
): NodeUse {
  const { lagSeconds = 0, ...rest } = over;
  return {
    node,
    source: 'kubelet',
    receivedUnixMilliseconds: UNIX_AT_ZERO + (atSecond + lagSeconds) * 1000,
    receivedMonotonicNanoseconds: (atSecond + lagSeconds) * 1e9,
    cpu:
      cpuSeconds === undefined
        ? undefined
        : { cpuNanoseconds: cpuSeconds * 1e9, unixMilliseconds: UNIX_AT_ZERO + atSecond * 1000 },
    pods,
    ...rest,
  };
}
