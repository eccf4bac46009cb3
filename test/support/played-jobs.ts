import { Decider } from '../../src/controller/decider.ts';
import { JobActor } from '../../src/controller/jobs/job-actor.ts';
import { JobBook } from '../../src/controller/jobs/job-book.ts';
import { JobDecider } from '../../src/controller/jobs/job-decider.ts';
import { WaitingJobs } from '../../src/controller/jobs/waiting-jobs.ts';
import { LiveCluster } from '../../src/controller/live-cluster.ts';
import type { PlacementLoopOptions } from '../../src/controller/loop-options.ts';
import { PlacementLoop } from '../../src/controller/placement-loop.ts';
import type { DecisionRecord } from '../../src/history/decision-record.ts';
import type { ApiJob } from '../../src/kubernetes/api-objects.ts';
import { Actor } from '../../src/kubernetes/bind-decision.ts';
import {
  type SuspendedJob,
  type SuspendedJobListener,
  suspendedJob,
} from '../../src/kubernetes/job-watcher.ts';
import { JOB_LABEL, JOB_LABEL_VALUE } from '../../src/kubernetes/names.ts';
import { podHints } from '../../src/kubernetes/pod-hints.ts';
import { PodReader } from '../../src/kubernetes/pod-reader.ts';
import { type Policy, WAIT } from '../../src/policy/policy.ts';
import { type RandomSource, seededRandom } from '../../src/util/rng.ts';
import type { Fields, StoredObject } from './fake-api/objects.ts';
import { MemoryApi } from './memory-api.ts';
import { recordingLogger } from './open-history.ts';
import { bestFitPolicy, DEADLINE_MILLISECONDS, PlayedLeadership, PlayedPause } from './played-placement.ts';
import { PlayedTime } from './played-time.ts';
import { server } from './random-cluster.ts';

/** What a watch of Jobs knows, as a test tells it. */
export class PlayedJobs {
  readonly known = new Map<string, SuspendedJob>();
  readonly #listeners = new Set<SuspendedJobListener>();

  list(): Iterable<SuspendedJob> {
    return this.known.values();
  }

  get(uid: string): SuspendedJob | undefined {
    return this.known.get(uid);
  }

