import type { NativeProcessScanner, ProcessTick } from '../native/process-scanner.ts';
import { systemErrorCode } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { Nanoseconds } from '../util/units.ts';
import { exitedEntity } from './account-entity.ts';
import type { CounterFile } from './cgroup-mounts.ts';
import type { Account, Entity } from './entity.ts';
import { inventoryErrors } from './errors.ts';
import type { CounterHierarchy } from './process-cgroup.ts';
import { placeKey } from './process-cgroup.ts';

/** An empty cgroup may be filled again (a service between two starts); after this long it is let go. */
const EMPTY_FOR_NANOSECONDS = 60e9;

export type GroupRegistry = Pick<NativeProcessScanner, 'addGroup' | 'removeGroup'>;

export interface NewAccount {
  readonly key: string;
  readonly parent: number;
  readonly entity: Entity;
  readonly hierarchy: CounterHierarchy;
  /** Its cgroup in that hierarchy, where it has one. */
  readonly path: string | undefined;
  /** undefined = no counter of its own; the account is the sum of its processes. */
  readonly counter: CounterFile | undefined;
}

interface Row {
  readonly key: string;
  hierarchy: CounterHierarchy;
  readonly path: string | undefined;
  /** Hierarchy and path as one key. */
  readonly place: string;
  readonly counter: CounterFile | undefined;
  processes: number;
  children: number;
  /** Tick in which the group was added: that tick's readings do not have it yet. */
  groupTick: number;
  emptySince: Nanoseconds;
  emptyCpuNanoseconds: Nanoseconds;
  exited: Entity | undefined;
}

/** The tree of accounts with their cgroup counters. Ids of removed accounts and groups are free after `sweep`. */
export class AccountTable {
  readonly accounts: (Account | undefined)[] = [{ id: 0, parent: -1, group: -1, entity: undefined }];
  readonly #rows: (Row | undefined)[] = [newRow(undefined, 0)];
  readonly #groups: GroupRegistry;
  readonly #log: Logger;
  readonly #idOfKey = new Map<string, number>();
  readonly #idOfPlace = new Map<string, number>();
  readonly #empty = new Set<number>();
  readonly #freeIds: number[] = [];
  readonly #retiredGroups: number[] = [];
  readonly #told = new Set<string>();
  #tick = 0;

  constructor(groups: GroupRegistry, log: Logger) {
    this.#groups = groups;
    this.#log = log;
  }

  beginTick(): void {
    this.#tick++;
  }

  find(key: string): number | undefined {
    return this.#idOfKey.get(key);
  }

  account(id: number): Account {
    return this.accounts[id]!;
  }

  hierarchyOf(id: number): CounterHierarchy {
    return this.#rows[id]!.hierarchy;
  }

  processesOf(id: number): number {
    return this.#rows[id]?.processes ?? 0;
  }

