import { chosenMode } from '../chosen-mode.ts';
import type { CommandContext } from '../command.ts';

/** What `kisimd autoscale` does, by the option that asks for it. */
const modes = {
  evaluate: async () => (await import('../autoscale/evaluate.ts')).runEvaluate,
  train: async () => (await import('../autoscale/train.ts')).runTrain,
  simulate: async () => (await import('../autoscale/simulate.ts')).runSimulate,
  live: async () => (await import('../autoscale/live.ts')).runLive,
} as const;

/** `kisimd autoscale`. @throws KISIM_E_USAGE, KISIM_E_AUTOSCALE_..., KISIM_E_LEARNING_... */
export async function runAutoscale(context: CommandContext): Promise<number> {
  const mode = chosenMode(context.options, Object.keys(modes) as (keyof typeof modes)[]);
  return (await modes[mode]())(context);
}
