import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { AdmissionRecord, LoopReading } from '../../history/loop-record.ts';
import { slotsIn } from '../../queueing/gang.ts';
import { type AdmissionPolicy, NONE, type QueuedJob, type QueueState } from '../../queueing/policy.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { JobBook } from '../jobs/job-book.ts';
import type { Leadership, LoopTime, PauseSource } from '../ports.ts';
import { admissionErrors } from './errors.ts';
import type { GangPlanner } from './gang-planner.ts';
import { type LiveQueue, LiveQueueState } from './live-queue-state.ts';
import type { AdmissionResult, GangPlan, QueueSource, RunningItem, WaitingItem } from './queue-items.ts';
import { Underway } from './underway.ts';

/** Where decisions about queues are kept. Must neither throw nor wait. */
export interface AdmissionSink {
  admitted(record: AdmissionRecord): void;
}

export interface AdmissionLoopOptions {
  readonly policy: AdmissionPolicy;
  readonly seed: number;
  readonly sources: readonly QueueSource[];
  readonly planner: GangPlanner;
  readonly book: Pick<JobBook, 'cluster' | 'setTime' | 'assume' | 'forget' | 'discard'>;
  /** Names of the nodes that pods of a Job are on, by the Job's uid. */
  readonly nodesOf: (jobUid: string) => readonly string[];
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  readonly sink: AdmissionSink;
  readonly time: LoopTime;
  readonly log: Logger;
  readonly mode: AdmissionRecord['mode'];
  /** Whether pods stay on the nodes of their plan: without that a policy that keeps nodes free for others cannot be obeyed. */
  readonly bindsNodes: boolean;
  /** The queue is looked at so often even where nothing changes: time alone may let a policy choose. */
  readonly intervalMilliseconds: Milliseconds;
  /** How long an item may wait with what it holds before it gives that up. */
  readonly sendBackMilliseconds: Milliseconds;
  /** Whether what no node could take even if it were empty is turned away for good. */
  readonly rejectsImpossible: boolean;
}

/** Changes come in bursts: those of so long are looked at together. */
const SETTLE_MILLISECONDS: Milliseconds = 50;
/** After a failure an item is left alone for so long. */
const PEACE_MILLISECONDS: Milliseconds = 10_000;
const MOST_PER_PASS = 1_000;

/** Lets jobs start in the order of a policy, as long as there is room and this process leads. */
export class AdmissionLoop {
  readonly #o: AdmissionLoopOptions;
  readonly #queue: LiveQueueState;
  readonly #underway: Underway;
  readonly #ending = new AbortController();
  /** Left alone until then, by uid. */
  readonly #peace = new Map<string, Milliseconds>();
  readonly #sources = new WeakMap<WaitingItem, QueueSource>();
  /** Told of already, where nothing is written. */
  readonly #observed = new Set<string>();
  #ends: (() => void)[] = [];
  #cancelNext: (() => void) | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #leads = false;
  #lastProblem: string | undefined;
  #admitted = 0;

