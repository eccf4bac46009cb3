import { NODE_ASLEEP } from '../../cluster/cluster-state.ts';
import type { DecisionMode } from '../../history/decision-record.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import { Fitting } from '../fitting.ts';
import type { Leadership, LoopTime, PauseSource } from '../ports.ts';
import type { Resident } from '../resident.ts';
import { sleepErrors } from './errors.ts';
import { type NodeNews, NodeTransitions, type TransitionCounts } from './node-transitions.ts';
import type {
  Evictions,
  NodeFacts,
  NodePower,
  NodeStates,
  NodeWrites,
  Residents,
  SleepBook,
} from './ports.ts';
import { SleepChoice, type SleepRules } from './sleep-choice.ts';
import { markOf, type SleepMark } from './sleep-mark.ts';
import { isResting, isUpAgain, MarkAges, slumberOf } from './slumber.ts';
import { type UnplacedPod, UnplacedPods } from './unplaced-pods.ts';
import { planWakes } from './wake-plan.ts';
import type { WakeRequests } from './wake-requests.ts';

const STEP_MILLISECONDS: Milliseconds = 2_000;
/** After a cordon: the scheduler may still bind what it had decided before it knew. */
const SETTLE_MILLISECONDS: Milliseconds = 5_000;
/** A node that sleeps is silent by then. */
const STILL_UP_MILLISECONDS: Milliseconds = 180_000;
const DRAIN_MILLISECONDS: Milliseconds = 600_000;
/** A node whose pods may not be evicted now is looked at again after so long. */
const NO_DRAIN_MILLISECONDS: Milliseconds = 600_000;

const NO_SPARE = 'a spare is wanting';

export interface NodeSleeperOptions {
  readonly nodes: NodeStates;
  readonly residents: Residents;
  readonly unplaced: () => Iterable<UnplacedPod>;
  readonly writes: NodeWrites;
  readonly evictions: Evictions;
  readonly power: NodePower;
  readonly book: SleepBook;
  readonly requests: WakeRequests;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  readonly time: LoopTime;
  readonly log: Logger;
  readonly mode: DecisionMode;
  readonly rules: SleepRules;
  readonly decidedBy: () => string;
  /** A pod was evicted from a node that is to sleep. */
  readonly evicted: (pod: Resident, from: string) => void;
  /** For people: what became of a node. */
  readonly told: (node: NodeFacts, news: NodeNews) => void;
}

export interface SleeperGauges {
  readonly asleep: number;
  readonly waking: number;
  /** On their way to sleep. */
  readonly leaving: number;
}

/**
 * Puts empty nodes to sleep and wakes them for pods that wait. All that it knows of a node's sleep stands on the node; every two
 * seconds, and whenever something changes, each node is taken one step further. docs/developer/controller.md has the states.
 */
export class NodeSleeper {
  readonly #o: NodeSleeperOptions;
  readonly #fitting: Fitting;
  readonly #transitions: NodeTransitions;
  readonly #choice: SleepChoice;
  readonly #ages = new MarkAges();
  readonly #unplaced = new UnplacedPods();
  readonly #toldUnreadable = new Set<string>();
  readonly #observed = new Set<string>();
  #slumber = '';
  #gauges: SleeperGauges = { asleep: 0, waking: 0, leaving: 0 };
  #isStepping = false;
  #cancelStep: (() => void) | undefined;
  #cancelSoon: (() => void) | undefined;
  #ends: (() => void)[] = [];

  constructor(options: NodeSleeperOptions) {
    this.#o = options;
    const { book, log, rules } = options;
    this.#fitting = new Fitting(book, log);
    this.#transitions = new NodeTransitions({ ...options, changed: () => this.#soon() });
    this.#choice = new SleepChoice({ book, rules, fitting: this.#fitting, ages: this.#ages });
  }

  get counts(): TransitionCounts {
    return this.#transitions.counts;
  }

