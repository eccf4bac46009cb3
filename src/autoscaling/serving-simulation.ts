import { SavedFields, type SavedState, type SavedValue } from '../learning/saved-state.ts';
import type { LoadPattern } from '../load/pattern/load-pattern.ts';
import { RandomStream } from '../util/rng.ts';
import { quickExponential } from '../util/ziggurat-exponential.ts';
import type { ServingSpec } from './backend.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { type BackendName, backendNames, type Placement, type ReplicaLimits } from './policy.ts';
import { Station } from './station.ts';

export interface ServingStart {
  /** Requests a second at each moment; what it has at 0 holds before. */
  readonly pattern: LoadPattern;
  /** All that is drawn: arrivals, work, start-ups, each from a stream of its own, so that arrivals do not depend on the policy. */
  readonly seed: number;
  /** Negative: to warm up. */
  readonly atSeconds: number;
  /** Ready from the beginning. */
  readonly replicas: Readonly<Record<BackendName, number>>;
}

/**
 * Two backends that serve requests: Poisson arrivals at the rate of a pattern, one queue before the replicas of each backend, batches,
 * start-ups, contention, time-outs and power. Event by event and without approximation; the mean waits of M/M/c, M/D/1 and
 * M/G/1 are its special cases, and tested. The same seed gives the same bits on every machine.
 *
 * @example
 * simulation.begin({ pattern, seed: 1, atSeconds: 0, replicas: { gpu: 1, cpu: 3 } });
 * simulation.advance(15);
 * simulation.stations.cpu.interval.completed;
 */
export class ServingSimulation {
  readonly stations: Readonly<Record<BackendName, Station>>;
  /** Of the requests that ended, or failed, in the last interval; seconds. */
  readonly latencies = new LatencyHistogram();
  readonly #spec: ServingSpec;
  readonly #gpu: Station;
  readonly #cpu: Station;
  readonly #arrivals = new RandomStream(0);
  readonly #work = new RandomStream(0);
  readonly #starts = new RandomStream(0);
  readonly #draws: boolean;
  #pattern: LoadPattern | undefined;
  #placement: Placement = 'balanced';
  #now = 0;
  #nextArrival = 0;
  /** The rate that the next arrival was drawn at holds until here. */
  #rate = 0;
  #rateUntil = 0;

