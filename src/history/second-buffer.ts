import type { EnergyInterval, ZoneInterval } from '../attribution/interval.ts';
import type { Entity } from '../inventory/entity.ts';
import { balance, takeWholeCpuMicroseconds, takeWholeMicrojoules } from './rounding.ts';
import type { BatchRow, GapNote, SecondBatch } from './second-batch.ts';
import { IDLE_PROVISIONAL_BIT, SOURCE_BITS } from './source-bits.ts';
import { createSlot, type Slot, type StoredKind } from './stored-entity.ts';

/** A slot that was not used for this long is forgotten; its row in the database stays. */
const FORGET_AFTER_SECONDS = 900;
/** An interval whose ends are further apart on the wall clock than it lasted: the clock was set. */
const CLOCK_JUMP_MILLISECONDS = 1500;

/**
 * Sums intervals into whole seconds of unix time and rounds them to whole microjoules. Pure memory: cheap enough
 * to be called inside the meter's tick. An interval counts to the second in which its middle lies.
 */
export class SecondBuffer {
  readonly #slots = new Map<string, Slot>();
  readonly #node = this.#slotOf('node', 'node', undefined);
  readonly #idle = this.#slotOf('idle', 'idle', undefined);
  readonly #unattributed = this.#slotOf('unattributed', 'unattributed', undefined);
  #inSecond: Slot[] = [];
  #gaps: GapNote[] = [];
  #second: number | undefined;
  #meteredMilliseconds = 0;
  #fullMilliseconds = 0;
  #lastEndUnixMilliseconds: number | undefined;
  #lastForget = 0;
  #rejectedValues = 0;
  #unbalancedSeconds = 0;

  /** Energies or CPU times that were negative or no numbers and were left out. */
  get rejectedValues(): number {
    return this.#rejectedValues;
  }

  /** Seconds whose parts did not add up to the node's energy; stored as they came. */
  get unbalancedSeconds(): number {
    return this.#unbalancedSeconds;
  }

  /** Adds an interval. Returns the second before, if this interval is the first of another one. */
  add(interval: EnergyInterval): SecondBatch | undefined {
    const milliseconds = Math.max(0, finiteOr(interval.durationNanoseconds, 0)) / 1e6;
    const second = Math.floor((interval.endUnixMilliseconds - milliseconds / 2) / 1000);
    let complete: SecondBatch | undefined;
    if (second !== this.#second) {
      complete = this.take();
      this.#second = second;
    }
    this.#noteClock(interval, milliseconds);
    this.#addZones(interval.zones, milliseconds);
    this.#addShares(interval);
    return complete;
  }

