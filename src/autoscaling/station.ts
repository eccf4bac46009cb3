import { SavedFields, type SavedState, type SavedValue } from '../learning/saved-state.ts';
import type { BackendSpec } from './backend.ts';
import type { LatencyHistogram } from './latency-histogram.ts';
import { RequestQueue } from './request-queue.ts';
import { newInterval, type StationInterval, zeroInterval } from './station-interval.ts';

/** What a slot holds. A replica that leaves finishes its batch first. */
const SLOT = { empty: 0, serving: 1, leaving: 2 } as const;

/**
 * The replicas of one backend and the queue before them: first come, first served, in batches. Between two decisions the replicas
 * stay; times never go back. Requests that end after the end of an interval count in the next one.
 */
export class Station {
  readonly spec: BackendSpec;
  /** Of the interval; written at its end, by `endInterval`. */
  readonly interval: { -readonly [key in keyof StationInterval]: number };
  readonly #latencies: LatencyHistogram;
  readonly #timeoutSeconds: number;
  readonly #kind: Uint8Array;
  /** When its batch, or its start-up, is over. */
  readonly #freeAt: Float64Array;
  readonly #readyAt: Float64Array;
  /** Requests of its last batch, and when they came: [slots][maxBatch]. */
  readonly #batch: Int32Array;
  readonly #batchArrivals: Float64Array;
  readonly #queue: RequestQueue;
  /** Replicas that are to stay: what was asked for. */
  #replicas = 0;
  /** Slots from here on are empty. */
  #used = 0;
  /** The replica that is free first, and when; Infinity where there is none. */
  #nextSlot = -1;
  #nextFree = Number.POSITIVE_INFINITY;
  #intervalStart = 0;
  /** Seconds of a request of a full batch, over all its replicas. */
  readonly #secondsEach: number;

  /** @param latencies that those of this station are added to, seconds */
  constructor(
    spec: BackendSpec,
    options: { readonly mostReplicas: number; readonly timeoutSeconds: number; readonly queueLimit: number },
    latencies: LatencyHistogram,
  ) {
    // Those that leave after one decision are gone, or nearly all, before the next.
    const slots = 4 * options.mostReplicas + 4;
    this.spec = spec;
    this.#latencies = latencies;
    this.#timeoutSeconds = options.timeoutSeconds;
    this.#kind = new Uint8Array(slots);
    this.#freeAt = new Float64Array(slots);
    this.#readyAt = new Float64Array(slots);
    this.#batch = new Int32Array(slots);
    this.#batchArrivals = new Float64Array(slots * spec.maxBatch);
    this.#queue = new RequestQueue(options.queueLimit);
    this.#secondsEach = spec.baseSeconds / spec.maxBatch + spec.secondsPerRequest;
    this.interval = newInterval();
  }

