import type { EntityKind } from '../inventory/entity.ts';
import type { Provenance } from '../meter/power-source.ts';
import type { MetricFamily } from '../util/exposition.ts';
import { decimalText, type ExpositionFormat, ExpositionWriter, labelText } from '../util/exposition.ts';
import type { Nanoseconds } from '../util/units.ts';
import type { EntityTotals } from './entity-ledger.ts';
import type { Ledger } from './ledger.ts';
import { listedEntities, listedProcesses, type ProcessMetric } from './listed-entities.ts';
import { entityFamiliesByKind, nodeFamilies, ownFamilies } from './metric-families.ts';
import { type ExporterIdentity, type ExporterStatus, writeOwnMetrics } from './own-metrics.ts';
import { writePlacementMetrics } from './placement-metrics.ts';
import type { PlacementView } from './placement-view.ts';
import { type ZoneTotals, zoneWatts } from './zone-ledger.ts';

export interface MetricsOptions {
  readonly identity: ExporterIdentity;
  readonly zeroEnergyProcesses: boolean;
  /** Which families a process gets. Other entities are few and get all. */
  readonly processMetrics: readonly ProcessMetric[];
  readonly status?: ExporterStatus;
  /** Left out: there is no placement loop. */
  readonly placement?: PlacementView;
  /** Of `cpuInfoLabels`. */
  readonly cpuInfo?: readonly string[];
  /** Called for each entity on the page that has ended. */
  readonly onEndedShown?: (totals: EntityTotals) => void;
}

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
  if (options.placement !== undefined) writePlacementMetrics(writer, options.placement);
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
  const { shown, unlistedMicrojoules } =
    isProcess && !zeroEnergyProcesses
      ? listedProcesses(ledger, identity.nodeName, processMetrics)
      : listedEntities(ledger, kind, identity.nodeName);
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

function gpuUuid(zoneId: string): string {
  return zoneId.startsWith('gpu-') ? zoneId.slice('gpu-'.length) : zoneId;
}
