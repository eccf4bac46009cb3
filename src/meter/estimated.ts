import { energyOf, type Nanoseconds, type Watts } from '../util/units.ts';
import { type CpuIdentity, readCpuIdentity } from './estimated/cpu-identity.ts';
import {
  chooseWatts,
  curveAt,
  readWattsTable,
  type WattsChoice,
  type WattsTable,
} from './estimated/watts-table.ts';
import type { PowerSource, ReadContext, Zone, ZoneReading } from './power-source.ts';

export interface EstimatedOptions {
  /** Usually `/proc`. */
  readonly proc: string;
  /** Another table than the one that comes with the program, for tests. */
  readonly table?: WattsTable;
}

export interface Estimate {
  readonly cpu: CpuIdentity;
  readonly choice: WattsChoice;
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
}

/** Nothing above twice the table's full watts can come out of the curve; this only names a bound. */
const CEILING_FACTOR = 2;
/** Where the table stands below the program's folder. */
const TABLE = 'models/cpu-watts.json';

/**
 * No sensor at all: a table of watts by processor and the CPU's busy time.
 *
 *     watts = idle + (full - idle) * curve(busy CPU time / (interval * CPUs)), idle and full per thread * CPUs
 *
 * One zone, always marked `estimated`; its path names the row of the table, its description the processor, the step of
 * the look-up and the class of error.
 *
 * `open` throws KISIM_E_METER_CPUINFO_UNREADABLE or KISIM_E_METER_WATTS_TABLE.
 */
export class EstimatedSource implements PowerSource {
  readonly name = 'estimated';
  readonly #options: EstimatedOptions;
  #estimate: Estimate | undefined;
  #curve: readonly number[] = [];
  #zones: readonly Zone[] = [];
  #last: Nanoseconds | undefined;

  constructor(options: EstimatedOptions) {
    this.#options = options;
  }

  open(): void {
    const table = this.#options.table ?? readWattsTable();
    const cpu = readCpuIdentity(this.#options.proc);
    const choice = chooseWatts(table, cpu);
    this.#curve = table.curve;
    this.#estimate = {
      cpu,
      choice,
      idleWatts: choice.watts.idleWattsPerThread * cpu.threads,
      fullWatts: choice.watts.maxWattsPerThread * cpu.threads,
    };
    this.#zones = [
      {
        id: 'node-estimated',
        kind: 'other',
        socket: undefined,
        counted: true,
        exclusion: '',
        path: `${TABLE}#${choice.watts.name}`,
        description: describe(this.#estimate),
        source: 'estimated',
        provenance: 'estimated',
        knownIdleWatts: this.#estimate.idleWatts,
        maxWatts: CEILING_FACTOR * this.#estimate.fullWatts,
      },
    ];
    this.#last = undefined;
  }

  zones(): readonly Zone[] {
    return this.#zones;
  }

  /** What the estimate stands on, after `open`. */
  estimate(): Estimate | undefined {
    return this.#estimate;
  }

  read(context: ReadContext): readonly ZoneReading[] {
    const [zone] = this.#zones;
    if (zone === undefined) return [];
    const last = this.#last;
    const interval = last === undefined ? 0 : Math.max(0, context.monotonicNanoseconds - last);
    const watts = last === undefined ? undefined : this.#watts(context, interval);
    // Where the busy time is unknown the time goes into the gap: the next busy time will not cover it.
    this.#last = context.monotonicNanoseconds;
    return [
      {
        zone,
        energyMicrojoules: watts === undefined ? undefined : energyOf(watts, interval),
        gap: watts !== undefined ? undefined : last === undefined ? 'first-reading' : 'unreadable',
        intervalNanoseconds: interval,
        maxWatts: undefined,
      },
    ];
  }

  close(): void {
    this.#last = undefined;
  }

  /** undefined where the interval's busy time is not known. CPUs may come and go: those of now count. */
  #watts({ busyNanoseconds, cpuCount }: ReadContext, interval: Nanoseconds): Watts | undefined {
    const estimate = this.#estimate;
    if (estimate === undefined || !(busyNanoseconds >= 0) || cpuCount <= 0) return undefined;
    const { idleWattsPerThread: idle, maxWattsPerThread: full } = estimate.choice.watts;
    const utilisation = interval === 0 ? 0 : busyNanoseconds / (interval * cpuCount);
    return cpuCount * (idle + (full - idle) * curveAt(this.#curve, utilisation));
  }
}

function describe({ cpu, choice, idleWatts, fullWatts }: Estimate): string {
  const name = cpu.modelName || `${cpu.implementer ?? 'unknown'} part ${cpu.part ?? 'unknown'}`;
  const { watts, step } = choice;
  const found = {
    microarchitecture: `microarchitecture ${watts.name}`,
    vendor: `model not in the table, median of ${watts.name}`,
    any: 'processor not in the table, median of all',
  }[step];
  const percent = (share: number) => Math.round(share * 100);
  return (
    `${name} (${found}, ${watts.servers} servers): ${idleWatts.toFixed(1)} W idle to ${fullWatts.toFixed(1)} W ` +
    `for ${cpu.threads} ${cpu.virtual ? 'threads of this guest' : 'threads'}, ` +
    `error up to ${percent(watts.idleErrorP90)} % idle and ${percent(watts.maxErrorP90)} % at full load (9 of 10 servers)`
  );
}
