import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { LoopTime } from '../ports.ts';
import { belongsToNode, type Resident } from '../resident.ts';
import type { Evictions, NodeFacts, NodePower, NodeWrites, Residents } from './ports.ts';
import type { NodeSteps } from './sleep-choice.ts';
import { formatMark, markOf, type SleepMark, type SleepState } from './sleep-mark.ts';

/** After a write that did not succeed. */
const TROUBLE_MILLISECONDS: Milliseconds = 5_000;
/** The watch tells of a write within that time, or something is wrong with it. */
const WATCH_LAG_MILLISECONDS: Milliseconds = 10_000;
const FIRST_REST_MILLISECONDS: Milliseconds = 60_000;
const LONGEST_REST_MILLISECONDS: Milliseconds = 3_600_000;
/** Between two tries to evict what a disruption budget protects. */
const BLOCKED_MILLISECONDS: Milliseconds = 5_000;

export interface NodeTransitionsOptions {
  readonly writes: NodeWrites;
  readonly power: NodePower;
  readonly residents: Residents;
  readonly evictions: Evictions;
  readonly time: LoopTime;
  readonly log: Logger;
  /** `IDENTITY#FENCING-TOKEN` of the present term. */
  readonly decidedBy: () => string;
  readonly evicted: (pod: Resident, from: string) => void;
  /** For people: what became of a node. */
  readonly told: (node: NodeFacts, news: NodeNews) => void;
  /** Something has been done with a node. */
  readonly changed: () => void;
}

export interface NodeNews {
  readonly what: 'asleep' | 'waking' | 'awake' | 'failed';
  readonly message: string;
}

export interface TransitionCounts {
  readonly slept: number;
  readonly woken: number;
  readonly evicted: number;
  readonly failures: number;
}

/**
 * Takes nodes from one state to the next, one step for a node at a time. Each step is written on the node before it is done, under
 * the condition that nobody has written there since; so whoever leads after a crash finds where it stood, and does it again.
 */
export class NodeTransitions implements NodeSteps {
  readonly #o: NodeTransitionsOptions;
  readonly #running = new Set<string>();
  readonly #restUntil = new Map<string, Milliseconds>();
  /** Marks that were written and that the watch has not told yet. */
  readonly #expected = new Map<string, { readonly text: string | undefined; readonly until: Milliseconds }>();
  /** Marks for which this process has given the command. */
  readonly #commanded = new Map<string, string>();
  readonly #counts = { slept: 0, woken: 0, evicted: 0, failures: 0 };
  #term = new AbortController();

  constructor(options: NodeTransitionsOptions) {
    this.#o = options;
  }

