import type { Node } from '../../cluster/node.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { Fitting } from '../fitting.ts';
import { dearestFirst } from '../node-cost.ts';
import { belongsToNode, type Resident, staysBecause } from '../resident.ts';
import { evictable, fitElsewhere } from './drain-plan.ts';
import type { NodeFacts, SleepBook } from './ports.ts';
import { markOf, type SleepMark } from './sleep-mark.ts';
import { isResting, type MarkAges } from './slumber.ts';

/** Nodes on their way to sleep at a time. */
const MOST_LEAVING = 5;
/** Nodes for whose pods room is looked for at a time, and when they are looked at again. */
const MOST_DRAIN_TRIES = 3;
const NO_ROOM_MILLISECONDS: Milliseconds = 60_000;

export interface SleepRules {
  /** How long a node must have been empty. */
  readonly emptyMilliseconds: (node: string) => Milliseconds;
  /** How long it is thought to take to wake. */
  readonly wakeMilliseconds: (node: string) => Milliseconds;
  readonly minimumAwakeMilliseconds: Milliseconds;
  readonly minimumAsleepMilliseconds: Milliseconds;
  readonly wakeTimeoutMilliseconds: Milliseconds;
  /** Empty nodes that stay awake. */
  readonly spareNodes: number;
  readonly drain: boolean;
  /** Sleep was switched off: what sleeps is woken, and nothing goes to sleep any more. */
  readonly restores: boolean;
  /** The node that the program itself runs on, by its name. */
  readonly ownNode: string;
  readonly ownNamespace: string;
}

export interface SleepCandidate {
  readonly node: NodeFacts;
  readonly how: 'empty' | 'drain';
}

export interface NodeSteps {
  /** It is to be left alone for now. */
  isBusy(node: NodeFacts): boolean;
  /** Something is being done with it, or was, and the watch does not know yet. */
  isUnderWay(node: NodeFacts): boolean;
}

interface View {
  readonly facts: NodeFacts;
  readonly pods: readonly Resident[];
  readonly isEmpty: boolean;
  /** Awake, and takes pods of anybody. */
  readonly isAwake: boolean;
  /** How long it has been empty, or could have been emptied. */
  readonly idleFor: Milliseconds;
  readonly mayRest: boolean;
}

export interface SleepChoiceOptions {
  readonly book: SleepBook;
  readonly rules: SleepRules;
  readonly fitting: Fitting;
  readonly ages: MarkAges;
}

/** Says which nodes may go to sleep, which stay awake as spares, and which are wanting. */
export class SleepChoice {
  readonly #o: SleepChoiceOptions;
  readonly #idleSince = new Map<string, Milliseconds>();
  readonly #notDrainedUntil = new Map<string, Milliseconds>();
  #views: readonly View[] = [];
  #empty: ReadonlySet<string> = new Set();
  #indices = new Map<string, number>();
  #now: Milliseconds = 0;
  #unix: Milliseconds = 0;

  constructor(options: SleepChoiceOptions) {
    this.#o = options;
  }

