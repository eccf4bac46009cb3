import type { ClusterHistory, StoredNodeEnergy, StoredPodRun } from '../../src/history/cluster-reader.ts';

/** Milliseconds since 1970 where the histories of the replay's tests begin. */
export const FROM = 1_800_000_000_000;

/** What a pod asks of nodes: nothing. */
export const anywhere = {
  labels: {},
  containers: [],
  initContainers: [],
  imageVolumes: [],
  nodeSelector: {},
  tolerations: [],
  topologySpread: [],
  priority: 0,
};

export interface RunOf extends Partial<StoredPodRun> {
  /** Minutes since the beginning. */
  readonly created?: number;
  readonly bound?: number;
  readonly ended?: number;
}

export function runOf(
  pod: string,
  { created = 0, bound = created, ended, ...more }: RunOf = {},
): StoredPodRun {
  const at = (minute: number) => FROM + minute * 60_000;
  return {
    cluster: 'live',
    uid: pod,
    namespace: 'shop',
    pod,
    owner: 'ReplicaSet',
    placeable: true,
    createdUnixMilliseconds: at(created),
    boundUnixMilliseconds: at(bound),
    endedUnixMilliseconds: ended === undefined ? undefined : at(ended),
    endedAfterUnixMilliseconds: undefined,
    node: 'old',
    cpuMilli: 2000,
    memoryBytes: 1000,
    slackSeconds: 0,
    scheduling: anywhere,
    ...more,
  };
}

/** An hour of the given pods, watched without a break. */
export function historyOf(
  pods: readonly StoredPodRun[],
  energy: readonly StoredNodeEnergy[] = [],
): ClusterHistory {
  return { pods, nodes: [], energy, watched: [{ from: FROM, to: FROM + 3_600_000 }] };
}
