import assert from 'node:assert/strict';
import type { NowEntity } from '../../../src/export/now-snapshot.ts';

interface EnergyRow {
  readonly kind: string;
  readonly name: string;
  readonly joules: number;
  readonly source: string;
  readonly estimated: boolean;
}

function assertNear(told: number, wanted: number, where: string): void {
  // What is asked later may hold another interval, in which next to nothing ran.
  assert(wanted > 0.5, `a load should have burnt half a joule, not ${wanted}`);
  assert(Math.abs(told - wanted) <= 0.02 * wanted + 0.05, `${where} tells ${told} J, /v1/now ${wanted} J`);
}

/** Asserts that the history holds the energy that the daemon told of an entity that is idle by now. */
export function assertInHistory(energyJson: string, entity: NowEntity): void {
  const { rows } = JSON.parse(energyJson) as { rows: readonly EnergyRow[] };
  const own = rows.filter((row) => row.kind === entity.kind && row.name === entity.name);
  assertNear(
    own.reduce((sum, row) => sum + row.joules, 0),
    entity.joules,
    'the history',
  );
  // The source must be named in every row; it is never a measurement where the daemon estimates.
  for (const row of own) assert.equal(row.estimated, entity.provenance === 'estimated', JSON.stringify(row));
}

/** Asserts that a family of /metrics tells the entity's energy; `label` is written as in the exposition. */
export function assertInMetrics(exposition: string, family: string, label: string, entity: NowEntity): void {
  const values = exposition
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) && line.includes(label))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  assert(values.length > 0, `no ${family} with ${label} in:\n${exposition.slice(0, 4000)}`);
  // A series for each zone.
  assertNear(
    values.reduce((sum, value) => sum + value, 0),
    entity.joules,
    '/metrics',
  );
}

/** Asserts that `top --count 1 --json` shows the entity with its energy. */
export function assertInTop(topJson: string, entity: NowEntity): void {
  const { entities } = JSON.parse(topJson) as { entities: readonly NowEntity[] };
  const shown = entities.find((one) => one.key === entity.key);
  assert(shown !== undefined, `top shows ${entities.map((one) => one.name).join(', ')}`);
  assert.equal(shown.name, entity.name);
  assertNear(shown.joules, entity.joules, 'top');
}
