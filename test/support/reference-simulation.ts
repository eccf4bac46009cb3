import { ClusterState, NODE_ASLEEP, NODE_ON, NODE_WAKING } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import { WAIT } from '../../src/policy/policy.ts';
import { fullestGpus } from '../../src/simulation/gpu-choice.ts';
import type { SimulationInput } from '../../src/simulation/simulation.ts';
import type { WorkItem } from '../../src/simulation/workload.ts';
import { RandomStream } from '../../src/util/rng.ts';

interface Running {
  readonly item: WorkItem;
  readonly node: number;
  /** Batch: undisturbed seconds that are left. Service: when it ends. */
  left: number;
}

interface Pending {
  readonly item: WorkItem;
  waits: boolean;
}

export interface ReferenceResult {
  readonly energyByNode: readonly number[];
  readonly starts: ReadonlyMap<number, number>;
  readonly ends: ReadonlyMap<number, number>;
  readonly batchCoreSeconds: number;
  readonly servedCoreSeconds: number;
}

/** Instants that differ by less are one. */
const SAME = 1e-7;

/**
 * The semantics of docs/developer/simulation.md once more, as plainly as they can be written: no virtual clocks, no
 * heaps, everything worked out anew after every event. Slow; what the engine is held against. Has no pods without an end.
 */
