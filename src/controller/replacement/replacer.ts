import { NODE_ON } from '../../cluster/cluster-state.ts';
import type { DecisionMode } from '../../history/decision-record.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import { Fitting } from '../fitting.ts';
import type { ClusterBook, Leadership, LoopTime, PauseSource } from '../ports.ts';
import { belongsToNode, type Resident } from '../resident.ts';
import type { Evictions, Residents } from '../sleep/ports.ts';
import { EvictionBudget } from './eviction-budget.ts';
import type { Intentions } from './intentions.ts';
import { type Move, type MovePlan, type MoveRules, planMoves } from './move-plan.ts';

const STEP_MILLISECONDS: Milliseconds = 30_000;
/** Pods that are looked at in one step: those of the next nodes in turn. */
const MOST_PODS = 100;
/** A pod that comes later than that after its predecessor was evicted is placed as any other. */
const INTENTION_MILLISECONDS: Milliseconds = 300_000;
/** What may not be evicted now is looked at again after so long. */
const ALONE_MILLISECONDS: Milliseconds = 600_000;

export interface ReplacerOptions {
  readonly book: Pick<ClusterBook, 'cluster' | 'observe'>;
  readonly residents: Pick<Residents, 'byNode'>;
  readonly evictions: Evictions;
  /** Uid of the controller of a pod, as the server knows it now. @throws KISIM_E_KUBE_... */
  readonly controllerOf: (pod: Resident, signal: AbortSignal) => Promise<string | undefined>;
  readonly intentions: Intentions;
  /** Whether any pod waits, for whomever. */
  readonly isAnyWaiting: () => boolean;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  readonly time: LoopTime;
  readonly log: Logger;
  readonly mode: DecisionMode;
  readonly evictionsPerHour: number;
  readonly rules: Omit<MoveRules, 'mostMoves' | 'isLeftAlone'>;
  /** A pod was evicted, or would have been where nothing is acted on. */
  readonly moved: (move: Move, empties: string | undefined) => void;
}

export interface ReplacerCounts {
  readonly plans: number;
  readonly evicted: number;
  /** Plans that a disruption budget, or the server, did not allow. */
  readonly refused: number;
  readonly failures: number;
}

/**
 * Evicts running pods where that saves more than it costs: one plan at a time, which is one pod, or the pods of one node that
 * could sleep then. The pods that come in their place wait at the gate, and the placement loop is told where they are meant to go.
 */
export class Replacer {
  readonly #o: ReplacerOptions;
  readonly #fitting: Fitting;
  readonly #budget: EvictionBudget;
  readonly #aloneUntil = new Map<string, Milliseconds>();
  readonly #counts = { plans: 0, evicted: 0, refused: 0, failures: 0 };
  #nextSource = 0;
  #term = new AbortController();
  #isRunning = false;
  #cancelStep: (() => void) | undefined;
  #end: (() => void) | undefined;

  constructor(options: ReplacerOptions) {
    this.#o = options;
    this.#fitting = new Fitting(options.book, options.log);
    this.#budget = new EvictionBudget(options.evictionsPerHour, options.time.monotonicMilliseconds());
  }

