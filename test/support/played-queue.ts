import { HOSTNAME_LABEL } from '../../src/cluster/labels.ts';
import { AdmissionLoop, type AdmissionLoopOptions } from '../../src/controller/admission/admission-loop.ts';
import { GangPlanner } from '../../src/controller/admission/gang-planner.ts';
import { JobQueue } from '../../src/controller/admission/job-queue.ts';
import { KueueQueue } from '../../src/controller/admission/kueue-queue.ts';
import type { QueueSource } from '../../src/controller/admission/queue-items.ts';
import { Decider } from '../../src/controller/decider.ts';
import { JobActor } from '../../src/controller/jobs/job-actor.ts';
import { JobBook } from '../../src/controller/jobs/job-book.ts';
import { LiveCluster } from '../../src/controller/live-cluster.ts';
import type { AdmissionRecord } from '../../src/history/loop-record.ts';
import { Actor } from '../../src/kubernetes/bind-decision.ts';
import type { KubeObject } from '../../src/kubernetes/kube-object.ts';
import type { ApiWorkload } from '../../src/kubernetes/kueue/api-objects.ts';
import { holds } from '../../src/kubernetes/kueue/api-objects.ts';
import { pendingChecks } from '../../src/kubernetes/kueue/check-state.ts';
import { CheckWriter } from '../../src/kubernetes/kueue/check-writer.ts';
import { JOB_LABEL, QUEUED_LABEL_VALUE } from '../../src/kubernetes/names.ts';
import { podHints } from '../../src/kubernetes/pod-hints.ts';
import { PodReader } from '../../src/kubernetes/pod-reader.ts';
import { type QueuedJobObject, queuedJob } from '../../src/kubernetes/queued-job-watcher.ts';
import type { AdmissionPolicy } from '../../src/queueing/policy.ts';
import { seededRandom } from '../../src/util/rng.ts';
import type { Fields, StoredObject } from './fake-api/objects.ts';
import { MemoryApi } from './memory-api.ts';
import { recordingLogger } from './open-history.ts';
import { bestFitPolicy, PlayedLeadership, PlayedPause } from './played-placement.ts';
import { PlayedTime } from './played-time.ts';
import { server } from './random-cluster.ts';

export interface QueueGiven {
  readonly policy: AdmissionPolicy;
  readonly nodes?: number;
  readonly strength?: 'preferred' | 'required';
  readonly loop?: Partial<AdmissionLoopOptions>;
}

export interface QueuedGiven {
  readonly cpu?: string;
  readonly annotations?: Fields;
  readonly labels?: Fields;
  readonly spec?: Fields;
}

const OWN = new Set(['energy']);

