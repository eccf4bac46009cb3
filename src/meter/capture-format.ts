import type { Nanoseconds } from '../util/units.ts';
import { meterErrors } from './errors.ts';
import type { GapReason, Zone, ZoneReading } from './power-source.ts';

/**
 * A capture is a folder with a file `energy.jsonl`: JSON, one value a line.
 *
 * Line 1: `{"format":"kisimd-energy","version":1,"zones":[Zone, ...]}`, zones as in power-source.ts.
 *
 * Every other line is one reading of all zones:
 * `{"t":ns,"busy":ns|null,"cpus":n,"r":[[uJ|null, gap|null, interval ns, peak W|null], ...]}`
 *
 * - `t`: monotonic nanoseconds since the first reading, whose `t` is 0. It only marks the start.
 * - `busy`, `cpus`: CPU time worked since the reading before, and the number of CPUs.
 * - `r`: one entry a zone, in the order of the zones. Either the energy or the reason for its absence is null.
 * - `z`, only where it has changed: `[[index, counted, exclusion], ...]`, when a source finds out while it runs that
 *   two zones are one. What was found last holds for the whole capture.
 */
export const CAPTURE_FILE = 'energy.jsonl';
const FORMAT = 'kisimd-energy';
const VERSION = 1;

export interface CaptureRecord {
  readonly nanoseconds: Nanoseconds;
  readonly busyNanoseconds: Nanoseconds | undefined;
  readonly cpuCount: number;
  readonly readings: readonly Omit<ZoneReading, 'zone'>[];
}

export interface Capture {
  readonly zones: readonly Zone[];
  readonly records: readonly CaptureRecord[];
  /** The last line was cut off, as by a crash while it was written; it is left out. */
  readonly truncated: boolean;
}

const GAPS: ReadonlySet<unknown> = new Set<GapReason>([
  'first-reading',
  'unreadable',
  'vanished',
  'gap-exceeds-wrap',
  'negative-jump',
  'absurd-jump',
]);

export function encodeHeader(zones: readonly Zone[]): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, zones: zones.map((zone) => ({ ...zone })) })}\n`;
}

export function encodeRecord(
  record: Omit<CaptureRecord, 'readings'>,
  readings: readonly ZoneReading[],
  changed: readonly (readonly [index: number, zone: Zone])[],
): string {
  return `${JSON.stringify({
    t: record.nanoseconds,
    busy: record.busyNanoseconds ?? null,
    cpus: record.cpuCount,
    r: readings.map(({ energyMicrojoules, gap, intervalNanoseconds, maxWatts }) => [
      energyMicrojoules ?? null,
      gap ?? null,
      intervalNanoseconds,
      maxWatts ?? null,
    ]),
    ...(changed.length === 0
      ? {}
      : { z: changed.map(([index, zone]) => [index, zone.counted, zone.exclusion]) }),
  })}\n`;
}

/** Throws KISIM_E_METER_RECORDING_INVALID with the number of the line. */
export function decodeCapture(text: string): Capture {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const header = parse(lines[0], 1);
  if (header?.['format'] !== FORMAT || header['version'] !== VERSION) {
    throw invalid(1, `not the first line of a ${FORMAT} capture of version ${VERSION}`);
  }
  if (!Array.isArray(header['zones']) || header['zones'].length === 0 || !header['zones'].every(isZone)) {
    throw invalid(1, 'zones are missing or not complete');
  }
  const zones: Zone[] = header['zones'];
  const records: CaptureRecord[] = [];
  for (const [at, line] of lines.slice(1).entries()) {
    records.push(decodeRecord(line, at + 2, zones, records.at(-1)));
  }
  if (records.length < 2) throw invalid(lines.length + 1, 'fewer than two readings');
  return { zones, records, truncated: last !== '' };
}

function decodeRecord(
  line: string,
  number: number,
  zones: Zone[],
  previous: CaptureRecord | undefined,
): CaptureRecord {
  const value = parse(line, number);
  const { t, busy, cpus, r, z } = value ?? {};
  if (typeof t !== 'number' || (previous === undefined ? t !== 0 : t <= previous.nanoseconds)) {
    throw invalid(number, 't does not start at 0 and grow');
  }
  if (busy !== null && typeof busy !== 'number') throw invalid(number, 'busy is no number');
  if (typeof cpus !== 'number') throw invalid(number, 'cpus is no number');
  if (!Array.isArray(r) || r.length !== zones.length)
    throw invalid(number, `r is not ${zones.length} entries`);
  for (const change of Array.isArray(z) ? z : []) {
    const [index, counted, exclusion] = change as [number, boolean, string];
    const zone = zones[index];
    if (zone === undefined) throw invalid(number, `z names zone ${index}`);
    zones[index] = { ...zone, counted, exclusion };
  }
  return {
    nanoseconds: t,
    busyNanoseconds: busy ?? undefined,
    cpuCount: cpus,
    readings: r.map((entry) => decodeReading(entry, number)),
  };
}

function decodeReading(entry: unknown, number: number): Omit<ZoneReading, 'zone'> {
  const [energy, gap, interval, peak] = Array.isArray(entry) ? entry : [];
  const known = typeof energy === 'number' && energy >= 0 && gap === null;
  if (!known && !(energy === null && GAPS.has(gap)))
    throw invalid(number, 'neither an energy nor a known gap');
  if (typeof interval !== 'number' || interval < 0) throw invalid(number, 'the interval is no number');
  return {
    energyMicrojoules: known ? energy : undefined,
    gap: known ? undefined : gap,
    intervalNanoseconds: interval,
    maxWatts: typeof peak === 'number' ? peak : undefined,
  };
}

function parse(line: string | undefined, number: number): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line ?? '');
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch (cause) {
    throw invalid(number, cause instanceof Error ? cause.message : String(cause));
  }
}

function isZone(value: unknown): value is Zone {
  if (typeof value !== 'object' || value === null) return false;
  const zone = value as Partial<Zone>;
  return (
    typeof zone.id === 'string' &&
    typeof zone.kind === 'string' &&
    typeof zone.counted === 'boolean' &&
    typeof zone.exclusion === 'string' &&
    typeof zone.path === 'string' &&
    typeof zone.maxWatts === 'number'
  );
}

function invalid(line: number, found: string) {
  return meterErrors.KISIM_E_METER_RECORDING_INVALID(`line ${line}: ${found}`);
}
