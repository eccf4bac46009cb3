import type { Node } from '../../cluster/node.ts';
import type { ClusterStateRecord } from '../../history/collection-record.ts';
import type { Milliseconds, Watts } from '../../util/units.ts';
import type { RecordedPod } from '../run-recorder.ts';
import type { UseOfAll } from './node-uses.ts';

/** What is sampled from. */
export interface SampledCluster {
  /** That have something to give, as they are now. */
  readonly nodes: () => readonly Node[];
  /** That have not ended. */
  readonly pods: () => Iterable<Pick<RecordedPod, 'pod' | 'nodeName'>>;
  readonly jobs: () => { readonly running: number; readonly pending: number; readonly suspended: number };
  readonly use: (nodes: readonly string[], now: Milliseconds) => UseOfAll;
  readonly watts: (nodes: readonly string[], now: Milliseconds) => Watts | undefined;
}

/** Set by the node lifecycle controller where a kubelet says so, or nothing. */
const NOT_READY: ReadonlySet<string> = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
]);

/** The cluster as it is now: what there is, what is asked for, and what is measured. */
export function sampleCluster(cluster: SampledCluster, unixMilliseconds: Milliseconds): ClusterStateRecord {
  const nodes = cluster.nodes();
  const names = nodes.map(({ name }) => name);
  const total = { cpuMilli: 0, memoryBytes: 0, gpus: 0, readyNodes: 0 };
  for (const { cpuMilli, memoryBytes, gpus, taints = [] } of nodes) {
    total.cpuMilli += cpuMilli;
    total.memoryBytes += memoryBytes;
    total.gpus += gpus?.count ?? 0;
    if (!taints.some(({ key }) => NOT_READY.has(key))) total.readyNodes++;
  }
  const asked = { askedCpuMilli: 0, askedMemoryBytes: 0, askedGpus: 0, runningPods: 0, waitingPods: 0 };
  for (const { pod, nodeName } of cluster.pods()) {
    if (nodeName === undefined) {
      asked.waitingPods++;
      continue;
    }
    asked.runningPods++;
    asked.askedCpuMilli += pod.cpuMilli;
    asked.askedMemoryBytes += pod.memoryBytes;
    asked.askedGpus += pod.gpu === undefined ? 0 : (pod.gpu.count * pod.gpu.milliEach) / 1000;
  }
  const { cpuMilli: usedCpuMilli, memoryBytes: usedMemoryBytes } = cluster.use(names, unixMilliseconds);
  const { running, pending, suspended } = cluster.jobs();
  return {
    unixMilliseconds,
    nodes: nodes.length,
    ...total,
    ...asked,
    usedCpuMilli,
    usedMemoryBytes,
    watts: cluster.watts(names, unixMilliseconds),
    runningJobs: running,
    pendingJobs: pending,
    suspendedJobs: suspended,
  };
}
