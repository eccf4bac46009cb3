import type { Account, Entity } from '../inventory/entity.ts';
import type { InventoryView } from '../inventory/inventory.ts';
import type { ProcessTick } from '../native/process-scanner.ts';
import type { Nanoseconds } from '../util/units.ts';

/** CPU time of one process, or of what exited unseen in one account. Parts never overlap. */
export interface UsagePart {
  readonly entity: Entity;
  readonly account: number;
  readonly cpuNanoseconds: Nanoseconds;
  /** Slot in the native table; -1 for what exited unseen. */
  readonly slot: number;
  /** CPU it last ran on, -1 where that was not read. */
  readonly lastCpu: number;
  readonly terminated: boolean;
}

export interface UsageInterval {
  readonly parts: readonly UsagePart[];
  /** CPU time that the host worked and that belongs to no part: interrupts, and what exited outside every cgroup. */
  readonly unattributedNanoseconds: Nanoseconds;
  /**
   * CPU time of the host by the best counter there is: exact where the root has one, else the sum of the parts. The
   * ticks of /proc/stat are sampled; a fit of power against them would take the noise for idle power.
   */
  readonly hostNanoseconds: Nanoseconds;
  /** Account ids, every child before its parent. */
  readonly childrenFirst: readonly number[];
}

/** Smaller remainders wait until they have added up: they are the skew between two reads, not somebody's work. */
const MIN_REMAINDER_NANOSECONDS = 100_000;
/** A deficit larger than this is no skew (a process was moved between cgroups); it is not held against the future. */
const MAX_DEFICIT_NANOSECONDS = 100_000_000;
/** The same for the host as a whole: the ticks of /proc/stat stray for longer. */
const MAX_HOST_DEFICIT_NANOSECONDS = 5_000_000_000;
/** Slack when judging whether a cgroup's whole counter can have been burnt within one interval. */
const NEWBORN_SLACK_NANOSECONDS = 50_000_000;

interface GroupHistory {
  readonly group: number;
  readonly key: string;
  /** Counter at the previous tick; NaN while unknown. */
  last: number;
  /** CPU time seen by the counter and not yet given to anyone (negative: given too early). */
  carry: number;
}

/**
 * Splits the CPU time of an interval into parts that do not overlap.
 *
 * The truth is the counter of each cgroup, dead children included; processes only subdivide it. What a counter saw
 * beyond its living processes, known exits and child cgroups belongs to something that exited between two scans: it
 * stays with that account and is never spread over the survivors.
 */
export class UsageTracker {
  readonly #readGroup: (group: number) => number;
  readonly #histories: (GroupHistory | undefined)[] = [];
  #rootCarry = 0;
  #first = true;

  /** @param readGroup reads a group's counter at once; used for cgroups found in the very tick they are split in */
  constructor(readGroup: (group: number) => number) {
    this.#readGroup = readGroup;
  }

  /** Call between `inventory.before(tick)` and `inventory.after(tick)`. */
  advance(tick: ProcessTick, inventory: InventoryView, hostBusyNanoseconds: Nanoseconds): UsageInterval {
    const parts: UsagePart[] = [];
    const accounts = inventory.accounts;
    const used = new Float64Array(accounts.length);
    const exited = new Float64Array(accounts.length);

    for (let index = 0; index < tick.activeCount; index++) {
      const slot = tick.activeSlots[index]!;
      const cpuNanoseconds = tick.activeCpuNanoseconds[index]!;
      const account = inventory.accountOfSlot(slot);
      used[account]! += cpuNanoseconds;
      const lastCpu = tick.activeLastCpu[index]!;
      parts.push({
        entity: inventory.entityOfSlot(slot),
        account,
        cpuNanoseconds,
        slot,
        lastCpu,
        terminated: false,
      });
    }
    for (const exit of tick.exited) {
      if (exit.cpuNanoseconds <= 0) continue;
      const account = inventory.accountOfSlot(exit.slot);
      used[account]! += exit.cpuNanoseconds;
      parts.push({
        entity: inventory.entityOfSlot(exit.slot),
        account,
        cpuNanoseconds: exit.cpuNanoseconds,
        slot: exit.slot,
        lastCpu: -1,
        terminated: true,
      });
    }
    for (const process of tick.shortLived) {
      const account = process.ancestorSlot < 0 ? 0 : inventory.accountOfShortLived(process.ancestorSlot);
      used[account]! += process.cpuNanoseconds;
      exited[account]! += process.cpuNanoseconds;
    }

    const childrenFirst = orderChildrenFirst(accounts);
    const deltas = this.#groupDeltas(tick, accounts, hostBusyNanoseconds);
    for (const id of childrenFirst) {
      const account = accounts[id]!;
      if (id === 0) continue;
      const delta = deltas[id]!;
      if (!Number.isNaN(delta)) {
        const remainder = this.#remainder(this.#histories[id]!, delta - used[id]!);
        exited[id]! += remainder;
        used[id]! += remainder;
      }
      used[Math.max(0, account.parent)]! += used[id]!;
      this.#emitExited(parts, inventory, id, exited[id]!);
    }
    this.#emitExited(parts, inventory, 0, exited[0]!);

    const exact = deltas[0] ?? Number.NaN;
    const host = Number.isNaN(exact) ? hostBusyNanoseconds : exact;
    const rest = (Number.isFinite(host) ? host : used[0]!) - used[0]! + this.#rootCarry;
    this.#rootCarry = Math.max(-MAX_HOST_DEFICIT_NANOSECONDS, Math.min(0, rest));
    this.#first = false;
    return {
      parts,
      unattributedNanoseconds: Math.max(0, rest),
      hostNanoseconds: Number.isNaN(exact) ? used[0]! : exact,
      childrenFirst,
    };
  }

