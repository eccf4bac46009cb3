import type { NodeEnergyCounters, NodeEnergyReading } from '../../cluster/node-energy.ts';
import type { NodeSample, SampleRecord, UsedSample } from '../../evaluation/switchback/journal-records.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';

export interface EnergyReadingsOptions {
  readonly energy: NodeEnergyCounters;
  /** CPU seconds that pods used, of these nodes. */
  readonly used?: (nodes: Iterable<string>, now: Milliseconds) => UsedSample | undefined;
  readonly write: (sample: SampleRecord) => void;
  readonly log: Logger;
}

/** Reads counters for the journal, one reading at a time: a source that is slow is asked again when it has answered. */
export class EnergyReadings {
  readonly #o: EnergyReadingsOptions;
  #reading: Promise<void> | undefined;
  #missing = '';

  constructor(options: EnergyReadingsOptions) {
    this.#o = options;
  }

  /** Nodes without a reading the last time, and why; empty where there was none. */
  get missing(): string {
    return this.#missing;
  }

  /** When the reading that is on its way has ended. */
  get ended(): Promise<void> {
    return this.#reading ?? Promise.resolve();
  }

  begin(signal: AbortSignal): void {
    this.#reading ??= this.#read(signal).finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { energy, used, log, write } = this.#o;
    let reading: NodeEnergyReading;
    try {
      reading = await energy.read(signal);
    } catch (error) {
      // What is not read is missing, and counted as missing.
      if (!signal.aborted) log.error('experiment-energy-not-read', { error });
      return;
    }
    const { unixMilliseconds: at, nodes, missing } = reading;
    const cpu = used?.([...nodes.keys(), ...missing.keys()], at);
    this.#tellMissing(missing);
    write({
      kind: 'sample',
      at,
      nodes: Object.fromEntries(
        [...nodes].map(([name, { joules, asOfUnixMilliseconds, source }]): [string, NodeSample] => [
          name,
          [joules, asOfUnixMilliseconds, source],
        ]),
      ),
      missing: Object.fromEntries(missing),
      ...(cpu === undefined ? {} : { used: cpu }),
    });
  }

  #tellMissing(missing: ReadonlyMap<string, string>): void {
    const says = [...missing].map(([node, why]) => `${node}: ${why}`).join('; ');
    if (says !== '' && says !== this.#missing) this.#o.log.warn('experiment-energy-missing', { says });
    this.#missing = says;
  }
}
