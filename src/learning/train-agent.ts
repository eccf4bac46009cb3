import { setImmediate } from 'node:timers/promises';
import type { Agent } from './agent.ts';
import { errors } from './errors.ts';
import { SavedFields, type SavedState } from './saved-state.ts';
import type { Checkpoint, TrainingFolder } from './training-folder.ts';

export interface TrainAgentOptions<Request> {
  readonly folder: TrainingFolder<Request>;
  /** Where the training is: new, or as it was loaded. */
  readonly checkpoint: Checkpoint<Request>;
  /** As it was made of the request, with nothing learned. */
  readonly agent: Agent;
  /** Environment steps of the whole training. */
  readonly steps: number;
  /** Steps between two validations; the last one is at the end. */
  readonly validateEvery: number;
  /** Greater is better; on situations that are not learned from. The agent must be as it was afterwards. */
  readonly validate: (agent: Agent) => number;
  /** Stops between two validations; what was done is saved. */
  readonly signal: AbortSignal;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  readonly onProgress?: (progress: AgentProgress) => void;
}

export interface AgentValidation {
  readonly step: number;
  readonly score: number;
}

export interface AgentProgress {
  readonly step: number;
  readonly steps: number;
  readonly last: AgentValidation;
  readonly best: AgentValidation;
  /** Of all parts of the training together. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** At the pace so far. */
  readonly secondsLeft: number;
}

export interface TrainedAgent {
  /** At its best validation. */
  readonly agent: Agent;
  readonly best: AgentValidation;
  readonly last: AgentValidation;
  readonly steps: number;
  readonly seconds: number;
}

const SAVE_EVERY_MILLISECONDS = 5000;

interface Best extends AgentValidation {
  readonly state: SavedState;
}

/**
 * Trains an agent to the end, or to the signal, with a validation every so many steps, of which the best is kept, and a checkpoint
 * every few seconds: killed at any moment and gone on with from the last one, it ends with the same bits as if nothing had happened.
 *
 * @returns undefined where the signal came first
 * @throws KISIM_E_LEARNING_..., and what the environment throws
 */
export async function trainAgent<Request>(
  options: TrainAgentOptions<Request>,
): Promise<TrainedAgent | undefined> {
  const { folder, checkpoint, agent, steps, validateEvery, validate, signal, clock } = options;
  if (!(Number.isInteger(validateEvery) && validateEvery >= 1))
    throw errors.KISIM_E_LEARNING_SETTINGS(`a validation every ${validateEvery} steps`);
  folder.cutLog(checkpoint.logBytes);
  const began = clock();
  const seconds = () => checkpoint.seconds + (clock() - began) / 1000;
  let { logBytes } = checkpoint;
  let { best, next } = restored(agent, checkpoint.trainer, validateEvery);
  let last: AgentValidation | undefined = best;
  const first = agent.steps;
  const save = () => {
    const trainer = { agent: agent.save(), next, best: best === undefined ? null : { ...best } };
    folder.save({
      request: checkpoint.request,
      trainer,
      seconds: seconds(),
      decisions: agent.steps,
      logBytes,
    });
  };
  let saved = began;
  while (agent.steps < steps) {
    // Signals and other work get their turn between two validations.
    await setImmediate();
    if (signal.aborted) {
      save();
      return undefined;
    }
    agent.trainUntil(Math.min(next, steps));
    // Whole rollouts may go beyond it.
    next = Math.max(next, agent.steps) + validateEvery;
    last = { step: agent.steps, score: validate(agent) };
    if (best === undefined || last.score > best.score) best = { ...last, state: agent.save() };
    const spent = seconds();
    logBytes = folder.appendLog({ ...last, seconds: Number(spent.toFixed(3)), ...agent.figures });
    const pace = (agent.steps - first) / (spent - checkpoint.seconds);
    options.onProgress?.({
      step: agent.steps,
      steps,
      last,
      best: { step: best.step, score: best.score },
      seconds: spent,
      stepsPerSecond: pace,
      secondsLeft: Math.max(0, steps - agent.steps) / pace,
    });
    if (clock() - saved < SAVE_EVERY_MILLISECONDS) continue;
    save();
    saved = clock();
  }
  save();
  if (best === undefined || last === undefined) throw errors.KISIM_E_LEARNING_SETTINGS(`${steps} steps`);
  agent.restore(best.state);
  return {
    agent,
    best: { step: best.step, score: best.score },
    last: { step: last.step, score: last.score },
    steps,
    seconds: seconds(),
  };
}

function restored(agent: Agent, trainer: SavedState | undefined, every: number) {
  if (trainer === undefined) return { best: undefined as Best | undefined, next: every };
  const fields = new SavedFields(trainer, 'training.');
  agent.restore(fields.value('agent') as SavedState);
  const next = fields.number('next');
  if (fields.value('best') === null) return { best: undefined, next };
  const kept = fields.fields('best');
  const state = kept.value('state') as SavedState;
  return { best: { step: kept.number('step'), score: kept.number('score'), state }, next };
}
