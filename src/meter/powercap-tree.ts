import { join } from 'node:path';
import type { Microjoules, Watts } from '../util/units.ts';
import { listSysfs, readSysfsNumber, readSysfsText } from './sysfs.ts';

/** One RAPL zone as powercap lists it (Documentation/power/powercap/powercap.rst of Linux). */
export interface PowercapZone {
  /** `intel-rapl:0:1`. Its numbers are hexadecimal, and they are no package numbers. */
  readonly directory: string;
  /** `intel-rapl` (MSR or TPMI) or `intel-rapl-mmio`, which shows the same counters by another way. */
  readonly controlType: string;
  /** Directory of the zone that this one lies in; undefined at the top. */
  readonly parent: string | undefined;
  /** Text of the file `name`; undefined where it cannot be read. */
  readonly name: string | undefined;
  readonly path: string;
  readonly energyPath: string;
  /** `max_energy_range_uj`; undefined where it cannot be read or makes no sense. */
  readonly rangeMicrojoules: Microjoules | undefined;
  /** Largest limit or maximum among the zone's constraints; undefined where none is set. */
  readonly constraintWatts: Watts | undefined;
}

export interface PowercapTree {
  readonly zones: readonly PowercapZone[];
  /** Folder that was looked at last, and why it could not be listed ('' if it could). */
  readonly folder: string;
  readonly error: string;
}

const ZONE = /^(intel-rapl(?:-[a-z]+)?)((?::[0-9a-f]+)+)$/;
const CONTROL_TYPE = /^intel-rapl(?:-[a-z]+)?$/;
/** An unset limit reads as the register's largest value (4090 W and more); no zone of one host draws this much. */
const UNSET_WATTS = 4000;
const DEEPEST = 4;

/** Lists every zone below `<sys>/class/powercap`, or below `<sys>/devices/virtual/powercap` where that is missing. */
export function readPowercapTree(sys: string): PowercapTree {
  let tree: PowercapTree = { zones: [], folder: '', error: '' };
  for (const folder of [join(sys, 'class', 'powercap'), join(sys, 'devices', 'virtual', 'powercap')]) {
    const zones = new Map<string, PowercapZone>();
    const { error } = listSysfs(folder);
    visit(folder, zones, 0);
    tree = { zones: [...zones.values()].sort(byDirectory), folder, error };
    if (tree.zones.length > 0) break;
  }
  return tree;
}

/**
 * Zones come flat (class) or nested (devices), as links or as folders: each is taken once, by its name, and by the
 * shortest path to it.
 */
function visit(folder: string, zones: Map<string, PowercapZone>, depth: number): void {
  if (depth > DEEPEST) return;
  const entries = listSysfs(folder).names;
  const deeper: string[] = [];
  for (const entry of entries) {
    const match = ZONE.exec(entry);
    if (match === null) {
      if (CONTROL_TYPE.test(entry)) deeper.push(entry);
      continue;
    }
    if (zones.has(entry)) continue;
    zones.set(entry, readZone(join(folder, entry), entry, match[1] ?? ''));
    deeper.push(entry);
  }
  for (const entry of deeper) visit(join(folder, entry), zones, depth + 1);
}

function readZone(path: string, directory: string, controlType: string): PowercapZone {
  const range = readSysfsNumber(join(path, 'max_energy_range_uj'));
  const parts = directory.split(':');
  return {
    directory,
    controlType,
    parent: parts.length > 2 ? parts.slice(0, -1).join(':') : undefined,
    name: readSysfsText(join(path, 'name')).text,
    path,
    energyPath: join(path, 'energy_uj'),
    rangeMicrojoules: range !== undefined && range > 0 ? range : undefined,
    constraintWatts: readConstraintWatts(path),
  };
}

function readConstraintWatts(path: string): Watts | undefined {
  let largest: Watts | undefined;
  for (const file of listSysfs(path).names) {
    if (!/^constraint_\d+_(max_power|power_limit)_uw$/.test(file)) continue;
    const microwatts = readSysfsNumber(join(path, file));
    if (microwatts === undefined || microwatts <= 0) continue;
    const watts = microwatts / 1e6;
    if (watts < UNSET_WATTS && (largest === undefined || watts > largest)) largest = watts;
  }
  return largest;
}

function byDirectory(a: PowercapZone, b: PowercapZone): number {
  return a.directory < b.directory ? -1 : a.directory > b.directory ? 1 : 0;
}