  get replicas(): number {
    return this.#replicas;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** The moment at which the next batch leaves the queue. */
  get nextStart(): number {
    return this.#queue.length === 0 ? Number.POSITIVE_INFINITY : this.#nextFree;
  }

  isFree(seconds: number): boolean {
    return this.#nextFree <= seconds;
  }

  readyReplicas(seconds: number): number {
    let ready = 0;
    for (let slot = 0; slot < this.#used; slot++)
      if (this.#kind[slot] === SLOT.serving && this.#readyAt[slot]! <= seconds) ready++;
    return ready;
  }

  /** Share of the replicas that are free, 0 where there are none. */
  freeShare(seconds: number): number {
    if (this.#replicas === 0) return 0;
    let free = 0;
    for (let slot = 0; slot < this.#used; slot++)
      if (this.#kind[slot] === SLOT.serving && this.#freeAt[slot]! <= seconds) free++;
    return free / this.#replicas;
  }

  /** Seconds that a request which comes now would wait, as far as the queue tells; Infinity without replicas. */
  expectedWait(seconds: number): number {
    if (this.#replicas === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#nextFree - seconds) + (this.#queue.length * this.#secondsEach) / this.#replicas;
  }

  /** Empty, with so many replicas that are ready. */
  begin(seconds: number, replicas: number): void {
    this.#kind.fill(SLOT.empty);
    this.#batch.fill(0);
    for (const array of [this.#freeAt, this.#readyAt]) array.fill(seconds);
    this.#kind.fill(SLOT.serving, 0, replicas);
    this.#replicas = replicas;
    this.#used = replicas;
    this.#queue.clear();
    this.#findNext();
    this.beginInterval(seconds);
  }

  /** What comes when it is free is begun at once; else it waits, or is refused. @param draw of its work, exponential with mean 1 */
  offer(seconds: number, draw: number): void {
    if (this.#nextFree <= seconds) {
      this.#batchArrivals[this.#nextSlot * this.spec.maxBatch] = seconds;
      this.#begin(seconds, 1, draw);
      return;
    }
    this.#dropLate(seconds);
    if (this.#queue.isFull) {
      this.interval.failed++;
      // It learns so at once: a failure is no quick answer, and counts as the longest wait.
      this.#latencies.add(this.#timeoutSeconds);
      return;
    }
    this.#queue.push(seconds, draw);
  }

  /** The batch that leaves the queue at `nextStart`. */
  startNext(): void {
    const seconds = this.#nextFree;
    this.#dropLate(seconds);
    const { maxBatch } = this.spec;
    const size = Math.min(maxBatch, this.#queue.length);
    if (size === 0) return;
    const draw = this.#queue.firstDraw;
    const first = this.#nextSlot * maxBatch;
    for (let i = 0; i < size; i++) this.#batchArrivals[first + i] = this.#queue.shift();
    this.#begin(seconds, size, draw);
  }

  /**
   * Asks for so many replicas. Those that are still starting go first, the youngest ahead; then those that are free soonest, which
   * finish their batch.
   *
   * @param startup seconds until a new one is ready
   */
  scaleTo(replicas: number, seconds: number, startup: () => number): void {
    while (this.#replicas < replicas) {
      const slot = this.#kind.indexOf(SLOT.empty);
      if (slot < 0) throw new RangeError(`more than ${this.#kind.length} replicas at once`);
      this.#kind[slot] = SLOT.serving;
      this.#used = Math.max(this.#used, slot + 1);
      this.#batch[slot] = 0;
      this.#readyAt[slot] = seconds + startup();
      this.#freeAt[slot] = this.#readyAt[slot]!;
      this.#replicas++;
    }
    while (this.#replicas > replicas) {
      const slot = this.#firstToGo(seconds);
      const isBusy = this.#batch[slot]! > 0 && this.#freeAt[slot]! > seconds;
      this.#kind[slot] = isBusy ? SLOT.leaving : SLOT.empty;
      if (!isBusy) this.#batch[slot] = 0;
      this.#replicas--;
    }
    this.#findNext();
  }

  beginInterval(seconds: number): void {
    const { interval } = this;
    this.#intervalStart = seconds;
    zeroInterval(interval);
    for (let slot = 0; slot < this.#used; slot++) this.#countOverhang(slot, seconds, 1);
  }

  /** Everything up to this moment is in `interval` afterwards, and nothing of what comes later. */
  endInterval(seconds: number): void {
    this.#dropLate(seconds);
    const { interval, spec } = this;
    const start = this.#intervalStart;
    for (let slot = 0; slot < this.#used; slot++) {
      this.#countOverhang(slot, seconds, -1);
      const kind = this.#kind[slot];
      if (kind === SLOT.empty) continue;
      const until = kind === SLOT.serving ? seconds : Math.min(seconds, this.#freeAt[slot]!);
      interval.presentSeconds += until - start;
      const ready = Math.max(start, this.#readyAt[slot]!);
      if (ready < until) interval.readySeconds += until - ready;
      if (kind === SLOT.leaving && this.#freeAt[slot]! <= seconds) this.#kind[slot] = SLOT.empty;
    }
    while (this.#used > 0 && this.#kind[this.#used - 1] === SLOT.empty) this.#used--;
    interval.energyJoules =
      interval.presentSeconds * spec.idleWatts + interval.busySeconds * (spec.busyWatts - spec.idleWatts);
  }

  save(): SavedState {
    return {
      kind: this.#kind.slice(),
      freeAt: this.#freeAt.slice(),
      readyAt: this.#readyAt.slice(),
      batch: this.#batch.slice(),
      batchArrivals: this.#batchArrivals.slice(),
      queue: this.#queue.save(),
      replicas: this.#replicas,
      used: this.#used,
    };
  }

  /** At the end of an interval. */
  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'station.');
    fields.into('kind', this.#kind);
    fields.into('freeAt', this.#freeAt);
    fields.into('readyAt', this.#readyAt);
    fields.into('batch', this.#batch);
    fields.into('batchArrivals', this.#batchArrivals);
    this.#queue.restore(fields.value('queue'));
    this.#replicas = fields.number('replicas');
    this.#used = fields.number('used');
    this.#findNext();
  }

  /** A batch of the replica that is free. */
  #begin(seconds: number, size: number, draw: number): void {
    const { spec, interval } = this;
    const slot = this.#nextSlot;
    const used = this.#used;
    const kind = this.#kind;
    const freeAt = this.#freeAt;
    const batch = this.#batch;
    let busy = 1;
    let next = Number.POSITIVE_INFINITY;
    let nextSlot = -1;
    for (let other = 0; other < used; other++) {
      if (other === slot) continue;
      const free = freeAt[other]!;
      if (free > seconds && batch[other]! > 0) busy++;
      if (free < next && kind[other] === SLOT.serving) {
        next = free;
        nextSlot = other;
      }
    }
    const shared = busy > spec.processors ? busy / spec.processors : 1;
    const slower = shared * (1 + spec.interference * (busy - 1));
    const work = 1 - spec.variability + spec.variability * draw;
    const duration = (spec.baseSeconds + size * spec.secondsPerRequest) * work * slower;
    const end = seconds + duration;
    freeAt[slot] = end;
    batch[slot] = size;
    // The first of equals, as in #findNext.
    const isNext = end < next || (end === next && slot < nextSlot);
    this.#nextFree = isNext ? end : next;
    this.#nextSlot = isNext ? slot : nextSlot;
    interval.busySeconds += duration;
    interval.started += size;
    interval.completed += size;
    const first = slot * spec.maxBatch;
    for (let i = first; i < first + size; i++) {
      const arrival = this.#batchArrivals[i]!;
      interval.waitedSeconds += seconds - arrival;
      this.#latencies.add(end - arrival);
    }
  }

  /** What of a batch lies beyond a moment: taken out at the end of an interval, counted at the beginning of the next. */
  #countOverhang(slot: number, seconds: number, sign: 1 | -1): void {
    const end = this.#freeAt[slot]!;
    const size = this.#batch[slot]!;
    if (size === 0 || end <= seconds || this.#kind[slot] === SLOT.empty) return;
    const { interval } = this;
    interval.busySeconds += sign * (end - seconds);
    interval.completed += sign * size;
    const first = slot * this.spec.maxBatch;
    for (let i = first; i < first + size; i++) this.#latencies.add(end - this.#batchArrivals[i]!, sign);
  }

  #findNext(): void {
    let next = Number.POSITIVE_INFINITY;
    let at = -1;
    const kind = this.#kind;
    const freeAt = this.#freeAt;
    for (let slot = 0; slot < this.#used; slot++)
      if (kind[slot] === SLOT.serving && freeAt[slot]! < next) {
        next = freeAt[slot]!;
        at = slot;
      }
    this.#nextFree = next;
    this.#nextSlot = at;
  }

  #firstToGo(seconds: number): number {
    let chosen = -1;
    for (let slot = 0; slot < this.#used; slot++) {
      if (this.#kind[slot] !== SLOT.serving) continue;
      if (chosen < 0) {
        chosen = slot;
        continue;
      }
      const starting = this.#readyAt[slot]! > seconds;
      const chosenStarting = this.#readyAt[chosen]! > seconds;
      const earlier = starting
        ? !chosenStarting || this.#readyAt[slot]! > this.#readyAt[chosen]!
        : !chosenStarting && this.#freeAt[slot]! < this.#freeAt[chosen]!;
      if (earlier) chosen = slot;
    }
    return chosen;
  }

  /** Those that came first wait longest: what is late is at the head. */
  #dropLate(seconds: number): void {
    const queue = this.#queue;
    while (queue.length > 0 && queue.firstArrival + this.#timeoutSeconds <= seconds) {
      queue.shift();
      this.interval.failed++;
      this.#latencies.add(this.#timeoutSeconds);
    }
  }
}
