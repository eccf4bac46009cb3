import type { EnergyInterval, ZoneInterval } from '../attribution/interval.ts';
import type { GapReason, Zone } from '../meter/power-source.ts';
import { type Microjoules, meanWatts, type Nanoseconds, type Watts } from '../util/units.ts';

/** What one zone has given since the start of the exporter. */
export interface ZoneTotals {
  readonly zone: Zone;
  /** `zone.path`, made unique where zones of one kind share a path (perf events of several sockets). */
  readonly path: string;
  energyMicrojoules: Microjoules;
  idleMicrojoules: Microjoules;
  activeMicrojoules: Microjoules;
  unattributedMicrojoules: Microjoules;
  readonly gaps: Map<GapReason, number>;
  last: ZoneInterval;
}

/** Mean power of a part of the zone's energy in its last interval; undefined where the energy was unknown. */
export function zoneWatts(
  totals: ZoneTotals,
  part: 'energyMicrojoules' | 'idleMicrojoules' | 'activeMicrojoules' | 'unattributedMicrojoules',
  durationNanoseconds: Nanoseconds,
): Watts | undefined {
  const energy = totals.last.energyMicrojoules === undefined ? undefined : totals.last[part];
  return energy === undefined ? undefined : meanWatts(energy, durationNanoseconds);
}

/** Sums per zone of the machine since start. */
export class ZoneLedger {
  readonly #totals = new Map<string, ZoneTotals>();

  zones(): Iterable<ZoneTotals> {
    return this.#totals.values();
  }

  accept(interval: EnergyInterval): void {
    for (const zoneInterval of interval.zones) {
      const totals = this.#totals.get(zoneInterval.zone.id) ?? this.#add(zoneInterval);
      totals.last = zoneInterval;
      if (zoneInterval.gap !== undefined) {
        totals.gaps.set(zoneInterval.gap, (totals.gaps.get(zoneInterval.gap) ?? 0) + 1);
      }
      if (zoneInterval.energyMicrojoules === undefined) continue;
      totals.energyMicrojoules += zoneInterval.energyMicrojoules;
      totals.idleMicrojoules += zoneInterval.idleMicrojoules;
      totals.activeMicrojoules += zoneInterval.activeMicrojoules;
      totals.unattributedMicrojoules += zoneInterval.unattributedMicrojoules;
    }
  }

  #add(last: ZoneInterval): ZoneTotals {
    const { zone } = last;
    const { path } = zone;
    const taken = [...this.#totals.values()].some((t) => t.zone.kind === zone.kind && t.path === path);
    const totals: ZoneTotals = {
      zone,
      path: taken ? `${path}#${zone.id}` : path,
      energyMicrojoules: 0,
      idleMicrojoules: 0,
      activeMicrojoules: 0,
      unattributedMicrojoules: 0,
      gaps: new Map(),
      last,
    };
    this.#totals.set(zone.id, totals);
    return totals;
  }
}
