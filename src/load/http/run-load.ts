import { KisimError } from '../../util/errors.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { LatencyHistogram, LatencySummary } from '../histogram.ts';
import { ClosedLoop, type ClosedLoopPlan } from './closed-loop.ts';
import type { FailureKind } from './failure.ts';
import type { LoadContext, LoadLoop } from './load-context.ts';
import { OpenLoop, type OpenLoopPlan } from './open-loop.ts';
import { type LoadCounts, LoadRecorder, type LoadSecond } from './recorder.ts';
import type { LoadTarget } from './target.ts';
import { TargetShares } from './target-shares.ts';
import { TargetWatch } from './target-watch.ts';
import type { LoadTime, Transport } from './transport.ts';

export interface LoadPlan {
  /** At least one. */
  readonly targets: readonly LoadTarget[];
  /** Left out: by the weights of the targets. */
  readonly shares?: TargetShares;
  readonly loop: OpenLoopPlan | ClosedLoopPlan;
  /** Of targets that have none of their own. */
  readonly timeoutMilliseconds: Milliseconds;
  /** How long a target may give no answers, failing all the while. */
  readonly giveUpMilliseconds: Milliseconds;
  readonly seed: number;
}

export interface LoadPorts {
  readonly transport: Transport;
  readonly time: LoadTime;
  /** Ends the run; what was measured is given all the same. */
  readonly signal?: AbortSignal;
  /** Called at the end of every second, with what was seen in it; its latencies are of use during the call alone. */
  readonly onSecond?: (second: LoadSecond, soFar: LoadCounts, latency: LatencyHistogram) => void;
}

export interface LoadResult {
  readonly total: LoadCounts;
  readonly targets: readonly LoadCounts[];
  readonly seconds: readonly LoadSecond[];
  /** How much later than due requests were sent; null where none was. */
  readonly lateness: LatencySummary | null;
  /** From the beginning to the last answer. */
  readonly elapsedSeconds: number;
  /** Of the pattern, or of what there was time for. */
  readonly loadedSeconds: number;
  /** `complete`, `stopped` by the signal, or `failed` for the reason in `failure`. */
  readonly ended: 'complete' | 'stopped' | 'failed';
  readonly failure: KisimError | undefined;
  /** Requests under way when the run was stopped; in no other figure but `sent`. */
  readonly unanswered: number;
  /** Text of the first failure of kind `other`. */
  readonly firstOther: string | undefined;
}

/** Time-outs are noticed within this part of the time-out, and within these bounds. */
const SWEEP_SHARE = 1 / 50;
const SWEEP_BOUNDS: readonly [Milliseconds, Milliseconds] = [5, 250];

/**
 * Sends load to its end: until the pattern is over and all requests are answered or given up, until the signal, or until a
 * target is not there (KISIM_E_LOAD_REFUSED, KISIM_E_LOAD_TARGET_GONE, told in the result, as what was measured counts).
 */
export function runLoad(plan: LoadPlan, ports: LoadPorts): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const run = new Run(plan, ports, resolve, reject);
    run.start();
  });
}

class Run implements LoadContext {
  readonly targets: readonly LoadTarget[];
  readonly shares: TargetShares;
  readonly transport: Transport;
  readonly recorder: LoadRecorder;
  isOver = false;
  readonly #ports: LoadPorts;
  readonly #timeouts: readonly Milliseconds[];
  readonly #loop: LoadLoop;
  readonly #watch: TargetWatch;
  readonly #resolve: (result: LoadResult) => void;
  readonly #reject: (error: unknown) => void;
  readonly #startMilliseconds: Milliseconds;
  readonly #sweepEvery: Milliseconds;
  #nextSweep: Milliseconds;
  #armed: Milliseconds = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | undefined;
  #failure: KisimError | undefined;
  #firstOther: string | undefined;
  /** What was thrown by who is told of seconds. */
  #broken: { readonly error: unknown } | undefined;

