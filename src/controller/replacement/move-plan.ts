import { type ClusterState, NODE_ON } from '../../cluster/cluster-state.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import { type Fitting, placeOnCopy } from '../fitting.ts';
import { belongsToNode, type Resident, staysBecause } from '../resident.ts';
import { wattsAt, wattsOfChange } from './power-changes.ts';

/** What is predicted must be so much greater than what it costs: predictions are what they are. */
const MARGIN = 0.25;

export interface MoveRules {
  /** What an eviction costs beside the work that is done again. */
  readonly restartJoules: Joules;
  /** A move must have paid for itself after so long; a pod is left where it is for as long before it is moved again. */
  readonly paybackSeconds: number;
  readonly ownNamespace: string;
  /** Evictions that one plan may have. */
  readonly mostMoves: number;
  /** Whether a node is one that goes to sleep when it is empty. */
  readonly maySleep: (node: string) => boolean;
  /** Empty nodes that stay awake all the same. */
  readonly spareNodes: number;
  /** Pods and nodes that were tried in vain a short while ago, by uid and by name. */
  readonly isLeftAlone: (uidOrNode: string) => boolean;
}

export interface Move {
  readonly pod: Resident;
  readonly from: string;
  readonly to: string;
  /** What is predicted to be saved within the payback time, and what it costs; of a node that is emptied each pod's share. */
  readonly savedJoules: Joules;
  readonly costJoules: Joules;
}

export interface MovePlan {
  readonly moves: readonly Move[];
  /** The node that could sleep then. */
  readonly empties: string | undefined;
  readonly savedJoules: Joules;
  readonly costJoules: Joules;
}

/**
 * The move, or the moves that empty one node, that save most beyond what they cost; undefined where none saves enough.
 *
 * A pod that leaves saves what its node draws less, and costs what the other draws more, at the predicted use of all pods, for the
 * payback time or what is left of its life. A node that could sleep then saves its idle power too, from when it has been empty for
 * its time, less the energy of a wake.
 *
 * @param sources nodes to look at, by index
 * @param unix wall clock, as that of the pods' creation
 */
export function planMoves(
  cluster: ClusterState,
  fitting: Fitting,
  byNode: ReadonlyMap<string, readonly Resident[]>,
  sources: readonly number[],
  rules: MoveRules,
  unix: Milliseconds,
): MovePlan | undefined {
  let best: MovePlan | undefined;
  const hasWork = (name: string) => (byNode.get(name) ?? []).some((pod) => !belongsToNode(pod));
  const empty = cluster.nodes.filter(
    ({ name }, at) => cluster.power[at] === NODE_ON && !hasWork(name),
  ).length;
  // One more would only be another spare.
  const couldSleep = (name: string) => empty >= rules.spareNodes && rules.maySleep(name);
  // Awake nodes; of those that go to sleep when they are empty only the ones that are not.
  const targets = Uint8Array.from(cluster.nodes, ({ name }, at) =>
    cluster.power[at] === NODE_ON && (hasWork(name) || !rules.maySleep(name)) ? 1 : 0,
  );
  let copy: ClusterState | undefined;
  const copied = () => {
    copy ??= cluster.clone();
    return copy;
  };
  const world: World = { cluster, copied, fitting, targets, rules, unix };
  const consider = (plan: MovePlan | undefined) => {
    if (plan === undefined || plan.savedJoules <= plan.costJoules * (1 + MARGIN)) return;
    if (best === undefined || netOf(plan) > netOf(best)) best = plan;
  };
  for (const node of sources) {
    const name = cluster.nodes[node]!.name;
    if (cluster.power[node] !== NODE_ON || rules.isLeftAlone(name)) continue;
    const pods = (byNode.get(name) ?? []).filter((pod) => !belongsToNode(pod));
    for (const pod of pods) if (mayMove(pod, rules, unix)) consider(single(world, node, pod));
    if (couldSleep(name) && pods.length > 0 && pods.length <= rules.mostMoves)
      if (pods.every((pod) => mayMove(pod, rules, unix))) consider(emptied(world, node, pods));
  }
  return best;
}

interface World {
  readonly cluster: ClusterState;
  /** A copy to plan on, one for all plans; whoever changes it puts it back as it was. */
  readonly copied: () => ClusterState;
  readonly fitting: Fitting;
  /** By index: 1 where a pod may go. */
  readonly targets: Uint8Array;
  readonly rules: MoveRules;
  readonly unix: Milliseconds;
}

function netOf({ savedJoules, costJoules }: MovePlan): Joules {
  return savedJoules - costJoules;
}

function mayMove(pod: Resident, rules: MoveRules, unix: Milliseconds): boolean {
  return (
    !pod.isDeleting &&
    staysBecause(pod, rules.ownNamespace) === undefined &&
    unix - pod.createdUnixMilliseconds >= rules.paybackSeconds * 1000 &&
    !rules.isLeftAlone(pod.uid)
  );
}

function ageSeconds({ createdUnixMilliseconds }: Resident, unix: Milliseconds): number {
  return Math.max(0, unix - createdUnixMilliseconds) / 1000;
}

