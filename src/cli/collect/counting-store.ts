import { statSync } from 'node:fs';
import type { CollectionStore } from '../../controller/collect/collector.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import type { History } from '../../history/history.ts';
import { systemErrorCode } from '../../util/errors.ts';

/** A history that counts what it is handed. */
export class CountingStore implements CollectionStore, ClusterRecordSink {
  readonly #history: History;
  readonly #path: string;
  records = 0;

  constructor(history: History, path: string) {
    this.#history = history;
    this.#path = path;
  }

  readonly collected: History['collected'] = (note) => {
    this.records += 1;
    this.#history.collected(note);
  };
  readonly podRun: History['podRun'] = (record) => {
    this.records += 1;
    this.#history.podRun(record);
  };
  readonly nodeEnergy: History['nodeEnergy'] = (record) => {
    this.records += 1;
    this.#history.nodeEnergy(record);
  };
  readonly nodeSeen: History['nodeSeen'] = (record) => {
    this.records += 1;
    this.#history.nodeSeen(record);
  };
  readonly podsPresent: History['podsPresent'] = (record) => this.#history.podsPresent(record);
  readonly clusterWatched: History['clusterWatched'] = (record) => this.#history.clusterWatched(record);

  flush(): boolean {
    return this.#history.flush();
  }

  get status(): { readonly lastError: string | undefined } {
    return this.#history.status;
  }

  /** With what SQLite has not merged yet. */
  get fileBytes(): number {
    return sizeOf(this.#path) + sizeOf(`${this.#path}-wal`);
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return 0;
  }
}
