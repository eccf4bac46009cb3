import type { SavedState } from './saved-state.ts';

/** What learns by acting in environments. Everything it draws comes from the seed of its settings. */
export interface Agent {
  /** Steps taken so far, over all environments; gradient steps where it learns from recorded data alone. */
  readonly steps: number;
  /** What the last updates were like, by name; for reports and plots. Empty before the first. */
  readonly figures: Readonly<Record<string, number>>;
  /**
   * Goes on until at least so many steps are taken in all; to the end of a rollout or a generation where the algorithm
   * learns from whole ones. Cut into several calls it does the same as in one.
   */
  trainUntil(steps: number): void;
  /** The action held best (no exploration, no draw) of each row: observations [rows][...], masks [rows][sum of options], actions [rows][choices]. */
  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void;
  /** Weights, optimiser, buffer, generators, normalisers and environments: all that comes after depends on. */
  save(): SavedState;
  /** Only for an agent of the same settings in environments of the same kind; else KISIM_E_LEARNING_CHECKPOINT. */
  restore(saved: SavedState): void;
}

/** A setting that stays as it is, or goes linearly from one value to another over the whole training. */
export type Schedule = number | { readonly from: number; readonly to: number };

/** `done` is the share of the training that is over, 0 .. 1; beyond it the last value stays. */
export function scheduled(schedule: Schedule, done: number): number {
  if (typeof schedule === 'number') return schedule;
  const share = Math.min(Math.max(done, 0), 1);
  return schedule.from + (schedule.to - schedule.from) * share;
}
