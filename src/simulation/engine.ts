import { setImmediate } from 'node:timers/promises';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { type Clock, systemClock } from '../util/clock.ts';
import { errors } from './errors.ts';
import { EventLoop } from './event-loop.ts';
import { fingerprint, type Plan, planOf } from './plan.ts';
import { ProgressMeter, type SimulationProgress } from './progress.ts';
import type { SimulationInput, SimulationResult } from './simulation.ts';
import { decodeSnapshot, encodeSnapshot, type SavedSimulation, type SimulationSnapshot } from './snapshot.ts';

/** Instants between two looks at the clock and the signal. */
const INSTANTS_AT_ONCE = 5000;

export interface RunOptions {
  /** Stops between two instants; the simulation can go on from there, or be saved. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SimulationProgress) => void;
  /** Everything up to and at this instant happens. Left out: to the end. */
  readonly untilSeconds?: number;
  /** Times the progress, and nothing else. */
  readonly clock?: Clock;
}

/**
 * One run of a policy over a workload, event by event; see docs/developer/simulation.md for the order of events at one
 * instant and for what energy is counted. The same input gives the same bits on every machine, however often it is
 * stopped, copied or saved on the way.
 *
 * @example
 * const simulation = new Simulation(input);
 * simulation.advance(3600); // the first hour
 * const ahead = simulation.clone();
 * ahead.advance();
 * ahead.result().energyJoules;
 */
export class Simulation {
  readonly cluster: ClusterState;
  readonly #input: SimulationInput;
  readonly #plan: Plan;
  readonly #loop: EventLoop;

  /** @throws KISIM_E_SIM_... for a workload, nodes or options that cannot be simulated, before anything runs */
  constructor(input: SimulationInput, saved?: SavedSimulation) {
    this.#input = input;
    this.#plan = planOf(input);
    this.#loop = new EventLoop(input, this.#plan, saved);
    this.cluster = this.#loop.cluster;
  }

  /** Seconds since the beginning of what happened last. */
  get now(): number {
    return this.#loop.now;
  }

  get finished(): boolean {
    return this.#loop.finished;
  }

  /**
   * Whether it stopped in the middle of an instant because its policy said UNDECIDED: `advance` asks it again. It can be
   * neither copied nor saved so.
   */
  get isUndecided(): boolean {
    return this.#loop.isUndecided;
  }

  /** Arrivals, ends, wakes, sleeps and ticks until now. */
  get events(): number {
    return this.#loop.events;
  }

  /** What all nodes take at this moment. */
  get watts(): number {
    return this.#loop.watts;
  }

  /** Joules from the beginning to now, counted as in a result. Asking changes nothing. */
  get energyJoules(): number {
    return this.#loop.energyJoules;
  }

  /**
   * Runs on, without a pause, or to the next decision that its policy has not made.
   *
   * @param untilSeconds everything up to and at this instant happens; left out: to the end
   * @returns whether the end is reached
   * @throws KISIM_E_SIM_BAD_CHOICE, KISIM_E_SIM_WAIT_REFUSED, KISIM_E_SIM_ADMISSION for what a policy or an admission must not do; KISIM_E_SIM_STUCK where pods
   * wait that nothing will ever allow
   */
  advance(untilSeconds = Number.POSITIVE_INFINITY): boolean {
    this.#loop.advance(untilSeconds, Number.POSITIVE_INFINITY);
    return this.finished;
  }

  /** Runs on, with room for others between some thousand instants. Resolves to whether the end is reached. */
  async run(options: RunOptions = {}): Promise<boolean> {
    const { signal, onProgress, untilSeconds = Number.POSITIVE_INFINITY, clock = systemClock } = options;
    const end = Math.min(untilSeconds, this.#plan.horizonSeconds);
    const progress = onProgress && new ProgressMeter(clock, end, onProgress, this.now, this.events);
    while (signal?.aborted !== true) {
      const paused = this.#loop.advance(untilSeconds, INSTANTS_AT_ONCE);
      progress?.tell(this.now, this.events, !paused);
      if (!paused) break;
      await setImmediate();
    }
    return this.finished;
  }

  /** @throws KISIM_E_SIM_UNFINISHED before the end */
  result(): SimulationResult {
    if (!this.finished) throw errors.KISIM_E_SIM_UNFINISHED(`stopped at ${this.now} s`);
    return this.#loop.result();
  }

  /**
   * An independent copy that goes on in the same way, for lookahead. Nodes and workload are shared.
   *
   * @throws KISIM_E_SIM_UNDECIDED before a decision that its policy has not made, KISIM_E_SIM_HELD
   */
  clone(): Simulation {
    this.#mustBeDecided();
    return new Simulation(this.#input, this.#loop.save());
  }

  /**
   * All that `Simulation.resume` needs beside the input, as JSON.
   *
   * @throws KISIM_E_SIM_UNDECIDED before a decision that its policy has not made, KISIM_E_SIM_HELD
   */
  snapshot(): SimulationSnapshot {
    this.#mustBeDecided();
    return encodeSnapshot(this.#loop.save(), fingerprint(this.#input, this.#plan));
  }

  #mustBeDecided(): void {
    if (this.#input.admission !== undefined) throw errors.KISIM_E_SIM_HELD(this.#input.admission.name);
    if (this.isUndecided) throw errors.KISIM_E_SIM_UNDECIDED(`at ${this.now} s`);
  }

  /** @throws KISIM_E_SIM_SNAPSHOT for a snapshot of another input or version */
  static resume(snapshot: SimulationSnapshot, input: SimulationInput): Simulation {
    return new Simulation(input, decodeSnapshot(snapshot, fingerprint(input, planOf(input))));
  }
}

/**
 * Runs a policy over a workload, to the end.
 *
 * @throws KISIM_E_SIM_... for what cannot be simulated, before anything runs, and for choices that a policy must not make
 */
export function simulate(input: SimulationInput): SimulationResult {
  const simulation = new Simulation(input);
  simulation.advance();
  return simulation.result();
}
