import type { NowEntity, NowSnapshot } from '../../export/now-snapshot.ts';
import type { EntityKind } from '../../inventory/entity.ts';
import type { SortKey } from './view-state.ts';

/** An entity to be shown, with the names of what it lies in. */
export interface TopRow {
  readonly entity: NowEntity;
  /** Names of the VM, pod or container it belongs to, '' where there is none. */
  readonly within: string;
}

const orders: Readonly<Record<SortKey, (a: NowEntity, b: NowEntity) => number>> = {
  // What is unknown goes to the end.
  watts: (a, b) => (b.watts ?? -1) - (a.watts ?? -1) || b.joules - a.joules,
  joules: (a, b) => b.joules - a.joules,
  cpu: (a, b) => b.cpus - a.cpus || b.cpuSeconds - a.cpuSeconds,
  name: (a, b) => a.name.localeCompare(b.name),
};

/** The running entities of one kind that contain the filter (in name, namespace, executable, pid or place), sorted. */
export function selectRows(
  snapshot: NowSnapshot,
  view: { readonly group: EntityKind; readonly sort: SortKey; readonly filter: string },
): TopRow[] {
  const names = namesById(snapshot.entities);
  const wanted = view.filter.toLowerCase();
  const order = orders[view.sort];
  return snapshot.entities
    .filter(({ kind, state }) => kind === view.group && state === 'running')
    .map((entity) => ({ entity, within: place(entity, names) }))
    .filter(({ entity, within }) => {
      if (wanted === '') return true;
      const { name, namespace, exe, pid } = entity;
      return `${name}\n${namespace}\n${exe}\n${pid ?? ''}\n${within}`.toLowerCase().includes(wanted);
    })
    .sort((a, b) => order(a.entity, b.entity) || (a.entity.key < b.entity.key ? -1 : 1));
}

function namesById(entities: readonly NowEntity[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { kind, name, namespace, containerId, podUid, vmId } of entities) {
    if (kind === 'container') names.set(`container ${containerId}`, name);
    if (kind === 'pod') names.set(`pod ${podUid}`, namespace === '' ? name : `${namespace}/${name}`);
    if (kind === 'vm') names.set(`vm ${vmId}`, name);
  }
  return names;
}

function place(entity: NowEntity, names: ReadonlyMap<string, string>): string {
  const { kind, containerId, podUid, vmId } = entity;
  const parts: string[] = [];
  const add = (part: EntityKind, id: string) => {
    if (id !== '' && kind !== part) parts.push(`${part} ${names.get(`${part} ${id}`) ?? id.slice(0, 12)}`);
  };
  add('vm', vmId);
  add('pod', podUid);
  if (kind === 'process') add('container', containerId);
  return parts.join(', ');
}