  get gauges(): SleeperGauges {
    return this.#gauges;
  }

  /** To be called when nodes and pods are known. */
  start(): void {
    const { nodes, requests, leadership, paused } = this.#o;
    this.#ends = [
      nodes.subscribe(() => this.#soon()),
      requests.subscribe(() => this.#soon()),
      paused.subscribe(() => this.#soon()),
      leadership.subscribe(() => {
        if (!leadership.isLeader) this.#transitions.endTerm();
        this.#soon();
      }),
    ];
    this.#step();
  }

  /** Ends commands that run. Nodes stay as they are: whoever leads next goes on from there. */
  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#cancelStep?.();
    this.#cancelSoon?.();
    this.#transitions.endTerm();
  }

  #soon(): void {
    if (this.#ends.length === 0) return;
    this.#cancelSoon ??= this.#o.time.after(0, () => {
      this.#cancelSoon = undefined;
      this.#step();
    });
  }

  #step(): void {
    this.#cancelStep?.();
    this.#cancelStep = this.#o.time.after(STEP_MILLISECONDS, () => this.#step());
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      this.#stepNow();
    } catch (error) {
      this.#o.log.error('node-sleep-step-failed', { error });
    } finally {
      this.#isStepping = false;
    }
  }

  #stepNow(): void {
    const { nodes, residents, leadership, mode, time } = this.#o;
    const facts = [...nodes.list()];
    this.#ages.keepOnly(new Set(facts.map(({ uid }) => uid)));
    this.#tellUnreadable(facts);
    this.#tellBook(facts);
    const byNode = residents.byNode();
    this.#choice.look(facts, byNode, time.monotonicMilliseconds(), time.unixMilliseconds());
    if (mode === 'dry-run' || (mode === 'shadow' && leadership.isLeader)) this.#observe();
    if (mode !== 'act' || !leadership.isLeader) return;
    const wanted = this.#wanted(facts);
    for (const node of facts) {
      const mark = markOf(node);
      if (mark === undefined || this.#transitions.isBusy(node)) continue;
      this.#advance(node, mark, wanted.get(node.name), byNode.get(node.name) ?? []);
    }
    // While pods wait for nodes nothing more goes to sleep.
    if (wanted.size === 0 && !this.#o.rules.restores && this.#o.paused.reason === undefined)
      this.#putToSleep(byNode);
  }

  #ageOf(node: NodeFacts, mark: SleepMark): Milliseconds {
    const { time } = this.#o;
    return this.#ages.of(node, mark, time.monotonicMilliseconds(), time.unixMilliseconds());
  }

  #advance(node: NodeFacts, mark: SleepMark, wanted: string | undefined, pods: readonly Resident[]): void {
    const t = this.#transitions;
    const age = this.#ageOf(node, mark);
    switch (mark.state) {
      case 'awake':
        if (this.#choice.hasNothingToSay(mark, age)) t.forget(node);
        return;
      case 'cordoned':
      case 'draining': {
        const back = this.#whyBack(node, wanted, pods);
        if (back !== undefined) t.giveBack(node, back);
        else if (!node.isReady) t.giveBack(node, 'it is not ready');
        else if (mark.state === 'draining') this.#drain(node, age, pods);
        else if (!this.#choice.isEmpty(node.name)) t.giveBack(node, 'pods came');
        else if (this.#choice.lacksSpare(t)) t.giveBack(node, NO_SPARE);
        else if (age >= SETTLE_MILLISECONDS) t.fallAsleep(node);
        return;
      }
      case 'falling-asleep': {
        // Whoever gave the command has ended: it may have been carried out or not.
        const back = this.#whyBack(node, wanted, pods) ?? (this.#choice.lacksSpare(t) ? NO_SPARE : undefined);
        if (back !== undefined) t.wake(node, back);
        else t.fallAsleep(node);
        return;
      }
      case 'asleep':
        this.#watchOver(node, mark, age, wanted);
        return;
      case 'waking':
        this.#seeUp(node, mark, age);
    }
  }

  /** Why a node that was only cordoned is to take pods again. */
  #whyBack(node: NodeFacts, wanted: string | undefined, pods: readonly Resident[]): string | undefined {
    const { paused } = this.#o;
    if (!node.isCordoned) return 'somebody uncordoned it';
    if (wanted !== undefined) return wanted;
    if (paused.reason !== undefined) return `paused: ${paused.reason}`;
    if (node.keepsAwake || pods.some((pod) => pod.keepsAwake)) return 'it is to be kept awake';
    return undefined;
  }

  #drain(node: NodeFacts, age: Milliseconds, pods: readonly Resident[]): void {
    const t = this.#transitions;
    if (this.#choice.isEmpty(node.name)) {
      t.emptied(node);
      return;
    }
    const { leaving, stays } = this.#choice.sorted(pods);
    if (stays !== undefined) t.giveBack(node, `${stays.name} must stay`);
    else if (age >= DRAIN_MILLISECONDS) {
      const found = `${node.name}: ${leaving.map(({ name }) => name).join(', ')}`;
      t.giveBack(node, 'it could not be emptied', sleepErrors.KISIM_E_SLEEP_DRAIN(found));
    } else if (leaving.some(({ isDeleting }) => !isDeleting))
      t.drain(
        node,
        leaving.filter(({ isDeleting }) => !isDeleting),
      );
  }

  #watchOver(node: NodeFacts, mark: SleepMark, age: Milliseconds, wanted: string | undefined): void {
    const t = this.#transitions;
    const sleptAgo = mark.since - (mark.slept ?? mark.since) + age;
    const { isReady, readinessSince } = node;
    if (isReady && readinessSince !== undefined && readinessSince > (mark.slept ?? mark.since))
      t.giveBack(node, 'it is up by itself');
    else if (isReady && sleptAgo >= STILL_UP_MILLISECONDS) {
      const error = sleepErrors.KISIM_E_SLEEP_STILL_UP(node.name);
      t.giveBack(node, 'it never slept', error);
    } else if (!node.isCordoned) t.wake(node, 'somebody uncordoned it');
    else if (!this.#choice.isEmpty(node.name)) t.wake(node, 'pods are there');
    else if (wanted !== undefined) t.wake(node, wanted);
  }

  #seeUp(node: NodeFacts, mark: SleepMark, age: Milliseconds): void {
    const t = this.#transitions;
    const { wakeTimeoutMilliseconds } = this.#o.rules;
    if (isUpAgain(node, mark, age)) t.giveBack(node, mark.why ?? 'it is up');
    else if (isResting(mark, age)) return;
    else if (!t.isCommanded(node) || mark.notBefore !== undefined) t.wake(node, mark.why ?? 'again');
    else if (age >= wakeTimeoutMilliseconds) {
      const found = `${node.name}: not ready after ${wakeTimeoutMilliseconds / 1000} s`;
      t.notUp(node, sleepErrors.KISIM_E_SLEEP_WAKE(found));
    }
  }

  /** Nodes that somebody needs, with the reason. */
  #wanted(facts: readonly NodeFacts[]): ReadonlyMap<string, string> {
    const { book, requests, unplaced, time, rules } = this.#o;
    const now = time.monotonicMilliseconds();
    const wanted = new Map<string, string>();
    if (rules.restores) for (const { name } of facts) wanted.set(name, 'sleep is switched off');
    for (const node of requests.nodes) wanted.set(node, 'a pod is to run there');
    const waiting = this.#unplaced.waitingNow(unplaced(), now);
    const away = new Map(facts.map((node) => [node.name, isAway(markOf(node))]));
    const isUp = (node: string) => away.get(node) === 'up';
    const { cluster } = book;
    if (cluster?.power.includes(NODE_ASLEEP)) {
      const stateOf = (node: string) =>
        requests.readiness(node) === 'lost' ? 'lost' : isUp(node) ? 'up' : 'away';
      const mayWake = (uid: string) => this.#unplaced.mayWake(uid, now, stateOf);
      for (const { node, uid } of planWakes(cluster, this.#fitting, waiting, mayWake))
        this.#unplaced.woken(uid, node, now);
    }
    for (const node of this.#unplaced.expected(isUp, now)) wanted.set(node, 'pods wait');
    const spare = this.#choice.spareToWake();
    if (spare !== undefined && !wanted.has(spare)) wanted.set(spare, NO_SPARE);
    return new Map([...wanted].filter(([name]) => away.get(name) === 'away'));
  }

  #putToSleep(byNode: ReadonlyMap<string, readonly Resident[]>): void {
    const t = this.#transitions;
    const { leaving } = this.#gauges;
    for (const { node, how } of this.#choice.candidates(leaving, t)) {
      if (how === 'empty') t.cordon(node, 'cordoned', 'it is empty');
      else
        t.beginDrain(node, this.#choice.sorted(byNode.get(node.name) ?? []).leaving, NO_DRAIN_MILLISECONDS);
    }
  }

  /** What would be done, once for each time that it would be. */
  #observe(): void {
    const now = new Set<string>();
    const nobody = { isBusy: () => false, isUnderWay: () => false };
    for (const { node, how } of this.#choice.candidates(0, nobody)) {
      now.add(node.name);
      if (!this.#observed.has(node.name)) this.#o.log.info('node-would-sleep', { node: node.name, how });
      this.#observed.add(node.name);
    }
    for (const name of this.#observed) if (!now.has(name)) this.#observed.delete(name);
  }

  #tellBook(facts: readonly NodeFacts[]): void {
    const { book, requests, rules } = this.#o;
    const gauges = { asleep: 0, waking: 0, leaving: 0 };
    const entries = facts.flatMap((node) => {
      const mark = markOf(node);
      if (mark === undefined) return [];
      if (mark.state === 'asleep') gauges.asleep++;
      else if (mark.state === 'waking') gauges.waking++;
      else if (mark.state !== 'awake') gauges.leaving++;
      const slumber = slumberOf(mark, this.#ageOf(node, mark), rules.wakeMilliseconds(node.name));
      return slumber === undefined ? [] : [[node.name, slumber] as const];
    });
    this.#gauges = gauges;
    const states = new Map(
      entries.map(([name, { state }]) => [name, state === 'closed' ? 'lost' : 'asleep'] as const),
    );
    // One that was switched on may join anew, under another uid and without its mark (`minikube node start` does so).
    const up = new Set(
      facts.filter(({ isReady, isCordoned }) => isReady && !isCordoned).map(({ name }) => name),
    );
    for (const name of requests.nodes) if (!states.has(name) && !up.has(name)) states.set(name, 'asleep');
    requests.tell(states);
    const text = JSON.stringify(entries);
    if (text === this.#slumber) return;
    this.#slumber = text;
    book.setSlumber(new Map(entries));
  }

  #tellUnreadable(facts: readonly NodeFacts[]): void {
    for (const { name, uid, mark, markText } of facts) {
      if (mark !== 'unreadable') this.#toldUnreadable.delete(uid);
      else if (!this.#toldUnreadable.has(uid)) {
        this.#toldUnreadable.add(uid);
        const error = sleepErrors.KISIM_E_SLEEP_MARK(`${name}: ${markText}`);
        this.#o.log.error('node-mark-unreadable', { node: name, error });
      }
    }
  }
}

/** `away`: it can be had by giving it back or waking it. */
function isAway(mark: SleepMark | undefined): 'up' | 'waking' | 'away' {
  if (mark === undefined || mark.state === 'awake') return 'up';
  return mark.state === 'waking' ? 'waking' : 'away';
}
