import { HOSTNAME_LABEL, SERVER_MODEL_LABEL } from '../../cluster/labels.ts';
import type { Node, NodeSleep } from '../../cluster/node.ts';
import type { PowerCurve } from '../../power-model/power-curve.ts';
import type { ServerModel } from '../../power-model/server-model.ts';
import { RandomStream } from '../../util/rng.ts';
import { scenarioErrors } from '../scenarios/errors.ts';

const GIB = 1024 ** 3;
export const GIB_PER_THREAD = 4;

/** Kubernetes' own limit of 110 is too low for 256 threads and would decide placements that CPU and memory should. */
const PODS_PER_NODE = 250;

const MIN_YEAR = 2010;
const MIN_THREADS = 16;
const MAX_THREADS = 256;
const TYPES_PER_CLUSTER = 3;
const MAX_NODES_PER_TYPE = 8;
const MIN_CLUSTER_THREADS = 190;
const MAX_CLUSTER_THREADS = 290;

/** The deck is shuffled by a seed of its own: which clusters share no CPU model must not depend on the experiment. */
const DECK_SEED = 0x5eed_dec;
/** Triples tried before the rest of a deck is given up; a triple fits for about one try in three of a full deck. */
const TRIES = 300;

/** A type of machine and how many there are of it. */
export interface MachineGroup {
  readonly name: string;
  readonly threads: number;
  readonly count: number;
  readonly curve: PowerCurve;
  readonly memoryBytes: number;
}

/** What sleep costs where a scenario has it: 5 minutes empty, 9 W asleep, 120 s of waking at the watts of half load. */
export function sleepOf(curve: PowerCurve): NodeSleep {
  return { sleepWatts: 9, emptySeconds: 300, wakeSeconds: 120, wakeWatts: curve.watts(0.5) };
}

export interface NodeTraits {
  readonly sleep: boolean;
  readonly smt?: Node['smt'];
}

/**
 * Nodes named by their place in the list, `node-01` and on. The types are spread evenly over the list, as machines that
 * were bought in years stand in a room: policies that take nodes in their order must not meet one type first.
 */
export function nodesOf(groups: readonly MachineGroup[], traits: NodeTraits): Node[] {
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const digits = Math.max(2, String(total).length);
  const places = groups.flatMap((group) =>
    Array.from({ length: group.count }, (_, i) => ({ group, at: (i + 0.5) / group.count })),
  );
  // Stable: types that want the same place keep their order.
  places.sort((a, b) => a.at - b.at);
  return places.map(({ group }, index) => {
    const name = `node-${String(index + 1).padStart(digits, '0')}`;
    return {
      name,
      labels: { [HOSTNAME_LABEL]: name, [SERVER_MODEL_LABEL]: group.name },
      cpuMilli: group.threads * 1000,
      memoryBytes: group.memoryBytes,
      pods: PODS_PER_NODE,
      power: group.curve,
      ...(traits.sleep ? { sleep: sleepOf(group.curve) } : {}),
      ...(traits.smt === undefined ? {} : { smt: traits.smt }),
    };
  });
}

/**
 * A cluster of three machine types drawn from a table: hardware of 2010 or later with 16 to 256 threads, 1 to 8 nodes of
 * each type, 190 to 290 threads in all, 4 GiB of memory a thread. Clusters are dealt from a shuffled deck of the table's
 * CPU models, so that those with seeds 0 .. `disjointClusters(table)` - 1 have no CPU model in common; greater seeds go
 * through the models again, shuffled anew.
 *
 * @throws KISIM_E_SCENARIO_HARDWARE where no three models of the table make such a cluster
 */
export function randomHardware(table: readonly ServerModel[], clusterSeed: number): readonly MachineGroup[] {
  const perDeck = disjointClusters(table);
  const round = Math.floor(clusterSeed / perDeck);
  const deck = dealtDecks(table, round);
  return deck[(clusterSeed % perDeck) % deck.length]!;
}

/** How many clusters can be dealt before a CPU model comes up a second time. */
export function disjointClusters(table: readonly ServerModel[]): number {
  return dealtDecks(table, 0).length;
}

type Deck = readonly (readonly MachineGroup[])[];
const decks = new WeakMap<readonly ServerModel[], Map<number, Deck>>();

function dealtDecks(table: readonly ServerModel[], round: number): Deck {
  const rounds = decks.get(table) ?? new Map<number, Deck>();
  decks.set(table, rounds);
  const deck = rounds.get(round) ?? deal(table, round);
  rounds.set(round, deck);
  return deck;
}

function deal(table: readonly ServerModel[], round: number): Deck {
  const random = new RandomStream(DECK_SEED).fork(`round ${round}`);
  const byCpu = new Map<string, ServerModel[]>();
  for (const model of table) {
    if (model.year < MIN_YEAR || model.threads < MIN_THREADS || model.threads > MAX_THREADS) continue;
    const same = byCpu.get(model.cpuKey);
    if (same === undefined) byCpu.set(model.cpuKey, [model]);
    else same.push(model);
  }
  const left = [...byCpu.keys()].sort();
  const clusters: (readonly MachineGroup[])[] = [];
  let tries = 0;
  while (left.length >= TYPES_PER_CLUSTER && tries < TRIES) {
    random.shuffle(left);
    const models = left.slice(0, TYPES_PER_CLUSTER).map((key) => random.pick(byCpu.get(key)!));
    const counts = possibleCounts(models);
    tries++;
    if (counts.length === 0) continue;
    tries = 0;
    left.splice(0, TYPES_PER_CLUSTER);
    const chosen = random.pick(counts);
    clusters.push(
      models.map((model, i) => ({
        name: model.name,
        threads: model.threads,
        count: chosen[i]!,
        curve: model.curve,
        memoryBytes: model.threads * GIB_PER_THREAD * GIB,
      })),
    );
  }
  if (clusters.length === 0) {
    const found = `${byCpu.size} CPU models of ${MIN_YEAR} or later with ${MIN_THREADS} to ${MAX_THREADS} threads`;
    throw scenarioErrors.KISIM_E_SCENARIO_HARDWARE(found);
  }
  return clusters;
}

function possibleCounts(models: readonly ServerModel[]): readonly (readonly number[])[] {
  const [a, b, c] = models.map((model) => model.threads) as [number, number, number];
  const found: number[][] = [];
  for (let i = 1; i <= MAX_NODES_PER_TYPE; i++)
    for (let j = 1; j <= MAX_NODES_PER_TYPE; j++)
      for (let k = 1; k <= MAX_NODES_PER_TYPE; k++) {
        const threads = i * a + j * b + k * c;
        if (threads >= MIN_CLUSTER_THREADS && threads <= MAX_CLUSTER_THREADS) found.push([i, j, k]);
      }
  return found;
}