  /** The second that is being filled, as far as it has come; undefined if it is empty. */
  take(): SecondBatch | undefined {
    const second = this.#second;
    if (second === undefined) return undefined;
    this.#second = undefined;
    const batch: SecondBatch = {
      unixSeconds: second,
      meteredMilliseconds: Math.round(this.#meteredMilliseconds),
      fullMilliseconds: Math.round(this.#fullMilliseconds),
      rows: this.#takeRows(second),
      gaps: this.#gaps,
    };
    this.#gaps = [];
    this.#meteredMilliseconds = 0;
    this.#fullMilliseconds = 0;
    this.#forget(second);
    return batch;
  }

  #noteClock(interval: EnergyInterval, milliseconds: number): void {
    const last = this.#lastEndUnixMilliseconds;
    this.#lastEndUnixMilliseconds = interval.endUnixMilliseconds;
    const jump = last === undefined ? 0 : interval.endUnixMilliseconds - milliseconds - last;
    // A jump forward may also be a pause of the daemon; both are time without rows.
    if (jump < -CLOCK_JUMP_MILLISECONDS || interval.remarks.includes('clock-set-back')) {
      this.#gaps.push({ zone: '*', reason: 'clock-set-back', seconds: Math.max(0, -jump / 1000) });
    } else if (jump > CLOCK_JUMP_MILLISECONDS) {
      this.#gaps.push({ zone: '*', reason: 'clock-jump-or-pause', seconds: jump / 1000 });
    }
  }

  #addZones(zones: readonly ZoneInterval[], milliseconds: number): void {
    let counted = 0;
    let known = 0;
    for (const zone of zones) {
      if (zone.zone.counted) counted += 1;
      if (zone.energyMicrojoules === undefined) {
        this.#gaps.push({
          zone: zone.zone.id,
          reason: zone.gap ?? 'unknown',
          seconds: milliseconds / 1000,
        });
        continue;
      }
      if (zone.zone.counted) known += 1;
      const key = `zone:${zone.zone.id}`;
      this.#gather(
        this.#slotOf(key, 'zone', undefined),
        zone.energyMicrojoules,
        0,
        SOURCE_BITS[zone.zone.provenance],
      );
    }
    if (known > 0) this.#meteredMilliseconds += milliseconds;
    if (known > 0 && known === counted) this.#fullMilliseconds += milliseconds;
  }

  #addShares(interval: EnergyInterval): void {
    const bits = zoneBits(interval.zones);
    let energyBits = 0;
    let splitBits = 0;
    for (const { energy, split } of bits) {
      energyBits |= energy;
      splitBits |= split;
    }
    this.#gather(this.#node, interval.energyMicrojoules, interval.busyNanoseconds / 1000, energyBits);
    this.#gather(this.#idle, interval.idleMicrojoules, 0, splitBits);
    this.#gather(this.#unattributed, interval.unattributedMicrojoules, 0, splitBits);
    const uniform = bits.every(({ split }) => split === 0 || split === splitBits);
    for (const share of interval.shares) {
      const entity = share.entity;
      const slot = this.#slotOf(entity.key, entity.kind, entity);
      let shareBits = splitBits;
      if (!uniform) {
        shareBits = 0;
        for (let i = 0; i < bits.length; i++) {
          if ((share.zoneMicrojoules[i] ?? 0) > 0) shareBits |= bits[i]!.split;
        }
        if (shareBits === 0) shareBits = splitBits;
      }
      this.#gather(slot, share.energyMicrojoules, share.cpuNanoseconds / 1000, shareBits);
      if (share.terminated) slot.terminated = true;
    }
  }

  #gather(slot: Slot, microjoules: number, cpuMicroseconds: number, bits: number): void {
    // The split computes differences of doubles: a part that is zero may come out a hair below it.
    if (microjoules > -1 && microjoules < Number.POSITIVE_INFINITY) slot.microjoules += microjoules;
    else this.#rejectedValues += 1;
    if (cpuMicroseconds >= 0 && cpuMicroseconds < Number.POSITIVE_INFINITY)
      slot.cpuMicroseconds += cpuMicroseconds;
    else if (slot !== this.#node) this.#rejectedValues += 1;
    slot.sourceBits |= bits;
    if (slot.inSecond) return;
    slot.inSecond = true;
    this.#inSecond.push(slot);
  }

  #takeRows(second: number): BatchRow[] {
    const slots = this.#inSecond;
    this.#inSecond = [];
    const parts: Slot[] = [];
    const partEnergies: number[] = [];
    const rows: BatchRow[] = [];
    let total: number | undefined;
    for (const slot of slots) {
      const microjoules = takeWholeMicrojoules(slot);
      if (slot.kind === 'process' || slot === this.#idle || slot === this.#unattributed) {
        parts.push(slot);
        partEnergies.push(microjoules);
        continue;
      }
      if (slot === this.#node) total = microjoules;
      this.#closeRow(rows, slot, microjoules, second);
    }
    if (total !== undefined && !balance(total, parts, partEnergies)) this.#unbalancedSeconds += 1;
    for (let i = 0; i < parts.length; i++) this.#closeRow(rows, parts[i]!, partEnergies[i]!, second);
    return rows;
  }

  #closeRow(rows: BatchRow[], slot: Slot, microjoules: number, second: number): void {
    const cpuMicroseconds = takeWholeCpuMicroseconds(slot);
    if (microjoules > 0 || cpuMicroseconds > 0) {
      rows.push({ slot, microjoules, cpuMicroseconds, sourceBits: slot.sourceBits });
    }
    slot.sourceBits = 0;
    slot.inSecond = false;
    slot.usedAt = second;
    // What it carries, half a microjoule at most, stays in the balance: the node has a carry of its own.
    if (slot.terminated) this.#slots.delete(slot.key);
  }

  #slotOf(key: string, kind: StoredKind, entity: Entity | undefined): Slot {
    const known = this.#slots.get(key);
    if (known === undefined) {
      const slot = createSlot(key, kind, entity);
      this.#slots.set(key, slot);
      return slot;
    }
    if (known.entity !== entity) {
      known.entity = entity;
      known.renamed = true;
    }
    return known;
  }

  #forget(second: number): void {
    if (Math.abs(second - this.#lastForget) < 60) return;
    this.#lastForget = second;
    for (const slot of this.#slots.values()) {
      if (slot.kind === 'node' || slot.kind === 'idle' || slot.kind === 'unattributed') continue;
      if (Math.abs(second - slot.usedAt) > FORGET_AFTER_SECONDS) this.#slots.delete(slot.key);
    }
  }
}

/** Flags of each zone for energy itself and for what the split made of it; 0 for zones that do not count. */
function zoneBits(
  zones: readonly ZoneInterval[],
): readonly { readonly energy: number; readonly split: number }[] {
  return zones.map(({ zone, energyMicrojoules, idleState }) => {
    if (!zone.counted || energyMicrojoules === undefined) return { energy: 0, split: 0 };
    const energy = SOURCE_BITS[zone.provenance];
    return { energy, split: energy | (idleState === 'provisional' ? IDLE_PROVISIONAL_BIT : 0) };
  });
}

function finiteOr(number: number, otherwise: number): number {
  return Number.isFinite(number) ? number : otherwise;
}
