import type { ClusterState } from '../../cluster/cluster-state.ts';

const INTERVAL_SECONDS = 60;
const SAMPLES = 15;

/**
 * Mean and standard deviation of every node's measured CPU use over the last 15 minutes, in milli-cores, from samples
 * a minute apart: what load-watcher gives Trimaran. Minutes that nobody asked in are filled with what is measured at
 * the next sample.
 */
export class UseStatistics {
  readonly #cluster: ClusterState;
  /** A ring of samples for each node. */
  readonly #samples: Float64Array;
  #taken = 0;
  #lastMinute = -1;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
    this.#samples = new Float64Array(cluster.size * SAMPLES);
  }

  /** To be called before every decision; samples where a minute has begun since the last call. */
  sample(): void {
    const minute = Math.floor(this.#cluster.now / INTERVAL_SECONDS);
    if (minute === this.#lastMinute) return;
    const missing = this.#taken === 0 ? 1 : Math.min(SAMPLES, minute - this.#lastMinute);
    this.#lastMinute = minute;
    for (let i = 0; i < missing; i++) {
      const slot = this.#taken % SAMPLES;
      for (let node = 0; node < this.#cluster.size; node++)
        this.#samples[node * SAMPLES + slot] = this.#cluster.measuredUse[node]!;
      this.#taken++;
    }
  }

  mean(node: number): number {
    const count = Math.min(this.#taken, SAMPLES);
    if (count === 0) return this.#cluster.measuredUse[node]!;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#samples[node * SAMPLES + i]!;
    return sum / count;
  }

  deviation(node: number): number {
    const count = Math.min(this.#taken, SAMPLES);
    if (count === 0) return 0;
    const mean = this.mean(node);
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const off = this.#samples[node * SAMPLES + i]! - mean;
      squares += off * off;
    }
    return Math.sqrt(squares / count);
  }

  save(): unknown {
    return { samples: Array.from(this.#samples), taken: this.#taken, lastMinute: this.#lastMinute };
  }

  restore(saved: unknown): void {
    const { samples, taken, lastMinute } = saved as {
      samples: readonly number[];
      taken: number;
      lastMinute: number;
    };
    this.#samples.set(samples);
    this.#taken = taken;
    this.#lastMinute = lastMinute;
  }
}
