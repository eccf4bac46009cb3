import type { ModelCard } from '../model-card.ts';

/** What a card tells of one seed among several. */
export interface SeedOutcome {
  readonly seed: number;
  readonly steps: number;
  readonly accepted: boolean;
  readonly validation: ModelCard['validation'];
  readonly report: ModelCard['report'];
  readonly sha256: string;
}

/** A seed without a result. */
export interface FailedSeed {
  readonly seed: number;
  readonly error: string;
}

export function outcomeOf({ trained, accepted, validation, report, model }: ModelCard): SeedOutcome {
  return {
    seed: trained.seed,
    steps: trained.steps,
    accepted,
    validation,
    report,
    sha256: model.sha256,
  };
}

/**
 * The one of several trainings of one order whose model is taken: of those that passed their own gate the one with the least
 * price in its validation. What the report's workloads say plays no part, so that the report stays a fresh measurement. Where
 * none passed they are all the same rule, and the first is taken.
 */
export function bestOf<T extends { readonly card: ModelCard }>(results: readonly [T, ...T[]]): T {
  const accepted = results.filter(({ card }) => card.accepted);
  return (
    accepted.reduce(
      (best: T | undefined, each) =>
        best === undefined || each.card.validation.change < best.card.validation.change ? each : best,
      undefined,
    ) ?? results[0]
  );
}
