import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

/** What `kisimd autoscale` does, by the option that asks for it. */
const modes = {
  evaluate: async () => (await import('../autoscale/evaluate.ts')).runEvaluate,
  train: async () => (await import('../autoscale/train.ts')).runTrain,
  simulate: async () => (await import('../autoscale/simulate.ts')).runSimulate,
  live: async () => (await import('../autoscale/live.ts')).runLive,
} as const;

/** `kisimd autoscale`. @throws KISIM_E_USAGE, KISIM_E_AUTOSCALE_..., KISIM_E_LEARNING_... */
export async function runAutoscale(context: CommandContext): Promise<number> {
  const names = Object.keys(modes) as (keyof typeof modes)[];
  const given = names.filter((name) => context.options[name] === true);
  // A training that is gone on with says so itself.
  const resumes = given.length === 0 && typeof context.options['resume'] === 'string';
  const chosen = resumes ? ['train' as const] : given;
  const [mode] = chosen;
  if (mode === undefined || chosen.length > 1)
    throw cliErrors.KISIM_E_USAGE(
      mode === undefined ? 'nothing to do' : chosen.map((name) => `--${name}`).join(' together with '),
      { expected: `one of ${names.map((name) => `--${name}`).join(', ')}` },
    );
  return (await modes[mode]())(context);
}