/** A restart; and for a Job, which begins anew, what it has used until now, at what it draws on its node. */
function costOf(pod: Resident, watts: number, rules: MoveRules, unix: Milliseconds): Joules {
  const again = pod.ownerKinds.includes('Job') ? ageSeconds(pod, unix) * watts : 0;
  return rules.restartJoules + again;
}

/** Seconds for which a move saves: a Job's prediction is of its whole run, which begins anew. */
function horizon({ pod }: Resident, { paybackSeconds }: MoveRules): number {
  return Math.min(paybackSeconds, pod.predictedSeconds);
}

function single(world: World, from: number, pod: Resident): MovePlan | undefined {
  const { cluster, rules, unix } = world;
  if (cluster.nodeOf(pod.pod.id) !== from || rules.mostMoves < 1) return undefined;
  const use = pod.pod.predictedCpuMilli;
  const leaving = wattsOfChange(cluster, from, -use);
  if (leaving === undefined) return undefined;
  const to = cheapest(world, cluster, pod, from);
  if (to === undefined) return undefined;
  const savedJoules = (-leaving - to.watts) * horizon(pod, rules);
  const costJoules = costOf(pod, -leaving, rules, unix);
  const [source, target] = [cluster.nodes[from]!.name, cluster.nodes[to.node]!.name];
  const move = { pod, from: source, to: target, savedJoules, costJoules };
  return { moves: [move], empties: undefined, savedJoules, costJoules };
}

/** The node whose power rises least. @param copy the cluster, with what is planned already */
function cheapest(
  { fitting, targets }: World,
  copy: ClusterState,
  { pod }: Resident,
  from: number,
): { readonly node: number; readonly watts: number } | undefined {
  let best: { node: number; watts: number } | undefined;
  for (const node of fitting.nodesFor(copy, pod)) {
    if (node === from || targets[node] === 0) continue;
    const watts = wattsOfChange(copy, node, pod.predictedCpuMilli);
    if (watts !== undefined && (best === undefined || watts < best.watts)) best = { node, watts };
  }
  return best;
}

function emptied(world: World, from: number, pods: readonly Resident[]): MovePlan | undefined {
  const { cluster, rules, unix } = world;
  const { sleep, name } = cluster.nodes[from]!;
  const use = cluster.predictedUse[from]!;
  const [now, idle] = [wattsAt(cluster, from, use), wattsAt(cluster, from, 0)];
  // What sleeping takes is not known for every node that may sleep.
  if (sleep === undefined || now === undefined || idle === undefined) return undefined;
  const drafts = elsewhere(world, from, pods);
  if (drafts === undefined) return undefined;
  const { paybackSeconds } = rules;
  const asleepSeconds = Math.max(0, paybackSeconds - sleep.emptySeconds);
  const wake = (sleep.wakeWatts - sleep.sleepWatts) * sleep.wakeSeconds;
  const sleeping = (idle - sleep.sleepWatts) * asleepSeconds - wake;
  const total = pods.reduce((sum, { pod }) => sum + pod.predictedCpuMilli, 0);
  const moves = drafts.map(({ pod, to, watts }): Move => {
    // What the node draws above its idle power, and what it saves asleep, in proportion to what its pods use.
    const share = total === 0 ? 1 / pods.length : pod.pod.predictedCpuMilli / total;
    const own = (now - idle) * share;
    return {
      pod,
      from: name,
      to: cluster.nodes[to]!.name,
      savedJoules: (own - watts) * horizon(pod, rules) + sleeping * share,
      costJoules: costOf(pod, own, rules, unix),
    };
  });
  return {
    moves,
    empties: name,
    savedJoules: moves.reduce((sum, { savedJoules }) => sum + savedJoules, 0),
    costJoules: moves.reduce((sum, { costJoules }) => sum + costJoules, 0),
  };
}

interface Draft {
  readonly pod: Resident;
  readonly to: number;
  /** By how much the power of that node rises, with what went there before. */
  readonly watts: number;
}

/** Where all pods of a node would go, the largest first; undefined where one of them has no place. */
function elsewhere(world: World, from: number, pods: readonly Resident[]): readonly Draft[] | undefined {
  const copy = world.copied();
  const drafts: Draft[] = [];
  try {
    const largestFirst = [...pods].sort((a, b) => b.pod.cpuMilli - a.pod.cpuMilli || a.pod.id - b.pod.id);
    for (const each of largestFirst) {
      // What does not fit there by the book is not in its columns.
      if (copy.nodeOf(each.pod.id) !== from) return undefined;
      const to = cheapest(world, copy, each, from);
      if (to === undefined) return undefined;
      copy.remove(each.pod);
      placeOnCopy(copy, each.pod, to.node);
      drafts.push({ pod: each, to: to.node, watts: to.watts });
    }
    return drafts;
  } finally {
    for (const { pod } of drafts.toReversed()) {
      copy.remove(pod.pod);
      copy.place(pod.pod, from, world.cluster.gpusOf(pod.pod.id));
    }
  }
}
