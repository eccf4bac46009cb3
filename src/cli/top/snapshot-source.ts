import type { EnergyInterval, IntervalSink } from '../../attribution/interval.ts';
import type { Ledger } from '../../export/ledger.ts';
import { type NowSnapshot, nowSnapshot } from '../../export/now-snapshot.ts';
import { KisimError } from '../../util/errors.ts';
import type { DaemonClient } from '../daemon-client.ts';
import { meanSince } from './mean-since.ts';

/** Where `top` gets its figures from. */
export interface SnapshotSource {
  /** For the title: `daemon at 127.0.0.1:28282`, `own meter`. */
  readonly origin: string;
  /** Begins to call `onSnapshot`, once an interval; `onTrouble` with a sentence while there is none to be had. */
  start(onSnapshot: (snapshot: NowSnapshot) => void, onTrouble: (notice: string) => void): Promise<void>;
  stop(): Promise<void>;
}

/** Asks the running daemon once an interval. Where the daemon measures more often, shows the mean in between. */
export class DaemonSource implements SnapshotSource {
  readonly origin: string;
  readonly #client: Pick<DaemonClient, 'now' | 'address'>;
  readonly #everyMilliseconds: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #previous: NowSnapshot | undefined;

  constructor(client: Pick<DaemonClient, 'now' | 'address'>, everyMilliseconds: number) {
    this.#client = client;
    this.#everyMilliseconds = everyMilliseconds;
    this.origin = `daemon at ${client.address}`;
  }

  async start(
    onSnapshot: (snapshot: NowSnapshot) => void,
    onTrouble: (notice: string) => void,
  ): Promise<void> {
    const ask = async () => {
      const asked = performance.now();
      try {
        const snapshot = await this.#client.now();
        if (this.#stopped) return;
        if (snapshot === undefined) onTrouble('the daemon waits for its first interval');
        // The same interval as before: the daemon measures more seldom than we ask.
        else if (snapshot.sequence !== this.#previous?.sequence || !sameRun(snapshot, this.#previous)) {
          const previous = this.#previous;
          this.#previous = snapshot;
          onSnapshot(previous === undefined ? snapshot : meanSince(previous, snapshot));
        }
      } catch (error) {
        if (!(error instanceof KisimError)) throw error;
        if (!this.#stopped) onTrouble(error.message);
      }
      if (this.#stopped) return;
      const wait = Math.max(0, this.#everyMilliseconds - (performance.now() - asked));
      this.#timer = setTimeout(() => void ask(), wait);
    };
    await ask();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

/** A daemon that was started anew counts from zero. */
function sameRun(now: NowSnapshot, before: NowSnapshot | undefined): boolean {
  return before !== undefined && now.node.joules >= before.node.joules;
}

/** A meter in this process. */
export interface OwnMeter {
  addSink(sink: IntervalSink): void;
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** Meters in this process, for where no daemon runs. */
export class MeterSource implements SnapshotSource, IntervalSink {
  readonly origin = 'own meter';
  readonly #meter: OwnMeter;
  readonly #identity: { readonly nodeName: string; readonly version: string };
  readonly #ledger: Ledger;
  #onSnapshot: ((snapshot: NowSnapshot) => void) | undefined;

  constructor(
    meter: OwnMeter,
    identity: { readonly nodeName: string; readonly version: string },
    ledger: Ledger,
  ) {
    this.#meter = meter;
    this.#identity = identity;
    this.#ledger = ledger;
  }

  async start(onSnapshot: (snapshot: NowSnapshot) => void): Promise<void> {
    this.#onSnapshot = onSnapshot;
    this.#meter.addSink(this);
    await this.#meter.start();
  }

  async stop(): Promise<void> {
    this.#onSnapshot = undefined;
    await this.#meter.stop();
  }

  accept(interval: EnergyInterval): void {
    this.#ledger.accept(interval);
    const snapshot = nowSnapshot(this.#ledger, this.#identity);
    if (snapshot !== undefined) this.#onSnapshot?.(snapshot);
  }
}
