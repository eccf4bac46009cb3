import type { EntityKind } from '../inventory/entity.ts';
import type { Provenance } from '../meter/power-source.ts';
import type { Microjoules, Nanoseconds } from '../util/units.ts';
import { type EntityTotals, totalEnergy } from './entity-ledger.ts';
import { decimalText, type ExpositionFormat, ExpositionWriter, labelText } from './exposition.ts';
import type { Ledger } from './ledger.ts';
import { entityFamiliesByKind, type MetricFamily, nodeFamilies, ownFamilies } from './metric-families.ts';
import { type ExporterIdentity, type ExporterStatus, writeOwnMetrics } from './own-metrics.ts';
import { type ZoneTotals, zoneWatts } from './zone-ledger.ts';

export type ProcessMetric = 'joules' | 'watts' | 'seconds';

export interface MetricsOptions {
  readonly identity: ExporterIdentity;
  readonly zeroEnergyProcesses: boolean;
  /** Which families a process gets. Other entities are few and get all. */
  readonly processMetrics: readonly ProcessMetric[];
  readonly status?: ExporterStatus;
  /** Of `cpuInfoLabels`. */
  readonly cpuInfo?: readonly string[];
  /** Called for each entity on the page that has ended. */
  readonly onEndedShown?: (totals: EntityTotals) => void;
}

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

/** Every metric as text. Reads the ledger and changes nothing in it. */
export function metricsText(ledger: Ledger, format: ExpositionFormat, options: MetricsOptions): string {
  const writer = new ExpositionWriter(format);
  writeNode(writer, ledger, options.identity.nodeName);
  writer.family(nodeFamilies.cpuInfo);
  for (const labels of options.cpuInfo ?? []) writer.sample(labels, '1');
  for (const kind of ['process', 'container', 'vm', 'pod', 'unit'] as const) {
    writeEntities(writer, ledger, kind, options);
  }
  writeOwnMetrics(writer, ledger, options.identity, options.status);
  return writer.finish();
}

/** `source="estimated"` only where it is not a measurement, so that queries made for Kepler find its label set. */
function sourceLabel(provenance: Provenance): string {
  return provenance === 'measured' ? '' : provenance;
}

function writeNode(writer: ExpositionWriter, ledger: Ledger, nodeName: string): void {
  const { last } = ledger;
  if (last === undefined) return;
  const duration = last.durationNanoseconds;
  const cpu: [ZoneTotals, string][] = [];
  const gpu: [ZoneTotals, string][] = [];
  const board: [ZoneTotals, string][] = [];
  for (const totals of ledger.zones.zones()) {
    const { zone, path } = totals;
    const source = sourceLabel(zone.provenance);
    if (zone.kind === 'gpu') {
      const vendor = zone.source === 'nvml' ? 'nvidia' : '';
      gpu.push([totals, labelText({ gpu_uuid: gpuUuid(zone.id), vendor, node_name: nodeName, source })]);
    } else if (zone.kind === 'board') {
      board.push([
        totals,
        labelText({ source: zone.source, node_name: nodeName, power_control_id: zone.id }),
      ]);
    } else {
      const label = zone.kind === 'other' ? zone.id : zone.kind;
      cpu.push([totals, labelText({ zone: label, path, node_name: nodeName, source })]);
    }
  }
  const f = nodeFamilies;
  writeZones(
    writer,
    cpu,
    duration,
    f.joules,
    f.watts,
    f.activeJoules,
    f.activeWatts,
    f.idleJoules,
    f.idleWatts,
  );
  writer.family(f.usage);
  const capacity = last.cpuCount * duration;
  if (capacity > 0 && Number.isFinite(last.busyNanoseconds)) {
    // Two clocks (/proc/stat and the monotonic one) can disagree by a tick when all CPUs are busy.
    writer.sample(
      labelText({ node_name: nodeName }),
      decimalText(Math.min(1, last.busyNanoseconds / capacity), 6),
    );
  }
  writeZones(
    writer,
    gpu,
    duration,
    f.gpuJoules,
    f.gpuWatts,
    f.gpuActiveJoules,
    f.gpuActiveWatts,
    f.gpuIdleJoules,
    f.gpuIdleWatts,
  );
  writer.family(f.platformWatts);
  for (const [totals, labels] of board) {
    writeWatts(writer, labels, zoneWatts(totals, 'energyMicrojoules', duration));
  }
}

function writeZones(
  writer: ExpositionWriter,
  zones: readonly [ZoneTotals, string][],
  duration: Nanoseconds,
  joules: MetricFamily,
  watts: MetricFamily,
  activeJoules: MetricFamily,
  activeWatts: MetricFamily,
  idleJoules: MetricFamily,
  idleWatts: MetricFamily,
): void {
  // Only zones that are part of the sum are split; a core zone inside its package is shown as it is read.
  const counted = zones.filter(([{ zone }]) => zone.counted);
  writer.family(joules);
  for (const [t, labels] of zones) writer.sample(labels, decimalText(t.energyMicrojoules / 1e6, 6));
  writer.family(watts);
  for (const [t, labels] of zones) writeWatts(writer, labels, zoneWatts(t, 'energyMicrojoules', duration));
  writer.family(activeJoules);
  for (const [t, labels] of counted) {
    writer.sample(labels, decimalText((t.activeMicrojoules + t.unattributedMicrojoules) / 1e6, 6));
  }
  writer.family(activeWatts);
  for (const [t, labels] of counted) {
    const charged = zoneWatts(t, 'activeMicrojoules', duration);
    const rest = zoneWatts(t, 'unattributedMicrojoules', duration);
    writeWatts(writer, labels, charged === undefined || rest === undefined ? undefined : charged + rest);
  }
  writer.family(idleJoules);
  for (const [t, labels] of counted) writer.sample(labels, decimalText(t.idleMicrojoules / 1e6, 6));
  writer.family(idleWatts);
  for (const [t, labels] of counted) writeWatts(writer, labels, zoneWatts(t, 'idleMicrojoules', duration));
}

