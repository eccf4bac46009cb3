import { BehaviourCloning, type DecisionRows } from '../../learning/algorithms/behaviour-cloning.ts';
import { JobRows, ROW_WIDTH, ROWS, SHOWN_JOBS } from '../policies/job-rows.ts';
import { reservingRow } from '../policies/reserving.ts';
import { NONE } from '../policy.ts';
import type { Chooser } from '../simulated/queue-run.ts';
import { type QueueSituation, queueSimulation } from '../simulated/simulate-queue.ts';

/** Every decision of the rule `reserving` over some situations, as rows of the state `own`. */
export function reservingDecisions(situations: readonly QueueSituation[]): DecisionRows {
  const observations: Float32Array[] = [];
  const masks: Uint8Array[] = [];
  const actions: number[] = [];
  for (const situation of situations) {
    const rows = new JobRows();
    let room: Int32Array | undefined;
    const chooser: Chooser = {
      name: 'reserving',
      get podsPerNode() {
        return room;
      },
      choose: (state) => {
        rows.fill(state);
        const row = reservingRow(rows, state);
        observations.push(rows.rows.slice());
        masks.push(rows.mask.slice());
        actions.push(row < 0 ? SHOWN_JOBS : row);
        room = row < 0 ? undefined : rows.roomOf(row, state);
        return row < 0 ? NONE : rows.jobOf[row]!;
      },
    };
    queueSimulation(situation, chooser, 0).simulation.advance();
  }
  const joined = new Float32Array(observations.length * ROWS * ROW_WIDTH);
  const mask = new Uint8Array(observations.length * ROWS);
  observations.forEach((each, row) => {
    joined.set(each, row * ROWS * ROW_WIDTH);
    mask.set(masks[row]!, row * ROWS);
  });
  return {
    rows: observations.length,
    observations: joined,
    masks: mask,
    actions: Int32Array.from(actions),
  };
}

export interface Imitation {
  /** As the native learner has them. */
  readonly parameters: Float32Array;
  /** Share of the decisions that it decides as the rule does. */
  readonly agreement: number;
}

/** A network that decides as recorded: where training begins. */
export function imitate(
  data: DecisionRows,
  settings: { readonly hidden: readonly number[]; readonly seed: number; readonly steps: number },
): Imitation {
  const shape = { observationSize: ROWS * ROW_WIDTH, actions: [ROWS], masked: true };
  const cloning = new BehaviourCloning(shape, data, {
    seed: settings.seed,
    totalSteps: settings.steps,
    hidden: settings.hidden,
    activation: 'relu',
    learningRate: { from: 3e-3, to: 3e-4 },
    batchSize: 256,
    entropyCoefficient: 0,
    entities: ROWS,
  });
  cloning.trainUntil(settings.steps);
  const chosen = new Int32Array(data.rows);
  cloning.act(data.observations, data.masks, data.rows, chosen);
  let same = 0;
  for (let row = 0; row < data.rows; row++) if (chosen[row] === data.actions[row]) same++;
  return { parameters: cloning.policy.parameters.slice(), agreement: same / data.rows };
}
