import type { Nanoseconds } from '../../util/units.ts';

/** What one request costs, its draws made. */
export type Work =
  | { readonly kind: 'cpu'; readonly cpuMilliseconds: number }
  | { readonly kind: 'memory'; readonly bytes: number; readonly seconds: number }
  | { readonly kind: 'disk'; readonly bytes: number }
  | { readonly kind: 'network'; readonly bytes: number };

/** What threads do; the bytes of `network` go out where the connection is. */
export type ThreadWork = Exclude<Work, { readonly kind: 'network' }>;

export interface WorkerSetting {
  /** Where files of `disk` are made. */
  readonly folder: string;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly cpuNanoseconds: Nanoseconds }
  | { readonly kind: 'failed'; readonly reason: 'memory' | 'disk'; readonly says: string };
