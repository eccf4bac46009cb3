import { boundTo, type Corpus, podKey } from '../corpora/corpus.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Attempt, SchedulerLog } from './scheduler-log.ts';

const SECONDS = 120;

/** Namespaces and what does not change between runs of one corpus. */
export async function createSurroundings(plane: ControlPlane, { surroundings }: Corpus): Promise<void> {
  await plane.client.createAll(surroundings.filter(({ kind }) => kind === 'Namespace'));
  await plane.client.createAll(surroundings.filter(({ kind }) => kind !== 'Namespace'));
}

/**
 * Lets the real scheduler place the pods of a corpus whose surroundings exist, and returns what it decided, in its order.
 * The scheduler is started when all objects are there, so that it begins with the nodes sorted by name and the pods in
 * their order, and ended when every pod has had its turn. Nodes and pods are deleted afterwards.
 */
export async function runCorpus(plane: ControlPlane, corpus: Corpus): Promise<readonly Attempt[]> {
  await plane.client.createAll(corpus.nodes);
  await plane.client.createAll(corpus.pods);
  try {
    const waiting = corpus.pods.filter((pod) => boundTo(pod) === undefined).map(podKey);
    return await decisions(plane, waiting);
  } finally {
    for (const { kind, metadata } of corpus.surroundings)
      if (kind === 'Namespace') await plane.client.deleteAll('Pod', metadata.name);
    await plane.client.deleteAll('Node');
  }
}

async function decisions(plane: ControlPlane, pods: readonly string[]): Promise<readonly Attempt[]> {
  const log = new SchedulerLog();
  const scheduler = plane.startScheduler({ sourceVerbosity: 'schedule_one=10' });
  const { promise: done, resolve, reject } = Promise.withResolvers<readonly Attempt[]>();
  const check = (): void => {
    // What is tried again from here on may be interrupted, and decided from a part of the nodes.
    if (log.open === 0 && pods.every((pod) => log.settled.has(pod))) resolve([...log.attempts]);
  };
  scheduler.output.setEncoding('utf8');
  scheduler.output.on('data', (text: string) => {
    log.feed(text);
    if (log.settled.size >= pods.length) check();
  });
  scheduler.child.once('error', reject);
  scheduler.child.once('close', (status) => reject(new Error(`kube-scheduler ended with status ${status}`)));
  const late = setTimeout(() => {
    const missing = pods.filter((pod) => !log.settled.has(pod));
    reject(new Error(`after ${SECONDS} s no decision for ${missing.length} pods: ${missing.slice(0, 5)}`));
  }, SECONDS * 1000);
  if (pods.length === 0) resolve([]);
  try {
    return await done;
  } finally {
    clearTimeout(late);
    await plane.stop(scheduler);
  }
}
