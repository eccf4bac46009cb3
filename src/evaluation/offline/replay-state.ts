const word = new Float64Array(1);
const halves = new Int32Array(word.buffer);

/** One node at one instant of a replay. */
export class ReplayState {
  running = 0;
  freeCpu = 0;
  freeMemory = 0;
  /** Milli-cores in use, and those of pods that wait for the node to be up. */
  use = 0;
  bookedUse = 0;
  /** Watts above idle since `since`; joules above idle up to then. */
  watts = 0;
  active = 0;
  since = 0;
  /** Up since then, or up from then on. */
  awakeAt = 0;
  emptySince = 0;
  onSeconds = 0;
  sleepSeconds = 0;
  wakeSeconds = 0;
  /** Asleep since before the beginning. */
  isFresh = false;
  /** Tell the running pods, and how late each began, in 64 bits: equal sets have equal marks. */
  markA = 0;
  markB = 0;
  /** Heap by end, from index 1. */
  readonly heap: Int32Array;
  readonly ends: Float64Array;
  /** How late each pod began, as bits. */
  readonly late: Int32Array;

  constructor(pods: number) {
    this.heap = new Int32Array(pods + 1);
    this.ends = new Float64Array(pods);
    this.late = new Int32Array(pods);
  }

  reset(cpuMilli: number, memoryBytes: number, isFresh: boolean): void {
    this.running = 0;
    this.freeCpu = cpuMilli;
    this.freeMemory = memoryBytes;
    this.use = 0;
    this.bookedUse = 0;
    this.watts = 0;
    this.active = 0;
    this.since = 0;
    this.awakeAt = 0;
    this.emptySince = 0;
    this.onSeconds = 0;
    this.sleepSeconds = 0;
    this.wakeSeconds = 0;
    this.isFresh = isFresh;
    this.markA = 0;
    this.markB = 0;
  }

  get nextEnd(): number {
    return this.ends[this.heap[1]!]!;
  }

  push(pod: number, end: number, lateSeconds: number): void {
    const { heap, ends } = this;
    word[0] = lateSeconds;
    this.late[pod] = lateSeconds === 0 ? 0 : Math.imul(halves[0]!, 0x2c1b3c6d) ^ halves[1]!;
    this.#mark(pod);
    ends[pod] = end;
    let at = ++this.running;
    while (at > 1 && ends[heap[at >> 1]!]! > end) {
      heap[at] = heap[at >> 1]!;
      at >>= 1;
    }
    heap[at] = pod;
  }

  /** Takes off the pod that ends first. */
  pop(): number {
    const { heap, ends } = this;
    const first = heap[1]!;
    this.#mark(first);
    const last = heap[this.running]!;
    const end = ends[last]!;
    const left = --this.running;
    let at = 1;
    for (;;) {
      let child = 2 * at;
      if (child > left) break;
      if (child < left && ends[heap[child + 1]!]! < ends[heap[child]!]!) child++;
      if (ends[heap[child]!]! >= end) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  /** Zobrist's way: what comes in and what goes out are the same operation. */
  #mark(pod: number): void {
    const late = this.late[pod]!;
    this.markA ^= mixed(pod ^ Math.imul(late, 0x297a2d39));
    this.markB ^= mixed(Math.imul(pod + 1, 0x1b56c4e9) ^ late);
  }
}

/** The finaliser of MurmurHash3: every bit depends on every other. */
function mixed(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
