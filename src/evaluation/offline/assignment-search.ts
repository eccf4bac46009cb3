import type { Plan } from '../../simulation/plan.ts';
import { exp, ln } from '../../util/portable-math.ts';
import type { RandomStream } from '../../util/rng.ts';
import { offlineErrors } from './errors.ts';
import type { Hindsight } from './hindsight.ts';
import { NodeReplay } from './node-replay.ts';
import { insert, NOTHING, type PodList, placeOf, removePod } from './pod-list.ts';

export interface SearchOptions {
  readonly moves: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: AnnealProgress) => void;
}

export interface AnnealProgress {
  readonly moves: number;
  readonly of: number;
  /** Of the best assignment so far. */
  readonly joules: number;
}

const SAMPLE = 300;
/**
 * First temperatures of the passes, as shares of the mean rise of a random move. Which one serves best depends on how many
 * moves there are for each pod; every pass sets out from the best so far, so that a pass which is too hot loses nothing.
 */
const HEATS = [0.5, 0.2, 0.05];
/** What is left of it at the end. */
const COOLING = 1e-4;
const PROGRESS_MOVES = 20_000;
/** Most pods that one move takes along, and how far apart in arrival two that change places may be. */
const MOST_TOGETHER = 8;
const NEIGHBOURS = 64;
const TRIES = 4;
/** Most pods that go the other way to make room. */
const EJECTIONS = 8;
/** Shares of the kinds of moves; the rest takes one pod elsewhere. */
const EXCHANGES = 0.4;
const BLOCKS = 0.2;

/** Simulated annealing over the node of every pod; what a move costs is told by replaying its two nodes. */
export class AssignmentSearch {
  moves = 0;
  accepted = 0;
  impossible = 0;
  bestJoules: number;
  /** The best so far. */
  readonly assignment: Int32Array;
  readonly #plan: Plan;
  readonly #random: RandomStream;
  readonly #replays: readonly NodeReplay[];
  readonly #open: Int32Array;
  readonly #lists: PodList[];
  readonly #nodeOf: Int32Array;
  readonly #joules: Float64Array;
  readonly #leaving: PodList = { ids: new Int32Array(MOST_TOGETHER), count: 0 };
  readonly #coming: PodList = { ids: new Int32Array(MOST_TOGETHER), count: 0 };
  /** The nodes of the move under trial: `leaving` go from the one to the other, `coming` the other way. */
  #from = 0;
  #to = 0;
  #isBest = true;

  constructor({ nodes, options }: Hindsight, plan: Plan, start: Int32Array, random: RandomStream) {
    this.#plan = plan;
    this.#random = random;
    this.#replays = nodes.map((node) => new NodeReplay(plan, node, options));
    this.#open = Int32Array.from(nodes.flatMap((node, i) => (node.unschedulable === true ? [] : [i])));
    this.#nodeOf = start.slice();
    this.#lists = nodes.map(() => ({ ids: new Int32Array(16), count: 0 }));
    this.#joules = new Float64Array(nodes.length);
    this.#load(start);
    nodes.forEach((_, node) => {
      this.#settle(node);
    });
    this.assignment = this.#nodeOf.slice();
    this.bestJoules = this.#total();
  }

  run({ moves, signal, onProgress }: SearchOptions): void {
    if (this.#open.length < 2 || this.#plan.count === 0) return;
    const rise = this.#meanRise();
    HEATS.forEach((share, pass) => {
      if (pass > 0) this.#load(this.assignment);
      const until = Math.floor((moves * (pass + 1)) / HEATS.length);
      const factor = exp(ln(COOLING) / Math.max(1, until - this.moves));
      let heat = share * rise;
      while (this.moves < until && signal?.aborted !== true) {
        heat *= factor;
        this.#try(heat);
        if (onProgress !== undefined && this.moves % PROGRESS_MOVES === 0)
          onProgress({ moves: this.moves, of: moves, joules: this.bestJoules });
      }
      this.#keepBest();
    });
  }

  /** Metropolis' rule. */
  #try(heat: number): void {
    const rise = this.#propose();
    this.moves++;
    if (rise === Number.POSITIVE_INFINITY) this.impossible++;
    else if (rise <= 0 || this.#random.next() < exp(-rise / heat)) this.#accept(rise);
  }

  /** Sets the search on an assignment. */
  #load(assignment: Int32Array): void {
    for (const list of this.#lists) list.count = 0;
    this.#nodeOf.set(assignment);
    assignment.forEach((node, pod) => {
      insert(this.#lists[node]!, pod);
    });
    this.#lists.forEach((list, node) => {
      this.#joules[node] = this.#replays[node]!.remember(list);
    });
  }

  /** Pods that had to queue in the first run, and so find no room on arrival, go where they cost least. */
  #settle(node: number): void {
    const replay = this.#replays[node]!;
    const list = this.#lists[node]!;
    for (;;) {
      const joules = replay.remember(list);
      this.#joules[node] = joules;
      if (joules < Number.POSITIVE_INFINITY) return;
      const pod = replay.misfit;
      this.#leaving.count = 0;
      insert(this.#leaving, pod);
      let least = Number.POSITIVE_INFINITY;
      let to = -1;
      for (const other of this.#open) {
        if (other === node) continue;
        const joules = this.#replays[other]!.joules(this.#lists[other]!, NOTHING, this.#leaving);
        const rise = joules - this.#joules[other]!;
        // Two infinities have no difference: nodes that are not settled themselves are no place.
        if (!(rise < least)) continue;
        least = rise;
        to = other;
      }
      if (to < 0)
        throw offlineErrors.KISIM_E_OFFLINE_QUEUES(
          `pod ${this.#plan.pods[pod]!.name} finds no room on arrival`,
        );
      this.#carry(this.#leaving, list, this.#lists[to]!, to);
      this.#joules[to] = this.#replays[to]!.remember(this.#lists[to]!);
    }
  }

