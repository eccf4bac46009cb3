import { SavedFields, type SavedState, type SavedValue } from '../learning/saved-state.ts';
import type { LoadPattern } from '../load/pattern/load-pattern.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { LoadHistory } from './load-history.ts';
import {
  type AutoscalingObservation,
  type BackendPods,
  backendNames,
  type Placement,
  within,
} from './policy.ts';
import type { AutoscalingProblem } from './problem.ts';
import { ServingSimulation } from './serving-simulation.ts';
import type { Station } from './station.ts';

/** What one interval came to, both backends together. Handed out as the same object after each. */
export interface IntervalOutcome {
  /** Requests that ended: answered and failed ones. */
  readonly answered: number;
  readonly failed: number;
  /** Of all that ended, those that took longer than the objective, or failed. */
  readonly late: number;
  /** Seconds, over all that ended, failures with the time-out; undefined of none. */
  readonly meanLatencySeconds: number | undefined;
  readonly energyJoules: number;
  /** Replicas asked for now. */
  readonly gpuReplicas: number;
  readonly cpuReplicas: number;
  /** How many more or fewer than before, of both, as absolute numbers. */
  readonly changed: number;
}

/** What is kept of each interval of the window. */
const KEPT = 6;
const FIELD = { answered: 0, seconds: 1, gpuBusy: 2, gpuReady: 3, cpuBusy: 4, cpuReady: 5 } as const;

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/**
 * One episode of an autoscaling problem, interval by interval: what a policy sees before each decision, and what its decision came
 * to. Training, evaluation and benchmarks all go through it. Before the beginning the load runs for a window, so that
 * everything is measured at the first decision.
 */
export class AutoscalingEpisode {
  readonly problem: AutoscalingProblem;
  readonly simulation: ServingSimulation;
  readonly outcome: Mutable<IntervalOutcome>;
  /** Of every request that has ended since the beginning of the episode. */
  readonly latencies = new LatencyHistogram();
  readonly #observation: Mutable<AutoscalingObservation>;
  readonly #pods: Readonly<Record<'gpu' | 'cpu', Mutable<BackendPods>>>;
  readonly #history: LoadHistory;
  readonly #windowLatencies = new LatencyHistogram();
  /** Latencies of each interval of the window, a ring. */
  readonly #ring: readonly LatencyHistogram[];
  readonly #kept: Float64Array;
  #place = 0;

