import { LatencyHistogram } from '../../load/histogram.ts';
import type { LoadSecond } from '../../load/http/recorder.ts';
import type { MeasuredField, MetricSource } from './ports.ts';

interface Second {
  readonly seconds: number;
  readonly answered: number;
  readonly latency: LatencyHistogram;
}

/** What the load generator saw within a window: the latency as its clients had it, and what was answered. */
export class LoadMetrics implements MetricSource {
  readonly name = 'the load generator';
  readonly gives = ['latencyP95Milliseconds', 'throughputPerSecond'] as const;
  readonly #windowSeconds: number;
  readonly #last: Second[] = [];

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds;
  }

  /** To be told of every second of a run. */
  add({ seconds, answered }: Pick<LoadSecond, 'seconds' | 'answered'>, latency: LatencyHistogram): void {
    const own = new LatencyHistogram();
    own.add(latency);
    this.#last.push({ seconds, answered, latency: own });
    while (this.#last.length > this.#windowSeconds) this.#last.shift();
  }

  /** Undefined before the first second, and a latency where nothing ended within the window. */
  read(field: MeasuredField): Promise<number | undefined> {
    return Promise.resolve(this.#read(field));
  }

  #read(field: MeasuredField): number | undefined {
    if (this.#last.length === 0) return undefined;
    if (field === 'throughputPerSecond') {
      const seconds = this.#last.reduce((sum, second) => sum + second.seconds, 0);
      return this.#last.reduce((sum, { answered }) => sum + answered, 0) / seconds;
    }
    const all = new LatencyHistogram();
    for (const { latency } of this.#last) all.add(latency);
    return all.percentile(95);
  }
}
