import { boundTo, type Corpus, podKey } from '../corpora/corpus.ts';
import { type ApiObject, collectionPath } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Attempt, SchedulerLog } from './scheduler-log.ts';

const SECONDS = 120;

/** Namespaces and what does not change between runs of one corpus. */
export async function createSurroundings(plane: ControlPlane, { surroundings }: Corpus): Promise<void> {
  await plane.client.createAll(surroundings.filter(({ kind }) => kind === 'Namespace'));
  await plane.client.createAll(surroundings.filter(({ kind }) => kind !== 'Namespace'));
}

/** What the real scheduler did in one act of a corpus. */
export interface Act {
  readonly attempts: readonly Attempt[];
  /** Node by pod: of pods that were bound while the scheduler was being ended, which it did not tell any more. */
  readonly untold: Readonly<Record<string, string>>;
}

/**
 * Lets the real scheduler place the pods of a corpus whose surroundings exist, and returns what it decided, in its order.
 * The scheduler is started when all objects are there, so that it begins with the nodes sorted by name and the pods in
 * their order, and ended when every pod has had its turn. Nodes and pods are deleted afterwards.
 */
export async function runCorpus(plane: ControlPlane, corpus: Corpus): Promise<readonly Act[]> {
  const { client } = plane;
  await client.createAll(corpus.nodes);
  await client.createAll(corpus.pods);
  const namespaces = corpus.surroundings
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => metadata.name);
  try {
    const waiting = corpus.pods.filter((pod) => boundTo(pod) === undefined).map(podKey);
    const acts = [await act(plane, namespaces, waiting)];
    const { later } = corpus;
    if (later === undefined) return acts;
    await client.deleteEach('Pod', later.removed);
    // What a node is cannot be changed in one request, its status being apart.
    await client.deleteEach(
      'Node',
      later.changed.map(({ metadata }) => metadata.name),
    );
    await client.createAll(later.changed);
    await client.createAll(later.pods);
    const bound = new Set(acts[0]!.attempts.filter(({ node }) => node !== undefined).map(({ pod }) => pod));
    const gone = new Set([...later.removed, ...Object.keys(acts[0]!.untold)]);
    const left = waiting.filter((pod) => !bound.has(pod) && !gone.has(pod));
    const fresh = later.pods.filter((pod) => boundTo(pod) === undefined).map(podKey);
    return [...acts, await act(plane, namespaces, [...left, ...fresh])];
  } finally {
    for (const namespace of namespaces) await client.deleteAll('Pod', namespace);
    await client.deleteAll('Node');
  }
}

async function act(
  plane: ControlPlane,
  namespaces: readonly string[],
  pods: readonly string[],
): Promise<Act> {
  const attempts = await decisions(plane, pods);
  const told = new Set(attempts.filter(({ node }) => node !== undefined).map(({ pod }) => pod));
  const untold: Record<string, string> = {};
  for (const namespace of namespaces) {
    const { items } = (await plane.client.call('GET', collectionPath('Pod', namespace))) as {
      items: ApiObject[];
    };
    for (const pod of items) {
      const node = boundTo(pod);
      const key = podKey(pod);
      if (node !== undefined && !told.has(key) && pods.includes(key)) untold[key] = node;
    }
  }
  return { attempts, untold };
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
