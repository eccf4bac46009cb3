import type { IdleState } from '../attribution/interval.ts';
import type { MetricFamily } from '../util/exposition.ts';
import { decimalText, type ExpositionWriter, labelText } from '../util/exposition.ts';
import type { Ledger } from './ledger.ts';
import { ownFamilies as families } from './metric-families.ts';

/** Who answers. */
export interface ExporterIdentity {
  readonly nodeName: string;
  readonly version: string;
}

/** What the daemon knows of itself beyond the intervals. What is absent is not exported. */
export interface ExporterStatus {
  /** Ticks of the meter that came a whole interval late. */
  readonly lateTicks?: number;
  readonly scanner?: {
    readonly births: string;
    readonly exits: string;
    readonly storm: boolean;
    readonly overruns: number;
    readonly unreadable: number;
  };
  readonly history?: { readonly backlogBatches: number; readonly droppedSeconds: number };
}

const idleStates: readonly IdleState[] = ['set', 'learned', 'provisional'];

export function writeOwnMetrics(
  writer: ExpositionWriter,
  ledger: Ledger,
  { version }: ExporterIdentity,
  status: ExporterStatus | undefined,
): void {
  const one = (family: MetricFamily, labels: Readonly<Record<string, string>>, text: string) => {
    writer.family(family);
    writer.sample(labelText(labels), text);
  };
  const { arch } = process;
  one(families.keplerBuild, { version, program: 'kisimd', arch }, '1');
  one(families.build, { version, node_version: process.version, arch }, '1');
  writeZones(writer, ledger);
  const { last } = ledger;
  if (last !== undefined) {
    one(families.interval, {}, decimalText(last.durationNanoseconds / 1e9, 6));
    one(families.lastInterval, {}, decimalText(last.endUnixMilliseconds / 1e3, 3));
    one(families.processes, {}, String(last.processCount));
  }
  one(families.intervals, {}, String(ledger.intervals));
  writer.family(families.remarks);
  for (const [remark, count] of ledger.remarks) writer.sample(labelText({ remark }), String(count));
  one(families.notExported, {}, String(ledger.entities.notKept));
  if (status?.lateTicks !== undefined) one(families.lateTicks, {}, String(status.lateTicks));
  if (status?.scanner !== undefined) {
    const { births, exits, storm, overruns, unreadable } = status.scanner;
    one(families.scanner, { births, exits }, '1');
    one(families.storm, {}, storm ? '1' : '0');
    one(families.overruns, {}, String(overruns));
    one(families.unreadable, {}, String(unreadable));
  }
  if (status?.history !== undefined) {
    one(families.historyBacklog, {}, String(status.history.backlogBatches));
    one(families.historyDropped, {}, String(status.history.droppedSeconds));
  }
}

function writeZones(writer: ExpositionWriter, ledger: Ledger): void {
  const zones = [...ledger.zones.zones()];
  writer.family(families.zone);
  for (const { zone } of zones) {
    const { id, kind, source, provenance, counted, exclusion, socket, path, description = '' } = zone;
    const labels = {
      zone: id,
      kind,
      source,
      provenance,
      counted: String(counted),
      exclusion,
      socket: socket === undefined ? '' : String(socket),
      path,
      description,
    };
    writer.sample(labelText(labels), '1');
  }
  writer.family(families.zoneJoules);
  for (const { zone, energyMicrojoules } of zones) {
    writer.sample(labelText({ zone: zone.id }), decimalText(energyMicrojoules / 1e6, 6));
  }
  const counted = zones.filter(({ zone }) => zone.counted);
  writer.family(families.zoneUnattributed);
  for (const { zone, unattributedMicrojoules } of counted) {
    writer.sample(labelText({ zone: zone.id }), decimalText(unattributedMicrojoules / 1e6, 6));
  }
  writer.family(families.zoneIdleState);
  for (const { zone, last } of counted) {
    for (const state of idleStates) {
      writer.sample(labelText({ zone: zone.id, state }), last.idleState === state ? '1' : '0');
    }
  }
  writer.family(families.zoneGaps);
  for (const { zone, gaps } of zones) {
    for (const [reason, count] of gaps) writer.sample(labelText({ zone: zone.id, reason }), String(count));
  }
  if (zones.length === 0) return;
  writer.family(families.nodeJoules);
  writer.sample('', decimalText(counted.reduce((sum, z) => sum + z.energyMicrojoules, 0) / 1e6, 6));
  writer.family(families.nodeUnattributed);
  writer.sample('', decimalText(counted.reduce((sum, z) => sum + z.unattributedMicrojoules, 0) / 1e6, 6));
}
