import type { NowEntity, NowSnapshot } from '../export/now-snapshot.ts';
import type { EnergyRow } from '../history/energy-report.ts';
import { csvLine } from '../util/csv.ts';

const nowColumns: readonly (keyof NowEntity)[] = [
  'kind',
  'name',
  'namespace',
  'pid',
  'exe',
  'runtime',
  'containerId',
  'podUid',
  'vmId',
  'state',
  'watts',
  'joules',
  'cpus',
  'cpuSeconds',
  'provenance',
  'key',
];

/**
 * A snapshot as CSV: four rows of the node (its total and the three parts of it; kinds `node`, `idle`, `active`,
 * `unattributed`), one for each zone, one for each entity.
 */
export function snapshotCsv(snapshot: NowSnapshot): string {
  const time = new Date(snapshot.unixMilliseconds).toISOString();
  const { node, nodeName } = snapshot;
  const row = (values: Readonly<Partial<Record<keyof NowEntity, string | number | null>>> | NowEntity) =>
    csvLine([time, ...nowColumns.map((column) => values[column])]);
  const part = (kind: string, watts: number | null, joules: number) =>
    ({ kind, name: nodeName, watts, joules, provenance: node.provenance }) as Partial<
      Record<keyof NowEntity, string | number | null>
    >;
  return [
    csvLine(['time', ...nowColumns]),
    row({ ...part('node', node.watts, node.joules), cpus: node.cpus }),
    row(part('idle', node.idleWatts, node.idleJoules)),
    row(part('active', node.activeWatts, node.activeJoules)),
    row(part('unattributed', node.unattributedWatts, node.unattributedJoules)),
    ...snapshot.zones.map(({ id, watts, joules, provenance }) =>
      row({ kind: 'zone', name: id, watts, joules, provenance } as Partial<
        Record<keyof NowEntity, string | number | null>
      >),
    ),
    ...snapshot.entities.map(row),
  ].join('');
}

/** A row of the history as both formats tell it; null = unknown. */
function historyFields(row: EnergyRow): Readonly<Record<string, string | number | boolean | null>> {
  const { entity } = row;
  return {
    start: new Date(row.startUnixMilliseconds).toISOString(),
    end: new Date(row.endUnixMilliseconds).toISOString(),
    kind: entity.kind,
    namespace: entity.namespace,
    name: entity.name,
    uid: entity.uid,
    pid: entity.pid ?? null,
    joules: row.joules,
    meanWatts: row.meanWatts ?? null,
    maxWatts: row.maxWatts ?? null,
    cpuSeconds: row.cpuSeconds ?? null,
    coverage: row.coverage,
    source: row.source,
    estimated: row.estimated,
  };
}

/** First line of `historyCsv`. */
export const historyCsvHeader = csvLine([
  'start',
  'end',
  'kind',
  'namespace',
  'name',
  'uid',
  'pid',
  'joules',
  'meanWatts',
  'maxWatts',
  'cpuSeconds',
  'coverage',
  'source',
  'estimated',
]);

export function historyCsv(row: EnergyRow): string {
  return csvLine(Object.values(historyFields(row)));
}

export function historyJsonLine(row: EnergyRow): string {
  return `${JSON.stringify(historyFields(row))}\n`;
}
