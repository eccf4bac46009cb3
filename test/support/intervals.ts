import type { EnergyInterval, EntityShare, ZoneInterval } from '../../src/attribution/interval.ts';
import type { Entity, EntityKind } from '../../src/inventory/entity.ts';
import type { Zone } from '../../src/meter/power-source.ts';

/** Hand-made intervals for the tests of what reads them. */
export function aZone(over: Partial<Zone> = {}): Zone {
  const id = over.id ?? 'package-0';
  return {
    id,
    kind: 'package',
    socket: 0,
    counted: true,
    exclusion: '',
    path: `/sys/class/powercap/${id}`,
    source: 'rapl-powercap',
    provenance: 'measured',
    maxWatts: 1000,
    ...over,
  };
}

export function anEntity(kind: EntityKind, name: string, over: Partial<Entity> = {}): Entity {
  return {
    key: kind === 'process' ? `process:${over.pid ?? 1}:100` : `${kind}:${name}`,
    kind,
    name,
    namespace: '',
    pid: kind === 'process' ? (over.pid ?? 1) : undefined,
    exe: '',
    runtime: '',
    containerId: '',
    podUid: '',
    vmId: '',
    ...over,
  };
}

/** A zone of which idle, active and unattributed parts are given in joules. */
export function zoneInterval(
  zone: Zone,
  joules: { idle?: number; active?: number; unattributed?: number },
  over: Partial<ZoneInterval> = {},
): ZoneInterval {
  const { idle = 0, active = 0, unattributed = 0 } = joules;
  return {
    zone,
    energyMicrojoules: (idle + active + unattributed) * 1e6,
    gap: undefined,
    idleMicrojoules: idle * 1e6,
    activeMicrojoules: active * 1e6,
    unattributedMicrojoules: unattributed * 1e6,
    idleState: 'learned',
    idleWatts: idle,
    maxWatts: undefined,
    ...over,
  };
}

/** A zone whose energy is unknown in the interval. */
export function zoneGap(zone: Zone, gap: NonNullable<ZoneInterval['gap']>): ZoneInterval {
  return { ...zoneInterval(zone, {}), energyMicrojoules: undefined, gap };
}

export function share(
  entity: Entity,
  joulesByZone: readonly number[],
  over: { cpuSeconds?: number; terminated?: boolean; counted?: readonly boolean[] } = {},
): EntityShare {
  const counted = joulesByZone.filter((_, i) => over.counted?.[i] ?? true);
  return {
    entity,
    energyMicrojoules: counted.reduce((sum, joules) => sum + joules, 0) * 1e6,
    cpuNanoseconds: (over.cpuSeconds ?? 0) * 1e9,
    zoneMicrojoules: Float64Array.from(joulesByZone, (joules) => joules * 1e6),
    terminated: over.terminated ?? false,
  };
}

/** One-second intervals by default, the n-th ending at second n. */
export function anInterval(
  sequence: number,
  zones: readonly ZoneInterval[],
  shares: readonly EntityShare[] = [],
  over: Partial<EnergyInterval> = {},
): EnergyInterval {
  const known = zones.filter(
    ({ zone, energyMicrojoules }) => zone.counted && energyMicrojoules !== undefined,
  );
  const sum = (
    part: 'energyMicrojoules' | 'idleMicrojoules' | 'activeMicrojoules' | 'unattributedMicrojoules',
  ) => known.reduce((total, zone) => total + (zone[part] ?? 0), 0);
  return {
    sequence,
    startUnixMilliseconds: 1_700_000_000_000 + (sequence - 1) * 1000,
    endUnixMilliseconds: 1_700_000_000_000 + sequence * 1000,
    endMonotonicNanoseconds: sequence * 1e9,
    durationNanoseconds: 1e9,
    zones,
    energyMicrojoules: sum('energyMicrojoules'),
    idleMicrojoules: sum('idleMicrojoules'),
    activeMicrojoules: sum('activeMicrojoules'),
    unattributedMicrojoules: sum('unattributedMicrojoules'),
    busyNanoseconds: 1e9,
    cpuCount: 2,
    shares,
    processCount: shares.length,
    remarks: [],
    ...over,
  };
}