  /** Takes in what there is now. All answers are about that. */
  look(
    facts: readonly NodeFacts[],
    byNode: ReadonlyMap<string, readonly Resident[]>,
    now: Milliseconds,
    unix: Milliseconds,
  ): void {
    this.#now = now;
    this.#unix = unix;
    const { cluster } = this.#o.book;
    this.#indices = new Map(cluster?.nodes.map(({ name }, at) => [name, at]));
    this.#views = facts.map((each) => this.#view(each, byNode.get(each.name) ?? []));
    this.#empty = new Set(this.#views.flatMap(({ isEmpty, facts: { name } }) => (isEmpty ? [name] : [])));
    const uids = new Set(facts.map(({ uid }) => uid));
    for (const uid of this.#idleSince.keys()) if (!uids.has(uid)) this.#idleSince.delete(uid);
    for (const [uid, until] of this.#notDrainedUntil) if (now >= until) this.#notDrainedUntil.delete(uid);
  }

  /** Whether nothing is on a node, or decided for it, but what belongs to it. */
  isEmpty(name: string): boolean {
    return this.#empty.has(name);
  }

  /** Pods that have to leave a node before it can sleep, and one that must not. */
  sorted(pods: readonly Resident[]): { leaving: readonly Resident[]; stays: Resident | undefined } {
    const leaving = pods.filter((pod) => !belongsToNode(pod));
    const { ownNamespace } = this.#o.rules;
    return { leaving, stays: leaving.find((pod) => staysBecause(pod, ownNamespace) !== undefined) };
  }

  /** A node that was given back long ago, without failures, needs no mark. */
  hasNothingToSay(mark: SleepMark, age: Milliseconds): boolean {
    const { minimumAwakeMilliseconds } = this.#o.rules;
    return (mark.failures ?? 0) === 0 && age >= minimumAwakeMilliseconds && !isResting(mark, age);
  }

  /**
   * The dearest nodes that may go to sleep: empty ones first, and one at a time to be emptied.
   *
   * @param leaving nodes that are on their way to sleep, as their marks tell
   * @param steps what is being done with nodes at this moment
   */
  candidates(leaving: number, steps: NodeSteps): readonly SleepCandidate[] {
    const { spareNodes, drain } = this.#o.rules;
    // What is being cordoned now is not awake any more, whatever the watch still says.
    const awakeNow = this.#views.filter(({ isAwake, facts }) => isAwake && !steps.isUnderWay(facts));
    const underWay = this.#views.filter(({ facts }) => steps.isUnderWay(facts)).length;
    let awake = awakeNow.length;
    let spare = awakeNow.filter(({ isEmpty }) => isEmpty).length;
    let room = MOST_LEAVING - leaving - underWay;
    const chosen: SleepCandidate[] = [];
    const resting = this.#views.filter(({ mayRest, facts }) => mayRest && !steps.isBusy(facts));
    for (const { facts, isEmpty, isAwake, idleFor } of this.#dearest(resting)) {
      if (room <= 0) break;
      if (!isEmpty || idleFor < this.#o.rules.emptyMilliseconds(facts.name)) continue;
      // A node that others cannot use is neither a spare nor the last one.
      if (isAwake && (awake <= 1 || spare <= spareNodes)) continue;
      chosen.push({ node: facts, how: 'empty' });
      room--;
      if (isAwake) {
        awake--;
        spare--;
      }
    }
    if (!drain || chosen.length > 0 || leaving + underWay > 0 || awake <= 1 || spare < spareNodes)
      return chosen;
    const drained = this.#toDrain(resting);
    return drained === undefined ? chosen : [{ node: drained.facts, how: 'drain' }];
  }

  /** The dearest node that may be emptied. Where its pods fit is asked for a few nodes at a time: it is work. */
  #toDrain(resting: readonly View[]): View | undefined {
    let tries = 0;
    for (const view of this.#dearest(resting)) {
      const { uid } = view.facts;
      if (this.#now < (this.#notDrainedUntil.get(uid) ?? 0) || !this.#isToDrain(view)) continue;
      if (this.#fitElsewhere(view)) return view;
      this.#notDrainedUntil.set(uid, this.#now + NO_ROOM_MILLISECONDS);
      tries++;
      if (tries === MOST_DRAIN_TRIES) return undefined;
    }
    return undefined;
  }

  /** Whether fewer nodes are empty than are to stay so, those that are being cordoned left out. */
  lacksSpare(steps: NodeSteps): boolean {
    const spare = this.#views.filter((view) => view.isAwake && view.isEmpty && !steps.isUnderWay(view.facts));
    return spare.length < this.#o.rules.spareNodes;
  }

  /** A node to wake where fewer are empty than are to stay so: the cheapest that has slept for its time. */
  spareToWake(): string | undefined {
    const spare = this.#views.filter(({ isAwake, isEmpty }) => isAwake && isEmpty).length;
    const waking = this.#views.filter(({ facts }) => {
      const mark = markOf(facts);
      return mark?.state === 'waking' && !isResting(mark, this.#age(facts, mark));
    }).length;
    const { spareNodes, minimumAsleepMilliseconds } = this.#o.rules;
    if (spare + waking >= spareNodes) return undefined;
    const rested = this.#views.filter(({ facts }) => {
      const mark = markOf(facts);
      return mark?.state === 'asleep' && this.#age(facts, mark) >= minimumAsleepMilliseconds;
    });
    return this.#dearest(rested).at(-1)?.facts.name;
  }

  #age(facts: NodeFacts, mark: SleepMark): Milliseconds {
    return this.#o.ages.of(facts, mark, this.#now, this.#unix);
  }

