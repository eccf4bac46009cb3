import type { Milliseconds } from '../util/units.ts';
import { AwaitedNodes } from './awaited-nodes.ts';
import { DeadlineKeeper } from './deadline-keeper.ts';
import type { Verdict } from './decider.ts';
import type { Outcome } from './decision-entry.ts';
import { eligibility } from './eligibility.ts';
import { errors } from './errors.ts';
import { type FreeReason, HeldPod, podFields, podName } from './held-pod.ts';
import type { LoopCounts, LoopGauges } from './loop-counts.ts';
import type { PlacementLoopOptions } from './loop-options.ts';
import { type FinalResult, PodWrites } from './pod-writes.ts';
import type { PendingPod } from './ports.ts';
import { Records } from './records.ts';
import { sweep } from './sweep.ts';
import { Turns } from './turns.ts';

/** What a turn may take before others are let in. */
const TURN_MILLISECONDS: Milliseconds = 8;
/** How often pods that wait are decided again. */
const RECHECK_MILLISECONDS: Milliseconds = 1_000;
const SWEEP_MILLISECONDS: Milliseconds = 15_000;
/** A decision that the scheduler did not follow by then does not hold room any more. */
const ASSUMED_MILLISECONDS: Milliseconds = 60_000;
const STOP_MILLISECONDS: Milliseconds = 5_000;

/** What it means that a pod was not given a node and may not wait. */
const freeReasons = {
  wait: 'no-node',
  'no-node': 'no-node',
  leave: 'default-scheduler',
  failed: 'policy-failed',
} as const;

/**
 * Takes every pod that waits at the gate to its node, or frees it. docs/developer/controller.md has the states of a pod and
 * the invariants: no pod is held past its deadline while there is a leader and a server; never two writes for one pod at a
 * time; nothing is touched that is not opted in.
 */
export class PlacementLoop {
  readonly #o: PlacementLoopOptions;
  readonly #held = new Map<string, HeldPod>();
  readonly #turns = new Turns();
  readonly #waiting = new Set<string>();
  readonly #records: Records;
  readonly #writes: PodWrites;
  readonly #awaited: AwaitedNodes;
  readonly #deadlines: DeadlineKeeper;
  readonly #assumptions: DeadlineKeeper;
  readonly #counts = { placed: 0, freed: {} as Record<string, number>, observed: 0, overdue: 0 };
  readonly #clockOffsetSeconds: number;
  #isPumping = false;
  #cancelTurn: (() => void) | undefined;
  #cancelRecheck: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;
  #ends: (() => void)[] = [];
  #stopped: (() => void) | undefined;

