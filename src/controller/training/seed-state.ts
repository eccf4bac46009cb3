import type { WorkerError, WorkerProgress } from '../../learning/remote/worker-notes.ts';
import type { Failures } from './failed-workers.ts';

/** How far one seed of a training on a cluster is. */
export type SeedState =
  | { readonly kind: 'waiting'; readonly why: string; readonly failures: Failures }
  | {
      readonly kind: 'running';
      readonly node: string;
      readonly progress: WorkerProgress | undefined;
      /** Workers of this seed before this one. */
      readonly failures: Failures;
    }
  /** Its worker has ended well, and its result is not here yet. */
  | { readonly kind: 'fetching'; readonly why: string }
  | { readonly kind: 'gathered' }
  | { readonly kind: 'failed'; readonly error: WorkerError }
  /** Its worker had ended well, and its result is not to be had any more. */
  | { readonly kind: 'lost'; readonly why: string };

export function isSettled({ kind }: SeedState): boolean {
  return kind === 'gathered' || kind === 'failed' || kind === 'lost';
}

/**
 * Seconds until all seeds have ended, at the pace of those that run: what runs first, then what still waits, so many at a time;
 * undefined while no worker has told its pace.
 */
export function secondsLeft(states: Iterable<SeedState>, parallelism: number): number | undefined {
  const running: number[] = [];
  const whole: number[] = [];
  let waiting = 0;
  for (const state of states) {
    if (state.kind === 'waiting' || (state.kind === 'running' && state.progress === undefined)) waiting++;
    if (state.kind !== 'running' || state.progress === undefined) continue;
    const { progress } = state;
    running.push(progress.secondsLeft);
    whole.push(progress.seconds + progress.secondsLeft);
  }
  if (running.length === 0) return undefined;
  const each = whole.reduce((sum, seconds) => sum + seconds, 0) / whole.length;
  const atOnce = Math.max(1, Math.min(parallelism, running.length + waiting));
  // Each slot takes the next seed as soon as it is free.
  const slots = [...running, ...Array.from({ length: Math.max(0, atOnce - running.length) }, () => 0)];
  for (let i = 0; i < waiting; i++) {
    const first = slots.indexOf(Math.min(...slots));
    slots[first] = slots[first]! + each;
  }
  return Math.max(...slots);
}