export function referenceSimulation({
  nodes,
  workload,
  policy,
  seed,
  options,
}: SimulationInput): ReferenceResult {
  const cluster = new ClusterState(nodes);
  const run = policy.start({ cluster, random: new RandomStream(seed).fork('policy') });
  const { items, windowSeconds } = workload;
  const slowest = Math.min(1, ...nodes.map((node) => node.speed ?? 1));
  const horizon = Math.max(
    windowSeconds,
    ...items.map((item) => {
      const slack = item.prefill === true ? 0 : item.pod.slackSeconds;
      return item.arrivalSeconds + slack + item.seconds / (item.kind === 'batch' ? slowest : 1);
    }),
  );
  const energy = nodes.map(() => 0);
  const running: Running[] = [];
  const booked: Running[] = [];
  const pending: Pending[] = [];
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  let batchCoreSeconds = 0;
  let servedCoreSeconds = 0;
  let arrived = 0;
  let now = 0;

  const step = () => Math.floor((now + SAME) / options.tickSeconds) * options.tickSeconds;
  const wanted = ({ item }: Running) => {
    if (item.rhythm === undefined) return item.useMilli;
    const { amplitude, phaseSeconds, periodSeconds } = item.rhythm;
    return (
      item.useMilli * (1 + amplitude * Math.sin((2 * Math.PI * (step() + phaseSeconds)) / periodSeconds))
    );
  };
  const use = (node: number) =>
    running.filter((each) => each.node === node).reduce((sum, each) => sum + wanted(each), 0);
  const rate = (node: number) => {
    const { cpuMilli, smt, speed } = nodes[node]!;
    const all = use(node);
    if (all === 0) return speed ?? 1;
    const taken = Math.min(all, cpuMilli);
    const cores = cpuMilli / (smt?.threadsPerCore ?? 1);
    const done = Math.min(taken, cores) + Math.max(0, taken - cores) * (smt?.secondThreadYield ?? 0);
    return ((speed ?? 1) * done) / all;
  };
  const overlap = (from: number, to: number, end: number) =>
    Math.max(0, Math.min(to, end) - Math.min(from, end));

  const burn = (to: number) => {
    for (const [i, { power, sleep, gpus, cpuMilli }] of nodes.entries()) {
      const mayDoze = sleep !== undefined;
      const counted = overlap(now, to, mayDoze ? horizon : windowSeconds);
      if (cluster.power[i] === NODE_ASLEEP) energy[i]! += sleep!.sleepWatts * counted;
      else if (cluster.power[i] === NODE_WAKING) energy[i]! += sleep!.wakeWatts * counted;
      else {
        const gpu = gpus?.power;
        let above = power!.watts(Math.min(1, use(i) / cpuMilli)) - power!.idleWatts;
        for (let g = 0; g < (gpus?.count ?? 0); g++) {
          const share = running
            .filter((each) => each.node === i && cluster.gpusOf(each.item.pod.id)?.includes(g) === true)
            .reduce((sum, { item }) => sum + ((item.gpuUse ?? 1) * item.pod.gpu!.milliEach) / 1000, 0);
          const busy = gpu!.law === 'proportional' ? Math.min(1, share) : share > 0 ? 1 : 0;
          above += busy * (gpu!.fullWatts - gpu!.idleWatts);
        }
        const idle = power!.idleWatts + (gpus?.count ?? 0) * (gpu?.idleWatts ?? 0);
        energy[i]! += idle * counted + above * (to - now);
      }
    }
    for (const each of running) {
      const given = (wanted(each) * Math.min(1, nodes[each.node]!.cpuMilli / use(each.node))) / 1000;
      if (each.item.kind === 'service') servedCoreSeconds += given * (to - now);
    }
    const rates = nodes.map((_, i) => rate(i));
    for (const each of running) if (each.item.kind === 'batch') each.left -= rates[each.node]! * (to - now);
  };

  const begin = (each: Running) => {
    starts.set(each.item.pod.id, now);
    running.push({ ...each, left: each.item.seconds + (each.item.kind === 'batch' ? 0 : now) });
  };
  const measure = () => {
    for (let i = 0; i < nodes.length; i++) cluster.measuredUse[i] = Math.min(use(i), nodes[i]!.cpuMilli);
  };

  /** Whether the pod has a place now, or else whether it chose to wait. */
  const offer = (item: WorkItem): 'placed' | 'waits' | 'unfit' => {
    const candidates = new Int32Array(nodes.length);
    const count = feasibleNodes(cluster, item.pod, candidates);
    if (count === 0) return 'unfit';
    const deadline = item.prefill === true ? 0 : item.arrivalSeconds + item.pod.slackSeconds;
    const slackLeft = deadline - now < SAME ? 0 : deadline - now;
    const node = run.choose(item.pod, { nodes: candidates, count, slackLeft });
    if (node === WAIT) return 'waits';
    const gpus = new Int32Array(item.pod.gpu?.count ?? 0);
    if (gpus.length > 0) fullestGpus(cluster, item.pod, node, gpus);
    if (cluster.power[node] === NODE_ASLEEP) {
      cluster.power[node] = NODE_WAKING;
      cluster.awakeAt[node] = now + nodes[node]!.sleep!.wakeSeconds;
    }
    cluster.place(item.pod, node, gpus.length > 0 ? gpus : undefined);
    const each = { item, node, left: 0 };
    if (cluster.power[node] === NODE_ON) begin(each);
    else booked.push(each);
    measure();
    run.placed?.(item.pod, node);
    return 'placed';
  };
  const offerAll = (asks: (each: Pending) => boolean) => {
    for (const each of [...pending]) {
      if (!asks(each)) continue;
      const answer = offer(each.item);
      if (answer === 'placed') pending.splice(pending.indexOf(each), 1);
      else each.waits = answer === 'waits';
    }
  };
  const arrive = (item: WorkItem) => {
    const answer = offer(item);
    if (answer !== 'placed') pending.push({ item, waits: answer === 'waits' });
  };

  while (items[arrived]?.prefill === true) arrive(items[arrived++]!);
  for (;;) {
    const times = [arrived < items.length ? items[arrived]!.arrivalSeconds : Number.POSITIVE_INFINITY];
    for (const each of running)
      times.push(each.item.kind === 'batch' ? now + Math.max(0, each.left) / rate(each.node) : each.left);
    nodes.forEach((node, i) => {
      if (cluster.power[i] === NODE_WAKING) times.push(cluster.awakeAt[i]!);
      else if (cluster.power[i] === NODE_ON && node.sleep)
        times.push(cluster.emptySince[i]! + node.sleep.emptySeconds);
    });
    const waits = pending.some((each) => each.waits);
    for (const { item } of pending) {
      const deadline = item.arrivalSeconds + item.pod.slackSeconds;
      if (deadline > now + SAME) times.push(deadline);
    }
    if (waits || running.some((each) => each.item.rhythm !== undefined))
      times.push(step() + options.tickSeconds);
    const next = Math.min(...times);
    const quiet = arrived === items.length && pending.length + running.length + booked.length === 0;
    if (quiet && next >= horizon) break;
    burn(next);
    const earlier = now;
    now = next;
    cluster.now = now;
    const gone = running.filter((each) =>
      each.item.kind === 'batch' ? each.left < SAME * nodes.length : each.left <= now + SAME,
    );
    gone.sort((a, b) => {
      if (a.item.kind !== b.item.kind) return a.item.kind === 'batch' ? -1 : 1;
      return (a.item.kind === 'batch' ? a.node - b.node : 0) || a.item.pod.id - b.item.pod.id;
    });
    for (const each of gone) {
      running.splice(running.indexOf(each), 1);
      ends.set(each.item.pod.id, now);
      if (each.item.kind === 'batch') batchCoreSeconds += (each.item.useMilli * each.item.seconds) / 1000;
      measure();
      cluster.remove(each.item.pod);
      run.removed?.(each.item.pod, each.node);
    }
    let woke = false;
    nodes.forEach((_, i) => {
      if (cluster.power[i] !== NODE_WAKING || cluster.awakeAt[i]! > now + SAME) return;
      cluster.power[i] = NODE_ON;
      woke = true;
      for (const each of booked.filter((one) => one.node === i)) {
        booked.splice(booked.indexOf(each), 1);
        begin(each);
      }
    });
    measure();
    const ticked = waits && now - step() < SAME && now > earlier + SAME;
    const asks = ticked || (options.reconsider === 'departure' && (woke || gone.length > 0));
    offerAll((each) => (each.waits ? asks : gone.length > 0));
    offerAll(
      ({ waits: waiting, item }) => waiting && item.arrivalSeconds + item.pod.slackSeconds <= now + SAME,
    );
    while (arrived < items.length && items[arrived]!.arrivalSeconds <= now + SAME) arrive(items[arrived++]!);
    nodes.forEach((node, i) => {
      const dozes = node.sleep !== undefined && cluster.power[i] === NODE_ON;
      if (dozes && cluster.emptySince[i]! + node.sleep!.emptySeconds <= now + SAME)
        cluster.power[i] = NODE_ASLEEP;
    });
  }
  burn(Math.max(horizon, now));
  return { energyByNode: energy, starts, ends, batchCoreSeconds, servedCoreSeconds };
}
