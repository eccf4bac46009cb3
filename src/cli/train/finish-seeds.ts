import { loadConfig } from '../../config/load.ts';
import { modelFolder } from '../../daemon/placement/policies.ts';
import { trainingErrors } from '../../kubernetes/training/errors.ts';
import type { ModelCard } from '../../learning/model-card.ts';
import { bestOf, type FailedSeed, outcomeOf, type SeedOutcome } from '../../learning/remote/best-seed.ts';
import type { TrainingOrder } from '../../learning/remote/order.ts';
import type { CheckedParcel, TrainingParcel } from '../../learning/remote/parcel.ts';
import type { SeedsFolder } from '../../learning/remote/seeds-folder.ts';
import { ModelStore } from '../../policy/learned/model-store.ts';
import type { CommandContext } from '../command.ts';
import { adopt } from './adopt.ts';
import type { TrainOptions } from './options.ts';
import { cardText, summaryText } from './outcome.ts';
import { percentText } from './progress.ts';
import { trainingReport } from './report.ts';

/** The card of the best of several seeds: all of them are told of, whatever became of them. */
export type SeedsCard = ModelCard & {
  readonly seeds: readonly SeedOutcome[];
  readonly failedSeeds: readonly FailedSeed[];
};

export interface FinishedSeeds {
  readonly folder: SeedsFolder;
  readonly order: TrainingOrder;
  readonly results: ReadonlyMap<number, CheckedParcel>;
  /** Why seeds have no result. */
  readonly failed: ReadonlyMap<number, string>;
  readonly context: CommandContext;
  readonly options: Pick<TrainOptions, 'json' | 'adopt'>;
}

/**
 * Writes the files of a training, of the seed that is best by its validation, and tells of all seeds.
 *
 * @throws KISIM_E_TRAINING_FAILED where seeds have no result, after the files are written; KISIM_E_LEARNING_OUTPUT
 */
export async function finishSeeds(finished: FinishedSeeds): Promise<void> {
  const { folder, order, results, failed, context, options } = finished;
  const ordered = order.seeds.flatMap((seed) => results.get(seed) ?? []);
  const [first, ...rest] = ordered;
  if (first !== undefined) {
    const best = bestOf([first, ...rest]);
    const card: SeedsCard = {
      ...best.card,
      seeds: ordered.map((each) => outcomeOf(each.card)),
      failedSeeds: [...failed].map(([seed, error]) => ({ seed, error })),
    };
    const { files } = folder;
    files.write('model.onnx', best.onnx);
    files.write('log.jsonl', best.log);
    files.write('report.html', reportOf({ ...best, card }));
    files.write('card.json', cardText(card));
    if (options.adopt) {
      const { config } = loadConfig({ env: context.env, flags: context.options });
      const store = new ModelStore(modelFolder(config.history));
      const { model, onnx } = best;
      const { trained, accepted, validation } = card;
      const said = adopt(
        store,
        {
          request: { ...order.request, seed: trained.seed, steps: trained.steps },
          result: { start: model.start, policy: model.point!, isAccepted: accepted, validation },
        },
        { onnx, sha256: model.sha256 },
        card,
        new Date().toISOString(),
      );
      context.stderr.write(`${said}\n`);
    }
    context.stdout.write(
      options.json ? cardText(card) : `${summaryText(card, folder.path)}${seedsText(card)}`,
    );
  }
  if (failed.size > 0)
    throw trainingErrors.KISIM_E_TRAINING_FAILED(
      [...failed].map(([seed, error]) => `seed ${seed}: ${error}`).join('; '),
      {
        action: `correct what is told of each, then train them once more: kisimd train --resume ${folder.path}`,
      },
    );
}

/** The page of one training. */
export function reportOf({ card, log }: TrainingParcel): string {
  const entries = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return trainingReport(card, entries);
}

function seedsText({ seeds, failedSeeds, trained }: SeedsCard): string {
  const lines = seeds.map(({ seed, accepted, validation, report, sha256 }) => {
    const validated = `validation ${percentText(validation.change)} (at most ${percentText(validation.upper)})`;
    const fresh = `fresh ${percentText(report.change)}`;
    const says = accepted ? 'accepted' : 'the rule';
    return `seed ${seed}${seed === trained.seed ? '*' : ''}\t${says}\t${validated}\t${fresh}\t${sha256.slice(0, 16)}`;
  });
  const failures = failedSeeds.map(({ seed, error }) => `seed ${seed}\tfailed\t${error}`);
  return [...lines, ...failures, ''].join('\n');
}
