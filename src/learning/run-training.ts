import { setImmediate } from 'node:timers/promises';
import { simulate } from '../simulation/engine.ts';
import type { MeanEstimate } from '../util/statistics/mean-interval.ts';
import { errors } from './errors.ts';
import type { TrainedScorer } from './own-cluster/acceptance-gate.ts';
import { episodePool } from './own-cluster/episode-pool.ts';
import { inThisThread } from './own-cluster/episodes.ts';
import { rememberingTwin } from './own-cluster/twin.ts';
import { twinOf } from './own-cluster/twin-plan.ts';
import type { Trainer, TrainerProgress, TrainingAlgorithm } from './trainer.ts';
import { trainingAlgorithms } from './training-algorithms.ts';
import type { Checkpoint, TrainingFolder, TrainingRequest } from './training-folder.ts';

export interface RunTrainingOptions {
  readonly folder: TrainingFolder;
  /** Where the training is: new, or as it was loaded. */
  readonly checkpoint: Checkpoint;
  /** Threads that simulate. The result does not depend on it. */
  readonly threads: number;
  /** Stops between two steps; what was done is saved. */
  readonly signal: AbortSignal;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  readonly onProgress?: (progress: RunProgress) => void;
  /** What the names of algorithms stand for; the program's own where left out. */
  readonly algorithms?: readonly TrainingAlgorithm[];
  /** A part that has no steps: choosing a rule, measuring, reporting. */
  readonly onPhase?: (says: string) => void;
}

export interface RunProgress extends TrainerProgress {
  readonly unit: string;
  /** Of all parts of the training together. */
  readonly seconds: number;
  readonly decisionsPerSecond: number;
  /** At the pace so far. */
  readonly secondsLeft: number;
}

export interface FinishedTraining {
  readonly request: TrainingRequest & { readonly steps: number };
  readonly twin: string;
  readonly unit: string;
  readonly result: TrainedScorer;
  /** The accepted policy against its rule on workloads that nothing was chosen by. */
  readonly report: MeanEstimate;
  readonly reportWorkloads: number;
  readonly seconds: number;
  readonly decisions: number;
}

export const REPORT_WORKLOADS = 40;
const SAVE_EVERY_MILLISECONDS = 5000;

function algorithmOf(
  name: string,
  known: readonly TrainingAlgorithm[] = trainingAlgorithms,
): TrainingAlgorithm {
  const found = known.find((each) => each.name === name);
  if (found === undefined)
    throw errors.KISIM_E_LEARNING_SETTINGS(`algorithm ${name}`, {
      expected: `one of ${known.map((each) => each.name).join(', ')}`,
    });
  return found;
}

/**
 * Trains to the end, or to the signal, with a checkpoint every few seconds: killed at any moment and gone on with from the
 * last one, it ends with the same bits as if nothing had happened.
 *
 * @returns undefined where the signal came first
 * @throws KISIM_E_LEARNING_..., KISIM_E_SCENARIO_...
 */
export async function runTraining(options: RunTrainingOptions): Promise<FinishedTraining | undefined> {
  const { plan } = options.checkpoint.request;
  const twin = rememberingTwin(twinOf(plan));
  const episodes = episodePool(plan, inThisThread(twin, simulate), options.threads);
  try {
    return await new TrainingRun(options, { twin, episodes }).run();
  } finally {
    await episodes.close();
  }
}

type Ground = Pick<Parameters<TrainingAlgorithm['begin']>[0], 'twin' | 'episodes'>;

class TrainingRun {
  readonly #options: RunTrainingOptions;
  readonly #ground: Ground;
  readonly #algorithm: TrainingAlgorithm;
  readonly #began: number;
  readonly #before: Checkpoint;
  #logBytes: number;
  #saved: number;

  constructor(options: RunTrainingOptions, ground: Ground) {
    this.#options = options;
    this.#ground = ground;
    this.#before = options.checkpoint;
    this.#algorithm = algorithmOf(options.checkpoint.request.algorithm, options.algorithms);
    this.#began = options.clock();
    this.#saved = this.#began;
    this.#logBytes = options.checkpoint.logBytes;
  }

