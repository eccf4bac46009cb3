import { join } from 'node:path';
import type { Zone } from './power-source.ts';
import { RAPL_CEILING_WATTS, raplExclusion } from './rapl-domains.ts';
import type { PerfEnergyEvent } from './rapl-perf-events.ts';
import { readSysfsNumber, readSysfsText } from './sysfs.ts';

/** A zone to be, and the counters that make it up: one, or one for every core where a socket's cores are summed. */
export interface PerfPlace {
  readonly zone: Zone;
  readonly event: PerfEnergyEvent;
  readonly cpus: readonly number[];
}

export interface CpuPlaces {
  /** Physical package of a CPU; undefined where the kernel does not say. */
  socketOf(cpu: number): number | undefined;
  dieOf(cpu: number): number | undefined;
  /** AMD and Hygon count a package as a whole, whatever the kernel takes for a die. */
  readonly packageWide: boolean;
}

export function readCpuPlaces(sys: string, proc: string): CpuPlaces {
  const topology = (cpu: number, file: string) => {
    const number = readSysfsNumber(join(sys, 'devices', 'system', 'cpu', `cpu${cpu}`, 'topology', file));
    return number !== undefined && number >= 0 ? number : undefined;
  };
  const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(readSysfsText(join(proc, 'cpuinfo')).text ?? '')?.[1];
  return {
    socketOf: (cpu) => topology(cpu, 'physical_package_id'),
    dieOf: (cpu) => topology(cpu, 'die_id'),
    packageWide: vendor === 'AuthenticAMD' || vendor === 'HygonGenuine',
  };
}

/**
 * Which zones the events make, with the ids that powercap would give them (`package-0`, `package-0-die-1` where
 * several dies of one package have a counter, `dram-0`, `core-0`, `psys`). Counted are packages and the DRAM beside
 * them; core and uncore lie inside the package, and psys holds all: it is counted only where it is all there is.
 */
export function placePerfEvents(events: readonly PerfEnergyEvent[], places: CpuPlaces): readonly PerfPlace[] {
  const found: PerfPlace[] = [];
  const hasPackage = events.some(({ kind }) => kind === 'package');
  const hasPsys = events.some(({ kind }) => kind === 'psys');
  // The sum over cores and the kernel's own figure for all cores are the same energy.
  const hasCores = events.some(({ name }) => name === 'energy-cores');
  for (const event of events) {
    if (event.name === 'energy-core') {
      if (!hasCores) found.push(...perSocketSums(event, places, hasPackage, hasPsys));
      continue;
    }
    // One counter for the whole board; the kernel lists it for every package.
    const cpus = event.kind === 'psys' ? event.cpus.slice(0, 1) : event.cpus;
    for (const cpu of cpus) found.push(placeOne(event, cpu, cpus, places, hasPackage, hasPsys));
  }
  return found;
}

function placeOne(
  event: PerfEnergyEvent,
  cpu: number,
  cpus: readonly number[],
  places: CpuPlaces,
  hasPackage: boolean,
  hasPsys: boolean,
): PerfPlace {
  const { kind } = event;
  const socket = kind === 'psys' ? undefined : places.socketOf(cpu);
  const siblings = socket === undefined ? [] : cpus.filter((other) => places.socketOf(other) === socket);
  const suffix = siblings.length > 1 ? dieSuffix(cpu, siblings, places) : '';
  const name = kind === 'other' ? event.name.replace(/^energy-/, '') : kind;
  const first = siblings[0];
  const mirrors = places.packageWide && siblings.length > 1 && first !== undefined && first !== cpu;
  const exclusion = mirrors
    ? `mirror of ${name}-${socket}${dieSuffix(first, siblings, places)}`
    : raplExclusion(kind, hasPackage, hasPsys);
  const id = kind === 'psys' ? 'psys' : `${name}-${socket ?? `cpu-${cpu}`}${suffix}`;
  return { event, cpus: [cpu], zone: makeZone(event, id, socket, exclusion, `on CPU ${cpu}`) };
}

function perSocketSums(
  event: PerfEnergyEvent,
  places: CpuPlaces,
  hasPackage: boolean,
  hasPsys: boolean,
): readonly PerfPlace[] {
  const bySocket = new Map<number | undefined, number[]>();
  for (const cpu of event.cpus) {
    const socket = places.socketOf(cpu);
    const cores = bySocket.get(socket);
    if (cores === undefined) bySocket.set(socket, [cpu]);
    else cores.push(cpu);
  }
  return [...bySocket].map(([socket, cpus]) => {
    const exclusion = raplExclusion('core', hasPackage, hasPsys);
    const id = `core-${socket ?? `cpu-${cpus[0]}`}`;
    return { event, cpus, zone: makeZone(event, id, socket, exclusion, `sum of ${cpus.length} cores`) };
  });
}

function makeZone(
  event: PerfEnergyEvent,
  id: string,
  socket: number | undefined,
  exclusion: string,
  where: string,
): Zone {
  return {
    id,
    kind: event.kind,
    socket,
    counted: exclusion === '',
    exclusion,
    path: `${event.path} (${where})`,
    source: 'rapl-perf',
    provenance: 'measured',
    maxWatts: RAPL_CEILING_WATTS[event.kind],
  };
}

/** Dies are named by number; where the kernel tells none, or the same for all, by the CPU they are read on. */
function dieSuffix(cpu: number, siblings: readonly number[], places: CpuPlaces): string {
  const dies = new Set(siblings.map((other) => places.dieOf(other)));
  return dies.size === siblings.length && !dies.has(undefined) ? `-die-${places.dieOf(cpu)}` : `-cpu-${cpu}`;
}
