import type { Buckets } from './buckets.ts';
import type { EntitySeries } from './energy-series.ts';
import type { EntityRow } from './query-entities.ts';

/** Sums the rows of one entity (or of all that share its name) into buckets. */
export class Accumulator {
  readonly rows: EntityRow[] = [];
  readonly #buckets: Buckets;
  readonly #microjoules: Float64Array;
  readonly #cpu: Float64Array;
  readonly #maxMilliwatts: Float64Array;
  readonly #bits: Uint8Array;
  total = 0;
  used = false;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
    this.#microjoules = new Float64Array(buckets.count);
    this.#cpu = new Float64Array(buckets.count);
    this.#maxMilliwatts = new Float64Array(buckets.count);
    this.#bits = new Uint8Array(buckets.count);
  }

  /** NaN for CPU time or greatest power that is not known makes the bucket's not known either. */
  add(ts: number, uj: number, cpu: number, maxMw: number, src: number): void {
    const i = this.#buckets.indexOf(ts);
    this.#microjoules[i]! += uj;
    this.#cpu[i]! += cpu;
    this.#maxMilliwatts[i] = Math.max(this.#maxMilliwatts[i]!, maxMw);
    this.#bits[i]! |= src;
    this.total += uj;
    this.used = true;
  }

  finish(): EntitySeries {
    const [first] = this.rows;
    const { kind, ns, name, uid, pid, exe } = first!;
    const shared = this.rows.length > 1;
    return {
      entity: {
        kind,
        namespace: ns,
        name,
        uid: shared ? '' : uid,
        pid: shared || pid === null ? undefined : pid,
        exe,
        count: this.rows.length,
      },
      totalMicrojoules: this.total,
      microjoules: this.#microjoules,
      cpuMicroseconds: this.#cpu,
      maxMilliwatts: this.#maxMilliwatts,
      sourceBits: this.#bits,
    };
  }
}
