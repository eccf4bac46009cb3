import type { ServerModel } from '../../power-model/server-model.ts';
import { GIB_PER_THREAD, type MachineGroup } from '../../simulation/generators/hardware.ts';
import { RandomStream } from '../../util/rng.ts';

/*
 * Clusters for the question what training for one's own cluster is worth. The CPU models of a table of servers are split
 * once, by a seed of its own, into a half that everything is tuned on and a half that is touched by nothing but the final
 * benchmark. Inside each half no CPU model occurs in two clusters.
 *
 * Like those of the earlier study (three types, 5 to 21 nodes, 190 threads and more), but up to 600 threads where that had 290:
 * machines of today have 128 to 256 each, and within 290 threads most of the table makes clusters of five machines or
 * fewer. Numbers of nodes are drawn evenly from those that are possible.
 */

const SPLIT_SEED = 0x0c1a57e2;
const GIB = 2 ** 30;
const MIN_YEAR = 2010;
const [MIN_THREADS, MAX_THREADS] = [16, 256];
const TYPES = 3;
const MOST_OF_A_TYPE = 8;
const [MIN_NODES, MAX_NODES] = [5, 21];
const [MIN_CLUSTER_THREADS, MAX_CLUSTER_THREADS] = [190, 600];
const TRIES = 2000;

export type ClusterSplit = 'development' | 'test';

/** All clusters of one half, in an order that never changes for one table. */
export function ownClusters(
  table: readonly ServerModel[],
  split: ClusterSplit,
): readonly (readonly MachineGroup[])[] {
  const random = new RandomStream(SPLIT_SEED);
  const byCpu = new Map<string, ServerModel[]>();
  for (const model of table) {
    if (model.year < MIN_YEAR || model.threads < MIN_THREADS || model.threads > MAX_THREADS) continue;
    const same = byCpu.get(model.cpuKey);
    if (same === undefined) byCpu.set(model.cpuKey, [model]);
    else same.push(model);
  }
  const keys = random.shuffle([...byCpu.keys()].sort());
  const half = Math.floor(keys.length / 2);
  const left = split === 'test' ? keys.slice(0, half) : keys.slice(half);
  return deal(left, byCpu, random.fork(split));
}

function deal(
  left: string[],
  byCpu: ReadonlyMap<string, readonly ServerModel[]>,
  random: RandomStream,
): MachineGroup[][] {
  const clusters: MachineGroup[][] = [];
  for (let tries = 0; left.length >= TYPES && tries < TRIES; tries++) {
    random.shuffle(left);
    const models = left.slice(0, TYPES).map((key) => random.pick(byCpu.get(key)!));
    const counts = possibleCounts(models);
    if (counts.length === 0) continue;
    left.splice(0, TYPES);
    const nodes = random.pick([...new Set(counts.map(total))]);
    const chosen = random.pick(counts.filter((each) => total(each) === nodes));
    clusters.push(
      models.map(({ name, threads, curve }, i) => ({
        name,
        threads,
        count: chosen[i]!,
        curve,
        memoryBytes: threads * GIB_PER_THREAD * GIB,
      })),
    );
  }
  return clusters;
}

function possibleCounts(models: readonly ServerModel[]): readonly (readonly number[])[] {
  const [a, b, c] = models.map(({ threads }) => threads) as [number, number, number];
  const found: number[][] = [];
  for (let i = 1; i <= MOST_OF_A_TYPE; i++)
    for (let j = 1; j <= MOST_OF_A_TYPE; j++)
      for (let k = 1; k <= MOST_OF_A_TYPE; k++) {
        const threads = i * a + j * b + k * c;
        const nodes = i + j + k;
        const fits = threads >= MIN_CLUSTER_THREADS && threads <= MAX_CLUSTER_THREADS;
        if (fits && nodes >= MIN_NODES && nodes <= MAX_NODES) found.push([i, j, k]);
      }
  return found;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, each) => sum + each, 0);
}