  #emitExited(
    parts: UsagePart[],
    inventory: InventoryView,
    account: number,
    cpuNanoseconds: Nanoseconds,
  ): void {
    if (cpuNanoseconds <= 0) return;
    const entity = inventory.exitedEntity(account);
    parts.push({ entity, account, cpuNanoseconds, slot: -1, lastCpu: -1, terminated: false });
  }

  #remainder(history: GroupHistory, surplus: Nanoseconds): Nanoseconds {
    const waiting = history.carry + surplus;
    if (waiting >= MIN_REMAINDER_NANOSECONDS) {
      history.carry = 0;
      return waiting;
    }
    history.carry = Math.max(-MAX_DEFICIT_NANOSECONDS, waiting);
    return 0;
  }

  /** What each account's counter gained, NaN where it has none or nothing is known of this interval. */
  #groupDeltas(tick: ProcessTick, accounts: InventoryView['accounts'], hostBusy: Nanoseconds): Float64Array {
    const deltas = new Float64Array(accounts.length).fill(Number.NaN);
    const newborn: number[] = [];
    for (let id = 0; id < accounts.length; id++) {
      const account = accounts[id];
      if (account === undefined || account.group < 0) {
        this.#histories[id] = undefined;
        continue;
      }
      const key = account.entity?.key ?? '';
      let history = this.#histories[id];
      if (history === undefined || history.group !== account.group || history.key !== key) {
        history = { group: account.group, key, last: Number.NaN, carry: 0 };
        this.#histories[id] = history;
        newborn.push(id);
        continue;
      }
      const now = tick.groupCpuNanoseconds[account.group] ?? Number.NaN;
      const delta = now - history.last;
      if (delta >= 0) deltas[id] = delta;
      // After an interval without the counter the next difference holds CPU time that processes were charged with
      // already. Not so where nothing was scanned at all: their clocks stood still for us, too.
      if (account.group < tick.groupCpuNanoseconds.length) history.last = now;
    }
    for (const id of newborn) {
      const account = accounts[id]!;
      const inTick = tick.groupCpuNanoseconds[account.group] ?? Number.NaN;
      const now =
        Number.isNaN(inTick) || account.group >= tick.groupCpuNanoseconds.length
          ? this.#readGroup(account.group)
          : inTick;
      this.#histories[id]!.last = now;
      // A cgroup that appeared in this interval has burnt all that it holds within it, and its parent saw that too.
      const parent = deltas[Math.max(0, account.parent)]!;
      const limit = (Number.isNaN(parent) ? hostBusy : parent) + NEWBORN_SLACK_NANOSECONDS;
      if (!this.#first && id !== 0 && now <= limit) deltas[id] = now;
    }
    return deltas;
  }
}

/** Post-order over the account tree; an account whose parent is gone counts as a child of the root. */
function orderChildrenFirst(accounts: readonly (Account | undefined)[]): number[] {
  const order: number[] = [];
  const state = new Uint8Array(accounts.length);
  const chain: number[] = [];
  // Walk from each account towards the root and append the finished chain in root-first order, then reverse it all.
  for (let id = 0; id < accounts.length; id++) {
    let current = id;
    while (current >= 0 && accounts[current] !== undefined && state[current] === 0) {
      state[current] = 1;
      chain.push(current);
      current = accounts[current]!.parent;
    }
    while (chain.length > 0) order.push(chain.pop()!);
  }
  return order.reverse();
}