  /** Gives the host as a whole a counter, where it has one. */
  setRootCounter(counter: CounterFile): void {
    this.#rows[0]!.groupTick = this.#tick;
    this.accounts[0] = { ...this.account(0), group: this.#open(counter) };
  }

  add(account: NewAccount): number {
    const id = this.#freeIds.pop() ?? this.accounts.length;
    const { key, parent, entity, hierarchy, path, counter } = account;
    const group = counter === undefined ? -1 : this.#open(counter);
    this.accounts[id] = { id, parent, group, entity };
    this.#rows[id] = newRow(account, this.#tick);
    if (path !== undefined) this.#idOfPlace.set(placeKey(hierarchy, path), id);
    this.#idOfKey.set(key, id);
    this.#rows[parent]!.children++;
    this.#empty.delete(parent);
    this.#empty.add(id);
    return id;
  }

  setEntity(id: number, entity: Entity): void {
    this.accounts[id] = { ...this.account(id), entity };
    this.#rows[id]!.exited = undefined;
  }

  exitedEntity(id: number): Entity {
    const row = this.#rows[id]!;
    row.exited ??= exitedEntity(this.account(id));
    return row.exited;
  }

  addProcess(id: number): void {
    this.#rows[id]!.processes++;
    this.#empty.delete(id);
  }

  removeProcess(id: number): void {
    const row = this.#rows[id]!;
    row.processes--;
    this.#noteEmpty(id, row);
  }

  /**
   * Opens the counter again where its cgroup was removed and made anew between two ticks (a restarted service, a
   * container with a name for an id). Costs one comparison otherwise.
   */
  renewCounter(id: number, tick: ProcessTick): void {
    const row = this.#rows[id]!;
    const account = this.account(id);
    if (account.group < 0 || row.counter === undefined || !this.#isGone(account, row, tick)) return;
    this.#retiredGroups.push(account.group);
    row.groupTick = this.#tick;
    this.accounts[id] = { ...account, group: this.#open(row.counter) };
  }

  /** The account that counts a cgroup, undefined where no account does. */
  findCounted(key: string): number | undefined {
    const id = this.#idOfPlace.get(key);
    return id !== undefined && this.account(id).group >= 0 ? id : undefined;
  }

  pathOf(id: number): string | undefined {
    return this.#rows[id]!.path;
  }

  /** Takes the counter from an account; from then on it is the sum of its processes and children. */
  dropCounter(id: number): void {
    const account = this.account(id);
    this.#rows[id]!.hierarchy = 'none';
    if (account.group < 0) return;
    this.#retiredGroups.push(account.group);
    this.accounts[id] = { ...account, group: -1 };
  }

  /** Removes what is empty and gone. Looks only at empty accounts. */
  sweep(tick: ProcessTick): void {
    for (const id of [...this.#empty]) {
      const row = this.#rows[id]!;
      const account = this.account(id);
      if (this.#mayGo(account, row, tick)) this.#remove(account, row);
    }
    for (const group of this.#retiredGroups.splice(0)) this.#groups.removeGroup(group);
  }

  #mayGo(account: Account, row: Row, tick: ProcessTick): boolean {
    if (account.group < 0 || this.#isGone(account, row, tick)) return true;
    const now = tick.monotonicNanoseconds;
    const cpu = tick.groupCpuNanoseconds[account.group] ?? Number.NaN;
    // A cgroup in which only short-lived processes run looks empty at every tick, but its counter moves.
    if (Number.isNaN(row.emptySince) || cpu !== row.emptyCpuNanoseconds) {
      row.emptySince = now;
      row.emptyCpuNanoseconds = cpu;
      return false;
    }
    return now - row.emptySince > EMPTY_FOR_NANOSECONDS;
  }

  #isGone(account: Account, row: Row, tick: ProcessTick): boolean {
    return row.groupTick < this.#tick && Number.isNaN(tick.groupCpuNanoseconds[account.group] ?? Number.NaN);
  }

  #remove(account: Account, row: Row): void {
    if (account.group >= 0) this.#retiredGroups.push(account.group);
    this.accounts[account.id] = undefined;
    this.#rows[account.id] = undefined;
    this.#empty.delete(account.id);
    // The key may meanwhile belong to a newer account of the same thing (a guest that was moved).
    if (this.#idOfKey.get(row.key) === account.id) this.#idOfKey.delete(row.key);
    if (this.#idOfPlace.get(row.place) === account.id) this.#idOfPlace.delete(row.place);
    this.#freeIds.push(account.id);
    this.#forgetChild(account.parent);
  }

  #forgetChild(parent: number): void {
    const row = this.#rows[parent]!;
    row.children--;
    this.#noteEmpty(parent, row);
  }

  #noteEmpty(id: number, row: Row): void {
    if (id === 0 || row.processes > 0 || row.children > 0) return;
    row.emptySince = Number.NaN;
    this.#empty.add(id);
  }

  #open(counter: CounterFile): number {
    try {
      return this.#groups.addGroup(counter.path, counter.format);
    } catch (cause) {
      const code = systemErrorCode(cause);
      if (code === undefined) throw cause;
      // Gone before it could be opened: nothing to tell, the process that was in it is gone or has moved.
      if (code !== 'ENOENT' && !this.#told.has(code)) {
        this.#told.add(code);
        const error = inventoryErrors.KISIM_E_CGROUP_COUNTER(`${counter.path}: ${code}`, { cause });
        this.#log.warn('cgroup-counter-refused', { error });
      }
      return -1;
    }
  }
}

function newRow(account: NewAccount | undefined, groupTick: number): Row {
  return {
    key: account?.key ?? '',
    hierarchy: account?.hierarchy ?? 'none',
    path: account?.path,
    place: account === undefined ? '' : placeKey(account.hierarchy, account.path ?? ''),
    counter: account?.counter,
    processes: 0,
    children: 0,
    groupTick,
    emptySince: Number.NaN,
    emptyCpuNanoseconds: Number.NaN,
    exited: undefined,
  };
}
