import { type ClusterState, NODE_ASLEEP, NODE_WAKING } from '../cluster/cluster-state.ts';
import type { EnergyMeter } from './energy-meter.ts';
import type { SimulationSeries } from './simulation.ts';

export interface SavedSeries {
  readonly seconds: readonly number[];
  readonly watts: readonly number[];
  readonly requested: readonly number[];
  readonly used: readonly number[];
  readonly awakeNodes: readonly number[];
  readonly pending: readonly number[];
}

/** What the cluster is like every so many seconds, after all that happened at that instant. */
export class SeriesSampler {
  readonly #everySeconds: number;
  readonly #cluster: ClusterState;
  readonly #meter: EnergyMeter;
  readonly #capacity: number;
  readonly #seconds: number[] = [];
  readonly #watts: number[] = [];
  readonly #requested: number[] = [];
  readonly #used: number[] = [];
  readonly #awakeNodes: number[] = [];
  readonly #pending: number[] = [];
  /** When the next point is due; Infinity where no series was asked for. */
  nextSeconds: number;

  constructor(everySeconds: number, cluster: ClusterState, meter: EnergyMeter) {
    this.#everySeconds = everySeconds;
    this.#cluster = cluster;
    this.#meter = meter;
    this.#capacity = cluster.cpuCapacity.reduce((sum, capacity) => sum + capacity, 0);
    this.nextSeconds = everySeconds > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Takes the points that are due before an instant, at which something will change. */
  before(seconds: number): void {
    while (this.nextSeconds < seconds) this.#sample();
  }

  /** The last points, up to the end itself. */
  upTo(seconds: number): void {
    while (this.nextSeconds <= seconds) this.#sample();
  }

  get series(): SimulationSeries | undefined {
    return this.#everySeconds > 0 ? this.save() : undefined;
  }

  save(): SavedSeries {
    return {
      seconds: this.#seconds.slice(),
      watts: this.#watts.slice(),
      requested: this.#requested.slice(),
      used: this.#used.slice(),
      awakeNodes: this.#awakeNodes.slice(),
      pending: this.#pending.slice(),
    };
  }

  restore(saved: SavedSeries): void {
    this.#seconds.push(...saved.seconds);
    this.#watts.push(...saved.watts);
    this.#requested.push(...saved.requested);
    this.#used.push(...saved.used);
    this.#awakeNodes.push(...saved.awakeNodes);
    this.#pending.push(...saved.pending);
    if (this.#everySeconds > 0) this.nextSeconds = this.#seconds.length * this.#everySeconds;
  }

  #sample(): void {
    const { size, freeCpu, measuredUse, power } = this.#cluster;
    let free = 0;
    let used = 0;
    let awake = 0;
    for (let node = 0; node < size; node++) {
      free += freeCpu[node]!;
      used += measuredUse[node]!;
      if (power[node] !== NODE_ASLEEP && power[node] !== NODE_WAKING) awake++;
    }
    this.#seconds.push(this.nextSeconds);
    this.#watts.push(this.#meter.totalWatts);
    this.#requested.push(1 - free / this.#capacity);
    this.#used.push(used / this.#capacity);
    this.#awakeNodes.push(awake);
    this.#pending.push(this.#cluster.pending);
    this.nextSeconds = this.#seconds.length * this.#everySeconds;
  }
}