  constructor(spec: ServingSpec, limits: ReplicaLimits) {
    this.#spec = spec;
    const { timeoutSeconds, queueLimit } = spec;
    const station = (name: BackendName) =>
      new Station(
        spec.backends[name],
        { mostReplicas: limits[name].max, timeoutSeconds, queueLimit },
        this.latencies,
      );
    this.#gpu = station('gpu');
    this.#cpu = station('cpu');
    this.stations = { gpu: this.#gpu, cpu: this.#cpu };
    this.#draws = backendNames.some((name) => spec.backends[name].variability > 0);
  }

  get seconds(): number {
    return this.#now;
  }

  set placement(placement: Placement) {
    this.#placement = placement;
  }

  begin({ pattern, seed, atSeconds, replicas }: ServingStart): void {
    const random = new RandomStream(seed);
    this.#arrivals.restore(random.fork('arrivals').state);
    this.#work.restore(random.fork('work').state);
    this.#starts.restore(random.fork('starts').state);
    this.#pattern = pattern;
    this.#placement = 'balanced';
    this.#now = atSeconds;
    this.latencies.clear();
    for (const name of backendNames) this.stations[name].begin(atSeconds, replicas[name]);
    this.#rateUntil = atSeconds;
    this.#drawArrival(atSeconds);
  }

  /** Between two intervals. */
  scaleTo(backend: BackendName, replicas: number): void {
    const [least, most] = this.#spec.backends[backend].startupSeconds;
    this.stations[backend].scaleTo(replicas, this.#now, () => this.#starts.uniform(least, most));
  }

  /** One interval, from now until then. */
  advance(untilSeconds: number): void {
    const gpu = this.#gpu;
    const cpu = this.#cpu;
    this.latencies.clear();
    gpu.beginInterval(this.#now);
    cpu.beginInterval(this.#now);
    for (;;) {
      const gpuStart = gpu.nextStart;
      const cpuStart = cpu.nextStart;
      const start = Math.min(gpuStart, cpuStart);
      const arrival = this.#nextArrival;
      if (start < arrival) {
        if (start > untilSeconds) break;
        if (gpuStart < cpuStart) gpu.startNext();
        else cpu.startNext();
      } else {
        if (arrival > untilSeconds) break;
        // Drawn for every request, by whatever backend it is served, so that policies are compared on the same work.
        this.#route(arrival).offer(arrival, this.#draws ? quickExponential(this.#work) : 1);
        this.#drawArrival(arrival);
      }
    }
    gpu.endInterval(untilSeconds);
    cpu.endInterval(untilSeconds);
    this.#now = untilSeconds;
  }

  /** No further request comes. */
  stopArrivals(): void {
    this.#nextArrival = Number.POSITIVE_INFINITY;
  }

  /** Of an interval's end. The pattern is not in it: `restore` is given the same one. */
  save(): SavedState {
    return {
      arrivals: this.#arrivals.state,
      work: this.#work.state,
      starts: this.#starts.state,
      placement: this.#placement,
      now: this.#now,
      nextArrival: this.#nextArrival,
      rate: this.#rate,
      rateUntil: this.#rateUntil,
      latencies: this.latencies.counts.slice(),
      gpu: this.#gpu.save(),
      cpu: this.#cpu.save(),
    };
  }

  restore(saved: SavedValue, pattern: LoadPattern): void {
    const fields = new SavedFields(saved, 'serving.');
    this.#arrivals.restore(fields.random('arrivals'));
    this.#work.restore(fields.random('work'));
    this.#starts.restore(fields.random('starts'));
    this.#placement = fields.value('placement') as Placement;
    this.#now = fields.number('now');
    this.#nextArrival = fields.number('nextArrival');
    this.#rate = fields.number('rate');
    this.#rateUntil = fields.number('rateUntil');
    this.latencies.restore(fields.value('latencies') as Int32Array);
    this.#gpu.restore(fields.value('gpu'));
    this.#cpu.restore(fields.value('cpu'));
    this.#pattern = pattern;
  }

  #route(seconds: number): Station {
    const gpu = this.#gpu;
    const cpu = this.#cpu;
    const gpuFree = gpu.isFree(seconds);
    if (gpuFree !== cpu.isFree(seconds)) return gpuFree ? gpu : cpu;
    if (!gpuFree) return gpu.expectedWait(seconds) <= cpu.expectedWait(seconds) ? gpu : cpu;
    if (this.#placement === 'prefer-gpu') return gpu;
    if (this.#placement === 'prefer-cpu') return cpu;
    return gpu.freeShare(seconds) >= cpu.freeShare(seconds) ? gpu : cpu;
  }

  /** An exponential gap in expected arrivals rather than in seconds: what a change of the rate leaves of it goes on at the new rate. */
  #drawArrival(after: number): void {
    let left = quickExponential(this.#arrivals);
    let at = after;
    for (;;) {
      if (this.#rate > 0) {
        const arrival = at + left / this.#rate;
        if (arrival < this.#rateUntil) {
          this.#nextArrival = arrival;
          return;
        }
        left -= (this.#rateUntil - at) * this.#rate;
      }
      at = Math.max(at, this.#rateUntil);
      const pattern = this.#pattern!;
      // Before the beginning the load is what it begins with.
      this.#rateUntil = at < 0 ? 0 : pattern.nextChangeAfter(at);
      this.#rate = pattern.levelAt(Math.max(at, 0));
      if (this.#rateUntil === Number.POSITIVE_INFINITY) {
        this.#nextArrival = Number.POSITIVE_INFINITY;
        return;
      }
    }
  }
}