  constructor(options: AdmissionLoopOptions) {
    this.#o = options;
    const { planner, nodesOf, time, log } = options;
    this.#underway = new Underway(time);
    this.#queue = new LiveQueueState({
      sizeOf: (item) => planner.sizeOf(item),
      nodesOf,
      beginning: time.unixMilliseconds(),
      unread: (item, cause) => {
        const what = `${item.namespace}/${item.name}: ${cause instanceof Error ? cause.message : String(cause)}`;
        log.warn('queue-item-unread', { error: admissionErrors.KISIM_E_ADMISSION_JOB(what, { cause }) });
      },
    });
  }

  get admitted(): number {
    return this.#admitted;
  }

  start(): void {
    const { sources, leadership, paused } = this.#o;
    const soon = () => this.#in(SETTLE_MILLISECONDS);
    this.#ends = [...sources, leadership, paused].map((each) => each.subscribe(soon));
    soon();
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#cancelNext?.();
    this.#ending.abort(new Error('the queue is being stopped'));
    await this.#pass;
  }

  #in(milliseconds: Milliseconds): void {
    if (this.#ending.signal.aborted) return;
    if (this.#pass !== undefined) {
      this.#again = true;
      return;
    }
    this.#cancelNext?.();
    this.#cancelNext = this.#o.time.after(milliseconds, () => {
      this.#cancelNext = undefined;
      this.#pass = this.#run().finally(() => {
        this.#pass = undefined;
        const again = this.#again;
        this.#again = false;
        this.#in(again ? SETTLE_MILLISECONDS : this.#o.intervalMilliseconds);
      });
    });
  }

  /** One look at the queue. Never rejects. */
  async #run(): Promise<void> {
    const { leadership, paused, policy, seed, log } = this.#o;
    const acts = this.#o.mode === 'dry-run' || leadership.isLeader;
    if (acts && !this.#leads) policy.reset(seed);
    this.#leads = acts;
    if (!acts || paused.reason !== undefined) return;
    try {
      await this.#admitAll();
      this.#lastProblem = undefined;
    } catch (error) {
      const coded =
        error instanceof KisimError
          ? error
          : admissionErrors.KISIM_E_ADMISSION_POLICY(
              `${policy.name}: ${error instanceof Error ? error.message : String(error)}`,
              { cause: error },
            );
      if (coded.message !== this.#lastProblem) log.error('admission-failed', { error: coded });
      this.#lastProblem = coded.message;
    }
  }

  async #admitAll(): Promise<void> {
    const { policy, time } = this.#o;
    const { signal } = this.#ending;
    const blocked = new Set<string>();
    const now = time.monotonicMilliseconds();
    for (const [uid, until] of this.#peace) {
      if (until > now) blocked.add(uid);
      else this.#peace.delete(uid);
    }
    for (let count = 0; count < MOST_PER_PASS && !signal.aborted; count++) {
      const queue = this.#state(blocked);
      if (queue === undefined) return;
      const index = policy.choose(queue.state);
      if (index === NONE) {
        await this.#sendBackLate(queue);
        return;
      }
      if (queue.state.fitsNow[index] !== 1)
        throw admissionErrors.KISIM_E_ADMISSION_POLICY(
          `${policy.name} chose ${index} of ${queue.items.length}`,
        );
      blocked.add(queue.items[index]!.uid);
      await this.#admit(queue, index);
      // Whoever has lost the lease has nothing more to say.
      if (this.#o.mode === 'act' && !this.#o.leadership.isLeader) return;
    }
  }

  #state(blocked: ReadonlySet<string>): LiveQueue | undefined {
    const { book, sources, time } = this.#o;
    const all: WaitingItem[] = [];
    for (const source of sources)
      for (const item of source.waiting()) {
        all.push(item);
        this.#sources.set(item, source);
      }
    const waiting = this.#underway.stillWaiting(all);
    book.setTime(this.#queue.secondsAt(time.unixMilliseconds()));
    const { cluster } = book;
    if (cluster === undefined) return undefined;
    const running = [...sources.flatMap((source) => [...source.running()]), ...this.#underway.items()];
    return this.#queue.make(cluster, waiting, onceEach(running), blocked);
  }

  async #admit(queue: LiveQueue, index: number): Promise<void> {
    const { policy, planner, book, mode, bindsNodes, time } = this.#o;
    const item = queue.items[index]!;
    const terms = readings(policy, queue.state, index);
    const caps = policy.podsPerNode;
    if (caps !== undefined && !bindsNodes) return;
    const plan = planner.plan(item, caps);
    if (plan === undefined) return;
    if (mode !== 'act') {
      book.forget(item.jobUid);
      if (!this.#observed.has(item.uid)) this.#record(queue, index, { outcome: 'observed' }, plan, terms);
      this.#observed.add(item.uid);
      return;
    }
    book.assume(item.jobUid);
    this.#underway.begin(item);
    const result = await this.#sourceOf(item).admit(item, plan, this.#ending.signal);
    this.#record(queue, index, result, result.withNodes === false ? undefined : plan, terms);
    if (result.outcome === 'admitted') {
      this.#admitted += 1;
      return;
    }
    this.#underway.end(item.uid);
    book.forget(item.jobUid);
    if (result.outcome === 'failed' || result.outcome === 'refused')
      this.#peace.set(item.uid, time.monotonicMilliseconds() + PEACE_MILLISECONDS);
  }

  /** What has waited long for room that is not there gives up what it holds. */
  async #sendBackLate(queue: LiveQueue): Promise<void> {
    const { mode, time, sendBackMilliseconds, rejectsImpossible } = this.#o;
    if (mode !== 'act') return;
    const now = time.unixMilliseconds();
    for (const [index, item] of queue.items.entries()) {
      const source = this.#sourceOf(item);
      const isLate = now - item.sinceUnixMilliseconds >= sendBackMilliseconds;
      if (source.sendBack === undefined || !isLate || this.#peace.has(item.uid)) continue;
      if (queue.state.fitsNow[index] === 1 || this.#ending.signal.aborted) continue;
      const isPossible = fitsEmpty(queue.state.cluster, queue.state.jobs[index]!);
      const reason = isPossible
        ? 'no room for its pods on any nodes for so long'
        : 'no nodes of the cluster could take its pods even if they were empty';
      const verdict = { forGood: rejectsImpossible && !isPossible, reason };
      const result = await source.sendBack(item, verdict, this.#ending.signal);
      this.#record(queue, index, { reason, ...result }, undefined, []);
      this.#peace.set(item.uid, time.monotonicMilliseconds() + PEACE_MILLISECONDS);
    }
  }

  #sourceOf(item: WaitingItem): QueueSource {
    return this.#sources.get(item)!;
  }

  #record(
    { items, state }: LiveQueue,
    index: number,
    { outcome, reason }: AdmissionResult | { outcome: 'observed'; reason?: string },
    plan: GangPlan | undefined,
    terms: readonly LoopReading[],
  ): void {
    const { sink, policy, mode, time } = this.#o;
    const item = items[index]!;
    const [oldest] = items;
    sink.admitted({
      unixMilliseconds: time.unixMilliseconds(),
      namespace: item.namespace,
      kind: item.kind,
      name: item.name,
      uid: item.uid,
      policy: policy.name,
      mode,
      outcome,
      reason,
      nodes: plan?.names.join(','),
      waitedMilliseconds: Math.max(0, time.unixMilliseconds() - item.sinceUnixMilliseconds),
      queued: state.jobs.length,
      passedOver: index,
      oldest: index === 0 ? undefined : `${oldest!.namespace}/${oldest!.name}`,
      terms,
    });
  }
}

function readings(policy: AdmissionPolicy, state: QueueState, index: number): readonly LoopReading[] {
  return policy.explain(state, index).map(({ term, amount, unit }) => ({ name: term, amount, unit }));
}

/** One is told by its source and is underway too for a moment. */
function onceEach(items: readonly RunningItem[]): Iterable<RunningItem> {
  return new Map(items.map((item) => [item.uid, item])).values();
}

/** Whether the nodes could take all pods of a job if nothing else ran. */
function fitsEmpty(cluster: ClusterState, job: QueuedJob): boolean {
  let left = job.pods;
  for (let node = 0; node < cluster.size && left > 0; node++)
    left -= slotsIn(
      job,
      cluster.cpuCapacity[node]!,
      cluster.memoryCapacity[node]!,
      cluster.podCapacity[node]!,
      cluster.gpuCount[node]!,
    );
  return left <= 0;
}