  constructor(options: PlacementLoopOptions) {
    this.#o = options;
    const { time } = options;
    this.#clockOffsetSeconds = (time.unixMilliseconds() - time.monotonicMilliseconds()) / 1000;
    this.#records = new Records(options);
    this.#awaited = new AwaitedNodes(options);
    this.#writes = new PodWrites({
      ...options,
      finished: (held, result) => this.#written(held, result),
      again: (held) => this.#turns.add(held),
      ended: (held) => this.#ended(held),
    });
    this.#deadlines = new DeadlineKeeper(time, (uid) => this.#overdue(uid));
    this.#assumptions = new DeadlineKeeper(time, (uid) => options.book.forget(uid));
  }

  get counts(): LoopCounts {
    return { ...this.#counts, ...this.#writes.counts, freed: { ...this.#counts.freed } };
  }

  get gauges(): LoopGauges {
    const states = { queued: 0, waiting: 0, acting: 0, retrying: 0, finished: 0 };
    for (const { state } of this.#held.values()) states[state]++;
    const { queued, waiting, acting, retrying } = states;
    return { queued, waiting, inFlight: this.#writes.inFlight, held: queued + waiting + acting + retrying };
  }

  /** To be called when the watch has told all that there is. What a dead predecessor left is freed or taken over at once. */
  start(): void {
    const { pods, leadership, paused } = this.#o;
    this.#ends = [
      pods.subscribe({
        pending: (pod) => this.#pending(pod),
        settled: (uid, node) => this.#settled(uid, node),
      }),
      leadership.subscribe(() => this.#leadershipChanged()),
      paused.subscribe(() => this.#pauseChanged()),
    ];
    this.#sweep();
  }

  /** Frees all that is held, for a few seconds at most, and ends. */
  async stop(): Promise<void> {
    if (this.#ends.length === 0) return;
    this.#freeAll('stopping');
    if (this.#mayAct && this.gauges.held > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stopped = resolve;
      const cancel = this.#o.time.after(STOP_MILLISECONDS, resolve);
      await promise;
      cancel();
    }
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#deadlines.clearAll();
    this.#assumptions.clearAll();
    for (const cancel of [this.#cancelTurn, this.#cancelRecheck, this.#cancelSweep]) cancel?.();
    this.#writes.stop();
    this.#held.clear();
  }

  get #mayAct(): boolean {
    return this.#o.mode !== 'dry-run' && this.#o.leadership.isLeader;
  }

  #pending(pod: PendingPod): void {
    const { mode, ownNamespace, time } = this.#o;
    const what = eligibility(pod, { ownNamespace, includeUngated: mode !== 'act' });
    let held = this.#held.get(pod.uid);
    if (what.may === 'leave') {
      if (held !== undefined) this.#letGo(held);
      return;
    }
    if (held === undefined) {
      const now = time.monotonicMilliseconds();
      const age = time.unixMilliseconds() - pod.createdUnixMilliseconds;
      const { deadlineMilliseconds, longestSlackMilliseconds } = this.#o;
      const slack = Math.min(longestSlackMilliseconds, Math.max(0, pod.pod.slackSeconds) * 1000);
      held = new HeldPod(pod, now, age, deadlineMilliseconds, slack);
      this.#held.set(pod.uid, held);
      this.#deadlines.set(pod.uid, held.deadlineAt);
      if (what.may === 'free') held.freeBecause = what.because;
      else if (this.#stopped !== undefined) held.freeBecause = 'stopping';
      else if (this.#o.paused.reason !== undefined) held.freeBecause = 'paused';
      this.#turns.add(held);
    } else {
      held.pod = pod;
      held.isSettled = false;
      if (what.may === 'free') this.#mustFree(held, what.because);
    }
    this.#pump();
  }

  #settled(uid: string, node: string | undefined): void {
    if (node === undefined) this.#o.book.forget(uid);
    this.#assumptions.clear(uid);
    this.#records.settled(uid, node);
    const held = this.#held.get(uid);
    if (held === undefined) return;
    held.endedOn = node ?? '';
    this.#letGo(held);
  }

  /** Nothing more is to be done for it; a write that is on its way is let end, since it may be the reason. */
  #letGo(held: HeldPod): void {
    const { uid } = held.pod;
    held.isSettled = true;
    if (held.endedOn === undefined || held.endedOn === '') this.#awaited.leave(held);
    else this.#awaited.release(held);
    this.#deadlines.clear(uid);
    this.#writes.forget(uid);
    this.#waiting.delete(uid);
    if (held.call !== undefined) return;
    held.state = 'finished';
    this.#held.delete(uid);
    this.#maybeStopped();
  }

  #nextTurn(): void {
    this.#cancelTurn ??= this.#o.time.after(0, () => {
      this.#cancelTurn = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isPumping || (!this.#mayAct && this.#o.mode !== 'dry-run')) return;
    this.#isPumping = true;
    try {
      const { time } = this.#o;
      const end = time.monotonicMilliseconds() + TURN_MILLISECONDS;
      for (let held = this.#next(); held !== undefined; held = this.#next()) {
        this.#processSafely(held);
        if (time.monotonicMilliseconds() < end) continue;
        this.#nextTurn();
        break;
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #next(): HeldPod | undefined {
    return this.#turns.next(this.#writes.inFlight, this.#o.mostInFlight);
  }

  /** Whatever is wrong with one pod, it is let go, and the others have their turn. */
  #processSafely(held: HeldPod): void {
    try {
      this.#process(held);
    } catch (error) {
      this.#o.log.error('pod-not-decided', podFields(held, error));
      this.#o.book.forget(held.pod.uid);
      held.freeBecause ??= 'policy-failed';
      held.details ??= error instanceof Error ? error.message : String(error);
      if (held.state === 'queued') this.#free(held);
    }
  }

  #process(held: HeldPod): void {
    const { book, time } = this.#o;
    const now = time.monotonicMilliseconds();
    if (held.freeBecause === undefined && now >= held.deadlineAt) held.freeBecause = 'deadline';
    if (held.freeBecause !== undefined) {
      this.#free(held);
      return;
    }
    book.setTime(this.#clockOffsetSeconds + now / 1000, this.#turns.toDecide + this.#waiting.size);
    const awaited = this.#awaited.look(held);
    if (awaited === 'still') this.#wait(held);
    else if (awaited === 'up') this.#writes.begin(held, held.decided!.node);
    else this.#decide(held, now);
  }

  #decide(held: HeldPod, now: Milliseconds): void {
    const slackLeft = Math.max(0, (held.slackUntil - now) / 1000);
    const verdict = this.#o.decider.decide(held.pod.pod, slackLeft, this.#o.intended?.(held.pod));
    if (verdict.kind === 'place') this.#decided(held, verdict);
    else if (this.#mayWait(held, verdict, now)) this.#wait(held);
    else if (this.#o.mode !== 'act' && verdict.kind === 'wait')
      this.#observe(held, { outcome: 'observed', reason: 'would-wait' });
    else {
      held.freeBecause = freeReasons[verdict.kind];
      held.details = verdict.kind === 'failed' ? verdict.why : undefined;
      this.#free(held);
    }
  }

  /** Waiting holds back a pod: only where decisions are acted on, and within its slack. */
  #mayWait(held: HeldPod, { kind }: Verdict, now: Milliseconds): boolean {
    return this.#o.mode === 'act' && (kind === 'wait' || kind === 'no-node') && now < held.slackUntil;
  }

  #wait(held: HeldPod): void {
    held.state = 'waiting';
    this.#waiting.add(held.pod.uid);
    this.#cancelRecheck ??= this.#o.time.after(RECHECK_MILLISECONDS, () => {
      this.#cancelRecheck = undefined;
      for (const uid of this.#waiting) this.#turns.add(this.#held.get(uid)!);
      this.#waiting.clear();
      this.#pump();
    });
  }

  #decided(held: HeldPod, verdict: Extract<Verdict, { kind: 'place' }>): void {
    held.decided = verdict;
    if (this.#o.mode !== 'act') {
      this.#observe(held, { outcome: 'observed' });
      return;
    }
    // Booked before it is written, so that the next decision knows.
    this.#o.book.assume(held.pod.uid, held.pod.pod, verdict.index, verdict.gpus);
    if (this.#awaited.mustAwait(held, verdict.node)) this.#wait(held);
    else this.#writes.begin(held, verdict.node);
  }

  /** A decision that is not acted on. Whoever holds the pod all the same lets it go. */
  #observe(held: HeldPod, outcome: Outcome): void {
    this.#counts.observed++;
    if (this.#o.mode === 'shadow' && held.pod.isGated) {
      held.freeBecause = 'shadow';
      this.#writes.begin(held, undefined);
      return;
    }
    this.#records.add(held, outcome);
    this.#finish(held);
  }

  #free(held: HeldPod): void {
    if (held.awaitsNode) held.details ??= `${held.decided?.node} was being woken`;
    this.#awaited.leave(held);
    if (held.pod.isGated && this.#mayAct) {
      this.#writes.begin(held, undefined);
      return;
    }
    // Nobody's to free: recorded alone.
    this.#records.add(held, { outcome: 'observed', reason: this.#reason(held) });
    this.#finish(held);
  }

  #written(held: HeldPod, result: FinalResult): void {
    if (result.outcome === 'placed') {
      this.#counts.placed++;
      if (held.endedOn === undefined)
        this.#assumptions.set(held.pod.uid, this.#o.time.monotonicMilliseconds() + ASSUMED_MILLISECONDS);
      this.#records.add(held, result);
    } else if (result.outcome === 'freed') {
      const why = result.why ?? 'refused';
      const key = held.freeBecause ?? why;
      this.#counts.freed[key] = (this.#counts.freed[key] ?? 0) + 1;
      this.#records.add(held, { outcome: 'freed', reason: this.#reason(held) ?? why });
    } else this.#records.add(held, result);
    this.#finish(held);
  }

  #ended(held: HeldPod): void {
    if (held.isSettled) this.#letGo(held);
    this.#pump();
  }

  #overdue(uid: string): void {
    const held = this.#held.get(uid);
    if (held === undefined || held.state === 'finished') return;
    this.#mustFree(held, 'deadline');
    this.#pump();
  }

  /** It will not be decided any more, whatever is on its way. */
  #mustFree(held: HeldPod, because: FreeReason): void {
    if (held.state === 'finished' || held.freeBecause !== undefined) return;
    held.freeBecause = because;
    const { uid } = held.pod;
    if (held.state === 'acting') {
      this.#writes.callOff(held);
      return;
    }
    // What the server asked for is kept to.
    if (held.state === 'retrying' && this.#o.time.monotonicMilliseconds() < held.silentUntil) return;
    this.#waiting.delete(uid);
    this.#turns.add(held);
  }

  #freeAll(because: FreeReason): void {
    for (const held of this.#held.values()) this.#mustFree(held, because);
    this.#pump();
  }

  #pauseChanged(): void {
    if (this.#o.paused.reason !== undefined) this.#freeAll('paused');
  }

  #leadershipChanged(): void {
    if (this.#o.leadership.isLeader) this.#sweep();
    // The next leader decides: what is on its way is called off, and nothing else is begun.
    else for (const held of this.#held.values()) this.#callOff(held);
  }

  #callOff(held: HeldPod): void {
    this.#writes.callOff(held);
    if (!this.#awaited.leave(held)) return;
    this.#waiting.delete(held.pod.uid);
    this.#turns.add(held);
  }

  #sweep(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = this.#o.time.after(SWEEP_MILLISECONDS, () => this.#sweep());
    const now = this.#o.time.monotonicMilliseconds();
    const found = sweep(this.#o.pods.list(), this.#held, now);
    for (const held of found.vanished) this.#letGo(held);
    for (const pod of found.waiting) this.#pending(pod);
    this.#records.keepOnly(found.uids);
    for (const held of this.#o.mode === 'dry-run' ? [] : found.stillGated) {
      held.freeBecause = 'still-gated';
      this.#turns.add(held);
    }
    for (const held of found.overdue) {
      this.#counts.overdue++;
      const error = errors.KISIM_E_CONTROLLER_LEFT_GATED(`${podName(held)} (${held.state})`);
      this.#o.log.error('pod-left-gated', podFields(held, error));
    }
    this.#pump();
  }

  #finish(held: HeldPod): void {
    const { uid } = held.pod;
    held.state = 'finished';
    held.finishedAt = this.#o.time.monotonicMilliseconds();
    this.#deadlines.clear(uid);
    this.#writes.forget(uid);
    this.#waiting.delete(uid);
    this.#maybeStopped();
  }

  #maybeStopped(): void {
    if (this.#stopped !== undefined && this.gauges.held === 0) this.#stopped();
  }

  #reason({ freeBecause, details }: HeldPod): string | undefined {
    if (freeBecause === 'paused') return `paused: ${this.#o.paused.reason ?? 'until now'}`;
    return details === undefined ? freeBecause : `${freeBecause}: ${details}`;
  }
}
