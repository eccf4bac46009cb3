import { join } from 'node:path';
import type { ZoneKind } from './power-source.ts';
import { listSysfs, readSysfsNumber, readSysfsText } from './sysfs.ts';

/** One event of one of the kernel's energy PMUs, as sysfs describes it (arch/x86/events/rapl.c). */
export interface PerfEnergyEvent {
  /** `power`: package scope; `power_core`: one counter a core (AMD, Linux 6.15 and newer). */
  readonly pmu: string;
  /** `energy-pkg`, `energy-cores`, `energy-ram`, `energy-gpu`, `energy-psys`, `energy-core`. */
  readonly name: string;
  readonly kind: ZoneKind;
  /** File that describes it, for people. */
  readonly path: string;
  readonly type: number;
  readonly config: number;
  readonly joulesPerCount: number;
  /** CPUs to open it on: one for every package, die or core that has a counter of its own. */
  readonly cpus: readonly number[];
}

export interface PerfEnergyEvents {
  readonly events: readonly PerfEnergyEvent[];
  /** What is there and cannot be used, one sentence each. */
  readonly notes: readonly string[];
}

const PMUS = ['power', 'power_core'] as const;

const KINDS: ReadonlyMap<string, ZoneKind> = new Map([
  ['energy-pkg', 'package'],
  ['energy-cores', 'core'],
  ['energy-core', 'core'],
  ['energy-ram', 'dram'],
  ['energy-gpu', 'uncore'],
  ['energy-psys', 'psys'],
]);

/** Reads `<sys>/bus/event_source/devices/{power,power_core}`. An event that makes no sense is a note, never a throw. */
export function readPerfEnergyEvents(sys: string): PerfEnergyEvents {
  const events: PerfEnergyEvent[] = [];
  const notes: string[] = [];
  for (const pmu of PMUS) {
    const folder = join(sys, 'bus', 'event_source', 'devices', pmu);
    const type = readSysfsNumber(join(folder, 'type'));
    if (type === undefined) continue;
    const mask = readSysfsText(join(folder, 'cpumask'));
    const cpus = parseCpuList(mask.text ?? '');
    if (cpus === undefined || cpus.length === 0) {
      notes.push(`${pmu}: cpumask is no list of CPUs (${mask.error || mask.text})`);
      continue;
    }
    const shift = eventShift(folder);
    for (const name of listSysfs(join(folder, 'events')).names) {
      if (!name.startsWith('energy-') || name.includes('.')) continue;
      const path = join(folder, 'events', name);
      const found = describe(path, shift);
      if (typeof found === 'string') notes.push(`${pmu}/${name}: ${found}`);
      else events.push({ pmu, name, kind: KINDS.get(name) ?? 'other', path, type, cpus, ...found });
    }
  }
  return { events, notes };
}

/**
 * The CPUs of a list in the kernel's form ("0,18-19"), ascending; undefined where it is none.
 *
 * @example
 * parseCpuList('0,18-19'); // [0, 18, 19]
 */
export function parseCpuList(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    // A kernel of today has at most 8192 CPUs: anything above is a broken file, not a reason to loop for ever.
    if (last < first || last > 65_535) return undefined;
    for (let cpu = first; cpu <= last; cpu += 1) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

function describe(
  path: string,
  shift: number | undefined,
): Pick<PerfEnergyEvent, 'config' | 'joulesPerCount'> | string {
  const term = readSysfsText(path);
  const match = /^event=(0x[0-9a-f]+|\d+)$/i.exec(term.text ?? '');
  if (match === null || shift === undefined) return `not understood (${term.error || term.text})`;
  const unit = readSysfsText(`${path}.unit`);
  if (unit.text !== 'Joules') return `its unit is ${unit.error || unit.text}, not Joules`;
  const scale = readSysfsText(`${path}.scale`);
  const joulesPerCount = Number(scale.text || Number.NaN);
  if (!(joulesPerCount > 0 && joulesPerCount <= 1)) return `its scale is ${scale.error || scale.text}`;
  return { config: Number(match[1]) * 2 ** shift, joulesPerCount };
}

/** Lowest bit of the field `event` in `config`; the energy PMUs all say "config:0-7". */
function eventShift(folder: string): number | undefined {
  const match = /^config:(\d+)(?:-\d+)?$/.exec(readSysfsText(join(folder, 'format', 'event')).text ?? '');
  return match === null ? undefined : Number(match[1]);
}
