import type { EntityKind } from '../inventory/entity.ts';
import type { Microjoules } from '../util/units.ts';
import { entityLabels } from './entity-labels.ts';
import { type EntityTotals, totalEnergy } from './entity-ledger.ts';
import type { Ledger } from './ledger.ts';
import { entityFamiliesByKind } from './metric-families.ts';

export type ProcessMetric = 'joules' | 'watts' | 'seconds';

/**
 * Below this the energy of a process would be printed as 0.000: zero-energy processes get no series. What they burnt
 * is in `kisimd_unlisted_process_joules` and in that of their container, pod, VM and unit.
 */
const LISTED_FROM_MICROJOULES = 1e3;
/** What the series of processes may take on the page, for each process of the host, and for how many at least. */
const BYTES_A_PROCESS = 150;
const LEAST_PROCESSES = 200;
/** A sample's value, braces, quotes around the zone and the line's end; measured on real pages. */
const SAMPLE_OVERHEAD_BYTES = 26;
/** Who burns now stands beside who has burnt long: power counts as if it had been held for ten minutes. */
const POWER_COUNTS_SECONDS = 600;

/** Every entity of a kind that the ledger knows. */
export function listedEntities(ledger: Ledger, kind: EntityKind, nodeName: string): ListedEntities {
  return withEnergy(ledger, kind, nodeName, 0);
}

/** The processes that get series: not those without energy, and no more than the page has room for. */
export function listedProcesses(
  ledger: Ledger,
  nodeName: string,
  processMetrics: readonly ProcessMetric[],
): ListedEntities {
  return withinBudget(
    ledger,
    withEnergy(ledger, 'process', nodeName, LISTED_FROM_MICROJOULES),
    processMetrics,
  );
}

export interface ListedEntities {
  readonly shown: readonly EntityTotals[];
  readonly unlistedMicrojoules: Microjoules;
}

/** Entities of a kind with at least so much energy, with their label texts made; no two with the same. */
function withEnergy(ledger: Ledger, kind: EntityKind, nodeName: string, least: Microjoules): ListedEntities {
  const shown: EntityTotals[] = [];
  const ended = new Set<string>();
  let unlistedMicrojoules = 0;
  for (const totals of ledger.entities.entities()) {
    if (totals.entity.kind !== kind) continue;
    const energy = least > 0 ? totalEnergy(totals) : 0;
    if (energy < least) {
      unlistedMicrojoules += energy;
      continue;
    }
    if (totals.labels === '') totals.labels = entityLabels(totals, nodeName);
    if (totals.endedAtNanoseconds !== undefined) {
      // Two ended processes can have had one pid and name; a page must not hold a series twice.
      if (ended.has(totals.labels)) continue;
      ended.add(totals.labels);
    }
    shown.push(totals);
  }
  return { shown, unlistedMicrojoules };
}

/**
 * On a host where nearly every process has burnt something, the page would grow with all of them: the greatest are
 * listed, and the rest is in the sum of the unlisted.
 */
function withinBudget(
  ledger: Ledger,
  known: ListedEntities,
  processMetrics: readonly ProcessMetric[],
): ListedEntities {
  const { entities, last } = ledger;
  const budget = BYTES_A_PROCESS * Math.max(LEAST_PROCESSES, last?.processCount ?? 0);
  const channels = [...entities.channels.entries()];
  const size = (totals: EntityTotals) => {
    let bytes = 0;
    for (const metric of processMetrics) {
      const line =
        entityFamiliesByKind.process[metric].name.length + totals.labels.length + SAMPLE_OVERHEAD_BYTES;
      if (metric === 'seconds') bytes += line;
      else for (const [index] of channels) if (hasSample(ledger, totals, index, metric)) bytes += line;
    }
    return bytes;
  };
  const rank = (totals: EntityTotals) => {
    let watts = 0;
    for (const [index] of channels) watts += entities.watts(totals, index) ?? 0;
    return totalEnergy(totals) + watts * POWER_COUNTS_SECONDS * 1e6;
  };
  const sized = known.shown.map((totals) => ({ totals, bytes: size(totals), rank: 0 }));
  if (sized.reduce((sum, { bytes }) => sum + bytes, 0) <= budget) return known;

  for (const entry of sized) entry.rank = rank(entry.totals);
  sized.sort((a, b) => b.rank - a.rank);
  const shown: EntityTotals[] = [];
  let { unlistedMicrojoules } = known;
  let left = budget;
  for (const { totals, bytes } of sized) {
    left -= bytes;
    if (left >= 0) shown.push(totals);
    else unlistedMicrojoules += totalEnergy(totals);
  }
  return { shown, unlistedMicrojoules };
}

function hasSample(ledger: Ledger, totals: EntityTotals, channel: number, metric: ProcessMetric): boolean {
  return metric === 'joules'
    ? (totals.totalMicrojoules[channel] ?? 0) > 0
    : (ledger.entities.watts(totals, channel) ?? 0) > 0;
}