  #view(facts: NodeFacts, pods: readonly Resident[]): View {
    const { book, rules } = this.#o;
    const mark = markOf(facts);
    const isOpen = !facts.isCordoned && facts.isReady && facts.mark !== 'unreadable';
    const isUnmarked = mark === undefined || mark.state === 'awake';
    const isEmpty = pods.every(belongsToNode) && book.assumedOn(facts.name) === 0;
    const isIdle = isOpen && isUnmarked && (isEmpty || (rules.drain && this.#couldDrain(facts, pods)));
    if (!isIdle) this.#idleSince.delete(facts.uid);
    else if (!this.#idleSince.has(facts.uid)) this.#idleSince.set(facts.uid, this.#now);
    return {
      facts,
      pods,
      isEmpty,
      isAwake: isOpen && isUnmarked && !facts.isTainted,
      idleFor: this.#now - (this.#idleSince.get(facts.uid) ?? this.#now),
      mayRest: isOpen && isUnmarked && this.#mayRest(facts, mark, pods),
    };
  }

  /** Whether the node is one that may sleep at all, and has been awake for its time. */
  #mayRest(facts: NodeFacts, mark: SleepMark | undefined, pods: readonly Resident[]): boolean {
    const { ownNode, minimumAwakeMilliseconds } = this.#o.rules;
    if (facts.isControlPlane || facts.keepsAwake || facts.name === ownNode) return false;
    if (!this.#indices.has(facts.name) || pods.some(({ keepsAwake }) => keepsAwake)) return false;
    if (mark !== undefined) {
      const age = this.#age(facts, mark);
      return age >= minimumAwakeMilliseconds && !isResting(mark, age);
    }
    const { readinessSince } = facts;
    return readinessSince === undefined || this.#unix - readinessSince >= minimumAwakeMilliseconds;
  }

  #couldDrain({ name }: NodeFacts, pods: readonly Resident[]): boolean {
    const { book, rules } = this.#o;
    const at = this.#indices.get(name);
    if (at === undefined || book.cluster === undefined || book.assumedOn(name) > 0) return false;
    return evictable(book.cluster, at, pods, rules.ownNamespace) !== undefined;
  }

  #isToDrain({ facts, isEmpty, isAwake, idleFor }: View): boolean {
    return !isEmpty && isAwake && idleFor >= this.#o.rules.emptyMilliseconds(facts.name);
  }

  #fitElsewhere({ facts, pods }: View): boolean {
    const { book, rules, fitting } = this.#o;
    const { cluster } = book;
    const at = this.#indices.get(facts.name);
    if (cluster === undefined || at === undefined) return false;
    const leaving = evictable(cluster, at, pods, rules.ownNamespace);
    if (leaving === undefined) return false;
    const targets = new Set(
      this.#views
        .filter((view) => view.isAwake && !view.isEmpty)
        .map((view) => this.#indices.get(view.facts.name)),
    );
    return fitElsewhere(cluster, fitting, at, leaving, (node) => targets.has(node));
  }

  #dearest(views: readonly View[]): readonly View[] {
    const nodes = this.#o.book.cluster?.nodes ?? [];
    const nodeOf = ({ facts }: View): Node | undefined => nodes[this.#indices.get(facts.name) ?? -1];
    return [...views].sort((a, b) => {
      const [x, y] = [nodeOf(a), nodeOf(b)];
      if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
      return dearestFirst(x, y);
    });
  }
}