  subscribe(listener: SuspendedJobListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** An object as the watch with our label brings it; undefined: deleted. */
  see(uid: string, object: StoredObject | undefined): void {
    const labels = (object?.metadata['labels'] ?? {}) as Fields;
    const job =
      object !== undefined && labels[JOB_LABEL] === JOB_LABEL_VALUE
        ? suspendedJob(object, 'suspended')
        : undefined;
    const before = this.known.get(uid);
    if (job !== undefined) {
      this.known.set(uid, job);
      for (const listener of this.#listeners) listener.waits(job);
    } else if (before !== undefined) {
      this.known.delete(uid);
      for (const listener of this.#listeners) listener.settled(before);
    }
  }
}

export interface JobsGiven {
  readonly policy?: Policy;
  readonly nodes?: number;
  readonly strength?: 'preferred' | 'required';
  readonly random?: RandomSource;
  /** Another daemon beside it: on the same server, at the same time. */
  readonly beside?: { readonly time: PlayedTime; readonly api: MemoryApi };
  readonly identity?: string;
  readonly loop?: Partial<PlacementLoopOptions>;
}

export interface JobGiven {
  readonly labels?: Fields;
  readonly annotations?: Fields;
  readonly namespace?: string;
  readonly spec?: Fields;
  readonly template?: Fields;
  readonly cpu?: string;
}

/** The loop of suspended Jobs on a server in memory, with time, watch, lease and pause played. */
export function playedJobs(given: JobsGiven = {}) {
  const time = given.beside?.time ?? new PlayedTime();
  const api = given.beside?.api ?? new MemoryApi('shop', 'kube-system', 'kisimd');
  const book = new LiveCluster();
  book.setNodes(Array.from({ length: given.nodes ?? 3 }, (_, i) => server(`node-${i}`, i % 3)));
  const { log, events } = recordingLogger();
  const random = given.random ?? seededRandom(7);
  const decider = new Decider({
    book,
    policy: given.policy ?? bestFitPolicy,
    seed: 1,
    log,
    monotonicMilliseconds: () => time.now,
  });
  const imagined = new PodReader(podHints);
  const jobs = new PlayedJobs();
  const leadership = new PlayedLeadership(true);
  const paused = new PlayedPause(undefined);
  const records: DecisionRecord[] = [];
  const ran: { uid: string; nodes: string }[] = [];
  const limits = { deadlineMilliseconds: DEADLINE_MILLISECONDS, longestSlackMilliseconds: 3_600_000 };
  const waiting = new WaitingJobs({ jobs, imagined, time, log, ...limits, ...given.loop });
  const jobBook = new JobBook({ book, imagined, time, ran: (uid, nodes) => void ran.push({ uid, nodes }) });
  const writer = new Actor({
    api,
    random,
    sleep: (milliseconds, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = time.after(milliseconds, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
      return promise;
    },
    stillLeader: () => leadership.isLeader,
    decidedBy: () => given.identity ?? 'host-1#1',
  });
  const actor = new JobActor({
    writer,
    book: jobBook,
    objectOf: (uid) => jobs.get(uid)?.object,
    rule: 'suspended',
    strength: given.strength ?? 'preferred',
  });
  const loop = new PlacementLoop({
    pods: waiting,
    book: jobBook,
    decider: new JobDecider({ decider, book: jobBook, imagined, jobOf: (pod) => waiting.jobOf(pod) }),
    actor,
    leadership,
    paused,
    sink: { record: (decision) => void records.push(decision), bound: () => undefined },
    time,
    random,
    log,
    mode: 'act',
    ownNamespace: 'kisimd',
    ...limits,
    mostInFlight: 4,
    ...given.loop,
  });
  let made = 0;
  // The server's own clock is the machine's.
  const madeAt = new Map<string, string>();

  /** A Job as its owner makes it, created at the present time. */
  const create = (more: JobGiven = {}): StoredObject => {
    const { namespace = 'shop', labels = { [JOB_LABEL]: JOB_LABEL_VALUE }, cpu = '2' } = more;
    const resources = { requests: { cpu, memory: '1Gi' } };
    const containers = [{ name: 'main', image: 'registry.example/base:1', resources }];
    const job = api.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `job-${made++}`, namespace, labels, annotations: more.annotations ?? {} },
      spec: {
        suspend: true,
        ...more.spec,
        template: { spec: { restartPolicy: 'Never', containers }, ...more.template },
      },
    });
    madeAt.set(job.metadata.uid, new Date(time.unixMilliseconds()).toISOString());
    return job;
  };
  /** A Job that was created beside this daemon, just now. */
  const adopt = (job: StoredObject): void => {
    madeAt.set(job.metadata.uid, new Date(time.unixMilliseconds()).toISOString());
  };
  const now = ({ metadata: { name, namespace } }: StoredObject) =>
    api.find('Job', name, namespace) as (ApiJob & StoredObject) | undefined;
  const see = (job: StoredObject): void => {
    const { uid } = job.metadata;
    const object = now(job);
    jobs.see(
      uid,
      object && { ...object, metadata: { ...object.metadata, creationTimestamp: madeAt.get(uid) } },
    );
  };
  const stop = async (): Promise<void> => {
    await loop.stop();
    waiting.stop();
    jobBook.stop();
  };
  return {
    ...{ time, api, book, jobBook, decider, imagined, jobs, waiting, leadership, paused },
    ...{ records, ran, events, loop, create, adopt, now, see, stop },
  };
}

/** Nodes that a started Job's template prefers or requires, in order. */
export function templateNodes(job: ApiJob | undefined): readonly string[] {
  const affinity = job?.spec?.template?.spec?.affinity?.nodeAffinity;
  const terms = [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ preference }) => preference),
  ];
  return terms.flatMap(({ matchFields = [] }) => matchFields.flatMap(({ values = [] }) => values));
}

/** Waits as long as it may, then takes the first node; of several pods each the next node. */
export function patient(until: () => boolean = () => false): Policy {
  return {
    name: 'patient',
    start: () => ({
      choose: (_, { nodes, slackLeft = 0 }) => (slackLeft > 0 && !until() ? WAIT : nodes[0]!),
      explain: (_, node) => [{ term: 'active-energy', amount: 10 * (node + 1), unit: 'J' }],
    }),
  };
}

export function inTurn(): Policy {
  let next = 0;
  return {
    name: 'in-turn',
    start: () => ({
      choose: (_, { nodes, count }) => nodes[next++ % count]!,
      explain: () => [{ term: 'active-energy', amount: 5, unit: 'J' }],
    }),
  };
}