/** An unknown power has no sample: Prometheus then shows a hole, not a zero. */
function writeWatts(writer: ExpositionWriter, labels: string, watts: number | undefined): void {
  if (watts !== undefined) writer.sample(labels, decimalText(watts, 6));
}

function writeEntities(
  writer: ExpositionWriter,
  ledger: Ledger,
  kind: EntityKind,
  { identity, zeroEnergyProcesses, processMetrics, onEndedShown }: MetricsOptions,
): void {
  const { entities } = ledger;
  const isProcess = kind === 'process';
  const least = isProcess && !zeroEnergyProcesses ? LISTED_FROM_MICROJOULES : 0;
  const known = exportable(ledger, kind, identity.nodeName, least);
  const limited = isProcess && !zeroEnergyProcesses;
  const { shown, unlistedMicrojoules } = limited ? withinBudget(ledger, known, processMetrics) : known;
  for (const totals of shown) if (totals.endedAtNanoseconds !== undefined) onEndedShown?.(totals);
  const zeros = !isProcess || zeroEnergyProcesses;
  const wants = (metric: ProcessMetric) => !isProcess || processMetrics.includes(metric);
  const families = entityFamiliesByKind[kind];
  for (const gpu of [false, true]) {
    const channels = [...entities.channels.entries()]
      .filter(([, channel]) => (channel.gpu !== undefined) === gpu)
      .map(([index, { gpu: zone, id, provenance }]) => {
        const name = zone === undefined ? { zone: id } : { gpu_uuid: gpuUuid(id) };
        return { index, suffix: labelText({ ...name, source: sourceLabel(provenance) }) };
      });
    const perChannel = (
      metric: ProcessMetric,
      family: MetricFamily,
      value: (totals: EntityTotals, channel: number) => number | undefined,
    ) => {
      if (!wants(metric)) return;
      writer.family(family);
      for (const totals of shown) {
        for (const { index, suffix } of channels) {
          const number = value(totals, index);
          if (number === undefined) continue;
          const text = decimalText(number, 3);
          const used = text !== '0' || (zeros && (!gpu || (totals.totalMicrojoules[index] ?? 0) > 0));
          if (used) writer.sample(`${totals.labels},${suffix}`, text);
        }
      }
    };
    perChannel('joules', gpu ? families.gpuJoules : families.joules, (totals, channel) => {
      return (totals.totalMicrojoules[channel] ?? 0) / 1e6;
    });
    perChannel('watts', gpu ? families.gpuWatts : families.watts, (totals, channel) => {
      return entities.watts(totals, channel);
    });
  }
  if (wants('seconds')) {
    writer.family(families.seconds);
    for (const totals of shown) writer.sample(totals.labels, decimalText(totals.cpuNanoseconds / 1e9, 3));
  }
  if (!isProcess) return;
  writer.family(ownFamilies.unlisted);
  writer.sample('', decimalText(unlistedMicrojoules / 1e6, 3));
}

interface Exportable {
  readonly shown: readonly EntityTotals[];
  readonly unlistedMicrojoules: Microjoules;
}

/** Entities of a kind with at least so much energy, with their label texts made; no two with the same. */
function exportable(ledger: Ledger, kind: EntityKind, nodeName: string, least: Microjoules): Exportable {
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
  known: Exportable,
  processMetrics: readonly ProcessMetric[],
): Exportable {
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

/** The labels of an entity without zone and source. */
export function entityLabels(totals: EntityTotals, nodeName: string): string {
  const { entity } = totals;
  const state = totals.endedAtNanoseconds === undefined ? 'running' : 'terminated';
  switch (entity.kind) {
    case 'process':
      // No node_name here: with a thousand processes it would be the greater part of what Prometheus already
      // knows as `instance`.
      return labelText({
        pid: String(entity.pid ?? 0),
        comm: entity.name,
        exe: entity.exe,
        type: entity.vmId !== '' ? 'vm' : entity.containerId !== '' ? 'container' : 'regular',
        state,
        container_id: entity.containerId,
        vm_id: entity.vmId,
        account: exitedAccount(entity.key),
      });
    case 'container':
      return labelText({
        container_id: entity.containerId,
        container_name: entity.name,
        runtime: entity.runtime,
        state,
        pod_id: entity.podUid,
        node_name: nodeName,
      });
    case 'vm':
      return labelText({
        vm_id: entity.vmId,
        vm_name: entity.name,
        hypervisor: entity.runtime,
        state,
        pod_id: entity.podUid,
        node_name: nodeName,
      });
    case 'pod':
      return labelText({
        pod_id: entity.podUid,
        pod_name: entity.name,
        pod_namespace: entity.namespace,
        state,
        node_name: nodeName,
      });
    case 'unit':
      return labelText({
        unit: entity.name,
        cgroup: entity.key.slice('unit:'.length),
        state,
        node_name: nodeName,
      });
  }
}

const exitedPrefix = 'process:exited:';

/** What exited between two scans has no pid; the account that it belonged to makes its series unique. */
function exitedAccount(key: string): string {
  return key.startsWith(exitedPrefix) ? key.slice(exitedPrefix.length) : '';
}

function gpuUuid(zoneId: string): string {
  return zoneId.startsWith('gpu-') ? zoneId.slice('gpu-'.length) : zoneId;
}
