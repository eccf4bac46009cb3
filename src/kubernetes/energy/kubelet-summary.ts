import type { ContainerUse, CpuCount, PodUse } from '../../attribution/node-use.ts';
import type { Milliseconds } from '../../util/units.ts';

export interface KubeletSummary {
  readonly cpu: CpuCount | undefined;
  /** The node's working set. */
  readonly memoryBytes: number | undefined;
  readonly pods: readonly PodUse[];
}

/** The path of a kubelet's summary through the API server. */
export function summaryPath(node: string): string {
  return `/api/v1/nodes/${encodeURIComponent(node)}/proxy/stats/summary`;
}

/**
 * Reads `/stats/summary` (k8s.io/kubelet/pkg/apis/stats/v1alpha1). Counters that it leaves out (a container that has only just
 * begun) are left out here. Undefined where it is no summary.
 */
export function readSummary(body: unknown): KubeletSummary | undefined {
  const { node, pods } = (body ?? {}) as RawSummary;
  if (typeof node !== 'object' || node === null || !Array.isArray(pods)) return undefined;
  return {
    cpu: countOf(node.cpu),
    memoryBytes: bytesOf(node.memory),
    pods: pods.flatMap((pod) => readPod(pod) ?? []),
  };
}

function readPod({ podRef, startTime, cpu, containers }: RawPod): PodUse | undefined {
  const { uid, name, namespace } = podRef ?? {};
  if (uid === undefined || name === undefined || namespace === undefined) return undefined;
  return {
    uid,
    name,
    namespace,
    startUnixMilliseconds: timeOf(startTime),
    cpu: countOf(cpu),
    containers: (containers ?? []).flatMap((container): ContainerUse[] => {
      const count = countOf(container.cpu);
      if (count === undefined || container.name === undefined) return [];
      return [{ name: container.name, startUnixMilliseconds: timeOf(container.startTime), cpu: count }];
    }),
  };
}

function countOf(cpu: RawCpu | undefined): CpuCount | undefined {
  const time = timeOf(cpu?.time);
  // The kubelet leaves out the fraction of the second (metav1.Time): its middle is the best guess.
  const unixMilliseconds = time === undefined || time % 1000 !== 0 ? time : time + 500;
  const nanoseconds = cpu?.usageCoreNanoSeconds;
  if (typeof nanoseconds !== 'number' || !(nanoseconds >= 0) || unixMilliseconds === undefined)
    return undefined;
  return { cpuNanoseconds: nanoseconds, unixMilliseconds };
}

function bytesOf(memory: RawMemory | undefined): number | undefined {
  const bytes = memory?.workingSetBytes;
  return typeof bytes === 'number' && bytes >= 0 ? bytes : undefined;
}

/** A Go time that was never set is of the year 1. */
function timeOf(text: string | undefined): Milliseconds | undefined {
  const time = Date.parse(text ?? '');
  return time > 0 ? time : undefined;
}

interface RawCpu {
  readonly time?: string;
  readonly usageCoreNanoSeconds?: number;
}

interface RawMemory {
  readonly workingSetBytes?: number;
}

interface RawPod {
  readonly podRef?: { readonly name?: string; readonly namespace?: string; readonly uid?: string };
  readonly startTime?: string;
  readonly cpu?: RawCpu;
  readonly containers?: readonly {
    readonly name?: string;
    readonly startTime?: string;
    readonly cpu?: RawCpu;
  }[];
}

interface RawSummary {
  readonly node?: { readonly cpu?: RawCpu; readonly memory?: RawMemory } | null;
  readonly pods?: readonly RawPod[];
}
