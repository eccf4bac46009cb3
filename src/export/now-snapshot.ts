import type { IdleState } from '../attribution/interval.ts';
import type { EntityKind } from '../inventory/entity.ts';
import type { GapReason, Provenance, SourceName, ZoneKind } from '../meter/power-source.ts';
import { type Microjoules, meanWatts } from '../util/units.ts';
import { sumIsKnown, weakestProvenance } from './channels.ts';
import { type EntityTotals, totalEnergy } from './entity-ledger.ts';
import type { Ledger } from './ledger.ts';
import { type ZoneTotals, zoneWatts } from './zone-ledger.ts';

/** Power and energy as JSON tells them: null = unknown, never a default. */
export type Known = number | null;

export interface NowZone {
  readonly id: string;
  readonly kind: ZoneKind;
  readonly socket: number | null;
  readonly counted: boolean;
  readonly exclusion: string;
  readonly source: SourceName;
  readonly provenance: Provenance;
  readonly path: string;
  /** What the path alone does not tell, such as the processor and the error of an estimate; often empty. */
  readonly description: string;
  readonly watts: Known;
  readonly maxWatts: Known;
  readonly idleWatts: number;
  readonly idleState: IdleState;
  readonly joules: number;
  readonly gap: GapReason | null;
  readonly gaps: Readonly<Partial<Record<GapReason, number>>>;
}

export interface NowEntity {
  readonly key: string;
  readonly kind: EntityKind;
  readonly name: string;
  readonly namespace: string;
  readonly pid: number | null;
  readonly exe: string;
  readonly runtime: string;
  readonly containerId: string;
  readonly podUid: string;
  readonly vmId: string;
  readonly state: 'running' | 'terminated';
  /** Mean power in the last interval over all counted zones; 0 for one that did nothing. */
  readonly watts: Known;
  /** Energy since the daemon started. */
  readonly joules: number;
  /** CPUs kept busy in the last interval. */
  readonly cpus: number;
  readonly cpuSeconds: number;
  /** Of the weakest zone that it is charged by; null while nothing is known of its energy. */
  readonly provenance: Provenance | null;
}

/** The answer of `GET /v1/now`: the last interval and the sums since start. Powers in watts, energies in joules. */
export interface NowSnapshot {
  readonly schema: 1;
  readonly nodeName: string;
  readonly version: string;
  readonly sequence: number;
  readonly unixMilliseconds: number;
  readonly intervalMilliseconds: number;
  readonly node: {
    readonly watts: Known;
    readonly idleWatts: Known;
    readonly activeWatts: Known;
    readonly unattributedWatts: Known;
    readonly joules: number;
    readonly idleJoules: number;
    readonly activeJoules: number;
    readonly unattributedJoules: number;
    /** CPUs kept busy by the whole host. */
    readonly cpus: Known;
    readonly cpuCount: number;
    readonly processCount: number;
    /** Of the weakest counted zone; null where there is none. */
    readonly provenance: Provenance | null;
    readonly sources: readonly SourceName[];
    /** `provisional` if the idle power of any counted zone is. */
    readonly idleState: IdleState | null;
  };
  readonly zones: readonly NowZone[];
  readonly entities: readonly NowEntity[];
  readonly remarks: readonly string[];
}

/** undefined before the first interval. */
export function nowSnapshot(
  ledger: Ledger,
  identity: { readonly nodeName: string; readonly version: string },
): NowSnapshot | undefined {
  const { last } = ledger;
  if (last === undefined) return undefined;
  const zones = [...ledger.zones.zones()];
  const counted = zones.filter(({ zone }) => zone.counted);
  const known = sumIsKnown(counted.map((totals) => totals.last));
  const watts = (energy: Microjoules) =>
    known ? rounded(meanWatts(energy, last.durationNanoseconds)) : null;
  const joules = (
    part: 'energyMicrojoules' | 'idleMicrojoules' | 'activeMicrojoules' | 'unattributedMicrojoules',
  ) => rounded(counted.reduce((sum, totals) => sum + totals[part], 0) / 1e6);
  return {
    schema: 1,
    ...identity,
    sequence: last.sequence,
    unixMilliseconds: last.endUnixMilliseconds,
    intervalMilliseconds: rounded(last.durationNanoseconds / 1e6),
    node: {
      watts: watts(last.energyMicrojoules),
      idleWatts: watts(last.idleMicrojoules),
      activeWatts: watts(last.activeMicrojoules),
      unattributedWatts: watts(last.unattributedMicrojoules),
      joules: joules('energyMicrojoules'),
      idleJoules: joules('idleMicrojoules'),
      activeJoules: joules('activeMicrojoules'),
      unattributedJoules: joules('unattributedMicrojoules'),
      cpus: Number.isFinite(last.busyNanoseconds)
        ? rounded(last.busyNanoseconds / last.durationNanoseconds)
        : null,
      cpuCount: last.cpuCount,
      processCount: last.processCount,
      provenance: weakestProvenance(counted.map(({ zone }) => zone.provenance)) ?? null,
      sources: [...new Set(counted.map(({ zone }) => zone.source))],
      idleState: weakestIdleState(counted),
    },
    zones: zones.map((totals) => nowZone(totals, last.durationNanoseconds)),
    entities: [...ledger.entities.entities()].map((totals) => nowEntity(ledger, totals)),
    remarks: last.remarks,
  };
}

function nowZone(totals: ZoneTotals, duration: number): NowZone {
  const { zone, last } = totals;
  const watts = zoneWatts(totals, 'energyMicrojoules', duration);
  return {
    id: zone.id,
    kind: zone.kind,
    socket: zone.socket ?? null,
    counted: zone.counted,
    exclusion: zone.exclusion,
    source: zone.source,
    provenance: zone.provenance,
    path: zone.path,
    description: zone.description ?? '',
    watts: watts === undefined ? null : rounded(watts),
    maxWatts: last.maxWatts === undefined ? null : rounded(last.maxWatts),
    idleWatts: rounded(last.idleWatts),
    idleState: last.idleState,
    joules: rounded(totals.energyMicrojoules / 1e6),
    gap: last.gap ?? null,
    gaps: Object.fromEntries(totals.gaps),
  };
}

function nowEntity({ entities }: Ledger, totals: EntityTotals): NowEntity {
  const { key, kind, name, namespace, pid, exe, runtime, containerId, podUid, vmId } = totals.entity;
  const charging = entities.channels.filter((_, channel) => (totals.totalMicrojoules[channel] ?? 0) > 0);
  let watts: Known = entities.channels.length > 0 ? 0 : null;
  for (const channel of entities.channels.keys()) {
    const part = entities.watts(totals, channel);
    watts = watts === null || part === undefined ? null : watts + part;
  }
  return {
    key,
    kind,
    name,
    namespace,
    pid: pid ?? null,
    exe,
    runtime,
    containerId,
    podUid,
    vmId,
    state: totals.endedAtNanoseconds === undefined ? 'running' : 'terminated',
    watts: watts === null ? null : rounded(watts),
    joules: rounded(totalEnergy(totals) / 1e6),
    cpus: rounded(entities.cpus(totals)),
    cpuSeconds: rounded(totals.cpuNanoseconds / 1e9),
    provenance: weakestProvenance(charging.map((channel) => channel.provenance)) ?? null,
  };
}

function weakestIdleState(zones: readonly ZoneTotals[]): IdleState | null {
  const states = new Set(zones.map(({ last }) => last.idleState));
  return (['provisional', 'learned', 'set'] as const).find((state) => states.has(state)) ?? null;
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
