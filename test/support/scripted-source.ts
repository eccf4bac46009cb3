import type {
  GapReason,
  PowerSource,
  ReadContext,
  SourceName,
  Zone,
  ZoneKind,
  ZoneReading,
} from '../../src/meter/power-source.ts';
import { KisimError } from '../../src/util/errors.ts';

export function testZone(id: string, kind: ZoneKind = 'package', exclusion = ''): Zone {
  return {
    id,
    kind,
    socket: kind === 'package' ? 0 : undefined,
    counted: exclusion === '',
    exclusion,
    path: `/test/${id}`,
    source: 'rapl-powercap',
    provenance: 'measured',
    maxWatts: 500,
  };
}

/** A source whose readings are written down: first a first reading, then one row of energies or gaps a call. */
export interface ScriptedSource extends PowerSource {
  readonly opened: number;
  readonly closed: number;
}

export function scriptedSource(
  zones: readonly Zone[],
  rows: readonly (readonly (number | GapReason)[])[] = [],
  options: { readonly name?: SourceName; readonly refusal?: KisimError | Error } = {},
): ScriptedSource {
  let last: number | undefined;
  let row = 0;
  const counts = { opened: 0, closed: 0 };
  return {
    name: options.name ?? 'rapl-powercap',
    get opened() {
      return counts.opened;
    },
    get closed() {
      return counts.closed;
    },
    open() {
      if (options.refusal !== undefined) throw options.refusal;
      counts.opened += 1;
      last = undefined;
      row = 0;
    },
    zones: () => zones,
    read(context: ReadContext): readonly ZoneReading[] {
      const before = last;
      last = context.monotonicNanoseconds;
      const values = before === undefined ? undefined : rows[row++];
      return zones.map((zone, at) => {
        const value = before === undefined ? 'first-reading' : (values?.[at] ?? 'unreadable');
        return {
          zone,
          energyMicrojoules: typeof value === 'number' ? value : undefined,
          gap: typeof value === 'number' ? undefined : value,
          intervalNanoseconds: before === undefined ? 0 : context.monotonicNanoseconds - before,
          maxWatts: undefined,
        };
      });
    },
    close() {
      counts.closed += 1;
    },
  };
}

export function refusal(code: string, action: string): KisimError {
  return new KisimError(code, { summary: 'refused', expected: 'a better host', action }, 'this host');
}
