import type { NodeEnergyCounters, NodeEnergyReading, NodeJoules } from '../../cluster/node-energy.ts';
import type { Milliseconds } from '../../util/units.ts';

export interface EpochJoules extends NodeJoules {
  /** Another number wherever what lies between two readings is not all known: a counter began anew, a source was changed. */
  readonly epoch: number;
  /** Why the epoch began. */
  readonly began: string;
}

export interface EpochReading {
  readonly unixMilliseconds: Milliseconds;
  readonly nodes: ReadonlyMap<string, EpochJoules>;
  readonly missing: ReadonlyMap<string, string>;
}

/** Counters that several readers may share: a break is told as an epoch, which each of them sees. */
export interface EpochCounters {
  /** As `NodeEnergyCounters.read`. */
  read(signal?: AbortSignal): Promise<EpochReading>;
}

/** The counters of one reader: where an epoch ended since its last reading the node is missing once. */
export class EnergyReader implements NodeEnergyCounters {
  readonly #counters: EpochCounters;
  readonly #epochs = new Map<string, number>();

  constructor(counters: EpochCounters) {
    this.#counters = counters;
  }

  async read(signal?: AbortSignal): Promise<NodeEnergyReading> {
    const { unixMilliseconds, nodes, missing } = await this.#counters.read(signal);
    const known = new Map<string, NodeJoules>();
    const reasons = new Map(missing);
    for (const [node, { epoch, began, joules, source, asOfUnixMilliseconds }] of nodes) {
      const before = this.#epochs.get(node);
      this.#epochs.set(node, epoch);
      if (before === undefined || before === epoch) known.set(node, { joules, source, asOfUnixMilliseconds });
      else reasons.set(node, began);
    }
    return { unixMilliseconds, nodes: known, missing: reasons };
  }
}
