import type { Joules, Milliseconds } from '../../util/units.ts';
import type { EpochCounters, EpochJoules, EpochReading } from './epoch-counters.ts';

export interface CombinedSource {
  readonly name: string;
  readonly counters: EpochCounters;
}

export interface CombinedCountersOptions {
  /** The best first. */
  readonly sources: readonly CombinedSource[];
  readonly names: () => readonly string[];
  /** Told where a node's energy comes from another source from now on. */
  readonly switched: (node: string, from: string, to: string) => void;
  /** A source must have been silent, or a better one have spoken, for so long before it is changed. */
  readonly patienceMilliseconds?: Milliseconds;
}

interface Kept {
  source: number;
  /** Added to what the source tells, so that the sum goes on over changes. */
  offset: Joules;
  joules: Joules;
  sourceEpoch: number;
  epoch: number;
  began: string;
  silentSince: Milliseconds | undefined;
  /** Since when a source was there, by its index. */
  readonly thereSince: Map<number, Milliseconds>;
}

/**
 * Several counters as one: the first that knows a node tells of it. A node changes its source only after some patience, never
 * unseen: it is another epoch, and told.
 */
export class CombinedCounters implements EpochCounters {
  readonly #options: CombinedCountersOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: CombinedCountersOptions) {
    this.#options = options;
  }

  async read(signal?: AbortSignal): Promise<EpochReading> {
    const { sources, names } = this.#options;
    const readings = await Promise.all(sources.map(({ counters }) => counters.read(signal)));
    const now = Math.max(0, ...readings.map(({ unixMilliseconds }) => unixMilliseconds));
    const nodes = new Map<string, EpochJoules>();
    const missing = new Map<string, string>();
    const wanted = new Set(names());
    for (const name of wanted) {
      const told = readings.map((reading) => reading.nodes.get(name));
      const source = this.#choose(name, told, now);
      const found = source === undefined ? undefined : told[source];
      if (found !== undefined) nodes.set(name, this.#follow(name, source!, found));
      else missing.set(name, this.#reasons(name, readings, source));
    }
    for (const name of [...this.#kept.keys()]) if (!wanted.has(name)) this.#kept.delete(name);
    return { unixMilliseconds: now, nodes, missing };
  }

  /** The source that is to tell of the node; undefined where none ever did. */
  #choose(name: string, told: readonly (EpochJoules | undefined)[], now: Milliseconds): number | undefined {
    const first = told.findIndex((each) => each !== undefined);
    const kept = this.#kept.get(name);
    if (kept === undefined) return first < 0 ? undefined : first;
    const { patienceMilliseconds = 300_000 } = this.#options;
    const { thereSince } = kept;
    for (const [source, each] of told.entries()) {
      if (each === undefined) thereSince.delete(source);
      else if (!thereSince.has(source)) thereSince.set(source, now);
    }
    if (told[kept.source] !== undefined) {
      kept.silentSince = undefined;
      const better = told.findIndex(
        (each, source) =>
          source < kept.source && each !== undefined && now - thereSince.get(source)! >= patienceMilliseconds,
      );
      return better < 0 ? kept.source : better;
    }
    kept.silentSince ??= now;
    return first >= 0 && now - kept.silentSince >= patienceMilliseconds ? first : kept.source;
  }

  #follow(name: string, source: number, told: EpochJoules): EpochJoules {
    const { sources, switched } = this.#options;
    let kept = this.#kept.get(name);
    if (kept === undefined) {
      kept = {
        source,
        offset: 0,
        joules: told.joules,
        sourceEpoch: told.epoch,
        epoch: 0,
        began: told.began,
        silentSince: undefined,
        thereSince: new Map(),
      };
      this.#kept.set(name, kept);
    } else if (kept.source !== source) {
      const [from, to] = [sources[kept.source]!.name, sources[source]!.name];
      kept.source = source;
      kept.offset = kept.joules - told.joules;
      kept.epoch += 1;
      kept.began = `its energy comes from ${to} from now on, before from ${from}`;
      kept.sourceEpoch = told.epoch;
      kept.silentSince = undefined;
      switched(name, from, to);
    } else if (kept.sourceEpoch !== told.epoch) {
      kept.sourceEpoch = told.epoch;
      kept.epoch += 1;
      kept.began = told.began;
    }
    kept.joules = Math.max(kept.joules, told.joules + kept.offset);
    return { ...told, joules: kept.joules, epoch: kept.epoch, began: kept.began };
  }

  #reasons(name: string, readings: readonly EpochReading[], source: number | undefined): string {
    const { sources } = this.#options;
    const reasons = sources.flatMap(({ name: each }, at) => {
      const reason = readings[at]!.missing.get(name);
      return reason === undefined || (source !== undefined && at !== source) ? [] : [`${each}: ${reason}`];
    });
    return reasons.length === 0 ? 'no source knows this node' : reasons.join('; ');
  }
}
