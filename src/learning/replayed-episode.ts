import type { RandomStream } from '../util/rng.ts';
import { errors } from './errors.ts';
import { SavedFields, type SavedState, type SavedValue } from './saved-state.ts';

/** How an environment with one action of one part begins an episode anew and goes on with it. */
export interface ReplayableEnvironment {
  readonly observationSize: number;
  begin(seed: number, observation: Float32Array): void;
  step(action: Int32Array, observation: Float32Array): void;
}

/** An environment whose state is too large to be kept: the seed of its episode and all that was done in it. */
export function savedEpisode(
  random: RandomStream,
  {
    seed,
    taken,
    isOver,
  }: { readonly seed: number; readonly taken: readonly number[]; readonly isOver: boolean },
): SavedState {
  return { random: random.state, seed, taken: Int32Array.from(taken), over: isOver };
}

/**
 * Does again what was done in an episode that was saved; nothing where it was over.
 *
 * @param name before the fields, for people
 * @throws KISIM_E_LEARNING_CHECKPOINT where a field is missing or of another kind
 */
export function replayEpisode(
  saved: SavedValue,
  name: string,
  random: RandomStream,
  environment: ReplayableEnvironment,
): void {
  const fields = new SavedFields(saved, `${name}.`);
  const taken = fields.value('taken');
  if (!(taken instanceof Int32Array)) throw errors.KISIM_E_LEARNING_CHECKPOINT(`${name}.taken`);
  if (fields.value('over') !== true) {
    const observation = new Float32Array(environment.observationSize);
    environment.begin(fields.number('seed'), observation);
    const action = new Int32Array(1);
    for (const choice of taken) {
      action[0] = choice;
      environment.step(action, observation);
    }
  }
  // Last: the steps may have drawn from it.
  random.restore(fields.random('random'));
}
