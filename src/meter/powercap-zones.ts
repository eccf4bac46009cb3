import type { Watts } from '../util/units.ts';
import type { Zone, ZoneKind } from './power-source.ts';
import type { PowercapZone } from './powercap-tree.ts';
import { RAPL_CEILING_WATTS, raplExclusion } from './rapl-domains.ts';

/** A zone of the source `rapl-powercap`; only `counted` and `exclusion` change, when a suspected mirror is cleared. */
export type MutableZone = { -readonly [K in keyof Zone]: Zone[K] };

export interface PlacedZone {
  readonly source: PowercapZone;
  readonly kind: ZoneKind;
  readonly socket: number | undefined;
  readonly die: number | undefined;
  readonly zone: MutableZone;
}

/**
 * A constraint is what the zone is held to over its time window; short of it the power can be higher for a moment
 * (PL4 is about twice PL2). Three times the largest is out of reach for a package, and still finds a broken counter.
 */
const CONSTRAINT_FACTOR = 3;
const LEAST_WATTS = 100;

/**
 * Names every zone, finds its socket and decides which ones make up the node's sum: packages and DRAM beside them.
 * Core and uncore lie inside the package, psys holds all; mmio shows what the MSR shows. `readable` tells whether a
 * zone's counter can be read: of two that show the same, one that can be read is taken.
 */
export function placeZones(
  zones: readonly PowercapZone[],
  readable: (zone: PowercapZone) => boolean,
): readonly PlacedZone[] {
  const byDirectory = new Map(zones.map((zone) => [zone.directory, zone]));
  const domains = zones.map((source) => ({ source, ...domainOf(source, byDirectory) }));
  const primaries = new Map<string, PowercapZone>();
  for (const domain of domains) {
    const key = identity(domain);
    const taken = primaries.get(key);
    if (taken === undefined || isBetter(domain.source, taken, readable)) primaries.set(key, domain.source);
  }
  const hasPackage = domains.some((domain) => domain.kind === 'package');
  const hasPsys = domains.some((domain) => domain.kind === 'psys');
  const used = new Set<string>();
  return domains.map((domain) => {
    const primary = primaries.get(identity(domain));
    const exclusion =
      primary !== undefined && primary !== domain.source
        ? `duplicate of ${primary.directory}`
        : raplExclusion(domain.kind, hasPackage, hasPsys);
    return {
      ...domain,
      zone: {
        id: uniqueId(domain, used),
        kind: domain.kind,
        socket: domain.socket,
        counted: exclusion === '',
        exclusion,
        path: domain.source.energyPath,
        source: 'rapl-powercap',
        provenance: 'measured',
        maxWatts: ceiling(domain),
      },
    };
  });
}

interface Domain {
  readonly kind: ZoneKind;
  readonly socket: number | undefined;
  readonly die: number | undefined;
}

function domainOf(zone: PowercapZone, byDirectory: ReadonlyMap<string, PowercapZone>): Domain {
  const own = parsePackage(zone.name);
  if (own !== undefined) return { kind: 'package', ...own };
  if (zone.name === 'psys' || /^platform-\d+$/.test(zone.name ?? '')) {
    return { kind: 'psys', socket: undefined, die: undefined };
  }
  // Names of subzones repeat in every package: which one it is, only the parent tells.
  const parent = ancestorPackage(zone, byDirectory);
  const kind: ZoneKind =
    zone.name === 'core' || zone.name === 'uncore' || zone.name === 'dram' ? zone.name : 'other';
  return { kind, socket: parent?.socket, die: parent?.die };
}

function parsePackage(
  name: string | undefined,
): { readonly socket: number; readonly die: number | undefined } | undefined {
  const match = /^package-(\d+)(?:-die-(\d+))?$/.exec(name ?? '');
  if (match === null) return undefined;
  return { socket: Number(match[1]), die: match[2] === undefined ? undefined : Number(match[2]) };
}

function ancestorPackage(zone: PowercapZone, byDirectory: ReadonlyMap<string, PowercapZone>) {
  let at = zone.parent;
  while (at !== undefined) {
    const parent = byDirectory.get(at);
    const found = parsePackage(parent?.name);
    if (found !== undefined) return found;
    at = parent?.parent;
  }
  return undefined;
}

/** What two zones share that show the same thing. Without a socket nothing can be said to be the same. */
function identity(domain: Domain & { readonly source: PowercapZone }): string {
  if (domain.socket === undefined || domain.kind === 'other') return domain.source.directory;
  return `${domain.kind}/${domain.socket}/${domain.die ?? ''}`;
}

function isBetter(
  candidate: PowercapZone,
  taken: PowercapZone,
  readable: (zone: PowercapZone) => boolean,
): boolean {
  if (readable(candidate) !== readable(taken)) return readable(candidate);
  return candidate.controlType === 'intel-rapl' && taken.controlType !== 'intel-rapl';
}

function ceiling({ kind, source }: Domain & { readonly source: PowercapZone }): Watts {
  if (source.constraintWatts === undefined) return RAPL_CEILING_WATTS[kind];
  return Math.max(LEAST_WATTS, CONSTRAINT_FACTOR * source.constraintWatts);
}

function uniqueId(domain: Domain & { readonly source: PowercapZone }, used: Set<string>): string {
  const { kind, socket, die, source } = domain;
  const suffix = source.controlType.replace(/^intel-rapl/, '');
  let id = source.directory;
  if (kind === 'psys') id = source.name ?? 'psys';
  else if (kind !== 'other' && socket !== undefined) {
    id = `${kind}-${socket}${die === undefined ? '' : `-die-${die}`}${suffix}`;
  }
  if (used.has(id)) id = `${id}@${source.directory}`;
  used.add(id);
  return id;
}
