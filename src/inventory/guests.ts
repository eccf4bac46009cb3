import type { ProcessRecord } from '../native/process-scanner.ts';
import { guestEntity, guestName } from './account-entity.ts';
import type { AccountTable } from './account-table.ts';
import type { ProcessCgroup } from './process-cgroup.ts';
import type { QemuGuest } from './qemu-command.ts';
import { vmPidOfKernelThread } from './vm-kernel-thread.ts';

interface Emulator {
  readonly account: number;
  readonly cmdline: string;
}

/** What an emulator that was born again was known as, and the account that its whole guest is leaving, if so. */
export interface FormerGuest {
  readonly vmId: string;
  readonly leaving: number | undefined;
}

/** The accounts of QEMU guests: of their own cgroup where they have one, else below the account they lie in. */
export class Guests {
  readonly #table: AccountTable;
  readonly #byPid = new Map<number, Emulator>();

  constructor(table: AccountTable) {
    this.#table = table;
  }

  /**
   * @param account the account of the emulator's cgroup
   * @param former where the emulator was born again in its slot
   */
  place(
    record: ProcessRecord,
    guest: QemuGuest,
    cgroup: ProcessCgroup,
    account: number,
    former: FormerGuest | undefined,
  ): number {
    const id = this.#account(record, guest, cgroup, account, former);
    this.#byPid.set(record.pid, { account: id, cmdline: record.cmdline });
    return id;
  }

  /** The account of the guest that a kernel thread works for, undefined where it works for none. */
  ofKernelThread(comm: string): number | undefined {
    const pid = vmPidOfKernelThread(comm);
    return pid === undefined ? undefined : this.#byPid.get(pid)?.account;
  }

  /**
   * Whether an account is that of a guest without a cgroup of its own, and no emulator is left in it. Looks at every
   * emulator: asked only when one is seen again.
   */
  isLeft(account: number): boolean {
    const entity = this.#table.accounts[account]?.entity;
    if (entity?.kind !== 'vm' || this.#table.find(entity.key) !== account) return false;
    return ![...this.#byPid.values()].some((emulator) => emulator.account === account);
  }

  /** Call when a process is gone. Does nothing for others than emulators. */
  forget(pid: number): void {
    this.#byPid.delete(pid);
  }

  #account(
    record: ProcessRecord,
    guest: QemuGuest,
    cgroup: ProcessCgroup,
    account: number,
    former: FormerGuest | undefined,
  ): number {
    const table = this.#table;
    // `-daemonize` forks: the child is the same guest, and the parent goes.
    const parent = this.#byPid.get(record.ppid);
    if (parent?.cmdline === record.cmdline && guest.uuid === '') return parent.account;

    const inside = table.account(account).entity;
    const scope = cgroup.nodes.at(-1);
    const ownScope = scope?.kind === 'vm';
    const name = guestName(guest, ownScope ? scope.name : '', record.pid);
    const vmId = this.#vmId(record, guest, account, former);
    if (inside?.vmId === vmId) return account;
    const key = `vm:${vmId}`;
    const existing = table.find(key);
    if (existing !== undefined && table.account(existing).parent === account) return existing;
    if (ownScope && inside?.kind === 'unit') {
      table.setEntity(account, guestEntity(vmId, name, inside));
      return account;
    }
    const entity = guestEntity(vmId, name, inside);
    return table.add({
      key,
      parent: account,
      entity,
      hierarchy: 'none',
      path: undefined,
      counter: undefined,
    });
  }

  /** The UUID, or pid and start; a guest that migrates within the host runs twice under one UUID and gets its pid too. */
  #vmId(record: ProcessRecord, guest: QemuGuest, account: number, former: FormerGuest | undefined): string {
    const base = guest.uuid === '' ? `${record.pid}:${record.startTicks}` : guest.uuid;
    const second = `${base}:${record.pid}`;
    const free = (vmId: string) => !this.#isUsedElsewhere(vmId, account, former?.leaving);
    for (const vmId of [this.#table.account(account).entity?.vmId, former?.vmId]) {
      if ((vmId === base || vmId === second) && free(vmId)) return vmId;
    }
    let vmId = base;
    for (let attempt = 0; !free(vmId); attempt++) {
      vmId = attempt === 0 ? second : `${second}:${attempt}`;
    }
    return vmId;
  }

  /** Looks at every account: done only when an emulator starts. */
  #isUsedElsewhere(vmId: string, account: number, leaving: number | undefined): boolean {
    const key = `vm:${vmId}`;
    const sum = this.#table.find(key);
    return this.#table.accounts.some((candidate) => {
      if (candidate?.entity?.key !== key || this.#table.processesOf(candidate.id) === 0) return false;
      return (
        candidate.id !== leaving &&
        candidate.id !== account &&
        !(candidate.id === sum && candidate.parent === account)
      );
    });
  }
}