  get counts(): TransitionCounts {
    return { ...this.#counts };
  }

  /** Steps that are on their way. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** The lease is lost, or the program ends: commands that run are ended, nothing more is written. */
  endTerm(): void {
    this.#term.abort();
    this.#term = new AbortController();
    this.#commanded.clear();
    this.#restUntil.clear();
    this.#expected.clear();
  }

  isBusy(node: NodeFacts): boolean {
    return this.isUnderWay(node) || this.#now < (this.#restUntil.get(node.uid) ?? 0);
  }

  isUnderWay({ uid, markText }: NodeFacts): boolean {
    if (this.#running.has(uid)) return true;
    const expected = this.#expected.get(uid);
    if (expected === undefined) return false;
    if (expected.text !== markText && this.#now < expected.until) return true;
    this.#expected.delete(uid);
    return false;
  }

  /** Whether the command of its present mark was given by this process: if not, whoever gave it may have ended before. */
  isCommanded({ uid, markText }: NodeFacts): boolean {
    return markText !== undefined && this.#commanded.get(uid) === markText;
  }

  /** Leaves a node alone, without a word to others. */
  rest({ uid }: NodeFacts, milliseconds: Milliseconds): void {
    this.#restUntil.set(uid, this.#now + milliseconds);
  }

  cordon(node: NodeFacts, state: 'cordoned' | 'draining', why: string): void {
    this.#begin(node, async (step) => {
      await step.write({ state, why, failures: markOf(node)?.failures ?? 0 }, true);
    });
  }

  /** From `draining`, when nothing is left to evict. */
  emptied(node: NodeFacts): void {
    this.#begin(node, async (step) => {
      await step.write({ state: 'cordoned', why: 'emptied', failures: markOf(node)?.failures ?? 0 }, true);
    });
  }

  /** The node takes pods again. @param failed why it did not come to what was wanted; the node rests for longer each time */
  giveBack(node: NodeFacts, why: string, failed?: KisimError): void {
    this.#begin(node, (step) => this.#giveBack(step, why, failed));
  }

  /** Takes away a mark that has nothing left to say. */
  forget(node: NodeFacts): void {
    this.#begin(node, (step) => step.write(undefined, node.isCordoned));
  }

  /** Looks once more whether it is empty, at the server itself, and gives the command. */
  fallAsleep(node: NodeFacts): void {
    this.#begin(node, async (step, signal) => {
      const { residents, power, log, told } = this.#o;
      const left = (await residents.readOn(node.name, signal)).find((pod) => !belongsToNode(pod));
      // The command may have been given before, by a leader that has ended since.
      const wasGiven = markOf(node)?.state === 'falling-asleep';
      if (left !== undefined) {
        if (wasGiven) await this.#wake(step, signal, `${left.name} is there`);
        else await this.#giveBack(step, `${left.name} is there`);
        return;
      }
      const failures = markOf(node)?.failures ?? 0;
      if (!(await step.write({ state: 'falling-asleep', slept: this.#unix, failures }, true))) return;
      const result = await power.sleep(node.name, signal);
      if (signal.aborted) return;
      if (result.ok) {
        if (!(await step.write({ state: 'asleep', ...step.slept }, true))) return;
        this.#counts.slept++;
        log.info('node-asleep', { node: node.name });
        told(node, { what: 'asleep', message: 'it is empty, and was put to sleep' });
      } else if (result.isHalfDone || wasGiven) {
        // A machine that sleeps already may well fail to be put to sleep.
        this.#failed(result.error, node);
        await this.#wake(step, signal, 'it may have been put to sleep half-way', failures + 1);
      } else await this.#giveBack(step, 'the command failed', result.error);
    });
  }

  /** Gives the command to wake it; also for one that another leader was waking. */
  wake(node: NodeFacts, why: string): void {
    this.#begin(node, (step, signal) => this.#wake(step, signal, why));
  }

  /** It did not come up in time. */
  notUp(node: NodeFacts, error: KisimError): void {
    this.#begin(node, (step) => this.#notUp(step, error));
  }

  /** Evicts pods, one after the other; those that are protected are asked for again a little later. */
  drain(node: NodeFacts, pods: readonly Resident[]): void {
    this.#begin(node, async (_, signal) => {
      const { evictions, evicted, log } = this.#o;
      for (const pod of pods) {
        const result = await evictions.evict(pod, { dryRun: false, signal });
        if (result.outcome === 'not-leader' || signal.aborted) return;
        if (result.outcome === 'evicted') {
          this.#counts.evicted++;
          log.info('pod-evicted', { namespace: pod.namespace, pod: pod.name, node: node.name });
          evicted(pod, node.name);
        } else if (result.outcome === 'blocked')
          this.rest(node, Math.max(BLOCKED_MILLISECONDS, result.retryAfterMilliseconds));
        else if (result.outcome === 'failed') {
          log.warn('pod-not-evicted', { namespace: pod.namespace, pod: pod.name, error: result.error });
          this.rest(node, BLOCKED_MILLISECONDS);
        }
      }
    });
  }

  /** Cordons a node to empty it, if every one of its pods may be evicted at this moment. @param otherwise how long it rests */
  beginDrain(node: NodeFacts, pods: readonly Resident[], otherwise: Milliseconds): void {
    this.#begin(node, async (step, signal) => {
      for (const pod of pods) {
        const { outcome } = await this.#o.evictions.evict(pod, { dryRun: true, signal });
        if (signal.aborted) return;
        if (outcome === 'evicted' || outcome === 'gone') continue;
        this.rest(node, otherwise);
        return;
      }
      const failures = markOf(node)?.failures ?? 0;
      await step.write({ state: 'draining', why: 'its pods fit elsewhere', failures }, true);
    });
  }

  get #now(): Milliseconds {
    return this.#o.time.monotonicMilliseconds();
  }

  get #unix(): Milliseconds {
    return this.#o.time.unixMilliseconds();
  }

  async #giveBack(step: Step, why: string, failed?: KisimError): Promise<void> {
    if (failed !== undefined) this.#failed(failed, step.node);
    const { state, failures: before = 0 } = markOf(step.node) ?? {};
    const failures = failed === undefined ? before : before + 1;
    // Also one that was hard to wake is let sleep more seldom.
    const rests = failures > 0 && (failed !== undefined || state === 'waking');
    const kept = rests ? { failures, notBefore: this.#unix + restAfter(failures) } : { failures };
    if (!(await step.write({ state: 'awake', why, ...kept }, false))) return;
    if (state === 'waking' || state === 'asleep') this.#counts.woken++;
    this.#o.log.info('node-given-back', { node: step.node.name, from: state, why });
    this.#o.told(step.node, { what: 'awake', message: `it takes pods again: ${why}` });
  }

  async #wake(
    step: Step,
    signal: AbortSignal,
    why: string,
    failures = markOf(step.node)?.failures ?? 0,
  ): Promise<void> {
    if (!(await step.write({ state: 'waking', why, ...step.slept, failures }, true))) return;
    this.#commanded.set(step.node.uid, step.text!);
    this.#o.log.info('node-waking', { node: step.node.name, why });
    this.#o.told(step.node, { what: 'waking', message: `it is being woken: ${why}` });
    const result = await this.#o.power.wake(step.node.name, signal);
    if (!result.ok && !signal.aborted) await this.#notUp(step, result.error, failures);
  }

  async #notUp(step: Step, error: KisimError, before = markOf(step.node)?.failures ?? 0): Promise<void> {
    this.#failed(error, step.node);
    const failures = before + 1;
    const notBefore = this.#unix + restAfter(failures);
    const why = 'it did not wake';
    if (await step.write({ state: 'waking', why, ...step.slept, failures, notBefore }, true))
      this.#commanded.set(step.node.uid, step.text!);
  }

  #failed(error: KisimError, node: NodeFacts): void {
    this.#counts.failures++;
    this.#o.log.error('node-sleep-failed', { node: node.name, error });
    this.#o.told(node, { what: 'failed', message: `${error.code}: ${error.message}` });
  }

  #begin(node: NodeFacts, work: (step: Step, signal: AbortSignal) => Promise<unknown>): void {
    const { signal } = this.#term;
    const { uid } = node;
    this.#running.add(uid);
    const step: Step = {
      node,
      text: node.markText,
      slept: pick(markOf(node)?.slept),
      write: (change, cordoned) => this.#write(step, change, cordoned, signal),
    };
    work(step, signal)
      .catch((error: unknown) => this.#trouble(node, error))
      .finally(() => {
        this.#running.delete(uid);
        this.#o.changed();
      });
  }

  #trouble(node: NodeFacts, error: unknown): void {
    this.rest(node, TROUBLE_MILLISECONDS);
    // What is no coded error is a fault of the program.
    const level = error instanceof KisimError ? 'warn' : 'error';
    this.#o.log[level]('node-step-failed', { node: node.name, error });
  }

  async #write(
    step: Step,
    change: MarkFields | undefined,
    cordoned: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { writes, decidedBy } = this.#o;
    const { node } = step;
    if (signal.aborted) return false;
    const mark: SleepMark | undefined =
      change === undefined ? undefined : { since: this.#unix, by: decidedBy(), ...change };
    const text = mark === undefined ? undefined : formatMark(mark);
    const result = await writes.mark(node, { expected: step.text, mark, cordoned }, signal);
    if (result.outcome === 'failed') {
      this.#trouble(node, result.error);
      return false;
    }
    if (result.outcome !== 'written') return false;
    step.text = text;
    if (mark?.slept !== undefined) step.slept = { slept: mark.slept };
    this.#expected.set(node.uid, { text, until: this.#now + WATCH_LAG_MILLISECONDS });
    return !signal.aborted;
  }
}

type MarkFields = Partial<SleepMark> & { readonly state: SleepState };

/** One step of one node, through several writes. */
interface Step {
  readonly node: NodeFacts;
  /** The mark as it stands there now. */
  text: string | undefined;
  slept: { readonly slept?: Milliseconds };
  /** Whether it was written, and the term goes on. */
  readonly write: (change: MarkFields | undefined, cordoned: boolean) => Promise<boolean>;
}

function pick(slept: Milliseconds | undefined): { readonly slept?: Milliseconds } {
  return slept === undefined ? {} : { slept };
}

/** Doubled with each failure in a row. */
function restAfter(failures: number): Milliseconds {
  return Math.min(LONGEST_REST_MILLISECONDS, FIRST_REST_MILLISECONDS * 2 ** Math.min(10, failures - 1));
}
