import type { Container, ContainerRequests } from '../../../cluster/pod.ts';
import type { Located } from './located.ts';
import { milliOf, unitsOf } from './quantity.ts';

/** Amounts by resource: cpu in milli-cores, everything else in its unit. */
export type Amounts = ReadonlyMap<string, number>;

export function readAmounts(list: Located): Map<string, number> {
  return new Map(
    list.entries().map(([name, amount]) => {
      const quantity = amount.quantity();
      return [name, name === 'cpu' ? milliOf(quantity) : unitsOf(quantity)];
    }),
  );
}

export function requestsOf(amounts: Amounts): ContainerRequests {
  const others = [...amounts].filter(([name]) => name !== 'cpu' && name !== 'memory');
  return {
    cpuMilli: amounts.get('cpu'),
    memoryBytes: amounts.get('memory'),
    ...(others.length === 0 ? {} : { extended: Object.fromEntries(others) }),
  };
}

/** What is limited and not requested is requested in full (SetDefaults_Pod in pkg/apis/core/v1/defaults.go). */
export function readContainerRequests(resources: Located): Map<string, number> {
  const requests = readAmounts(resources.get('requests'));
  for (const [name, limit] of readAmounts(resources.get('limits'))) {
    if (!requests.has(name)) requests.set(name, limit);
  }
  return requests;
}

/** Resources that may be asked for by a pod as a whole. */
function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

export interface ContainerAmounts {
  readonly requests: Amounts;
  readonly limits: Amounts;
  readonly sidecar: boolean;
}

function amountsOf({ cpuMilli, memoryBytes, extended }: ContainerRequests): Map<string, number> {
  const amounts = new Map(Object.entries(extended ?? {}));
  if (cpuMilli !== undefined) amounts.set('cpu', cpuMilli);
  if (memoryBytes !== undefined) amounts.set('memory', memoryBytes);
  return amounts;
}

function addTo(sum: Map<string, number>, amounts: Amounts): void {
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0) + amount);
}

/**
 * Init containers run one after the other, each beside the sidecars started before it; then the others run beside all
 * sidecars (AggregateContainerRequests in k8s.io/component-helpers/resource, KEP-753).
 */
function aggregate(
  containers: readonly Amounts[],
  initContainers: readonly { readonly amounts: Amounts; readonly sidecar: boolean }[],
): Map<string, number> {
  const total = new Map<string, number>();
  for (const amounts of containers) addTo(total, amounts);
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const { amounts, sidecar } of initContainers) {
    if (sidecar) {
      addTo(total, amounts);
      addTo(sidecars, amounts);
    }
    const now = new Map(sidecars);
    if (!sidecar) addTo(now, amounts);
    for (const [name, amount] of now) starting.set(name, Math.max(amount, starting.get(name) ?? 0));
  }
  for (const [name, amount] of starting) total.set(name, Math.max(amount, total.get(name) ?? 0));
  return total;
}

/**
 * Requests of the pod as a whole, with what the API server puts in for those that were left out where the pod has limits
 * (defaultPodRequests and defaultHugePagePodLimits in pkg/apis/core/v1/defaults.go). Undefined where it has none.
 */
export function readPodLevelRequests(
  resources: Located,
  containers: readonly ContainerAmounts[],
  initContainers: readonly ContainerAmounts[],
): ContainerRequests | undefined {
  const requests = readAmounts(resources.get('requests'));
  const limits = readAmounts(resources.get('limits'));
  for (const [place, amounts] of [
    ['requests', requests],
    ['limits', limits],
  ] as const) {
    for (const name of amounts.keys()) {
      if (!isPodLevel(name)) {
        throw resources.get(place).get(name).invalid('a pod as a whole may have cpu, memory and hugepages');
      }
    }
  }
  if (requests.size + limits.size === 0) return undefined;
  const sumOf = (pick: (of: ContainerAmounts) => Amounts) =>
    aggregate(
      containers.map(pick),
      initContainers.map((each) => ({ amounts: pick(each), sidecar: each.sidecar })),
    );
  for (const [name, amount] of sumOf((each) => each.limits)) {
    if (name.startsWith('hugepages-') && !requests.has(name) && !limits.has(name)) limits.set(name, amount);
  }
  if (limits.size > 0) {
    for (const [name, amount] of sumOf((each) => each.requests)) {
      if ((name === 'cpu' || name === 'memory') && !requests.has(name)) requests.set(name, amount);
    }
    for (const [name, amount] of limits) if (!requests.has(name)) requests.set(name, amount);
  }
  return requests.size === 0 ? undefined : requestsOf(requests);
}

/** What scheduling counts against a node (PodRequests in k8s.io/component-helpers/resource). */
export function effectiveRequests(
  containers: readonly Container[],
  initContainers: readonly Container[],
  podRequests: ContainerRequests | undefined,
  overhead: ContainerRequests | undefined,
): Amounts {
  const total = aggregate(
    containers.map((each) => amountsOf(each.requests)),
    initContainers.map((each) => ({
      amounts: amountsOf(each.requests),
      sidecar: each.sidecar === true,
    })),
  );
  if (podRequests !== undefined) for (const [name, amount] of amountsOf(podRequests)) total.set(name, amount);
  if (overhead !== undefined) addTo(total, amountsOf(overhead));
  return total;
}