/** The admission loop on a server in memory, with time, watches, lease and pause played. */
export function playedQueue(given: QueueGiven) {
  const time = new PlayedTime();
  const api = new MemoryApi('shop');
  api.hasKueue = true;
  const cluster = new LiveCluster();
  cluster.setNodes(
    Array.from({ length: given.nodes ?? 2 }, (_, i) => ({
      ...server(`node-${i}`, 0),
      cpuMilli: 96_000,
      labels: { [HOSTNAME_LABEL]: `node-${i}` },
    })),
  );
  const { log, events } = recordingLogger();
  const random = seededRandom(7);
  const imagined = new PodReader(podHints);
  const book = new JobBook({ book: cluster, imagined, time, ran: () => undefined });
  const decider = new Decider({
    book: cluster,
    policy: bestFitPolicy,
    seed: 1,
    log,
    monotonicMilliseconds: () => time.now,
  });
  const leadership = new PlayedLeadership(true);
  const paused = new PlayedPause(undefined);
  const records: AdmissionRecord[] = [];
  const changed = new Set<() => void>();
  const subscribe = (call: () => void) => {
    changed.add(call);
    return () => void changed.delete(call);
  };
  const jobs = new Map<string, QueuedJobObject>();
  const workloads = new Map<string, ApiWorkload>();
  const strength = given.strength ?? 'preferred';
  const writer = new Actor({
    api,
    random,
    sleep: () => Promise.resolve(),
    stillLeader: () => leadership.isLeader,
    decidedBy: () => 'host-1#1',
  });
  const unread: unknown[] = [];
  const jobQueue = new JobQueue({
    jobs,
    actor: new JobActor({
      writer,
      book,
      objectOf: (uid) => jobs.get(uid)?.object,
      rule: 'suspended',
      strength,
    }),
    subscribe,
    unread: (_, error) => void unread.push(error),
  });
  const kueueQueue = new KueueQueue({
    workloads: {
      waiting: function* () {
        for (const each of workloads.values()) if (pendingChecks(each, OWN).length > 0) yield each;
      },
      running: function* () {
        for (const each of workloads.values()) if (holds(each.status?.conditions, 'Admitted')) yield each;
      },
      get: (uid) => workloads.get(uid),
    },
    writer: new CheckWriter({
      api,
      version: 'v1beta2',
      own: () => OWN,
      now: () => new Date(time.unixMilliseconds()),
    }),
    book,
    strength,
    labelsOf: (node) => cluster.cluster?.nodes.find(({ name }) => name === node)?.labels,
    subscribe,
    stillLeader: () => leadership.isLeader,
    decidedBy: () => 'host-1#1',
  });
  const sources: readonly QueueSource[] = [jobQueue, kueueQueue];
  const loop = new AdmissionLoop({
    policy: given.policy,
    seed: 1,
    sources,
    planner: new GangPlanner({ decider, book, imagined }),
    book,
    nodesOf: () => [],
    leadership,
    paused,
    sink: { admitted: (record) => void records.push(record) },
    time,
    log,
    mode: 'act',
    bindsNodes: strength === 'required',
    intervalMilliseconds: 10_000,
    sendBackMilliseconds: 600_000,
    rejectsImpossible: false,
    ...given.loop,
  });
  let made = 0;

  /** Tells the watch what the server has. */
  const see = (object: StoredObject) => {
    const now = api.find(object.kind, object.metadata.name, object.metadata.namespace);
    const uid = object.metadata.uid;
    const job =
      now === undefined || object.kind !== 'Job'
        ? undefined
        : queuedJob(now as unknown as KubeObject, 'suspended');
    if (job === undefined) jobs.delete(uid);
    else jobs.set(uid, job);
    if (now === undefined || object.kind !== 'Workload') workloads.delete(uid);
    else workloads.set(uid, now as unknown as ApiWorkload);
    for (const call of changed) call();
  };
  const at = (seconds: number) =>
    new Date(time.unixMilliseconds() + seconds * 1000).toISOString().replace(/\.\d+Z/, 'Z');
  const template = (cpu: string): Fields => ({
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'a:1', resources: { requests: { cpu, memory: '1Gi' } } }],
    },
  });

  /** A suspended Job that asks for its turn, made `age` seconds ago. */
  const job = (
    name: string,
    age: number,
    { cpu = '2', annotations = {}, labels = {}, spec = {} }: QueuedGiven = {},
  ) => {
    const stored = api.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        namespace: 'shop',
        labels: { [JOB_LABEL]: QUEUED_LABEL_VALUE, ...labels },
        annotations,
      },
      spec: { suspend: true, ...spec, template: template(cpu) },
    });
    const aged = api.change(stored, ({ metadata }) => {
      metadata['creationTimestamp'] = at(-age);
    });
    // The fake keeps the first creation.
    aged.metadata['creationTimestamp'] = at(-age);
    made += 1;
    const now = queuedJob(aged as unknown as KubeObject, 'suspended');
    if (now !== undefined) jobs.set(aged.metadata.uid, now);
    for (const call of changed) call();
    return aged;
  };

  /** A workload that Kueue has reserved quota for. */
  const workload = (name: string, age: number, podSets: readonly Fields[], over: Fields = {}) => {
    const stored = api.create({
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'Workload',
      metadata: { name, namespace: 'shop' },
      spec: { podSets, ...over },
    });
    const whole = api.change(stored, (copy) => {
      copy['status'] = {
        conditions: [{ type: 'QuotaReserved', status: 'True', lastTransitionTime: at(-age) }],
        admissionChecks: [{ name: 'energy', state: 'Pending', lastTransitionTime: at(-age), message: '' }],
      };
    });
    see(whole);
    return whole;
  };

  return {
    time,
    api,
    cluster,
    book,
    loop,
    records,
    events,
    leadership,
    paused,
    job,
    workload,
    template,
    see,
    unread,
    made: () => made,
    /** As it is on the server now. */
    now: (object: StoredObject) => api.find(object.kind, object.metadata.name, object.metadata.namespace),
  };
}
