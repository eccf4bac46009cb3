/** Buckets of an octave: each is 1/64 of its lower edge wide at most, so that a quantile is off by 0.8 % at most. */
const PER_OCTAVE = 64;
const SHIFT = 20 - Math.log2(PER_OCTAVE);
/** From 2^-10 s (1 ms) to 2^8 s. */
const LOWEST_EXPONENT = -10;
const OCTAVES = 18;
const SIZE = PER_OCTAVE * OCTAVES;
const OFFSET = (1023 + LOWEST_EXPONENT) * PER_OCTAVE;

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
/** Index of the half that holds the exponent; the other machines have it first. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * Counts of latencies by octave and equal parts of it, as HdrHistogram has them: exact to add up and to take away again, the same on
 * every machine, no allocation. Latencies below 1 ms count as 1 ms, above 256 s as 256 s.
 */
export class LatencyHistogram {
  readonly counts = new Int32Array(SIZE);
  #total = 0;
  /** Outside of these all counts are 0. */
  #lowest = SIZE;
  #highest = -1;

  get total(): number {
    return this.#total;
  }

  /** @param times how often; below 0 to take away what was added */
  add(seconds: number, times = 1): void {
    const bucket = bucketOf(seconds);
    this.counts[bucket]! += times;
    if (bucket < this.#lowest) this.#lowest = bucket;
    if (bucket > this.#highest) this.#highest = bucket;
    this.#total += times;
  }

  /** @param sign 1 to add, -1 to take away */
  addAll(other: LatencyHistogram, sign: 1 | -1 = 1): void {
    const { counts } = this;
    const others = other.counts;
    for (let i = other.#lowest; i <= other.#highest; i++) counts[i]! += sign * others[i]!;
    if (other.#lowest < this.#lowest) this.#lowest = other.#lowest;
    if (other.#highest > this.#highest) this.#highest = other.#highest;
    this.#total += sign * other.#total;
  }

  clear(): void {
    if (this.#highest >= 0) this.counts.fill(0, this.#lowest, this.#highest + 1);
    this.#lowest = SIZE;
    this.#highest = -1;
    this.#total = 0;
  }

  restore(counts: Int32Array): void {
    this.counts.set(counts);
    this.#lowest = counts.findIndex((count) => count !== 0);
    this.#highest = counts.findLastIndex((count) => count !== 0);
    if (this.#lowest < 0) this.#lowest = SIZE;
    this.#total = this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Those of more seconds, as exact as the bucket of that many seconds is narrow. */
  above(seconds: number): number {
    let count = 0;
    const from = bucketOf(seconds);
    for (let bucket = this.#highest; bucket > from; bucket--) count += this.counts[bucket]!;
    return count;
  }

  /** Seconds, by the middles of the buckets: within 0.8 %. Undefined of nothing. */
  mean(): number | undefined {
    if (this.#total === 0) return undefined;
    let sum = 0;
    for (let bucket = this.#lowest; bucket <= this.#highest; bucket++) {
      const count = this.counts[bucket]!;
      if (count !== 0) sum += count * middles[bucket]!;
    }
    return sum / this.#total;
  }

  /** Seconds that this share (0 .. 1) of the latencies does not exceed, linear within a bucket; undefined of nothing. */
  quantile(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    const wanted = share * this.#total;
    // From above: quantiles that are asked for are high ones.
    let above = this.#total;
    let bucket = this.#highest;
    for (; bucket > 0; bucket--) {
      const count = this.counts[bucket]!;
      if (count > 0 && above - count < wanted) break;
      above -= count;
    }
    const count = this.counts[bucket]!;
    const within = count === 0 ? 0 : (wanted - (above - count)) / count;
    const low = lowerEdge(bucket);
    return low + Math.min(Math.max(within, 0), 1) * (lowerEdge(bucket + 1) - low);
  }
}

function bucketOf(seconds: number): number {
  word[0] = seconds;
  const bucket = (halves[HIGH]! >>> SHIFT) - OFFSET;
  return bucket < 0 ? 0 : bucket >= SIZE ? SIZE - 1 : bucket;
}

function lowerEdge(bucket: number): number {
  const octave = Math.floor(bucket / PER_OCTAVE);
  return 2 ** (LOWEST_EXPONENT + octave) * (1 + (bucket % PER_OCTAVE) / PER_OCTAVE);
}

const middles = Float64Array.from(
  { length: SIZE },
  (_, bucket) => (lowerEdge(bucket) + lowerEdge(bucket + 1)) / 2,
);
