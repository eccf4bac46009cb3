import { CompensatedSums, type SavedSums } from './compensated-sums.ts';
import { Digest } from './digest.ts';
import type { EnergyMeter } from './energy-meter.ts';
import type { Plan } from './plan.ts';
import type { SeriesSampler } from './series.ts';
import type { SimulationResult } from './simulation.ts';

export interface SavedOutcome {
  readonly starts: Float64Array;
  readonly isDone: Uint8Array;
  readonly sums: SavedSums;
  readonly dropped: number;
  readonly wakes: number;
  readonly placed: number;
  readonly completed: number;
  readonly stretched: number;
  readonly lastEnd: number;
  readonly end: number;
}

interface EnergyTotals {
  readonly total: number;
  readonly active: number;
  readonly idle: number;
  readonly sleep: number;
  readonly wake: number;
  readonly gpu: number;
  readonly byNode: readonly number[];
}

const WORK = 0;
const STRETCH = 1;

/** What became of the pods: when they began, how long they took, what of it goes into the result. */
export class Outcome {
  dropped = 0;
  wakes = 0;
  readonly #plan: Plan;
  readonly #sloSeconds: number;
  /** NaN: has not begun. */
  readonly #starts: Float64Array;
  readonly #isDone: Uint8Array;
  readonly #sums = new CompensatedSums(2);
  #placed = 0;
  #completed = 0;
  #stretched = 0;
  #lastEnd = 0;
  #end = 0;

  constructor(plan: Plan, sloSeconds: number) {
    this.#plan = plan;
    this.#sloSeconds = sloSeconds;
    this.#starts = new Float64Array(plan.count).fill(Number.NaN);
    this.#isDone = new Uint8Array(plan.count);
  }

  started(pod: number, now: number): void {
    this.#starts[pod] = now;
    this.#placed++;
  }

  ended(pod: number, now: number): void {
    this.#isDone[pod] = 1;
    this.#completed++;
    this.#lastEnd = now;
    if (this.#plan.isBatch[pod] === 0) return;
    const alone = this.#plan.seconds[pod]!;
    this.#sums.add(WORK, (this.#plan.useMilli[pod]! * alone) / 1000);
    this.#sums.add(STRETCH, (now - this.#starts[pod]!) / alone);
    this.#stretched++;
  }

  /** The end of the run; pods without an end that are still there have completed. */
  finish(end: number, staying: Int32Array): void {
    this.#end = end;
    for (const pod of staying) this.ended(pod, end);
  }

  /** Joules up to an instant, by the convention of docs/developer/simulation.md. */
  energy(meter: EnergyMeter, now: number): EnergyTotals {
    const sums = new CompensatedSums(6);
    const byNode: number[] = [];
    for (let node = 0; node < meter.nodes; node++) {
      const { active, idle, sleep, wake, gpu } = meter.energy(node, now);
      const parts = [active, idle, sleep, wake, gpu];
      const own = new CompensatedSums(1);
      for (const [i, part] of parts.entries()) {
        sums.add(i, part);
        sums.add(5, part);
        own.add(0, part);
      }
      byNode.push(own.value(0));
    }
    const [active, idle, sleep, wake, gpu, total] = [0, 1, 2, 3, 4, 5].map((i) => sums.value(i));
    return { total: total!, active: active!, idle: idle!, sleep: sleep!, wake: wake!, gpu: gpu!, byNode };
  }

  result(
    policy: string,
    decisions: number,
    meter: EnergyMeter,
    servedCoreSeconds: number,
    series: SeriesSampler,
  ): SimulationResult {
    const energy = this.energy(meter, this.#end);
    const { waits, sloMisses } = this.#waits();
    const sorted = waits.slice().sort();
    const sum = new CompensatedSums(1);
    for (const wait of waits) sum.add(0, wait);
    return {
      policy,
      energyJoules: energy.total,
      activeJoules: energy.active,
      idleJoules: energy.idle,
      sleepJoules: energy.sleep,
      wakeJoules: energy.wake,
      gpuJoules: energy.gpu,
      energyByNode: energy.byNode,
      wakes: this.wakes,
      placed: this.#placed,
      completed: this.#completed,
      dropped: this.dropped,
      workCoreSeconds: this.#sums.value(WORK) + servedCoreSeconds,
      completedDigest: this.#digest(),
      waits,
      meanWaitSeconds: waits.length === 0 ? 0 : sum.value(0) / waits.length,
      p95WaitSeconds: waits.length === 0 ? 0 : sorted[Math.ceil(0.95 * waits.length) - 1]!,
      sloMisses,
      meanStretch: this.#stretched === 0 ? 1 : this.#sums.value(STRETCH) / this.#stretched,
      endSeconds: this.#lastEnd,
      decisions,
      series: series.series,
    };
  }

  save(): SavedOutcome {
    return {
      starts: this.#starts.slice(),
      isDone: this.#isDone.slice(),
      sums: this.#sums.save(),
      dropped: this.dropped,
      wakes: this.wakes,
      placed: this.#placed,
      completed: this.#completed,
      stretched: this.#stretched,
      lastEnd: this.#lastEnd,
      end: this.#end,
    };
  }

  restore(saved: SavedOutcome): void {
    this.#starts.set(saved.starts);
    this.#isDone.set(saved.isDone);
    this.#sums.restore(saved.sums);
    this.dropped = saved.dropped;
    this.wakes = saved.wakes;
    this.#placed = saved.placed;
    this.#completed = saved.completed;
    this.#stretched = saved.stretched;
    this.#lastEnd = saved.lastEnd;
    this.#end = saved.end;
  }

  #waits(): { readonly waits: Float64Array; readonly sloMisses: number } {
    const { count, prefilled, arrival, pods } = this.#plan;
    const waits = new Float64Array(count - prefilled);
    let length = 0;
    let sloMisses = 0;
    for (let pod = prefilled; pod < count; pod++) {
      const start = this.#starts[pod]!;
      if (Number.isNaN(start)) continue;
      const wait = start - arrival[pod]!;
      waits[length++] = wait;
      if (wait > pods[pod]!.slackSeconds + this.#sloSeconds) sloMisses++;
    }
    return { waits: waits.slice(0, length), sloMisses };
  }

  /** Over which pods completed and what each had to do, whatever the order and the place. */
  #digest(): string {
    const { count, isBatch, useMilli, seconds } = this.#plan;
    const digest = new Digest();
    for (let pod = 0; pod < count; pod++) {
      if (this.#isDone[pod] === 1)
        digest.word(pod).word(isBatch[pod]!).number(useMilli[pod]!).number(seconds[pod]!);
    }
    return digest.hex;
  }
}
