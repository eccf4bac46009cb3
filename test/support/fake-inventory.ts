import type { Account, Entity, EntityKind } from '../../src/inventory/entity.ts';
import type { InventoryView } from '../../src/inventory/inventory.ts';
import type { ProcessExit, ProcessTick, ShortLivedProcess } from '../../src/native/process-scanner.ts';

export function entity(kind: EntityKind, key: string, more: Partial<Entity> = {}): Entity {
  return {
    key: `${kind}:${key}`,
    kind,
    name: key,
    namespace: '',
    pid: undefined,
    exe: '',
    runtime: '',
    containerId: '',
    podUid: '',
    vmId: '',
    ...more,
  };
}

/** An inventory put together by hand: account 0 is the root, slots are placed one by one. */
export class FakeInventory implements InventoryView {
  readonly accounts: (Account | undefined)[] = [{ id: 0, parent: -1, group: -1, entity: undefined }];
  readonly slots = new Map<number, { entity: Entity; account: number }>();

  addAccount(kind: EntityKind, name: string, options: { parent?: number; group?: number } = {}): number {
    const id = this.accounts.length;
    this.accounts.push({
      id,
      parent: options.parent ?? 0,
      group: options.group ?? -1,
      entity: entity(kind, name),
    });
    return id;
  }

  addProcess(slot: number, account = 0): Entity {
    const process = entity('process', `p${slot}`, { pid: 1000 + slot });
    this.slots.set(slot, { entity: process, account });
    return process;
  }

  accountOfSlot(slot: number): number {
    return this.slots.get(slot)?.account ?? 0;
  }

  entityOfSlot(slot: number): Entity {
    const found = this.slots.get(slot);
    if (found === undefined) throw new Error(`no process in slot ${slot}`);
    return found.entity;
  }

  slotOfPid(pid: number): number {
    for (const [slot, { entity }] of this.slots) if (entity.pid === pid) return slot;
    return -1;
  }

  accountOfShortLived(ancestorSlot: number): number {
    return this.accountOfSlot(ancestorSlot);
  }

  exitedEntity(account: number): Entity {
    return entity('process', `exited:${this.accounts[account]?.entity?.key ?? 'root'}`, { pid: 0 });
  }

  livingCount(): number {
    return this.slots.size;
  }
}

export interface FakeTick {
  readonly active?: Readonly<Record<number, number>>;
  readonly exited?: readonly ProcessExit[];
  readonly shortLived?: readonly ShortLivedProcess[];
  /** Cumulative nanoseconds by group id. */
  readonly groups?: readonly number[];
  readonly lastCpu?: Readonly<Record<number, number>>;
}

export function fakeTick(options: FakeTick): ProcessTick {
  const active = Object.entries(options.active ?? {}).map(([slot, cpu]) => [Number(slot), cpu] as const);
  return {
    monotonicNanoseconds: 0,
    born: [],
    exited: options.exited ?? [],
    shortLived: options.shortLived ?? [],
    alive: active.length,
    activeCount: active.length,
    activeSlots: Int32Array.from(active, ([slot]) => slot),
    activeCpuNanoseconds: Float64Array.from(active, ([, cpu]) => cpu),
    activeLastCpu: Int32Array.from(active, ([slot]) => options.lastCpu?.[slot] ?? -1),
    groupCpuNanoseconds: Float64Array.from(options.groups ?? []),
    hostCpuNanoseconds: new Float64Array(20),
    hostCpuIds: Int32Array.from([0]),
    status: { births: 'readdir', exits: 'none', storm: false, overruns: 0, unreadable: 0 },
  };
}
