import type { RandomStream } from '../../util/rng.ts';

/**
 * How well a scheduler knows a pod beforehand. `log-normal`: the truth times a factor whose logarithm has mean 0 and
 * this standard deviation (0: exact). `class-mean`: only what pods of its class do on average.
 */
export type PredictionModel =
  | { readonly kind: 'log-normal'; readonly sigma: number }
  | { readonly kind: 'class-mean' };

/** Draws one number a prediction, whatever the model: the next pod's draws stay the same. */
export function predict(
  model: PredictionModel,
  truth: number,
  classMean: number,
  random: RandomStream,
): number {
  const factor = random.logNormal(1, model.kind === 'log-normal' ? model.sigma : 0);
  return model.kind === 'class-mean' ? classMean : truth * factor;
}