  get counts(): ReplacerCounts {
    return { ...this.#counts };
  }

  start(): void {
    const { leadership, time } = this.#o;
    this.#budget.empty(time.monotonicMilliseconds());
    this.#end = leadership.subscribe(() => {
      if (leadership.isLeader) this.#budget.empty(time.monotonicMilliseconds());
      else this.#endTerm();
    });
    this.#next();
  }

  stop(): void {
    this.#end?.();
    this.#cancelStep?.();
    this.#endTerm();
  }

  #endTerm(): void {
    this.#term.abort();
    this.#term = new AbortController();
  }

  #next(): void {
    this.#cancelStep = this.#o.time.after(STEP_MILLISECONDS, () => {
      this.#next();
      this.#step();
    });
  }

  #step(): void {
    const { mode, leadership, time, log } = this.#o;
    const isMine = mode === 'dry-run' || leadership.isLeader;
    if (!isMine || this.#isRunning || !this.#isQuiet()) return;
    const now = time.monotonicMilliseconds();
    for (const [key, until] of this.#aloneUntil) if (now >= until) this.#aloneUntil.delete(key);
    const left = this.#budget.left(now);
    if (left < 1) return;
    let plan: MovePlan | undefined;
    try {
      plan = this.#plan(left);
    } catch (error) {
      log.error('replacement-not-planned', { error });
      return;
    }
    if (plan === undefined) return;
    this.#counts.plans++;
    const { signal } = this.#term;
    this.#isRunning = true;
    this.#carryOut(plan, signal)
      .catch((error: unknown) => {
        this.#counts.failures++;
        const level = error instanceof KisimError ? 'warn' : 'error';
        log[level]('replacement-failed', { error });
      })
      .finally(() => {
        this.#isRunning = false;
      });
  }

  /** Nothing is moved while pods wait, or are still on their way from the last plan. */
  #isQuiet(): boolean {
    const { paused, intentions, isAnyWaiting } = this.#o;
    return paused.reason === undefined && intentions.open === 0 && !isAnyWaiting();
  }

  #plan(mostMoves: number): MovePlan | undefined {
    const { book, residents, rules, time } = this.#o;
    const { cluster } = book;
    if (cluster === undefined) return undefined;
    const byNode = residents.byNode();
    const sources: number[] = [];
    let pods = 0;
    for (let i = 0; i < cluster.size && pods < MOST_PODS; i++) {
      const node = (this.#nextSource + i) % cluster.size;
      if (cluster.power[node] !== NODE_ON) continue;
      sources.push(node);
      pods += (byNode.get(cluster.nodes[node]!.name) ?? []).filter((pod) => !belongsToNode(pod)).length;
    }
    this.#nextSource = ((sources.at(-1) ?? 0) + 1) % cluster.size;
    const isLeftAlone = (key: string) => this.#aloneUntil.has(key);
    const all = { ...rules, mostMoves, isLeftAlone };
    return planMoves(cluster, this.#fitting, byNode, sources, all, time.unixMilliseconds());
  }

  async #carryOut(plan: MovePlan, signal: AbortSignal): Promise<void> {
    const { moves, empties } = plan;
    const { mode, moved } = this.#o;
    if (mode !== 'act') {
      for (const move of moves) {
        this.#leaveAlone(move.pod.uid);
        moved(move, empties);
      }
      if (empties !== undefined) this.#leaveAlone(empties);
      return;
    }
    if (!(await this.#isAllowed(plan, signal))) return;
    for (const move of moves) {
      if (!(await this.#evict(move, empties, signal))) return;
    }
  }

  /** Whether every one of them may be evicted at this moment, each for itself. */
  async #isAllowed({ moves, empties }: MovePlan, signal: AbortSignal): Promise<boolean> {
    for (const { pod } of moves) {
      const { outcome } = await this.#o.evictions.evict(pod, { dryRun: true, signal });
      if (signal.aborted) return false;
      if (outcome === 'evicted') continue;
      this.#counts.refused++;
      this.#leaveAlone(moves.length === 1 ? pod.uid : (empties ?? pod.uid));
      return false;
    }
    return true;
  }

  /** Whether the plan goes on. */
  async #evict(move: Move, empties: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { evictions, controllerOf, intentions, moved, paused, time, log } = this.#o;
    const { pod, to } = move;
    const owner = await controllerOf(pod, signal);
    if (signal.aborted || paused.reason !== undefined || owner === undefined) return false;
    const until = time.monotonicMilliseconds() + INTENTION_MILLISECONDS;
    // Before the eviction: the pod that comes in its place may be there before the answer is.
    intentions.add({ owner, evicted: pod.uid, node: to, until });
    const result = await evictions.evict(pod, { dryRun: false, signal });
    if (result.outcome === 'evicted') {
      this.#budget.take();
      this.#counts.evicted++;
      log.info('pod-moved', { namespace: pod.namespace, pod: pod.name, from: move.from, to });
      moved(move, empties);
      return true;
    }
    intentions.withdraw(pod.uid);
    this.#leaveAlone(pod.uid);
    if (result.outcome === 'failed') {
      // It may have been done all the same.
      this.#budget.take();
      throw result.error;
    }
    if (result.outcome === 'blocked') this.#counts.refused++;
    return false;
  }

  #leaveAlone(key: string): void {
    this.#aloneUntil.set(key, this.#o.time.monotonicMilliseconds() + ALONE_MILLISECONDS);
  }
}
