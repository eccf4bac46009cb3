import type { ProcessRecord, ProcessTick } from '../native/process-scanner.ts';
import type { HostRoots } from '../util/host-roots.ts';
import type { Logger } from '../util/log.ts';
import { processEntity } from './account-entity.ts';
import type { GroupRegistry } from './account-table.ts';
import { AccountTable } from './account-table.ts';
import { CgroupAccounts } from './cgroup-accounts.ts';
import { CgroupMounts } from './cgroup-mounts.ts';
import { ContainerNames } from './container-names.ts';
import type { Account, Entity } from './entity.ts';
import { inventoryErrors } from './errors.ts';
import { Guests } from './guests.ts';
import type { InventoryUpdate, InventoryView } from './inventory.ts';
import { LivingPlaces } from './living-places.ts';
import { NameQueue } from './name-queue.ts';
import type { ProcessCgroup } from './process-cgroup.ts';
import { chooseCgroup } from './process-cgroup.ts';
import type { QemuGuest } from './qemu-command.ts';
import { parseQemuCommand } from './qemu-command.ts';

/** Texts of /proc/PID/cgroup are kept with what they mean; from this many on, those of the dead are forgotten. */
const MIN_REMEMBERED_CGROUPS = 1024;

export interface InventoryOptions {
  readonly scanner: GroupRegistry;
  readonly roots: HostRoots;
  readonly log: Logger;
}

interface Occupant {
  readonly pid: number;
  readonly account: number;
  readonly entity: Entity;
  readonly cgroup: ProcessCgroup;
}

/**
 * Who runs here, kept up to date from the scanner's births and exits. What a tick costs depends on how many were
 * born and exited in it, not on how many run.
 *
 * @example
 * const inventory = new Inventory({ scanner, roots: realHostRoots, log });
 * const tick = scanner.tick();
 * inventory.before(tick);
 * split(tick, inventory);
 * inventory.after(tick);
 */
export class Inventory implements InventoryView, InventoryUpdate {
  readonly #roots: HostRoots;
  readonly #log: Logger;
  readonly #table: AccountTable;
  readonly #names: ContainerNames;
  readonly #queue = new NameQueue();
  readonly #guests: Guests;
  readonly #occupants: (Occupant | undefined)[] = [];
  readonly #slotOfPid = new Map<number, number>();
  readonly #remembered = new Map<string, ProcessCgroup>();
  #rememberedLimit = MIN_REMEMBERED_CGROUPS;
  readonly #living = new LivingPlaces();
  #cgroups: CgroupAccounts | undefined;

  constructor(options: InventoryOptions) {
    this.#roots = options.roots;
    this.#log = options.log;
    this.#table = new AccountTable(options.scanner, options.log);
    this.#names = new ContainerNames(options.roots, options.log);
    this.#guests = new Guests(this.#table);
  }

  get accounts(): readonly (Account | undefined)[] {
    return this.#table.accounts;
  }

  /** @throws KISIM_E_INVENTORY_SLOT for a slot that no birth was reported for */
  accountOfSlot(slot: number): number {
    return this.#occupant(slot).account;
  }

  /** @throws KISIM_E_INVENTORY_SLOT for a slot that no birth was reported for */
  entityOfSlot(slot: number): Entity {
    return this.#occupant(slot).entity;
  }

  slotOfPid(pid: number): number {
    return this.#slotOfPid.get(pid) ?? -1;
  }

  accountOfShortLived(ancestorSlot: number): number {
    return this.#occupants[ancestorSlot]?.account ?? 0;
  }

  exitedEntity(account: number): Entity {
    return this.#table.exitedEntity(account);
  }

  livingCount(): number {
    const isPlace = (account: Account | undefined) =>
      account?.entity !== undefined && account.entity.kind !== 'unit';
    return this.#slotOfPid.size + this.#table.accounts.filter(isPlace).length;
  }

  before(tick: ProcessTick): void {
    this.#table.beginTick();
    this.#cgroups ??= this.#findCounters();
    const cgroups = this.#cgroups;
    // Emulators first: their kernel threads and helpers are told by them.
    const others: ProcessRecord[] = [];
    for (const record of tick.born) {
      const guest = parseQemuCommand(record.cmdline);
      if (guest === undefined) others.push(record);
      else this.#place(record, guest, cgroups, tick);
    }
    for (const record of others) this.#place(record, undefined, cgroups, tick);
    this.#queue.run(tick.monotonicNanoseconds);
  }

  after(tick: ProcessTick): void {
    for (const { slot } of tick.exited) this.#vacate(slot);
    this.#table.sweep(tick);
  }