  /** Of random moves that are possible and cost something, in joules. */
  #meanRise(): number {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < SAMPLE; i++) {
      const rise = this.#propose();
      if (!(rise > 0 && rise < Number.POSITIVE_INFINITY)) continue;
      sum += rise;
      count++;
    }
    return count === 0 ? 1e-6 * this.bestJoules : sum / count;
  }

  /** Draws a move and works out what it would cost; Infinity where it is not possible. */
  #propose(): number {
    const pod = this.#random.integer(this.#plan.count);
    const from = this.#nodeOf[pod]!;
    const kind = this.#random.next();
    this.#coming.count = 0;
    this.#leaving.count = 0;
    if (kind < EXCHANGES) {
      const other = this.#neighbour(pod);
      if (other < 0) return Number.POSITIVE_INFINITY;
      this.#to = this.#nodeOf[other]!;
      insert(this.#leaving, pod);
      insert(this.#coming, other);
    } else {
      const to = this.#target(pod);
      if (to < 0) return Number.POSITIVE_INFINITY;
      this.#to = to;
      const list = this.#lists[from]!;
      const at = placeOf(list, pod);
      const together = kind < EXCHANGES + BLOCKS ? 2 + this.#random.integer(MOST_TOGETHER - 1) : 1;
      for (let i = at; i < Math.min(list.count, at + together); i++) insert(this.#leaving, list.ids[i]!);
    }
    this.#from = from;
    const to = this.#to;
    let toJoules = this.#replays[to]!.joules(this.#lists[to]!, this.#coming, this.#leaving);
    for (let i = 0; toJoules === Number.POSITIVE_INFINITY; i++) {
      const other = i < EJECTIONS ? this.#ejected(to, this.#replays[to]!.misfit) : -1;
      if (other < 0) return toJoules;
      insert(this.#coming, other);
      toJoules = this.#replays[to]!.joules(this.#lists[to]!, this.#coming, this.#leaving);
    }
    const fromJoules = this.#replays[from]!.joules(this.#lists[from]!, this.#leaving, this.#coming);
    return fromJoules - this.#joules[from]! + (toJoules - this.#joules[to]!);
  }

  /** A pod on another node that arrived a little before or after; -1 where none is found. */
  #neighbour(pod: number): number {
    for (let i = 0; i < TRIES; i++) {
      const other = pod + (this.#random.next() < 0.5 ? -1 : 1) * (1 + this.#random.integer(NEIGHBOURS));
      if (other >= 0 && other < this.#plan.count && this.#nodeOf[other] !== this.#nodeOf[pod]) return other;
    }
    return -1;
  }

  /**
   * A pod to make room on a node: the one there that has none left, or where that is a pod that comes, one that arrived a
   * little before it; -1 where there is none.
   */
  #ejected(node: number, misfit: number): number {
    let pod = misfit;
    if (this.#nodeOf[misfit] !== node) {
      const list = this.#lists[node]!;
      const at = placeOf(list, misfit) - 1 - this.#random.integer(MOST_TOGETHER);
      if (at < 0) return -1;
      pod = list.ids[at]!;
    }
    for (let i = 0; i < this.#coming.count; i++) if (this.#coming.ids[i] === pod) return -1;
    return pod;
  }

  /** Any other open node, or one on which a neighbour runs: nodes that sleep then are seldom the right ones. */
  #target(pod: number): number {
    if (this.#random.next() < 0.5) {
      const other = this.#neighbour(pod);
      return other < 0 ? -1 : this.#nodeOf[other]!;
    }
    const last = this.#open.length - 1;
    const node = this.#open[this.#random.integer(last)]!;
    return node === this.#nodeOf[pod] ? this.#open[last]! : node;
  }

  #accept(rise: number): void {
    if (rise > 0) this.#keepBest();
    const from = this.#lists[this.#from]!;
    const to = this.#lists[this.#to]!;
    this.#carry(this.#leaving, from, to, this.#to);
    this.#carry(this.#coming, to, from, this.#from);
    this.#joules[this.#from] = this.#replays[this.#from]!.remember(from);
    this.#joules[this.#to] = this.#replays[this.#to]!.remember(to);
    this.accepted++;
    if (rise < 0) this.#isBest = this.#isBest || this.#total() < this.bestJoules;
  }

  #carry(pods: PodList, from: PodList, to: PodList, node: number): void {
    for (let i = 0; i < pods.count; i++) {
      const pod = pods.ids[i]!;
      removePod(from, pod);
      insert(to, pod);
      this.#nodeOf[pod] = node;
    }
  }

  /** Writes down where the search stands, if that is the best so far and not written yet. */
  #keepBest(): void {
    if (!this.#isBest) return;
    this.#isBest = false;
    this.assignment.set(this.#nodeOf);
    this.bestJoules = this.#total();
  }

  #total(): number {
    let sum = 0;
    for (const joules of this.#joules) sum += joules;
    return sum;
  }
}