  constructor(problem: AutoscalingProblem) {
    const { windowSeconds, intervalSeconds } = problem;
    const intervals = Math.round(windowSeconds / intervalSeconds);
    this.problem = problem;
    this.simulation = new ServingSimulation(problem.serving, problem.limits);
    this.#history = new LoadHistory(problem.observation);
    this.#ring = Array.from({ length: intervals }, () => new LatencyHistogram());
    this.#kept = new Float64Array(KEPT * intervals);
    const pods = () => ({ ready: 0, unready: 0, unmeasured: 0, utilizationPercent: undefined });
    this.#pods = { gpu: pods(), cpu: pods() };
    this.#observation = {
      atSeconds: 0,
      cpuUtilizationPercent: undefined,
      memoryUtilizationPercent: undefined,
      gpuUtilizationPercent: undefined,
      latencyP95Milliseconds: undefined,
      throughputPerSecond: undefined,
      gpuReplicas: undefined,
      cpuReplicas: undefined,
      loadTrend: undefined,
      loadVariance: undefined,
      episodeProgress: undefined,
      ...this.#pods,
    };
    this.outcome = {
      answered: 0,
      failed: 0,
      late: 0,
      meanLatencySeconds: undefined,
      energyJoules: 0,
      gpuReplicas: 0,
      cpuReplicas: 0,
      changed: 0,
    };
  }

  /** What a policy may know now. The same object each time. */
  get observation(): AutoscalingObservation {
    return this.#observation;
  }

  get isOver(): boolean {
    return this.simulation.seconds >= this.problem.episodeSeconds;
  }

  /** @param seed of arrivals, work and start-ups; the pattern has one of its own */
  begin(pattern: LoadPattern, seed: number): void {
    const { windowSeconds, intervalSeconds, initial } = this.problem;
    this.#history.clear();
    this.#windowLatencies.clear();
    for (const each of this.#ring) each.clear();
    this.#kept.fill(0);
    this.#place = 0;
    this.simulation.begin({ pattern, seed, atSeconds: -windowSeconds, replicas: initial });
    for (let i = 0; i < this.#ring.length; i++) {
      this.simulation.advance(-windowSeconds + (i + 1) * intervalSeconds);
      this.#keep();
    }
    this.latencies.clear();
    this.#observe();
  }

  /** Asks for replicas, within the limits, and lets one interval pass. */
  step(gpuReplicas: number, cpuReplicas: number, placement: Placement): IntervalOutcome {
    const { limits, defects, intervalSeconds } = this.problem;
    const { simulation, outcome } = this;
    const { gpu, cpu } = simulation.stations;
    const wantedGpu = within(gpuReplicas, limits.gpu);
    const wantedCpu = within(cpuReplicas, limits.cpu);
    outcome.changed = Math.abs(wantedGpu - gpu.replicas) + Math.abs(wantedCpu - cpu.replicas);
    simulation.scaleTo('gpu', wantedGpu);
    simulation.scaleTo('cpu', wantedCpu);
    if (!defects.placementIgnored) simulation.placement = placement;
    simulation.advance(simulation.seconds + intervalSeconds);
    this.#keep();
    this.latencies.addAll(simulation.latencies);
    outcome.answered = gpu.interval.completed + cpu.interval.completed;
    outcome.failed = gpu.interval.failed + cpu.interval.failed;
    outcome.late = simulation.latencies.above(this.problem.objectiveSeconds);
    outcome.meanLatencySeconds = simulation.latencies.mean();
    outcome.energyJoules = gpu.interval.energyJoules + cpu.interval.energyJoules;
    outcome.gpuReplicas = wantedGpu;
    outcome.cpuReplicas = wantedCpu;
    this.#observe();
    return outcome;
  }

  /** Lets what still waits at the end be served, without further arrivals: latencies are then those of every request that came. */
  finish(): void {
    const { simulation } = this;
    const { serving, episodeSeconds } = this.problem;
    // A queue is empty, by service or time-outs, and what was taken up has ended, long before.
    simulation.stopArrivals();
    simulation.advance(episodeSeconds + 2 * serving.timeoutSeconds + 60);
    this.latencies.addAll(simulation.latencies);
  }

  save(): SavedState {
    return {
      simulation: this.simulation.save(),
      history: this.#history.state,
      ring: this.#ring.map(({ counts }) => counts.slice()),
      kept: this.#kept.slice(),
      place: this.#place,
      latencies: this.latencies.counts.slice(),
    };
  }

  restore(saved: SavedValue, pattern: LoadPattern): void {
    const fields = new SavedFields(saved, 'episode.');
    this.simulation.restore(fields.value('simulation'), pattern);
    this.#history.restore(fields.list('history') as readonly number[]);
    fields.into('kept', this.#kept);
    this.#place = fields.number('place');
    this.latencies.restore(fields.value('latencies') as Int32Array);
    this.#windowLatencies.clear();
    fields.list('ring').forEach((counts, i) => {
      this.#ring[i]!.restore(counts as Int32Array);
      this.#windowLatencies.addAll(this.#ring[i]!);
    });
    this.#observe();
  }

  /** Takes the interval that has passed into the window. */
  #keep(): void {
    const { gpu, cpu } = this.simulation.stations;
    const oldest = this.#ring[this.#place]!;
    this.#windowLatencies.addAll(oldest, -1);
    oldest.clear();
    oldest.addAll(this.simulation.latencies);
    this.#windowLatencies.addAll(oldest);
    const at = KEPT * this.#place;
    const kept = this.#kept;
    kept[at + FIELD.answered] = gpu.interval.completed + cpu.interval.completed;
    kept[at + FIELD.seconds] = this.problem.intervalSeconds;
    kept[at + FIELD.gpuBusy] = gpu.interval.busySeconds;
    kept[at + FIELD.gpuReady] = gpu.interval.readySeconds;
    kept[at + FIELD.cpuBusy] = cpu.interval.busySeconds;
    kept[at + FIELD.cpuReady] = cpu.interval.readySeconds;
    this.#history.add(kept[at + FIELD.answered]! / this.problem.intervalSeconds);
    this.#place = (this.#place + 1) % this.#ring.length;
  }

  #sum(field: number): number {
    let sum = 0;
    for (let at = field; at < this.#kept.length; at += KEPT) sum += this.#kept[at]!;
    return sum;
  }

  #observe(): void {
    const { simulation } = this;
    const { gpu, cpu } = simulation.stations;
    const { backends, memoryBytes } = this.problem.serving;
    const seen = this.#observation;
    const now = simulation.seconds;
    const p95 = this.#windowLatencies.quantile(0.95);
    seen.atSeconds = now;
    seen.gpuUtilizationPercent = percent(this.#sum(FIELD.gpuBusy), this.#sum(FIELD.gpuReady));
    seen.cpuUtilizationPercent = percent(this.#sum(FIELD.cpuBusy), this.#sum(FIELD.cpuReady));
    const held = gpu.replicas * backends.gpu.memoryBytes + cpu.replicas * backends.cpu.memoryBytes;
    seen.memoryUtilizationPercent = percent(Math.min(held, memoryBytes), memoryBytes);
    seen.latencyP95Milliseconds = p95 === undefined ? undefined : 1000 * p95;
    seen.throughputPerSecond = this.#sum(FIELD.answered) / this.#sum(FIELD.seconds);
    seen.gpuReplicas = gpu.replicas;
    seen.cpuReplicas = cpu.replicas;
    seen.loadTrend = this.#history.trend;
    seen.loadVariance = this.#history.variance;
    seen.episodeProgress = Math.min(Math.max(now / this.problem.episodeSeconds, 0), 1);
    for (const name of backendNames) observePods(simulation.stations[name], now, this.#pods[name]);
  }
}

function observePods(station: Station, now: number, pods: Mutable<BackendPods>): void {
  const { busySeconds, readySeconds } = station.interval;
  pods.ready = station.readyReplicas(now);
  pods.unready = station.replicas - pods.ready;
  pods.utilizationPercent = percent(busySeconds, readySeconds);
}

/** Undefined of nothing: what no replica was ready for was not used by any share. */
function percent(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.min(Math.max((100 * part) / whole, 0), 100) : undefined;
}
