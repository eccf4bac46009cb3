import { HOSTNAME_LABEL, type LabelSelector, type Labels, ZONE_LABEL } from '../../src/cluster/labels.ts';
import type { Node, Taint } from '../../src/cluster/node.ts';
import type {
  Container,
  ContainerRequests,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../src/cluster/pod.ts';

/**
 * Kubernetes' default scheduler restated without any cleverness: every decision walks over all nodes and all of their
 * pods. What the real implementation is held against, and the control that its speed is measured beside.
 */
export class PlainKubeScheduler {
  readonly #nodes: readonly Node[];
  readonly #arrived: readonly Node[];
  readonly #namespaces: ReadonlyMap<string, Labels>;
  readonly #allNodes: boolean;
  readonly #placed = new Map<string, Map<number, Pod>>();
  readonly #nodeOf = new Map<number, string>();
  /** Where the next search begins in the order of nodes. */
  next = 0;

  /** @param allNodes every feasible node is scored, however many there are */
  constructor(nodes: readonly Node[], namespaces: ReadonlyMap<string, Labels>, allNodes = false) {
    const zones = new Map<string, Node[]>();
    for (const node of nodes) {
      const zone = `${node.labels['topology.kubernetes.io/region'] ?? ''}/${node.labels[ZONE_LABEL] ?? ''}`;
      zones.set(zone, [...(zones.get(zone) ?? []), node]);
      this.#placed.set(node.name, new Map());
    }
    const ordered: Node[] = [];
    while (ordered.length < nodes.length)
      for (const zone of zones.values()) {
        const first = zone.shift();
        if (first !== undefined) ordered.push(first);
      }
    this.#nodes = ordered;
    this.#arrived = nodes;
    this.#namespaces = namespaces;
    this.#allNodes = allNodes;
  }

  add(pod: Pod, node: string): void {
    this.#placed.get(node)!.set(pod.id, pod);
    this.#nodeOf.set(pod.id, node);
  }

  remove(podId: number): void {
    this.#placed.get(this.#nodeOf.get(podId)!)!.delete(podId);
    this.#nodeOf.delete(podId);
  }

  schedule(pod: Pod): {
    readonly node: string | undefined;
    readonly feasible: readonly string[];
    readonly evaluated: number;
    readonly scores: readonly number[];
  } {
    const n = this.#nodes.length;
    let enough = n;
    if (!this.#allNodes && n >= 100)
      enough = Math.max(100, Math.floor((n * Math.max(5, 50 - Math.floor(n / 125))) / 100));
    const feasible: Node[] = [];
    let evaluated = 0;
    const passes = this.#filter(pod);
    for (let i = 0; i < n; i++) {
      const node = this.#nodes[(this.next + i) % n]!;
      const good = passes(node);
      if (good && feasible.length === enough) break;
      if (good) feasible.push(node);
      evaluated++;
    }
    this.next = (this.next + evaluated) % n;
    const names = feasible.map(({ name }) => name);
    if (feasible.length < 2) return { node: names[0], feasible: names, evaluated, scores: [] };
    const scores = this.#score(pod, feasible);
    return { node: names[rootOfHeap(scores)], feasible: names, evaluated, scores };
  }

  #filter(pod: Pod): (node: Node) => boolean {
    const spread = this.#hardSpread(pod);
    const affinity = this.#podAffinity(pod);
    return (node) =>
      (node.unschedulable !== true || tolerated(pod, CORDON)) &&
      (pod.scheduling?.nodeName === undefined || pod.scheduling.nodeName === node.name) &&
      toleratesNode(pod, node) &&
      selectsNode(pod, node) &&
      this.#portsFree(pod, node) &&
      this.#fits(pod, node) &&
      spread(node) &&
      affinity(node);
  }

  #podsOf(node: Node): readonly Pod[] {
    return [...this.#placed.get(node.name)!.values()];
  }

  #fits(pod: Pod, node: Node): boolean {
    const pods = this.#podsOf(node);
    if (pods.length + 1 > node.pods) return false;
    for (const name of ['cpu', 'memory', ...extendedOf(pod)]) {
      const asked = requested(pod, name, undefined, true);
      const used = pods.reduce((sum, each) => sum + requested(each, name, undefined, true), 0);
      if (asked > 0 && asked > capacityOf(node, name) - used) return false;
    }
    return true;
  }

  #portsFree(pod: Pod, node: Node): boolean {
    const used = this.#podsOf(node).flatMap(portsOf);
    return portsOf(pod).every((want) =>
      used.every(
        (have) =>
          have.port !== want.port || (have.ip !== want.ip && have.ip !== '0.0.0.0' && want.ip !== '0.0.0.0'),
      ),
    );
  }

  #hardSpread(pod: Pod): (node: Node) => boolean {
    const hard = (pod.scheduling?.topologySpread ?? []).filter(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
    );
    const keys = hard.map(({ topologyKey }) => topologyKey);
    const tests = hard.map((constraint) => {
      const selector = spreadSelector(pod, constraint);
      const counts = new Map<string, number>();
      for (const node of this.#nodes) {
        if (!keys.every((key) => node.labels[key] !== undefined)) continue;
        if (!honoured(pod, node, constraint)) continue;
        const value = node.labels[constraint.topologyKey]!;
        counts.set(value, (counts.get(value) ?? 0) + this.#matching(pod.namespace, selector, node));
      }
      const fewest = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
      const self = selects(selector, pod.scheduling?.labels ?? {}) ? 1 : 0;
      return (node: Node) => {
        const value = node.labels[constraint.topologyKey];
        return value !== undefined && (counts.get(value) ?? 0) + self - fewest <= constraint.maxSkew;
      };
    });
    return (node) => tests.every((test) => test(node));
  }

  #matching(namespace: string, selector: LabelSelector | undefined, node: Node): number {
    if (selector?.length === 0) return 0;
    return this.#podsOf(node).filter(
      (each) => each.namespace === namespace && selects(selector, each.scheduling?.labels ?? {}),
    ).length;
  }

  #means(term: PodAffinityTerm, owner: Pod, other: Pod): boolean {
    const labels = owner.scheduling?.labels ?? {};
    const own = term.namespaces.length === 0 && term.namespaceSelector === undefined;
    const inNamespace = own
      ? other.namespace === owner.namespace
      : term.namespaces.includes(other.namespace) ||
        selects(term.namespaceSelector, {
          'kubernetes.io/metadata.name': other.namespace,
          ...this.#namespaces.get(other.namespace),
        });
    const extra = [
      ...term.matchLabelKeys.map((key) => ({ key, operator: 'In' as const })),
      ...term.mismatchLabelKeys.map((key) => ({ key, operator: 'NotIn' as const })),
    ].flatMap(({ key, operator }) =>
      labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }],
    );
    const selector = term.selector === undefined ? undefined : [...term.selector, ...extra];
    return inNamespace && selects(selector, other.scheduling?.labels ?? {});
  }

  #podAffinity(pod: Pod): (node: Node) => boolean {
    const near = pod.scheduling?.podAffinity?.required ?? [];
    const apart = pod.scheduling?.podAntiAffinity?.required ?? [];
    const wanted = new Set<string>();
    const shunned = new Set<string>();
    for (const node of this.#nodes)
      for (const other of this.#podsOf(node)) {
        const pair = (key: string) =>
          node.labels[key] === undefined ? undefined : `${key}=${node.labels[key]}`;
        const put = (set: Set<string>, key: string) => {
          const text = pair(key);
          if (text !== undefined) set.add(text);
        };
        if (near.length > 0 && near.every((term) => this.#means(term, pod, other)))
          for (const term of near) put(wanted, term.topologyKey);
        for (const term of apart) if (this.#means(term, pod, other)) put(shunned, term.topologyKey);
        for (const term of other.scheduling?.podAntiAffinity?.required ?? [])
          if (this.#means(term, other, pod)) put(shunned, `${term.topologyKey}`);
      }
    const first = wanted.size === 0 && near.every((term) => this.#means(term, pod, pod));
    return (node) =>
      near.every(({ topologyKey }) => node.labels[topologyKey] !== undefined) &&
      (first || near.every(({ topologyKey }) => wanted.has(`${topologyKey}=${node.labels[topologyKey]}`))) &&
      Object.entries(node.labels).every(([key, value]) => !shunned.has(`${key}=${value}`));
  }

  #score(pod: Pod, nodes: readonly Node[]): readonly number[] {
    const parts: readonly [number, readonly number[]][] = [
      [
        3,
        share(
          nodes.map((node) => avoided(pod, node)),
          true,
        ),
      ],
      [
        2,
        share(
          nodes.map((node) => preference(pod, node)),
          false,
        ),
      ],
      [1, nodes.map((node) => this.#leastAllocated(pod, node))],
      [2, this.#softSpread(pod, nodes)],
      [2, this.#attraction(pod, nodes)],
      [1, nodes.map((node) => this.#balanced(pod, node))],
      [1, nodes.map((node) => this.#images(pod, node))],
    ];
    return nodes.map((_, i) => parts.reduce((sum, [weight, points]) => sum + weight * points[i]!, 0));
  }

  #leastAllocated(pod: Pod, node: Node): number {
    const points = (['cpu', 'memory'] as const)
      .filter((name) => capacityOf(node, name) > 0)
      .map((name) => {
        const capacity = BigInt(capacityOf(node, name));
        const used = this.#podsOf(node).reduce((sum, each) => sum + nonZero(each, name), 0);
        const all = BigInt(used + requested(pod, name, DEFAULTS[name], false));
        return all > capacity ? 0n : ((capacity - all) * 100n) / capacity;
      });
    if (points.length === 0) return 0;
    return Number(points.reduce((sum, each) => sum + each, 0n) / BigInt(points.length));
  }

  #balanced(pod: Pod, node: Node): number {
    const names = (['cpu', 'memory'] as const).filter((name) => capacityOf(node, name) > 0);
    if (requested(pod, 'cpu', undefined, true) === 0 && requested(pod, 'memory', undefined, true) === 0)
      return 0;
    const balance = (pods: readonly Pod[]) => {
      const shares = names.map((name) =>
        Math.min(
          1,
          pods.reduce((sum, each) => sum + requested(each, name, undefined, true), 0) /
            capacityOf(node, name),
        ),
      );
      const deviation = shares.length < 2 ? 0 : Math.abs((shares[0]! - shares[1]!) / 2);
      return Math.trunc((1 - deviation) * 100);
    };
    const pods = this.#podsOf(node);
    return 50 + Math.trunc((50 + balance([...pods, pod]) - balance(pods)) / 2);
  }

  #softSpread(pod: Pod, nodes: readonly Node[]): readonly number[] {
    const { topologySpread = [], ownerSelector } = pod.scheduling ?? {};
    const explicit = topologySpread.length > 0;
    const base = { minDomains: undefined, nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore' } as const;
    const rest = { ...base, whenUnsatisfiable: 'ScheduleAnyway', matchLabelKeys: [] } as const;
    const constraints: readonly TopologySpreadConstraint[] = explicit
      ? topologySpread.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
      : ownerSelector === undefined || ownerSelector.length === 0
        ? []
        : [
            { ...rest, topologyKey: HOSTNAME_LABEL, maxSkew: 3, selector: ownerSelector },
            { ...rest, topologyKey: ZONE_LABEL, maxSkew: 5, selector: ownerSelector },
          ];
    if (constraints.length === 0) return nodes.map(() => 0);
    const complete = (node: Node) =>
      constraints.every(({ topologyKey }) => node.labels[topologyKey] !== undefined);
    const scored = nodes.filter((node) => !explicit || complete(node));
    const raw = scored.map((node) =>
      constraints.reduce((sum, constraint) => {
        const { topologyKey, maxSkew } = constraint;
        if (node.labels[topologyKey] === undefined) return sum;
        const selector = spreadSelector(pod, constraint);
        const isHostname = topologyKey === HOSTNAME_LABEL;
        const domains = isHostname
          ? scored.length
          : new Set(scored.map((each) => each.labels[topologyKey] ?? '')).size;
        const counted = isHostname
          ? [node]
          : this.#nodes.filter(
              (each) =>
                (each.labels[topologyKey] ?? '') === node.labels[topologyKey] &&
                (!explicit || complete(each)) &&
                honoured(pod, each, constraint),
            );
        const pods = counted.reduce((all, each) => all + this.#matching(pod.namespace, selector, each), 0);
        return sum + pods * Math.log(domains + 2) + (maxSkew - 1);
      }, 0),
    );
    const rounded = raw.map(Math.round);
    const greatest = Math.max(0, ...rounded);
    const least = Math.min(...rounded);
    return nodes.map((node) => {
      const i = scored.indexOf(node);
      if (i < 0) return 0;
      return greatest === 0 ? 100 : Math.floor((100 * (greatest + least - rounded[i]!)) / greatest);
    });
  }

  #attraction(pod: Pod, nodes: readonly Node[]): readonly number[] {
    const weights = new Map<string, number>();
    const own = pod.scheduling;
    for (const node of this.#nodes)
      for (const other of this.#podsOf(node)) {
        const count = (term: PodAffinityTerm, weight: number) => {
          const value = node.labels[term.topologyKey];
          if (value === undefined) return;
          const pair = `${term.topologyKey}=${value}`;
          weights.set(pair, (weights.get(pair) ?? 0) + weight);
        };
        const theirs = other.scheduling;
        for (const { term, weight } of own?.podAffinity?.preferred ?? [])
          if (this.#means(term, pod, other)) count(term, weight);
        for (const { term, weight } of own?.podAntiAffinity?.preferred ?? [])
          if (this.#means(term, pod, other)) count(term, -weight);
        for (const term of theirs?.podAffinity?.required ?? [])
          if (this.#means(term, other, pod)) count(term, 1);
        for (const { term, weight } of theirs?.podAffinity?.preferred ?? [])
          if (this.#means(term, other, pod)) count(term, weight);
        for (const { term, weight } of theirs?.podAntiAffinity?.preferred ?? [])
          if (this.#means(term, other, pod)) count(term, -weight);
      }
    const raw = nodes.map((node) =>
      Object.entries(node.labels).reduce(
        (sum, [key, value]) => sum + (weights.get(`${key}=${value}`) ?? 0),
        0,
      ),
    );
    const least = Math.min(...raw);
    const range = Math.max(...raw) - least;
    return raw.map((points) => (range === 0 ? 0 : Math.trunc(100 * ((points - least) / range))));
  }

  #images(pod: Pod, node: Node): number {
    const { containers = [], initContainers = [], imageVolumes = [] } = pod.scheduling ?? {};
    const names = [...initContainers, ...containers].map(({ image }) => image);
    const has = (each: Node, name: string) => each.images?.find((image) => image.names.includes(name));
    const bytes = [...names, ...imageVolumes].map(withTag).reduce((sum, name) => {
      if (has(node, name) === undefined) return sum;
      const holders = this.#arrived.filter((each) => has(each, name) !== undefined);
      const size = has(holders[0]!, name)!.sizeBytes;
      return sum + Math.trunc(size * (holders.length / this.#nodes.length));
    }, 0);
    const least = 23 * 2 ** 20;
    const most = 1000 * 2 ** 20 * Math.max(1, names.length);
    return Math.floor((100 * (Math.min(most, Math.max(least, bytes)) - least)) / (most - least));
  }
}

const DEFAULTS = { cpu: 100, memory: 200 * 2 ** 20 };
const CORDON: Taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' };

function withTag(name: string): string {
  const last = name.split('/').at(-1)!;
  return last.includes(':') ? name : `${name}:latest`;
}

function rootOfHeap(scores: readonly number[]): number {
  const heap = scores.map((_, i) => i);
  const less = (a: number, b: number) => scores[heap[a]!]! > scores[heap[b]!]!;
  const sink = (from: number): void => {
    const children = [2 * from + 1, 2 * from + 2].filter((child) => child < heap.length);
    if (children.length === 0) return;
    const child = children.length === 2 && less(children[1]!, children[0]!) ? children[1]! : children[0]!;
    if (!less(child, from)) return;
    [heap[child], heap[from]] = [heap[from]!, heap[child]!];
    sink(child);
  };
  for (let i = Math.floor(heap.length / 2) - 1; i >= 0; i--) sink(i);
  return heap[0]!;
}

function share(counts: readonly number[], reverse: boolean): readonly number[] {
  const greatest = Math.max(...counts);
  const shares = counts.map((count) => (greatest === 0 ? 0 : Math.floor((100 * count) / greatest)));
  return reverse ? shares.map((each) => 100 - each) : shares;
}

function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  return selector.every(({ key, operator, values }) => {
    const value = labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const among = value !== undefined && values.includes(value);
    return operator === 'In' ? among : !among;
  });
}

function tolerated(pod: Pod, taint: Taint): boolean {
  return (pod.scheduling?.tolerations ?? []).some(
    ({ key, operator, value, effect }) =>
      (effect === undefined || effect === taint.effect) &&
      (key === '' || key === taint.key) &&
      (operator === 'Exists' || (operator === 'Equal' && value === taint.value)),
  );
}

function toleratesNode(pod: Pod, node: Node): boolean {
  return (node.taints ?? []).every((taint) => taint.effect === 'PreferNoSchedule' || tolerated(pod, taint));
}

function avoided(pod: Pod, node: Node): number {
  return (node.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerated(pod, taint))
    .length;
}

function termMatches(term: NodeSelectorTerm, node: Node): boolean {
  if (term.matchExpressions.length + term.matchFields.length === 0) return false;
  return (
    term.matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'Gt' && operator !== 'Lt') return selects([{ key, operator, values }], node.labels);
      const [has, asked] = [Number(node.labels[key] ?? 'none'), Number(values[0])];
      return operator === 'Gt' ? has > asked : has < asked;
    }) && term.matchFields.every(({ operator, values }) => (operator === 'In') === (values[0] === node.name))
  );
}

function selectsNode(pod: Pod, node: Node): boolean {
  const { nodeSelector = {}, nodeAffinity } = pod.scheduling ?? {};
  return (
    Object.entries(nodeSelector).every(([key, value]) => node.labels[key] === value) &&
    (nodeAffinity?.required?.some((term) => termMatches(term, node)) ?? true)
  );
}

function preference(pod: Pod, node: Node): number {
  return (pod.scheduling?.nodeAffinity?.preferred ?? [])
    .filter(({ term }) => termMatches(term, node))
    .reduce((sum, { weight }) => sum + weight, 0);
}

function honoured(pod: Pod, node: Node, constraint: TopologySpreadConstraint): boolean {
  return (
    (constraint.nodeAffinityPolicy === 'Ignore' || selectsNode(pod, node)) &&
    (constraint.nodeTaintsPolicy === 'Ignore' || toleratesNode(pod, node))
  );
}

function spreadSelector(pod: Pod, constraint: TopologySpreadConstraint): LabelSelector | undefined {
  const labels = pod.scheduling?.labels ?? {};
  if (constraint.selector === undefined) return undefined;
  return [
    ...constraint.selector,
    ...constraint.matchLabelKeys.flatMap((key) =>
      labels[key] === undefined ? [] : [{ key, operator: 'In' as const, values: [labels[key]] }],
    ),
  ];
}

function portsOf(pod: Pod): readonly { readonly ip: string; readonly port: string }[] {
  const { containers = [], initContainers = [] } = pod.scheduling ?? {};
  return [...initContainers.filter(({ sidecar }) => sidecar), ...containers].flatMap(({ hostPorts }) =>
    hostPorts.map(({ hostIp, protocol, hostPort }) => ({
      ip: hostIp === '' ? '0.0.0.0' : hostIp,
      port: `${protocol}:${hostPort}`,
    })),
  );
}

function capacityOf(node: Node, name: string): number {
  if (name === 'cpu') return node.cpuMilli;
  return name === 'memory' ? node.memoryBytes : (node.extended?.[name] ?? 0);
}

function amountOf(requests: ContainerRequests | undefined, name: string): number | undefined {
  if (name === 'cpu') return requests?.cpuMilli;
  return name === 'memory' ? requests?.memoryBytes : requests?.extended?.[name];
}

function extendedOf(pod: Pod): readonly string[] {
  const { containers = [], initContainers = [], overhead } = pod.scheduling ?? {};
  const requests = [...containers, ...initContainers].map((container) => container.requests);
  return [...new Set([...requests, overhead].flatMap((each) => Object.keys(each?.extended ?? {})))];
}

/** Whether anybody in the pod names the resource, and what all of them ask for together. */
function summed(pod: Pod, name: string, missing: number | undefined, podLevel: boolean): number | undefined {
  const scheduling = pod.scheduling;
  if (scheduling === undefined) {
    const plain = name === 'cpu' ? pod.cpuMilli : name === 'memory' ? pod.memoryBytes : pod.extended?.[name];
    return plain === 0 ? missing : plain;
  }
  const asks = (container: Container) => amountOf(container.requests, name) ?? missing;
  const sidecars = scheduling.initContainers.filter(({ sidecar }) => sidecar);
  const together = [...scheduling.containers, ...sidecars].map(asks);
  const stages = scheduling.initContainers.map((container, i) => [
    ...scheduling.initContainers.slice(0, i).filter(({ sidecar }) => sidecar),
    container,
  ]);
  const totals = [together, ...stages.map((stage) => stage.map(asks))]
    .map((amounts) => amounts.filter((amount) => amount !== undefined))
    .filter((amounts) => amounts.length > 0)
    .map((amounts) => amounts.reduce((sum, amount) => sum + amount, 0));
  let total = totals.length === 0 ? undefined : Math.max(...totals);
  if (podLevel) total = amountOf(scheduling.podRequests, name) ?? total;
  const overhead = amountOf(scheduling.overhead, name);
  return total === undefined && overhead === undefined ? undefined : (total ?? 0) + (overhead ?? 0);
}

function requested(pod: Pod, name: string, missing: number | undefined, podLevel: boolean): number {
  return summed(pod, name, missing, podLevel) ?? 0;
}

function nonZero(pod: Pod, name: 'cpu' | 'memory'): number {
  const { cpuMilli, memoryBytes } = pod.scheduling?.podRequests ?? {};
  const podLevel = cpuMilli !== undefined || memoryBytes !== undefined;
  const named = summed(pod, name, undefined, true) !== undefined;
  return requested(pod, name, podLevel && named ? undefined : DEFAULTS[name], true);
}
