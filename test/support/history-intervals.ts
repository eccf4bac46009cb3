import type { EnergyInterval, EntityShare, ZoneInterval } from '../../src/attribution/interval.ts';
import type { Config } from '../../src/config/config.ts';
import type { Entity, EntityKind } from '../../src/inventory/entity.ts';
import type { Provenance, Zone } from '../../src/meter/power-source.ts';

/** An hour boundary: 2026-01-01T00:00:00Z. */
export const START_UNIX_SECONDS = 1_767_225_600;

export function historyConfig(path: string, changes: Partial<Config['history']> = {}): Config['history'] {
  return {
    enabled: true,
    path,
    recentHours: 2,
    blockDays: 30,
    minuteDays: 30,
    processMinuteDays: 7,
    hourDays: 3650,
    decisionDays: 365,
    busyTimeoutMilliseconds: 200,
    ...changes,
  };
}

export function entityOf(kind: EntityKind, id: string, changes: Partial<Entity> = {}): Entity {
  return {
    key: `${kind}:${id}`,
    kind,
    name: id,
    namespace: kind === 'pod' ? 'default' : '',
    pid: kind === 'process' ? 1 : undefined,
    exe: '',
    runtime: kind === 'container' ? 'containerd' : '',
    containerId: kind === 'container' ? id : '',
    podUid: kind === 'pod' ? id : '',
    vmId: kind === 'vm' ? id : '',
    ...changes,
  };
}

export function zoneOf(id: string, changes: Partial<Zone> = {}): Zone {
  return {
    id,
    kind: 'package',
    socket: 0,
    counted: true,
    exclusion: '',
    path: '',
    source: 'rapl-powercap',
    provenance: 'measured',
    maxWatts: 500,
    ...changes,
  };
}

export interface IntervalParts {
  readonly startUnixMilliseconds: number;
  readonly milliseconds: number;
  readonly idle: number;
  readonly unattributed: number;
  /** Energy in microjoules and CPU time in nanoseconds by entity. */
  readonly shares: readonly {
    readonly entity: Entity;
    readonly uj: number;
    readonly cpuNs?: number;
    readonly terminated?: boolean;
  }[];
  readonly provenance?: Provenance;
  readonly idleState?: ZoneInterval['idleState'];
  /** The zone could not be read: no energy at all is known. */
  readonly gap?: ZoneInterval['gap'];
  readonly remarks?: readonly string[];
}

/** An interval whose node energy is the sum of its parts, from one zone. */
export function makeInterval(parts: IntervalParts): EnergyInterval {
  const known = parts.gap === undefined;
  const active = parts.shares.reduce((sum, { entity, uj }) => sum + (entity.kind === 'process' ? uj : 0), 0);
  const total = parts.idle + parts.unattributed + active;
  const zone: ZoneInterval = {
    zone: zoneOf('package-0', { provenance: parts.provenance ?? 'measured' }),
    energyMicrojoules: known ? total : undefined,
    gap: parts.gap,
    idleMicrojoules: known ? parts.idle : 0,
    activeMicrojoules: known ? active : 0,
    unattributedMicrojoules: known ? parts.unattributed : 0,
    idleState: parts.idleState ?? 'learned',
    idleWatts: 10,
    maxWatts: undefined,
  };
  const shares: EntityShare[] = parts.shares.map(({ entity, uj, cpuNs, terminated }) => ({
    entity,
    energyMicrojoules: known ? uj : 0,
    cpuNanoseconds: cpuNs ?? 0,
    zoneMicrojoules: Float64Array.of(known ? uj : 0),
    terminated: terminated ?? false,
  }));
  return {
    sequence: 0,
    startUnixMilliseconds: parts.startUnixMilliseconds,
    endUnixMilliseconds: parts.startUnixMilliseconds + parts.milliseconds,
    endMonotonicNanoseconds: 0,
    durationNanoseconds: parts.milliseconds * 1e6,
    zones: [zone],
    energyMicrojoules: known ? total : 0,
    idleMicrojoules: zone.idleMicrojoules,
    activeMicrojoules: zone.activeMicrojoules,
    unattributedMicrojoules: zone.unattributedMicrojoules,
    busyNanoseconds: shares.reduce((sum, share) => sum + share.cpuNanoseconds, 0),
    cpuCount: 2,
    shares,
    processCount: parts.shares.length,
    remarks: parts.remarks ?? [],
  };
}

/** A node with one pod of one container of one process; each second a different, repeatable energy. */
export function steadySecond(second: number): EnergyInterval {
  const uj = 1_000_000 + ((second * 7919) % 500_000) + 0.3;
  const pod = entityOf('pod', 'uid-1', { name: 'web-1' });
  const container = entityOf('container', 'c1', { name: 'web', podUid: 'uid-1' });
  const process = entityOf('process', '100:5', {
    name: 'node',
    pid: 100,
    containerId: 'c1',
    podUid: 'uid-1',
  });
  return makeInterval({
    startUnixMilliseconds: second * 1000,
    milliseconds: 1000,
    idle: 10_000_000.4,
    unattributed: 20_000.2,
    shares: [pod, container, process].map((entity) => ({ entity, uj, cpuNs: 5e8 })),
  });
}
