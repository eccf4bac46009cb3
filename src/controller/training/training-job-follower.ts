import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { ListWatch, type ListWatchOptions, type TroublePlace } from '../../kubernetes/list-watch.ts';
import { listObjects } from '../../kubernetes/setup/calls.ts';
import { trainingErrors } from '../../kubernetes/training/errors.ts';
import { refusedPods, workerOutput } from '../../kubernetes/training/job-calls.ts';
import {
  type WorkerJob,
  type WorkerPod,
  workerJob,
  workerPod,
} from '../../kubernetes/training/worker-states.ts';
import type { TrainingOrder } from '../../learning/remote/order.ts';
import { type CheckedParcel, checkParcel, decodeParcel } from '../../learning/remote/parcel.ts';
import {
  decodeEnd,
  lastProgress,
  type WorkerError,
  type WorkerProgress,
  workerError,
} from '../../learning/remote/worker-notes.ts';
import { type Clock, systemClock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { RandomSource } from '../../util/rng.ts';
import { FailedWorkers, noFailures } from './failed-workers.ts';
import { isSettled, type SeedState } from './seed-state.ts';
import { workerRefusal } from './worker-refusal.ts';

export interface FollowOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** Of the Job. */
  readonly name: string;
  readonly order: TrainingOrder;
  /** Seeds whose results are here already. */
  readonly gathered: ReadonlySet<number>;
  /** Takes a result; what it throws ends the following. */
  readonly gather: (seed: number, parcel: CheckedParcel) => void;
  /** Told whenever something may have changed. */
  readonly onStates: (states: ReadonlyMap<number, SeedState>) => void;
  /** What does not end it: it goes on trying. */
  readonly trouble: (place: TroublePlace | 'output', error: unknown) => void;
  /** Ends the following; the Job goes on. */
  readonly signal: AbortSignal;
  readonly random: RandomSource;
  readonly clock?: Clock;
  /** Resolves after the time, rejects where the signal is aborted. */
  readonly wait?: NonNullable<ListWatchOptions<unknown>['wait']>;
}

/** How often progress is read. */
const TICK_MILLISECONDS = 5000;
/** Of one reading: it is the last lines only. */
const PROGRESS_TIMEOUT_MILLISECONDS = 15_000;
/** Images that cannot be pulled at once, pods that cannot be made at once: so long it may be a passing trouble. */
const PATIENCE_NANOSECONDS = 30e9;
/** Exit status of a command line that was not understood. */
const USAGE_STATUS = 2;
/** So long the output of a worker that has ended is asked for again and again. */
const OUTPUT_PATIENCE_NANOSECONDS = 120e9;

/**
 * Follows one Job until each of its seeds is gathered, failed for good or lost. Retries, placement and disruptions are the
 * cluster's: nothing is written here.
 */
export class TrainingJobFollower {
  readonly #o: FollowOptions;
  readonly #clock: Clock;
  readonly #wait: NonNullable<FollowOptions['wait']>;
  readonly #pods: ListWatch<WorkerPod>;
  readonly #jobs: ListWatch<WorkerJob>;
  readonly #states = new Map<number, SeedState>();
  readonly #progress = new Map<string, WorkerProgress>();
  /** Uids of pods whose progress is being read. */
  readonly #reading = new Set<string>();
  readonly #failures = new FailedWorkers();
  /** Since when something has been so that may pass. */
  readonly #since = new Map<string, number>();
  #wasThere = false;
  #changed = Promise.withResolvers<void>();
  readonly #stopped = new AbortController();
  /** Aborted by whoever asked for the following, or at its end. */
  readonly #ended: AbortSignal;

