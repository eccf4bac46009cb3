import type { Entity } from '../inventory/entity.ts';

/** What a row of `entity` can stand for: the entities of the inventory, and the parts of the node's own balance. */
export type StoredKind = Entity['kind'] | 'node' | 'idle' | 'unattributed' | 'zone';

/** One thing with energy of its own while the daemon runs; the memory behind a row of table `entity`. */
export interface Slot {
  readonly key: string;
  readonly kind: StoredKind;
  /** undefined for node, idle, unattributed and zones. Replaced when a name becomes known later. */
  entity: Entity | undefined;
  /** Row id, valid for the writer that `idOwner` names; 0 while the row has not been committed. */
  id: number;
  idOwner: object | undefined;
  /** The row's names differ from `entity`. */
  renamed: boolean;
  /** Hour that the row's `last_ts` is known to reach, in unix seconds. */
  seenHour: number;
  /** Unix seconds of the second in which the slot was last used; for forgetting it. */
  usedAt: number;
  /** What rounding to whole microjoules and microseconds has left over so far. */
  carryMicrojoules: number;
  carryCpuMicroseconds: number;
  /** Sums of the second that is being filled. */
  microjoules: number;
  cpuMicroseconds: number;
  sourceBits: number;
  /** Whether the slot is in the list of the second that is being filled. */
  inSecond: boolean;
  terminated: boolean;
}

export function createSlot(key: string, kind: StoredKind, entity: Entity | undefined): Slot {
  return {
    key,
    kind,
    entity,
    id: 0,
    idOwner: undefined,
    renamed: false,
    seenHour: -1,
    usedAt: 0,
    carryMicrojoules: 0,
    carryCpuMicroseconds: 0,
    microjoules: 0,
    cpuMicroseconds: 0,
    sourceBits: 0,
    inSecond: false,
    terminated: false,
  };
}

/** Columns of table `entity` that tell what the thing is. */
export interface EntityColumns {
  readonly kind: StoredKind;
  readonly ns: string;
  readonly name: string;
  readonly uid: string;
  readonly pid: number | null;
  readonly exe: string;
  readonly runtime: string;
  readonly containerId: string;
  readonly podUid: string;
  readonly vmId: string;
}

export function entityColumns(slot: Slot): EntityColumns {
  const uid = slot.key.slice(slot.key.indexOf(':') + 1);
  const entity = slot.entity;
  if (entity === undefined) {
    const none = { ns: '', pid: null, exe: '', runtime: '', containerId: '', podUid: '', vmId: '' };
    return { ...none, kind: slot.kind, name: uid, uid: slot.kind === 'zone' ? uid : '' };
  }
  return {
    kind: entity.kind,
    ns: entity.namespace,
    name: entity.name,
    uid: entity.kind === 'process' ? '' : uid,
    pid: entity.pid ?? null,
    exe: entity.exe,
    runtime: entity.runtime,
    containerId: entity.containerId,
    podUid: entity.podUid,
    vmId: entity.vmId,
  };
}
