import { KisimError } from '../util/errors.ts';
import { meterErrors } from './errors.ts';
import type { HwmonRole } from './hwmon-zones.ts';
import type { PowerSource, SourceName, Zone } from './power-source.ts';
import { WithoutCounting } from './without-counting.ts';

export interface SourceCandidate {
  readonly name: SourceName;
  /** Makes the source; the role is for hwmon, which counts more where nothing else meters the processor. */
  create(role: HwmonRole): PowerSource;
}

/** What became of one candidate, for the log and the doctor. */
export interface SourceOutcome {
  readonly name: SourceName;
  readonly taken: boolean;
  /** One sentence: what it is taken for, or why it is not. */
  readonly reason: string;
  /** Where it was tried and refused. */
  readonly error: KisimError | undefined;
}

export interface SelectedSources {
  /** Open, in the order of the candidates; the caller closes them. No energy is counted in two of them. */
  readonly sources: readonly PowerSource[];
  /** The one that accounts for the processors; undefined where only GPUs can be metered. */
  readonly processorSource: SourceName | undefined;
  /** One for each candidate, in order. */
  readonly outcomes: readonly SourceOutcome[];
}

/** Of these one is taken: they show the same processors. */
const PROCESSOR_SOURCES: ReadonlySet<SourceName> = new Set<SourceName>([
  'rapl-perf',
  'rapl-powercap',
  'recorded',
]);

/**
 * Opens what can be used together, in the order of preference: one source for the processors, then hwmon and NVML
 * beside it. The estimate is opened only where it is among the candidates and nothing measures the processors,
 * wherever it stands in the order; a recording stands alone. Nothing is taken or left in silence: see `outcomes`.
 *
 * Throws KISIM_E_METER_NO_SOURCE, with the reason of every candidate, where none is left.
 */
export function openSources(candidates: readonly SourceCandidate[]): SelectedSources {
  const selection = new Selection(candidates);
  try {
    return selection.run();
  } catch (error) {
    selection.close();
    throw error;
  }
}

class Selection {
  readonly #candidates: readonly SourceCandidate[];
  readonly #open = new Map<SourceCandidate, PowerSource>();
  readonly #outcomes = new Map<SourceCandidate, Omit<SourceOutcome, 'name'>>();
  #processor: SourceName | undefined;

  constructor(candidates: readonly SourceCandidate[]) {
    this.#candidates = candidates;
  }

  run(): SelectedSources {
    this.#takeProcessorSource();
    this.#takeOthers();
    this.#takeEstimate();
    const outcomes = this.#candidates.map((candidate) => ({
      name: candidate.name,
      ...(this.#outcomes.get(candidate) ?? { taken: false, reason: 'not tried', error: undefined }),
    }));
    const sources = this.#withoutOverlap();
    if (!sources.some((source) => source.zones().some((zone) => zone.counted))) throw noSource(outcomes);
    return { sources, processorSource: this.#processor, outcomes };
  }

  close(): void {
    for (const source of this.#open.values()) source.close();
  }

  #takeProcessorSource(): void {
    for (const candidate of this.#candidates) {
      if (!PROCESSOR_SOURCES.has(candidate.name)) continue;
      if (this.#processor !== undefined) {
        this.#leave(candidate, `${this.#processor} meters the processors already`);
        continue;
      }
      const source = this.#tryOpen(candidate, 'processor-metered');
      if (source === undefined) continue;
      if (!countsProcessor(source.zones())) {
        this.#leave(candidate, 'it opened, but none of its zones can be counted');
        this.#discard(candidate, source);
        continue;
      }
      this.#take(candidate, 'meters the processors');
    }
  }

  #takeOthers(): void {
    for (const candidate of this.#candidates) {
      if (candidate.name !== 'hwmon' && candidate.name !== 'nvml') continue;
      if (this.#processor === 'recorded') {
        this.#leave(candidate, 'a recording stands for all that was measured when it was made');
        continue;
      }
      const role = this.#processor === undefined ? 'only-source' : 'processor-metered';
      const source = this.#tryOpen(candidate, role);
      if (source === undefined) continue;
      if (candidate.name === 'hwmon' && role === 'only-source' && countsProcessor(source.zones())) {
        this.#processor = 'hwmon';
        this.#take(candidate, 'meters the processors, as nothing else does');
      } else {
        this.#take(candidate, candidate.name === 'nvml' ? 'meters the GPUs' : 'meters what lies beside');
      }
    }
  }

  #takeEstimate(): void {
    for (const candidate of this.#candidates) {
      if (candidate.name !== 'estimated') continue;
      if (this.#processor !== undefined) {
        this.#leave(candidate, `${this.#processor} meters the processors, so nothing is estimated`);
        continue;
      }
      if (this.#tryOpen(candidate, 'only-source') === undefined) continue;
      this.#processor = 'estimated';
      this.#take(candidate, 'estimates, as nothing meters the processors');
    }
  }

  /** A zone of the whole machine holds everything that other sources see. */
  #withoutOverlap(): readonly PowerSource[] {
    const ordered = this.#candidates.flatMap((candidate) => this.#open.get(candidate) ?? []);
    const whole = ordered.find((source) => wholeMachine(source) !== undefined);
    if (whole === undefined) return ordered;
    const exclusion = `inside ${wholeMachine(whole)?.id}`;
    return ordered.map((source) => (source === whole ? source : new WithoutCounting(source, exclusion)));
  }

  #tryOpen(candidate: SourceCandidate, role: HwmonRole): PowerSource | undefined {
    try {
      const source = candidate.create(role);
      source.open();
      this.#open.set(candidate, source);
      return source;
    } catch (error) {
      // Anything without a code is a fault of the program, not a refusal of the host.
      if (!(error instanceof KisimError)) throw error;
      this.#outcomes.set(candidate, { taken: false, reason: error.message, error });
      return undefined;
    }
  }

  #take(candidate: SourceCandidate, reason: string): void {
    if (PROCESSOR_SOURCES.has(candidate.name)) this.#processor = candidate.name;
    this.#outcomes.set(candidate, { taken: true, reason, error: undefined });
  }

  #leave(candidate: SourceCandidate, reason: string): void {
    this.#outcomes.set(candidate, { taken: false, reason, error: undefined });
  }

  #discard(candidate: SourceCandidate, source: PowerSource): void {
    this.#open.delete(candidate);
    source.close();
  }
}

function countsProcessor(zones: readonly Zone[]): boolean {
  return zones.some((zone) => zone.counted && zone.kind !== 'gpu');
}

function wholeMachine(source: PowerSource): Zone | undefined {
  return source.zones().find((zone) => zone.counted && (zone.kind === 'board' || zone.kind === 'psys'));
}

function noSource(outcomes: readonly SourceOutcome[]): KisimError {
  const found = outcomes.map(({ name, reason }) => `${name}: ${reason}`).join('; ') || 'none is configured';
  const actions = outcomes.flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name}: ${error.action}`],
  );
  if (!outcomes.some(({ name }) => name === 'estimated')) {
    actions.push('or add `estimated` to meter.sources to go on without a sensor');
  }
  return meterErrors.KISIM_E_METER_NO_SOURCE(
    found,
    actions.length === 0 ? {} : { action: actions.join('; ') },
  );
}
