import type { DiskTask } from './disk-thread.ts';
import type { BlockFailure } from './failure.ts';
import type { MemoryTask } from './memory-thread.ts';
import type { NetworkTask } from './network-thread.ts';

/** What one thread holds. */
export type ThreadTask =
  | { readonly kind: 'cpu' }
  | ({ readonly kind: 'memory' } & MemoryTask)
  | DiskTask
  | ({ readonly kind: 'network' } & NetworkTask);

export interface ThreadSetting {
  readonly task: ThreadTask;
  /** What it may do and what it has done: see `ThreadWords`. */
  readonly words: SharedArrayBuffer;
}

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly failure: BlockFailure };