  #place(
    record: ProcessRecord,
    guest: QemuGuest | undefined,
    cgroups: CgroupAccounts,
    tick: ProcessTick,
  ): void {
    // Born again: it called exec, or was moved to another cgroup.
    const previous = this.#occupants[record.slot];
    this.#vacate(record.slot);
    this.#guests.forget(record.pid);
    this.#names.shims.forget(record.pid);
    this.#names.shims.see(record);
    const cgroup = this.#cgroupOf(record.cgroup);
    let account = cgroups.ensure(cgroup, tick);
    if (guest !== undefined) account = this.#placeGuest(record, guest, cgroup, account, previous);
    else if (record.kernelThread) account = this.#guests.ofKernelThread(record.comm) ?? account;
    this.#table.addProcess(account);
    const entity = processEntity(record, this.#table.account(account));
    this.#occupants[record.slot] = { pid: record.pid, account, entity, cgroup };
    this.#living.add(cgroup);
    this.#slotOfPid.set(record.pid, record.slot);
  }

  #placeGuest(
    record: ProcessRecord,
    guest: QemuGuest,
    cgroup: ProcessCgroup,
    account: number,
    previous: Occupant | undefined,
  ): number {
    const before = this.#table.account(account).entity;
    const leaving = previous && this.#guests.isLeft(previous.account) ? previous.account : undefined;
    const former = previous && { vmId: previous.entity.vmId, leaving };
    const own = this.#guests.place(record, guest, cgroup, account, former);
    // Its scope was known before the emulator was seen: what runs there learns whose it is.
    if (own === account && this.#table.account(account).entity !== before) this.#move(account, account);
    // It was moved to another cgroup: its kernel threads go along.
    if (leaving !== undefined && leaving !== own && this.#table.account(own).entity?.vmId === former?.vmId) {
      this.#move(leaving, own);
    }
    return own;
  }

  /** Looks at every process: done only when a guest that has company starts or is moved. */
  #move(from: number, to: number): void {
    if (this.#table.processesOf(from) === 0) return;
    const inside = this.#table.account(to).entity;
    for (const [slot, occupant] of this.#occupants.entries()) {
      if (occupant?.account !== from) continue;
      const { containerId = '', podUid = '', vmId = '' } = inside ?? {};
      this.#occupants[slot] = {
        ...occupant,
        account: to,
        entity: { ...occupant.entity, containerId, podUid, vmId },
      };
      this.#table.removeProcess(from);
      this.#table.addProcess(to);
    }
  }

  #vacate(slot: number): void {
    const occupant = this.#occupants[slot];
    if (occupant === undefined) return;
    this.#occupants[slot] = undefined;
    this.#table.removeProcess(occupant.account);
    this.#living.remove(occupant.cgroup);
    // The pid may already have been given to a process in another slot.
    if (this.#slotOfPid.get(occupant.pid) !== slot) return;
    this.#slotOfPid.delete(occupant.pid);
    this.#guests.forget(occupant.pid);
    this.#names.shims.forget(occupant.pid);
  }

  #occupant(slot: number): Occupant {
    const occupant = this.#occupants[slot];
    if (occupant === undefined) throw inventoryErrors.KISIM_E_INVENTORY_SLOT(`slot ${slot}`);
    return occupant;
  }

  #cgroupOf(text: string): ProcessCgroup {
    let cgroup = this.#remembered.get(text);
    if (cgroup === undefined) {
      cgroup = chooseCgroup(text, (namespace, id) => this.#names.hasTask(namespace, id));
      if (this.#remembered.size >= this.#rememberedLimit) this.#forgetDead();
      this.#remembered.set(text, cgroup);
    }
    return cgroup;
  }

  #forgetDead(): void {
    for (const [text, cgroup] of this.#remembered) {
      if (!this.#living.has(cgroup)) this.#remembered.delete(text);
    }
    this.#rememberedLimit = Math.max(MIN_REMEMBERED_CGROUPS, 2 * this.#remembered.size);
  }

  #findCounters(): CgroupAccounts {
    const mounts = CgroupMounts.discover(this.#roots);
    if (mounts.mounts.length === 0) {
      const error = inventoryErrors.KISIM_E_CGROUP_MOUNTS(`${this.#roots.proc}/self/mountinfo names none`);
      this.#log.warn('cgroup-mounts-missing', { error });
    }
    const root = mounts.rootCounter();
    if (root !== undefined) this.#table.setRootCounter(root);
    return new CgroupAccounts(this.#table, mounts, this.#names, this.#queue, this.#living, this.#log);
  }
}
