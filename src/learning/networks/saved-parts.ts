import type { NativeNormaliser, NativeOptimiser, NativeRewardNormaliser } from '../../native/network.ts';
import type { SavedFields, SavedState } from '../saved-state.ts';

/** Copies of native state for a checkpoint, and back. */
export function savedOptimiser({ firstMoments, secondMoments, steps }: NativeOptimiser): SavedState {
  return { firstMoments: firstMoments.slice(), secondMoments: secondMoments.slice(), steps };
}

export function restoreOptimiser(optimiser: NativeOptimiser, fields: SavedFields): void {
  fields.into('firstMoments', optimiser.firstMoments);
  fields.into('secondMoments', optimiser.secondMoments);
  optimiser.steps = fields.number('steps');
}

type AnyNormaliser = NativeNormaliser | NativeRewardNormaliser | undefined;

export function savedNormaliser(normaliser: AnyNormaliser): Float64Array | null {
  return normaliser?.state.slice() ?? null;
}

export function restoreNormaliser(normaliser: AnyNormaliser, fields: SavedFields, name: string): void {
  if (normaliser !== undefined) fields.into(name, normaliser.state);
}
