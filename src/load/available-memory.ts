import { freemem } from 'node:os';

/**
 * Bytes that this process could still take without anything being swapped or killed: what the kernel calls MemAvailable,
 * or what the limit of the control group leaves, whichever is less.
 */
export function availableMemoryBytes(): number {
  return Math.min(process.availableMemory(), freemem());
}
