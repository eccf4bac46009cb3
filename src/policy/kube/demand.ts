import type { Container, ContainerRequests, Pod, PodScheduling } from '../../cluster/pod.ts';

/** What scoring counts for a container that names no CPU or memory (pkg/scheduler/util/pod_resources.go). */
export const DEFAULT_CPU_MILLI = 100;
export const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

/** What a pod asks of a node, in the four ways that Kubernetes counts it. Reused: `setPlain` writes over it. */
export class Demand {
  /** Milli-cores and bytes that are booked on the node. */
  cpu = 0;
  memory = 0;
  /** The same where containers that name nothing count with the defaults, as booked for LeastAllocated. */
  nonZeroCpu = 0;
  nonZeroMemory = 0;
  /** The same as LeastAllocated counts the pod that is being placed: requests of the pod as a whole are not looked at. */
  scoredCpu = 0;
  scoredMemory = 0;
  /** Other resources of which more than 0 is asked. */
  extended: readonly (readonly [string, number])[] = [];

  /** Of a pod of one container; 0 means that it names no request. */
  setPlain(pod: Pod): this {
    this.cpu = pod.cpuMilli;
    this.memory = pod.memoryBytes;
    this.nonZeroCpu = this.scoredCpu = pod.cpuMilli === 0 ? DEFAULT_CPU_MILLI : pod.cpuMilli;
    this.nonZeroMemory = this.scoredMemory = pod.memoryBytes === 0 ? DEFAULT_MEMORY_BYTES : pod.memoryBytes;
    this.extended = pod.extended === undefined ? NOTHING : positive(Object.entries(pod.extended));
    return this;
  }
}

const NOTHING: readonly (readonly [string, number])[] = [];

function positive(entries: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  return entries.filter(([, amount]) => amount > 0);
}

type Amount = (requests: ContainerRequests) => number | undefined;

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : a + b;
}

/**
 * The greater of what runs together in the end (containers and sidecars) and of each init container with the sidecars
 * started before it (component-helpers/resource/helpers.go, KEP-753); undefined where nobody names the resource.
 */
function overContainers(
  containers: readonly Container[],
  initContainers: readonly Container[],
  amount: Amount,
  missing: number | undefined,
): number | undefined {
  let sum: number | undefined;
  for (const container of containers) sum = plus(sum, amount(container.requests) ?? missing);
  let sidecars: number | undefined;
  let widest: number | undefined;
  for (const container of initContainers) {
    const asked = amount(container.requests) ?? missing;
    let width: number | undefined;
    if (container.sidecar === true) {
      sum = plus(sum, asked);
      width = sidecars = plus(sidecars, asked);
    } else width = plus(asked, sidecars);
    if (width !== undefined && (widest === undefined || width > widest)) widest = width;
  }
  if (sum === undefined || (widest !== undefined && widest > sum)) return widest;
  return sum;
}

function total(
  scheduling: PodScheduling,
  amount: Amount,
  missing: number | undefined,
  podLevel: boolean,
): number | undefined {
  const { containers, initContainers, podRequests, overhead } = scheduling;
  let sum = overContainers(containers, initContainers, amount, missing);
  if (podLevel && podRequests !== undefined) sum = amount(podRequests) ?? sum;
  return overhead === undefined ? sum : plus(sum, amount(overhead));
}

/** Whole milli-cores or bytes, rounded up as Quantity.MilliValue and Value do; what sums of decimals add is not asked for. */
function whole(amount: number | undefined): number {
  return amount === undefined ? 0 : Math.max(0, Math.ceil(amount - 1e-9));
}

const cpuOf: Amount = (requests) => requests.cpuMilli;
const memoryOf: Amount = (requests) => requests.memoryBytes;

/** The demand of a pod with containers. */
export function demandOf(scheduling: PodScheduling): Demand {
  const demand = new Demand();
  const cpu = total(scheduling, cpuOf, undefined, true);
  const memory = total(scheduling, memoryOf, undefined, true);
  demand.cpu = whole(cpu);
  demand.memory = whole(memory);
  const { podRequests } = scheduling;
  // Only these can be asked for a pod as a whole.
  const podLevel =
    podRequests !== undefined &&
    (podRequests.cpuMilli !== undefined ||
      podRequests.memoryBytes !== undefined ||
      Object.keys(podRequests.extended ?? {}).some(isHugePages));
  // With requests of the whole pod, defaults stand in only for what nobody names (getNonMissingContainerRequests).
  const cpuDefault = podLevel && cpu !== undefined ? undefined : DEFAULT_CPU_MILLI;
  const memoryDefault = podLevel && memory !== undefined ? undefined : DEFAULT_MEMORY_BYTES;
  demand.nonZeroCpu = whole(total(scheduling, cpuOf, cpuDefault, true));
  demand.nonZeroMemory = whole(total(scheduling, memoryOf, memoryDefault, true));
  // NewFit never hands the feature on to its scorer, so that the pod being placed is scored by its containers alone.
  demand.scoredCpu = whole(total(scheduling, cpuOf, DEFAULT_CPU_MILLI, false));
  demand.scoredMemory = whole(total(scheduling, memoryOf, DEFAULT_MEMORY_BYTES, false));
  demand.extended = positive(
    extendedNames(scheduling).map((name) => {
      const amount = total(scheduling, (requests) => requests.extended?.[name], undefined, isHugePages(name));
      return [name, whole(amount)] as const;
    }),
  );
  return demand;
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

function extendedNames(scheduling: PodScheduling): readonly string[] {
  const { containers, initContainers, podRequests, overhead } = scheduling;
  const names = new Set<string>();
  for (const { requests } of [...containers, ...initContainers])
    for (const name of Object.keys(requests.extended ?? {})) names.add(name);
  for (const requests of [podRequests, overhead])
    for (const name of Object.keys(requests?.extended ?? {})) names.add(name);
  return [...names].sort();
}