  async run(): Promise<FinishedTraining | undefined> {
    const { folder, signal, onPhase } = this.#options;
    folder.cutLog(this.#before.logBytes);
    const { trainer, request } = this.#begin();
    const first = { ...trainer.progress(), at: this.#options.clock() };
    while (!trainer.isDone) {
      // Signals and other work get their turn between two steps.
      await setImmediate();
      if (signal.aborted) {
        this.#save(trainer, request);
        return undefined;
      }
      trainer.step();
      this.#tell(trainer, first);
      if (this.#options.clock() - this.#saved >= SAVE_EVERY_MILLISECONDS) this.#save(trainer, request);
    }
    this.#save(trainer, request);
    onPhase?.(`comparing with the rule on ${REPORT_WORKLOADS} further workloads`);
    await setImmediate();
    const result = trainer.result();
    const report = trainer.report(result.policy, REPORT_WORKLOADS);
    return {
      request,
      twin: this.#ground.twin.name,
      unit: this.#algorithm.unit,
      result,
      report,
      reportWorkloads: REPORT_WORKLOADS,
      seconds: this.#seconds(),
      decisions: this.#decisions(trainer),
    };
  }

  #begin(): { trainer: Trainer; request: FinishedTraining['request'] } {
    const { request, trainer: saved } = this.#before;
    const { onPhase, clock } = this.#options;
    const { seed } = request;
    if (saved !== undefined && typeof request.steps === 'number') {
      const trainer = this.#algorithm.begin({ ...this.#ground, seed, steps: request.steps, saved });
      return { trainer, request: { ...request, steps: request.steps } };
    }
    onPhase?.('simulating all rules, to begin at the best');
    if (typeof request.steps === 'number') {
      const fixed = { ...request, steps: request.steps };
      const trainer = this.#algorithm.begin({ ...this.#ground, seed, steps: request.steps });
      this.#save(trainer, fixed);
      return { trainer, request: fixed };
    }
    const begun = this.#algorithm.begin({ ...this.#ground, seed, steps: 1 }).save();
    onPhase?.(`measuring how many ${this.#algorithm.unit} fit`);
    const steps = this.#algorithm.stepsWithin(Math.max(0, request.steps.withinSeconds - this.#seconds()), {
      ...this.#ground,
      seed,
      begun,
      clock,
      reportWorkloads: REPORT_WORKLOADS,
    });
    const trainer = this.#algorithm.begin({ ...this.#ground, seed, steps, saved: begun });
    const fixed = { ...request, steps };
    this.#save(trainer, fixed);
    return { trainer, request: fixed };
  }

  #tell(trainer: Trainer, first: TrainerProgress & { readonly at: number }): void {
    const { folder, clock, onProgress } = this.#options;
    const progress = trainer.progress();
    const { step, steps, measures, last, decisions } = progress;
    const seconds = this.#seconds();
    const passed = (clock() - first.at) / 1000;
    this.#logBytes = folder.appendLog({
      step,
      seconds: Number(seconds.toFixed(3)),
      decisions: this.#decisions(trainer),
      ...measures,
      ...(last?.generation === step ? { change: last.change, upper: last.upper } : {}),
    });
    onProgress?.({
      ...progress,
      unit: this.#algorithm.unit,
      seconds,
      decisionsPerSecond: passed > 0 ? (decisions - first.decisions) / passed : 0,
      secondsLeft: (passed / (step - first.step)) * (steps - step),
    });
  }

  #save(trainer: Trainer, request: TrainingRequest): void {
    this.#options.folder.save({
      request,
      trainer: trainer.save(),
      seconds: this.#seconds(),
      decisions: this.#decisions(trainer),
      logBytes: this.#logBytes,
    });
    this.#saved = this.#options.clock();
  }

  #seconds(): number {
    return this.#before.seconds + (this.#options.clock() - this.#began) / 1000;
  }

  #decisions(trainer: Trainer): number {
    return this.#before.decisions + trainer.progress().decisions;
  }
}