  constructor(
    plan: LoadPlan,
    ports: LoadPorts,
    resolve: (result: LoadResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.targets = plan.targets;
    this.shares = plan.shares ?? new TargetShares(plan.targets.map(({ weight }) => weight));
    this.transport = ports.transport;
    this.#timeouts = plan.targets.map(
      ({ timeoutMilliseconds }) => timeoutMilliseconds ?? plan.timeoutMilliseconds,
    );
    this.#ports = ports;
    this.#resolve = resolve;
    this.#reject = reject;
    const { onSecond } = ports;
    this.recorder = new LoadRecorder(
      plan.targets.length,
      { wanted: (from, to) => this.#loop.wanted(from, to), users: () => this.#loop.users() },
      onSecond === undefined
        ? undefined
        : (second, latency) => this.#tell(() => onSecond(second, this.recorder.total(), latency)),
    );
    this.#watch = new TargetWatch(plan.targets, plan.giveUpMilliseconds);
    const [least, most] = SWEEP_BOUNDS;
    this.#sweepEvery = Math.min(most, Math.max(least, Math.min(...this.#timeouts) * SWEEP_SHARE));
    this.#nextSweep = this.#sweepEvery;
    const random = new RandomStream(plan.seed);
    this.#startMilliseconds = ports.time.monotonicMilliseconds();
    this.#loop =
      plan.loop.kind === 'open'
        ? new OpenLoop(plan.loop, this, random)
        : new ClosedLoop(plan.loop, this, random);
  }

  timeoutOf(target: number): Milliseconds {
    return this.#timeouts[target]!;
  }

  now(): Milliseconds {
    return this.#ports.time.monotonicMilliseconds() - this.#startMilliseconds;
  }

  start(): void {
    const { signal } = this.#ports;
    if (signal?.aborted === true) {
      this.#end('stopped');
      return;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#wake();
  }

  readonly #onAbort = () => this.#end('stopped');

  arm(due: Milliseconds): void {
    if (due >= this.#armed || this.isOver) return;
    this.#disarm?.();
    this.#armed = due;
    this.#disarm = this.#ports.time.after(due - this.now(), this.#onTimer);
  }

  readonly #onTimer = () => {
    this.#armed = Number.POSITIVE_INFINITY;
    this.#disarm = undefined;
    this.#wake();
  };

  /** Tells of a second. It may be one of the client's callbacks that ended it, where nothing may be thrown. */
  #tell(call: () => void): void {
    if (this.#broken !== undefined) return;
    try {
      call();
    } catch (error) {
      this.#broken = { error };
      this.arm(this.now());
    }
  }

  #wake(): void {
    if (this.isOver) return;
    if (this.#broken !== undefined) {
      this.#end('failed');
      return;
    }
    try {
      const now = this.now();
      this.recorder.passTo(now);
      this.#loop.wake(now);
      if (now >= this.#nextSweep) {
        this.#loop.sweep(now);
        this.#nextSweep = now + this.#sweepEvery;
      }
      if (this.isOver) return;
      if (this.#loop.isDone(now)) this.#end('complete');
      else this.arm(this.#nextSweep);
    } catch (error) {
      this.#abandon();
      this.#reject(error);
    }
  }

  seen(target: number, kind: FailureKind | undefined, error: unknown): void {
    const now = this.now();
    if (kind === 'other') this.#firstOther ??= error instanceof Error ? error.message : String(error);
    const failure = this.#watch.seen(target, now, kind, error);
    if (this.isOver) return;
    if (failure !== undefined) {
      this.#failure = failure;
      this.#end('failed');
    } else if (
      this.recorder.inFlight === 0 &&
      (this.#loop.endsEarly || now >= 1000 * this.#loop.durationSeconds)
    )
      // Perhaps this was the last one; who is told of it has still to say what comes next.
      this.arm(now);
  }

  #abandon(): void {
    this.isOver = true;
    this.#disarm?.();
    this.#ports.signal?.removeEventListener('abort', this.#onAbort);
    this.#loop.close();
  }

  #end(ended: LoadResult['ended']): void {
    if (this.isOver) return;
    const now = this.now();
    const { recorder } = this;
    const unanswered = recorder.inFlight;
    this.#abandon();
    recorder.end(now);
    if (this.#broken !== undefined) {
      const { error } = this.#broken;
      if (!(error instanceof KisimError)) {
        this.#reject(error);
        return;
      }
      this.#failure ??= error;
    }
    this.#resolve({
      total: recorder.total(),
      targets: this.targets.map((_, i) => recorder.target(i)),
      seconds: recorder.seconds,
      lateness: recorder.lateness(),
      elapsedSeconds: now / 1000,
      loadedSeconds: Math.min(now / 1000, this.#loop.durationSeconds),
      ended: this.#failure === undefined ? ended : 'failed',
      failure: this.#failure,
      unanswered,
      firstOther: this.#firstOther,
    });
  }
}
