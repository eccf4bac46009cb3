import {
  type LoggedRecord,
  type OfflineRecord,
  type PairingRecord,
  type RunRecord,
  recordKey,
} from './records.ts';
import { OFFLINE } from './suite.ts';

/** The records of a benchmark by their place. All that a suite asks for must be there. */
export class RecordIndex {
  readonly #runs = new Map<string, RunRecord>();
  readonly #pairings = new Map<string, PairingRecord>();
  readonly #offline = new Map<string, OfflineRecord>();

  constructor(records: readonly LoggedRecord[]) {
    for (const record of records) {
      if (record.kind === 'run') this.#runs.set(recordKey(record, record.policy), record);
      else if (record.kind === 'offline') this.#offline.set(recordKey(record, ''), record);
      else this.#pairings.set(recordKey(record, ''), record);
    }
  }

  run(cell: string, cluster: number, seed: number, policy: string): RunRecord {
    return present(this.#runs.get(recordKey({ cell, cluster, seed }, policy)), `${policy} on ${cell}`);
  }

  offline(cell: string, cluster: number, seed: number): OfflineRecord {
    return present(this.#offline.get(recordKey({ cell, cluster, seed }, '')), `${OFFLINE} on ${cell}`);
  }

  pairing(cell: string, cluster: number, seed: number): PairingRecord {
    return present(this.#pairings.get(recordKey({ cell, cluster, seed }, '')), cell);
  }
}

function present<T>(record: T | undefined, what: string): T {
  if (record === undefined) throw new Error(`no record of ${what}: summarise needs every run of its suite`);
  return record;
}
