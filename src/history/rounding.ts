import type { Slot } from './stored-entity.ts';

/**
 * Takes the whole number out of what a slot has gathered and leaves the rest for the next second, so that the sum
 * of all whole numbers taken is within half a unit of the sum of what was gathered, for ever.
 */
export function takeWholeMicrojoules(slot: Slot): number {
  const exact = slot.microjoules + slot.carryMicrojoules;
  // A negative row makes no sense to a reader; the (tiny) deficit waits in the carry.
  const whole = Math.max(0, Math.round(exact));
  slot.carryMicrojoules = exact - whole;
  slot.microjoules = 0;
  return whole;
}

export function takeWholeCpuMicroseconds(slot: Slot): number {
  const exact = slot.cpuMicroseconds + slot.carryCpuMicroseconds;
  const whole = Math.max(0, Math.round(exact));
  slot.carryCpuMicroseconds = exact - whole;
  slot.cpuMicroseconds = 0;
  return whole;
}

/**
 * Makes the whole numbers of the parts add up to the whole number of the total. Each part was rounded with its own
 * carry, so their sum differs by a few units at most; the largest part takes the difference, and its carry gives it
 * back in time. Returns false, and changes nothing, where the difference is more than rounding can make: then the
 * parts were not the parts of this total, and no fudge may hide that.
 */
export function balance(total: number, parts: readonly Slot[], whole: number[]): boolean {
  let sum = 0;
  let largest = -1;
  for (let i = 0; i < whole.length; i++) {
    sum += whole[i]!;
    if (largest < 0 || whole[i]! > whole[largest]!) largest = i;
  }
  const difference = total - sum;
  if (difference === 0) return true;
  if (largest < 0 || Math.abs(difference) > roundingAllowance(total, parts.length)) return false;
  if (whole[largest]! + difference < 0) return false;
  whole[largest]! += difference;
  parts[largest]!.carryMicrojoules -= difference;
  return true;
}

/** Half a unit for each part and the total, what living slots may still hold, and the doubles' own rounding. */
function roundingAllowance(total: number, partCount: number): number {
  return 64 + 2 * partCount + total * 1e-9;
}
