/** A short training that was measured: all its steps, and one validation beside that of where it began. */
export interface MeasuredTraining {
  readonly seconds: number;
  readonly steps: number;
}

export interface TrainingEpisodes {
  readonly eachStep: number;
  readonly validationSeeds: number;
  readonly validations: number;
  readonly acceptanceSeeds: number;
  readonly reportWorkloads: number;
}

/**
 * How many steps of a training that only simulates fit into this time, at least one. Counted in episodes, since what a step
 * costs depends on whether it validates.
 */
export function stepsWithin(
  seconds: number,
  measured: MeasuredTraining,
  { eachStep, validationSeeds, validations, acceptanceSeeds, reportWorkloads }: TrainingEpisodes,
): number {
  // A validation looks at the mean and at the average of the means; so does the first, which also looks at the rule.
  const secondsAnEpisode = measured.seconds / (measured.steps * eachStep + 3 * validationSeeds);
  const once = 2 * (reportWorkloads + acceptanceSeeds) + (2 * validations + 1) * validationSeeds;
  return Math.max(1, Math.floor((seconds / secondsAnEpisode - once) / eachStep));
}