  constructor(options: FollowOptions) {
    this.#o = options;
    this.#clock = options.clock ?? systemClock;
    this.#ended = AbortSignal.any([options.signal, this.#stopped.signal]);
    this.#wait =
      options.wait ?? ((milliseconds, signal) => sleep(milliseconds, undefined, { signal, ref: true }));
    const { api, namespace, name, random, clock, wait, order, gathered } = options;
    const base = {
      api,
      random,
      trouble: options.trouble,
      ...(clock === undefined ? {} : { clock }),
      ...(wait === undefined ? {} : { wait }),
    };
    const wake = () => this.#changed.resolve();
    this.#pods = new ListWatch<WorkerPod>({
      ...base,
      path: `/api/v1/namespaces/${namespace}/pods`,
      labelSelector: `batch.kubernetes.io/job-name=${name}`,
      trim: workerPod,
      handlers: { applied: wake, deleted: wake, listed: wake },
    });
    this.#jobs = new ListWatch<WorkerJob>({
      ...base,
      path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
      fieldSelector: `metadata.name=${name}`,
      trim: workerJob,
      handlers: { applied: wake, deleted: wake, listed: wake },
    });
    for (const seed of order.seeds)
      this.#states.set(
        seed,
        gathered.has(seed)
          ? { kind: 'gathered' }
          : { kind: 'waiting', why: 'for a pod', failures: noFailures },
      );
  }

  /**
   * @returns the seeds' last states; undefined where the signal came first
   * @throws KISIM_E_TRAINING_GONE, _IMAGE, _REFUSED, and what `gather` throws
   */
  async follow(): Promise<ReadonlyMap<number, SeedState> | undefined> {
    const { signal } = this.#o;
    const ended = this.#ended;
    this.#pods.start();
    this.#jobs.start();
    const synced = Promise.all([this.#pods.synced, this.#jobs.synced]);
    const aborted = new Promise<void>((resolve) => {
      ended.addEventListener('abort', () => resolve(), { once: true });
      if (ended.aborted) resolve();
    });
    try {
      await Promise.race([synced, aborted]);
      while (!signal.aborted) {
        this.#changed = Promise.withResolvers<void>();
        await this.#look();
        this.#o.onStates(this.#states);
        if ([...this.#states.values()].every(isSettled)) return this.#states;
        const tick = this.#wait(TICK_MILLISECONDS, ended).catch((error: unknown) => {
          if (!ended.aborted) throw error;
        });
        await Promise.race([this.#changed.promise, tick, aborted]);
      }
      return undefined;
    } finally {
      this.#stopped.abort();
      await Promise.all([this.#pods.stop(), this.#jobs.stop()]);
    }
  }

  async #look(): Promise<void> {
    const job = [...this.#jobs.values()][0];
    const pods = [...this.#pods.values()];
    const { seeds } = this.#o.order;
    for (const [index, seed] of seeds.entries()) {
      const state = this.#states.get(seed)!;
      if (isSettled(state)) continue;
      const own = pods.filter((pod) => pod.index === index).sort((a, b) => (a.created < b.created ? -1 : 1));
      this.#states.set(seed, await this.#stateOf(index, seed, own, job));
    }
    if ([...this.#states.values()].every(isSettled)) return;
    if (job === undefined)
      throw trainingErrors.KISIM_E_TRAINING_GONE(
        `${this.#wasThere ? 'deleted: ' : ''}Job ${this.#o.namespace}/${this.#o.name}`,
      );
    this.#wasThere = true;
    const refusal = workerRefusal(pods);
    if (this.#lasts('image', refusal !== undefined)) throw trainingErrors.KISIM_E_TRAINING_IMAGE(refusal!);
    if (this.#lasts('pods', pods.length === 0 && !job.isDone)) {
      const why = await refusedPods(this.#o.api, this.#o.namespace, job.uid);
      if (why !== undefined) throw trainingErrors.KISIM_E_TRAINING_REFUSED(why);
    }
  }

  async #stateOf(
    index: number,
    seed: number,
    pods: readonly WorkerPod[],
    job: WorkerJob | undefined,
  ): Promise<SeedState> {
    const failures = this.#failures.see(index, pods);
    const finished = pods.find(({ phase, ended }) => phase === 'Succeeded' || ended?.exitCode === 0);
    if (finished !== undefined) return await this.#fetch(seed, finished);
    const errors = pods.flatMap(({ ended }) => {
      const end = decodeEnd(ended?.message);
      return end?.kind === 'error' ? [end.error] : [];
    });
    const final = errors.find(({ isFinal }) => isFinal) ?? unknownOrder(pods);
    if (final !== undefined) return { kind: 'failed', error: final };
    if (job?.failed.has(index) || (job?.failure !== undefined && !job.completed.has(index))) {
      const { count, last = 'its pods are gone' } = failures;
      const message = `given up after ${count} workers (${job.failure ?? last})`;
      return {
        kind: 'failed',
        error: errors.at(-1) ?? { code: undefined, message, action: undefined, isFinal: false },
      };
    }
    if (job?.completed.has(index) && (await this.#isWithoutPod(index)))
      return { kind: 'lost', why: 'its pod is gone, and its output with it' };
    // One on a node that is gone is on its way out for good, and looks as if it ran.
    const running = pods.findLast(({ isRunning, isLeaving }) => isRunning && !isLeaving);
    if (running === undefined) return { kind: 'waiting', why: waitingFor(pods), failures };
    void this.#readProgress(running);
    const progress = this.#progress.get(running.uid);
    return { kind: 'running', node: running.node ?? '', progress, failures };
  }

  async #fetch(seed: number, { uid, name, ended }: WorkerPod): Promise<SeedState> {
    const end = decodeEnd(ended?.message);
    const where = `output of pod ${name}`;
    if (end?.kind !== 'result') {
      // A phase comes before the state of the container at times.
      if (ended === undefined) return { kind: 'fetching', why: `${name} has not told its end` };
      const message = `${name} ended well, and told of no result: is the image one of kisimd?`;
      return { kind: 'failed', error: { code: undefined, message, action: undefined, isFinal: true } };
    }
    let why = 'it is gone';
    try {
      const text = await workerOutput(this.#o.api, this.#o.namespace, name);
      if (text !== undefined) {
        const parcel = decodeParcel(text, end.sha256, where);
        return this.#taken(seed, where, parcel);
      }
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      if (error.code !== 'KISIM_E_TRAINING_RESULT' && !error.code.startsWith('KISIM_E_KUBE_')) throw error;
      this.#o.trouble('output', error);
      why = error.message;
    }
    if (this.#lasts(`output ${uid}`, true, OUTPUT_PATIENCE_NANOSECONDS))
      return { kind: 'lost', why: `${where}: ${why}` };
    return { kind: 'fetching', why: `${where}: ${why}` };
  }

  #taken(seed: number, where: string, parcel: Parameters<typeof checkParcel>[0]): SeedState {
    let checked: CheckedParcel;
    try {
      checked = checkParcel(parcel, this.#o.order, seed, where);
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      return { kind: 'failed', error: workerError(error) };
    }
    this.#o.gather(seed, checked);
    return { kind: 'gathered' };
  }

  /** What a watch tells may be older than what the Job says: asked directly. */
  async #isWithoutPod(index: number): Promise<boolean> {
    const { api, namespace, name } = this.#o;
    const found = await listObjects(api, `/api/v1/namespaces/${namespace}/pods`, {
      labelSelector: `batch.kubernetes.io/job-name=${name}`,
    });
    return !found.some((pod) => workerPod(pod)?.index === index);
  }

  /** Beside the following, which it must not hold up: nothing depends on it but what is shown. */
  async #readProgress({ uid, name }: WorkerPod): Promise<void> {
    const now = this.#clock.monotonicNanoseconds();
    const key = `progress ${uid}`;
    if (this.#reading.has(uid)) return;
    if (now - (this.#since.get(key) ?? Number.NEGATIVE_INFINITY) < TICK_MILLISECONDS * 1e6) return;
    this.#since.set(key, now);
    this.#reading.add(uid);
    try {
      const output = await workerOutput(this.#o.api, this.#o.namespace, name, {
        lines: 5,
        timeoutMilliseconds: PROGRESS_TIMEOUT_MILLISECONDS,
        signal: this.#ended,
      });
      const note = lastProgress(output ?? '');
      if (note === undefined) return;
      this.#progress.set(uid, note);
      this.#changed.resolve();
    } catch (error) {
      if (!this.#ended.aborted) this.#o.trouble('output', error);
    } finally {
      this.#reading.delete(uid);
    }
  }

  /** Whether something has been so for long enough. */
  #lasts(key: string, isSo: boolean, patience = PATIENCE_NANOSECONDS): boolean {
    const now = this.#clock.monotonicNanoseconds();
    if (!isSo) this.#since.delete(key);
    else if (!this.#since.has(key)) this.#since.set(key, now);
    return isSo && now - this.#since.get(key)! >= patience;
  }
}

function waitingFor(pods: readonly WorkerPod[]): string {
  const pod = pods.findLast(({ isLeaving, phase }) => !isLeaving && phase === 'Pending');
  if (pod === undefined) return 'for a pod';
  if (pod.unschedulable !== undefined) return `for a node: ${pod.unschedulable}`;
  const { waits } = pod;
  return waits === undefined || waits.reason === 'ContainerCreating'
    ? `to start on ${pod.node ?? 'a node'}`
    : `${waits.reason}: ${waits.message}`;
}

/** Of an image whose program does not know the option that workers are run with: it ends as on any wrong command line. */
function unknownOrder(pods: readonly WorkerPod[]): WorkerError | undefined {
  const ended = pods.find(({ ended: end }) => end?.exitCode === USAGE_STATUS)?.ended;
  if (ended === undefined || decodeEnd(ended.message) !== undefined) return undefined;
  const message = `the program in the image does not take the order: ${ended.message ?? 'it says nothing'}`;
  return { code: undefined, message, action: undefined, isFinal: true };
}
