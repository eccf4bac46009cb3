import type { ProcessRecord } from '../native/process-scanner.ts';
import { guestEntity, guestName } from './account-entity.ts';
import type { AccountTable } from './account-table.ts';
import type { ProcessCgroup } from './process-cgroup.ts';
import type { QemuGuest } from './qemu-command.ts';
import { vmPidOfKernelThread } from './vm-kernel-thread.ts';

interface Emulator {
  readonly account: number;
  readonly cmdline: string;
  readonly uuid: string;
}

/** The accounts of QEMU guests: of their own cgroup where they have one, else below the account they lie in. */
export class Guests {
  readonly #table: AccountTable;
  readonly #byPid = new Map<number, Emulator>();
  readonly #accountOfUuid = new Map<string, number>();

  constructor(table: AccountTable) {
    this.#table = table;
  }

  /** @param account the account of the emulator's cgroup */
  place(record: ProcessRecord, guest: QemuGuest, cgroup: ProcessCgroup, account: number): number {
    const id = this.#account(record, guest, cgroup, account);
    this.#byPid.set(record.pid, { account: id, cmdline: record.cmdline, uuid: guest.uuid });
    if (this.#table.account(id).entity?.vmId === guest.uuid) this.#accountOfUuid.set(guest.uuid, id);
    return id;
  }

  /** The account of the guest that a kernel thread works for, undefined where it works for none. */
  ofKernelThread(comm: string): number | undefined {
    const pid = vmPidOfKernelThread(comm);
    return pid === undefined ? undefined : this.#byPid.get(pid)?.account;
  }

  /** Call when a process is gone, after it was taken from its account. Does nothing for other processes. */
  forget(pid: number): void {
    const emulator = this.#byPid.get(pid);
    if (emulator === undefined) return;
    this.#byPid.delete(pid);
    const { account, uuid } = emulator;
    if (this.#accountOfUuid.get(uuid) !== account || this.#table.processesOf(account) > 0) return;
    this.#accountOfUuid.delete(uuid);
  }

  #account(record: ProcessRecord, guest: QemuGuest, cgroup: ProcessCgroup, account: number): number {
    const table = this.#table;
    // `-daemonize` forks: the child is the same guest, and the parent goes.
    const parent = this.#byPid.get(record.ppid);
    if (parent?.cmdline === record.cmdline && guest.uuid === '') return parent.account;

    const inside = table.account(account).entity;
    const scope = cgroup.nodes.at(-1);
    const ownScope = scope?.kind === 'vm';
    const name = guestName(guest, ownScope ? scope.name : '', record.pid);
    const vmId = this.#vmId(record, guest, account);
    if (inside?.kind === 'vm' && inside.vmId === vmId) return account;
    if (ownScope && inside?.kind === 'unit') {
      table.setEntity(account, guestEntity(vmId, name, inside));
      return account;
    }
    const key = `vm:${vmId}`;
    const existing = table.find(key);
    if (existing !== undefined && table.account(existing).parent === account) return existing;
    const entity = guestEntity(vmId, name, inside);
    return table.add({ key, parent: account, entity, hierarchy: 'none', counter: undefined });
  }

  /** A guest that migrates within the host runs twice under one UUID; the second is told apart by its pid. */
  #vmId(record: ProcessRecord, guest: QemuGuest, account: number): string {
    if (guest.uuid === '') return `${record.pid}:${record.startTicks}`;
    const second = `${guest.uuid}:${record.pid}`;
    const known = this.#table.find(`vm:${second}`) !== undefined;
    if (known || this.#table.account(account).entity?.vmId === second) return second;
    const other = this.#accountOfUuid.get(guest.uuid);
    const otherAccount = other === undefined ? undefined : this.#table.accounts[other];
    const same = otherAccount?.id === account || otherAccount?.parent === account;
    const lives = otherAccount?.entity?.vmId === guest.uuid && this.#table.processesOf(otherAccount.id) > 0;
    return lives && !same ? second : guest.uuid;
  }
}
