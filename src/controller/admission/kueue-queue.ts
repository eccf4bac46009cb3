import type { Labels } from '../../cluster/labels.ts';
import { HOSTNAME_LABEL } from '../../cluster/labels.ts';
import { controllerUid } from '../../kubernetes/controller-uid.ts';
import type { ApiPodSet, ApiPodSetUpdate, ApiWorkload } from '../../kubernetes/kueue/api-objects.ts';
import type { CheckResult, CheckVerdict } from '../../kubernetes/kueue/check-state.ts';
import type { CheckWriter } from '../../kubernetes/kueue/check-writer.ts';
import type { WorkloadWatcher } from '../../kubernetes/kueue/workload-watcher.ts';
import {
  DURATION_ANNOTATION,
  JOB_TYPE_ANNOTATION,
  NODE_ANNOTATION,
  SKIP_LABEL,
} from '../../kubernetes/names.ts';
import { tryParseDuration } from '../../util/duration.ts';
import type { JobBook } from '../jobs/job-book.ts';
import { jobTypeOf } from './job-queue.ts';
import type { AdmissionResult, GangPlan, QueueSource, RunningItem, WaitingItem } from './queue-items.ts';

export interface KueueQueueOptions {
  readonly workloads: Pick<WorkloadWatcher, 'waiting' | 'running' | 'get'>;
  readonly writer: Pick<CheckWriter, 'answer'>;
  readonly book: Pick<JobBook, 'starting' | 'notStarted'>;
  readonly strength: 'preferred' | 'required';
  /** Labels of a node; undefined where it is not known. */
  readonly labelsOf: (node: string) => Labels | undefined;
  /** Returns what ends it. */
  readonly subscribe: (changed: () => void) => () => void;
  readonly stillLeader: () => boolean;
  /** What is said in the check's message. */
  readonly decidedBy: () => string;
}

/** Workloads of Kueue that wait for the program's check: to admit one is to answer it. */
export class KueueQueue implements QueueSource {
  readonly #o: KueueQueueOptions;
  readonly #items = new WeakMap<ApiWorkload, RunningItem>();

  constructor(options: KueueQueueOptions) {
    this.#o = options;
  }

