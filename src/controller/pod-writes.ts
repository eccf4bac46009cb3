import type { Logger } from '../util/log.ts';
import type { RandomSource } from '../util/rng.ts';
import type { Milliseconds } from '../util/units.ts';
import { DeadlineKeeper } from './deadline-keeper.ts';
import { errors } from './errors.ts';
import { type Call, type HeldPod, podFields, podName } from './held-pod.ts';
import type { Actor, ActResult, ClusterBook, LoopTime } from './ports.ts';

/** The longest that a write may take by itself, tries again included, and after it was called off. */
const STUCK_MILLISECONDS: Milliseconds = 8_000;
const CALLED_OFF_MILLISECONDS: Milliseconds = 2_000;
const CONFLICT_MILLISECONDS: Milliseconds = 20;
const TROUBLE_MILLISECONDS: Milliseconds = 100;
const LONGEST_RETRY_MILLISECONDS: Milliseconds = 5_000;

/** A result after which there is nothing more to write. */
export type FinalResult = Extract<ActResult, { outcome: 'placed' | 'freed' | 'already-free' | 'gone' }>;

export interface PodWritesOptions {
  readonly actor: Actor;
  readonly book: ClusterBook;
  readonly time: LoopTime;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly finished: (held: HeldPod, result: FinalResult) => void;
  /** It is the pod's turn again. */
  readonly again: (held: HeldPod) => void;
  /** Told after `finished`, and after every write that did not succeed. */
  readonly ended: (held: HeldPod) => void;
}

/** Hands pods to the actor, one write for a pod at a time, and sees to those that do not succeed or do not end. */
export class PodWrites {
  readonly counts = { conflicts: 0, refusals: 0, throttles: 0, failures: 0, stuck: 0 };
  inFlight = 0;
  readonly #o: PodWritesOptions;
  readonly #held = new Map<string, HeldPod>();
  readonly #retries: DeadlineKeeper;
  readonly #stuck: DeadlineKeeper;

  constructor(options: PodWritesOptions) {
    this.#o = options;
    this.#retries = new DeadlineKeeper(options.time, (uid) => this.#due(uid));
    this.#stuck = new DeadlineKeeper(options.time, (uid) => this.#giveUp(uid));
  }

  /** @param node undefined: the pod is freed as it is */
  begin(held: HeldPod, node: string | undefined): void {
    const { uid } = held.pod;
    const call: Call = { controller: new AbortController(), node };
    held.call = call;
    held.state = 'acting';
    this.inFlight++;
    this.#held.set(uid, held);
    this.#stuck.set(uid, this.#now + STUCK_MILLISECONDS);
    const failed = (error: unknown) => this.#end(held, call, { outcome: 'failed', error });
    try {
      this.#o.actor
        .free(held.pod, node, call.controller.signal)
        .then((result) => this.#end(held, call, result), failed);
    } catch (error) {
      // Not from within: the queue is being walked.
      this.#o.time.after(0, () => failed(error));
    }
  }

  /** Its write is to end soon, whatever comes of it. */
  callOff({ call, pod }: HeldPod): void {
    if (call === undefined || call.controller.signal.aborted) return;
    call.controller.abort();
    this.#stuck.set(pod.uid, this.#now + CALLED_OFF_MILLISECONDS);
  }

  /** No more tries for this pod. A write that is on its way goes on. */
  forget(uid: string): void {
    this.#retries.clear(uid);
    if (this.#held.get(uid)?.call === undefined) this.#held.delete(uid);
  }

  stop(): void {
    this.#retries.clearAll();
    this.#stuck.clearAll();
    for (const { call } of this.#held.values()) call?.controller.abort();
    this.#held.clear();
  }

  get #now(): Milliseconds {
    return this.#o.time.monotonicMilliseconds();
  }

  /** Returns false for a call that was given up before. */
  #close(held: HeldPod, call: Call): boolean {
    if (held.call !== call) return false;
    held.call = undefined;
    this.inFlight--;
    this.#stuck.clear(held.pod.uid);
    return true;
  }

  #end(held: HeldPod, call: Call, result: ActResult): void {
    if (!this.#close(held, call)) return;
    const isPlaced = result.outcome === 'placed' && result.node === call.node;
    if (call.node !== undefined && !isPlaced) this.#o.book.forget(held.pod.uid);
    switch (result.outcome) {
      case 'placed':
      case 'freed':
      case 'already-free':
      case 'gone':
        this.#o.finished(held, result);
        break;
      default:
        held.failures++;
        this.#tryAgain(held, call, result);
    }
    this.#o.ended(held);
  }

  #tryAgain(held: HeldPod, call: Call, result: Exclude<ActResult, FinalResult>): void {
    if (result.outcome === 'throttled') {
      this.counts.throttles++;
      held.silentUntil = this.#now + result.retryAfterMilliseconds;
      this.#retryAt(held, held.silentUntil);
      return;
    }
    if (result.outcome === 'refused') {
      this.counts.refusals++;
      held.freeBecause ??= 'refused';
      if (call.node === undefined) this.#backOff(held, TROUBLE_MILLISECONDS);
      else this.#o.again(held);
      return;
    }
    if (result.outcome === 'conflict') this.counts.conflicts++;
    // Called off to be freed: at once. Without the lease nobody takes the turn.
    if (call.controller.signal.aborted) this.#o.again(held);
    else if (result.outcome === 'conflict') this.#backOff(held, CONFLICT_MILLISECONDS);
    else {
      if (result.outcome === 'failed') {
        this.counts.failures++;
        if (held.failures === 1) this.#o.log.warn('pod-not-written', podFields(held, result.error));
      }
      this.#backOff(held, TROUBLE_MILLISECONDS);
    }
  }

  /** Another try after a while that doubles, with jitter. */
  #backOff(held: HeldPod, first: Milliseconds): void {
    const wait = Math.min(LONGEST_RETRY_MILLISECONDS, first * 2 ** Math.min(10, held.failures - 1));
    this.#retryAt(held, this.#now + wait * (0.5 + 0.5 * this.#o.random.next()));
  }

  #retryAt(held: HeldPod, at: Milliseconds): void {
    held.state = 'retrying';
    this.#retries.set(held.pod.uid, at);
  }

  #due(uid: string): void {
    const held = this.#held.get(uid);
    if (held?.state !== 'retrying') return;
    this.#o.again(held);
    this.#o.ended(held);
  }

  /** The write neither ended nor heeded that it was called off. Whatever it does yet, it can do to one version of the pod only. */
  #giveUp(uid: string): void {
    const held = this.#held.get(uid);
    const call = held?.call;
    if (held === undefined || call === undefined) return;
    if (!call.controller.signal.aborted) {
      this.callOff(held);
      return;
    }
    this.#close(held, call);
    this.counts.stuck++;
    if (call.node !== undefined) this.#o.book.forget(uid);
    this.#o.log.error('write-stuck', podFields(held, errors.KISIM_E_CONTROLLER_STUCK(podName(held))));
    held.freeBecause ??= 'stuck';
    this.#o.again(held);
    this.#o.ended(held);
  }
}
