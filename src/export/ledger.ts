import type { EnergyInterval, IntervalSink } from '../attribution/interval.ts';
import { EntityLedger, type EntityLedgerOptions } from './entity-ledger.ts';
import { ZoneLedger } from './zone-ledger.ts';

/**
 * What the exporters tell: sums since the start of the daemon and the last interval. Filled by the meter alone;
 * reading it changes nothing in it but the mark "exported" of what has ended.
 */
export class Ledger implements IntervalSink {
  readonly zones = new ZoneLedger();
  readonly entities: EntityLedger;
  readonly remarks = new Map<string, number>();
  #last: EnergyInterval | undefined;
  #intervals = 0;

  constructor(options: EntityLedgerOptions) {
    this.entities = new EntityLedger(options);
  }

  /** The last interval; undefined before the first one. */
  get last(): EnergyInterval | undefined {
    return this.#last;
  }

  /** How many intervals have come in. */
  get intervals(): number {
    return this.#intervals;
  }

  accept(interval: EnergyInterval): void {
    this.#last = interval;
    this.#intervals++;
    this.zones.accept(interval);
    this.entities.accept(interval);
    for (const remark of interval.remarks) this.remarks.set(remark, (this.remarks.get(remark) ?? 0) + 1);
  }
}