  *waiting(): Iterable<WaitingItem> {
    for (const workload of this.#o.workloads.waiting()) yield this.#itemOf(workload);
  }

  *running(): Iterable<RunningItem> {
    for (const workload of this.#o.workloads.running()) yield this.#itemOf(workload);
  }

  subscribe(changed: () => void): () => void {
    return this.#o.subscribe(changed);
  }

  async admit(item: WaitingItem, plan: GangPlan, signal: AbortSignal): Promise<AdmissionResult> {
    const { book, strength, labelsOf, decidedBy } = this.#o;
    const workload = this.#o.workloads.get(item.uid);
    if (workload === undefined) return { outcome: 'gone' };
    const podSetUpdates = podSetUpdatesOf(workload, plan, strength, labelsOf);
    const message = `admitted to ${plan.names.join(', ')} by ${decidedBy()}`;
    // From before the write: the watch may tell that its pods run before the answer is there.
    book.starting(item.jobUid);
    let admitted = false;
    try {
      const result = await this.#answer(workload, { state: 'Ready', message, podSetUpdates }, signal);
      admitted = result.outcome === 'written';
      return resultOf(result);
    } finally {
      if (!admitted) book.notStarted(item.jobUid);
    }
  }

  async sendBack(
    item: WaitingItem,
    { forGood, reason }: { readonly forGood: boolean; readonly reason: string },
    signal: AbortSignal,
  ): Promise<AdmissionResult> {
    const workload = this.#o.workloads.get(item.uid);
    if (workload === undefined) return { outcome: 'gone' };
    const state = forGood ? 'Rejected' : 'Retry';
    const result = await this.#answer(workload, { state, message: reason }, signal);
    if (result.outcome !== 'written') return resultOf(result);
    return { outcome: forGood ? 'rejected' : 'retry', reason };
  }

  async #answer(
    workload: ApiWorkload,
    verdict: CheckVerdict,
    signal: AbortSignal,
  ): Promise<CheckResult | { readonly outcome: 'not-leader' }> {
    if (!this.#o.stillLeader()) return { outcome: 'not-leader' };
    return await this.#o.writer.answer(workload, verdict, signal);
  }

  #itemOf(workload: ApiWorkload): RunningItem {
    let item = this.#items.get(workload);
    if (item === undefined) {
      item = read(workload);
      this.#items.set(workload, item);
    }
    return item;
  }
}

function resultOf(result: CheckResult | { readonly outcome: 'not-leader' }): AdmissionResult {
  switch (result.outcome) {
    case 'written':
      return { outcome: 'admitted' };
    case 'failed':
      return { outcome: 'failed', reason: `${result.error.code}: ${result.error.message}` };
    default:
      return { outcome: result.outcome };
  }
}

function read(workload: ApiWorkload): RunningItem {
  const { metadata = {}, spec, status } = workload;
  const {
    uid = '',
    name = '',
    namespace = 'default',
    resourceVersion = '',
    creationTimestamp = '',
  } = metadata;
  const { labels = {}, annotations = {} } = metadata;
  const since = (type: string) =>
    Date.parse(status?.conditions?.find((each) => each.type === type)?.lastTransitionTime ?? '');
  const created = Date.parse(creationTimestamp);
  const reserved = since('QuotaReserved');
  const admitted = since('Admitted');
  const podSets = spec?.podSets ?? [];
  const templates = podSets.map(({ template }) => template?.metadata?.annotations ?? {});
  const said = [annotations, ...templates].map((each) => each[DURATION_ANNOTATION]).find(Boolean);
  const declared = said === undefined ? undefined : tryParseDuration(said);
  const estimated = declared === undefined ? spec?.maximumExecutionTimeSeconds : declared / 1000;
  const type = [labels, annotations, ...templates].map((each) => each[JOB_TYPE_ANNOTATION]).find(Boolean);
  return {
    uid,
    jobUid: controllerUid(workload) ?? uid,
    kind: 'Workload',
    namespace,
    name,
    resourceVersion,
    // Until quota is reserved Kueue keeps the order; the turn that is waited for here begins with it.
    sinceUnixMilliseconds: Number.isNaN(reserved) ? created : reserved,
    admittedUnixMilliseconds: Number.isNaN(admitted) ? created : admitted,
    priority: spec?.priority ?? 0,
    type: jobTypeOf(type),
    estimatedSeconds: estimated ?? Number.POSITIVE_INFINITY,
    estimateOrigin: estimated === undefined ? 'none' : 'declared',
    groups: podSets.map(({ name: group = 'main', count = 1, template = {} }) => ({
      name: group,
      count,
      template,
    })),
  };
}

/**
 * What the plan adds to the pods of each set: a selector where all of them go to one node and that is to be required, else the
 * names of the nodes as a hint. Kueue takes additions only, so that what a template says already is left out (KEP-1145).
 */
export function podSetUpdatesOf(
  { spec }: ApiWorkload,
  { nodes }: GangPlan,
  strength: KueueQueueOptions['strength'],
  labelsOf: KueueQueueOptions['labelsOf'],
): readonly ApiPodSetUpdate[] {
  return (spec?.podSets ?? []).map(({ name = 'main', template = {} }: ApiPodSet) => {
    const own = [...new Set(nodes.filter(({ group }) => group === name).map(({ node }) => node))];
    const { labels = {}, annotations = {} } = template.metadata ?? {};
    const { nodeSelector = {} } = (template.spec ?? {}) as { readonly nodeSelector?: Labels };
    const hostname = own.length === 1 ? labelsOf(own[0]!)?.[HOSTNAME_LABEL] : undefined;
    const selects =
      strength === 'required' && hostname !== undefined && nodeSelector[HOSTNAME_LABEL] === undefined;
    return {
      name,
      // Its pods are not to be gated and placed one by one.
      ...(selects && labels[SKIP_LABEL] === undefined ? { labels: { [SKIP_LABEL]: 'job' } } : {}),
      ...(annotations[NODE_ANNOTATION] === undefined
        ? { annotations: { [NODE_ANNOTATION]: own.join(',') } }
        : {}),
      ...(selects ? { nodeSelector: { [HOSTNAME_LABEL]: hostname } } : {}),
    };
  });
}
