import { loadAddon } from '../../native/addon.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { availableMemoryBytes } from '../available-memory.ts';
import { BlockError } from './failure.ts';
import { nextHeldBytes } from './memory-control.ts';
import type { ThreadWords } from './thread-words.ts';

/** Taken between two looks at what others leave. */
const STEP_BYTES = 64 * 1024 * 1024;
const LOOK_MILLISECONDS = 250;
/** Every page is written to once in so many looks. */
const LOOKS_PER_ROUND = 40;

export interface MemoryTask {
  readonly askedBytes: number;
  /** What must stay available to others. */
  readonly reserveBytes: number;
}

/**
 * Holds memory so that the whole process comes to have `askedBytes` resident, and keeps it there: pages are written to
 * again and again, so that none is swapped out.
 *
 * @throws BlockError with KISIM_E_BLOCK_MEMORY, once it has let go
 */
export function runMemoryThread(
  { askedBytes, reserveBytes }: MemoryTask,
  words: ThreadWords,
  isOver: () => boolean,
  ready: () => void,
): void {
  const memory = reserve(askedBytes);
  try {
    let isReady = false;
    let round = 0;
    while (!isOver()) {
      const held = memory.heldBytes();
      const next = nextHeldBytes(askedBytes, held, process.memoryUsage.rss(), STEP_BYTES);
      const free = availableMemoryBytes();
      if (free - (next - held) < reserveBytes) {
        const found = `${askedBytes} bytes asked for, ${held} held, ${free} available of which ${reserveBytes} stay free`;
        throw new BlockError('KISIM_E_BLOCK_MEMORY', found);
      }
      memory.resize(Math.min(next, askedBytes));
      words.done = memory.heldBytes();
      if (!isReady && next - held < STEP_BYTES) {
        isReady = true;
        ready();
      }
      if (!isReady) continue;
      const part = Math.ceil(next / LOOKS_PER_ROUND);
      memory.touch((round++ % LOOKS_PER_ROUND) * part, part);
      words.waitForMore(words.granted, LOOK_MILLISECONDS);
    }
  } finally {
    memory.close();
  }
}

function reserve(capacityBytes: number): ReturnType<typeof open> {
  try {
    return open(capacityBytes);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOMEM') throw error;
    throw new BlockError('KISIM_E_BLOCK_MEMORY', `${capacityBytes} bytes asked for: ${String(error)}`, error);
  }
}

function open(capacityBytes: number) {
  return new (loadAddon().HeldMemory)({ capacityBytes });
}
