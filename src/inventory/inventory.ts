import type { ProcessTick } from '../native/process-scanner.ts';
import type { Account, Entity } from './entity.ts';

/** What the split needs to know of who runs here. Filled from the scanner's births and exits, tick by tick. */
export interface InventoryView {
  /** Indexed by account id; holes are undefined. Account 0 is the root. Parents may have greater ids than children. */
  readonly accounts: readonly (Account | undefined)[];
  /** Account of the process in a slot of the native table. */
  accountOfSlot(slot: number): number;
  /** Entity of the process in a slot. */
  entityOfSlot(slot: number): Entity;
  /** Slot of a living process by its pid (for what GPUs report), -1 if there is none. */
  slotOfPid(pid: number): number;
  /** Account that a process born and gone between ticks belonged to (its ancestor's), 0 (root) if unknown. */
  accountOfShortLived(ancestorSlot: number): number;
  /** The pseudo-process of an account that holds what exited unseen between two scans. */
  exitedEntity(account: number): Entity;
  /** Entities of all living processes, containers, pods, vms (for /metrics and `top`). */
  livingCount(): number;
}

export interface InventoryUpdate {
  /** Takes births and registers new cgroups. Call right after `scanner.tick()`, before the split. */
  before(tick: ProcessTick): void;
  /** Forgets what exited in this tick, and accounts that are empty and gone. Call after the split. */
  after(tick: ProcessTick): void;
}
