import { admissionByName } from '../../queueing/admission-by-name.ts';
import { chosenMode } from '../chosen-mode.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { readSeed } from '../queue/options.ts';
import { listOption } from '../replay/options.ts';

const DEFAULT_LIVE = 'ppo';

/** What `kisimd queue` does, by the option that asks for it. */
const modes = {
  evaluate: async () => (await import('../queue/evaluate.ts')).runEvaluate,
  train: async () => (await import('../queue/train.ts')).runTrain,
  live: async () => runLive,
} as const;

/** `kisimd queue`. @throws KISIM_E_USAGE, KISIM_E_QUEUE_..., KISIM_E_LEARNING_... */
export async function runQueue(context: CommandContext): Promise<number> {
  const mode = chosenMode(context.options, Object.keys(modes) as (keyof typeof modes)[]);
  return (await modes[mode]())(context);
}

async function runLive(context: CommandContext): Promise<number> {
  const { options } = context;
  const models = ([options['model'] ?? []].flat() as string[]).map((path) => `model:${path}`);
  const names = [...(listOption(options, 'policies') ?? []), ...models];
  if (names.length > 1)
    throw cliErrors.KISIM_E_USAGE(`--live with ${names.length} policies`, {
      expected: 'the one that decides',
    });
  const policy = admissionByName(names[0] ?? DEFAULT_LIVE);
  const live = await import('../queue/live.ts');
  return live.runLive(context, { policy, seed: readSeed(options) });
}
