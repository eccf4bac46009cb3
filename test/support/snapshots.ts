import type { NowEntity, NowSnapshot } from '../../src/export/now-snapshot.ts';
import type { EntityKind } from '../../src/inventory/entity.ts';

/** Hand-made answers of `/v1/now` for the tests of what reads them. */
export function nowEntity(kind: EntityKind, name: string, over: Partial<NowEntity> = {}): NowEntity {
  return {
    key: `${kind}:${name}:${over.pid ?? ''}`,
    kind,
    name,
    namespace: '',
    pid: kind === 'process' ? (over.pid ?? 1) : null,
    exe: '',
    runtime: '',
    containerId: '',
    podUid: '',
    vmId: '',
    state: 'running',
    watts: 1,
    joules: 10,
    cpus: 0.5,
    cpuSeconds: 5,
    provenance: 'measured',
    ...over,
  };
}

export function nowSnapshotOf(
  entities: readonly NowEntity[],
  over: Partial<Omit<NowSnapshot, 'node'>> & { node?: Partial<NowSnapshot['node']> } = {},
): NowSnapshot {
  const { node, ...rest } = over;
  return {
    schema: 1,
    nodeName: 'node-1',
    version: '0.1.0',
    sequence: 1,
    unixMilliseconds: Date.UTC(2026, 0, 31, 12, 0, 0),
    intervalMilliseconds: 1000,
    zones: [],
    entities,
    remarks: [],
    ...rest,
    node: {
      watts: 45.25,
      idleWatts: 30,
      activeWatts: 14,
      unattributedWatts: 1.25,
      joules: 4525,
      idleJoules: 3000,
      activeJoules: 1400,
      unattributedJoules: 125,
      cpus: 1.2,
      cpuCount: 8,
      processCount: 321,
      provenance: 'measured',
      sources: ['rapl-powercap'],
      idleState: 'learned',
      ...node,
    },
  };
}
