// Started in a private network by the benchmark `latency`: pods with and without the gate, in pairs, on a real control plane.
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomStream } from '../../../../src/util/rng.ts';
import { TEAM } from '../../../cluster/support/acting-cluster.ts';
import { Cleanups } from '../../../system/support/cleanups.ts';
import { waitFor } from '../../../system/support/wait-for.ts';
import { benchCluster, benchPod, daemonArguments, keyOf, PLAIN } from './bench-cluster.ts';
import type { DaemonReport } from './daemon-child.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { PodWatcher } from './pod-watcher.ts';
import { tellProgress, tellResult } from './tell.ts';

export interface LatencyGiven {
  readonly nodes: number;
  readonly pairs: number;
  readonly pairsPerSecond: number;
  readonly seed: number;
}

export interface LatencyResult {
  readonly report: DaemonReport;
  /** Decisions of the first pods, which are not among the measured ones. */
  readonly warmUp: number;
  /** Milliseconds from the begin of the creation to the event with the node; pairs in the same order. */
  readonly gated: readonly number[];
  readonly ungated: readonly number[];
}

const given = JSON.parse(process.argv[2]!) as LatencyGiven;
const cleanups = new Cleanups();
try {
  tellResult(await measured(given));
} finally {
  cleanups.run();
}

async function measured({ nodes, pairs, pairsPerSecond, seed }: LatencyGiven): Promise<LatencyResult> {
  const cluster = await benchCluster(cleanups, nodes);
  tellProgress(`${nodes} nodes`);
  cluster.plane.startScheduler().output.resume();
  const daemon = new DaemonUnderTest(daemonArguments(cluster));
  await daemon.synced;
  const boundAt = new Map<string, number>();
  const watcher = new PodWatcher(cluster.admin, (pod, _, at) => {
    const key = keyOf(pod);
    if (pod.spec?.nodeName && !boundAt.has(key)) boundAt.set(key, at);
  });
  await watcher.start();
  // The first pods pay for what is read and compiled once.
  for (let i = 0; i < 10; i++)
    await cluster.plane.client.createAll([benchPod(TEAM, `warm-${i}`), benchPod(PLAIN, `warm-${i}`)]);
  await waitFor('the first pods', 60, () => boundAt.size === 20);
  const warmUp = (await daemon.report()).decisions.length;
  const random = new RandomStream(seed);
  const createdAt = new Map<string, number>();
  const create = async (namespace: string, name: string): Promise<void> => {
    createdAt.set(`${namespace}/${name}`, performance.now());
    await cluster.plane.client.create(benchPod(namespace, name));
  };
  const creations: Promise<void>[] = [];
  for (let i = 0; i < pairs; i++) {
    const both = i % 2 === 0 ? [TEAM, PLAIN] : [PLAIN, TEAM];
    for (const namespace of both) creations.push(create(namespace, `pod-${i}`));
    await sleep(random.exponential(1000 / pairsPerSecond));
    if (i % 100 === 99) tellProgress(`${i + 1} of ${pairs} pairs`);
  }
  await Promise.all(creations);
  await waitFor('all pods to be bound', 120, () => {
    daemon.mustRun();
    return boundAt.size === 20 + 2 * pairs;
  });
  await watcher.stop();
  const report = await daemon.stop();
  const delays = (namespace: string): number[] =>
    Array.from({ length: pairs }, (_, i) => {
      const key = `${namespace}/pod-${i}`;
      return boundAt.get(key)! - createdAt.get(key)!;
    });
  return { report, warmUp, gated: delays(TEAM), ungated: delays(PLAIN) };
}
