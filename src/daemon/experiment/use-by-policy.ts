import type { JournalEvent } from '../../evaluation/switchback/journal-records.ts';
import { PodLedger } from '../../evaluation/switchback/pod-ledger.ts';
import { UsedCpu } from './used-cpu.ts';

/** Who placed what, for the CPU that is used: kept up with the journal, what was before this life included. */
export class UseByPolicy {
  readonly #ledger = new PodLedger();
  /** There before this life: their counters had begun. */
  #before: ReadonlySet<string> = new Set();
  readonly cpu = new UsedCpu({
    placedBy: (uid) => {
      const life = this.#ledger.life(uid);
      return life?.counts === true && life.boundAt !== undefined ? life.placedBy : undefined;
    },
    isNew: (uid) => !this.#before.has(uid),
  });

  observe(event: JournalEvent): void {
    if (event.kind === 'period') this.#ledger.side = event.side;
    else if (event.kind === 'broken') this.#ledger.side = undefined;
    else if (event.kind === 'begin') {
      this.#ledger.side = undefined;
      this.#ledger.begin(event);
      this.#before = new Set(event.alive);
    } else if (event.kind === 'pod') {
      this.#ledger.add(event);
      if (event.what === 'ended') this.cpu.ended(event.uid, event.at);
    }
  }
}
