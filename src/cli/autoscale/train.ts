import { join, resolve } from 'node:path';
import { evaluateAutoscaling } from '../../autoscaling/evaluation.ts';
import { learnedPolicyOf } from '../../autoscaling/policies/learned.ts';
import { evaluationText } from '../../autoscaling/report/tables.ts';
import {
  type AutoscalingAlgorithm,
  type AutoscalingTraining,
  autoscalingAlgorithms,
  autoscalingLearner,
  autoscalingModel,
} from '../../autoscaling/training.ts';
import { readNetworkModel } from '../../learning/onnx/read-network.ts';
import { trainAgent } from '../../learning/train-agent.ts';
import { type Checkpoint, TrainingFolder } from '../../learning/training-folder.ts';
import { replaceFile } from '../../util/atomic-file.ts';
import { machine, versionWithCommit } from '../benchmark/machine.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { ProgressLine } from '../progress-line.ts';
import { numberOption, textOption } from '../replay/options.ts';
import { version } from '../version.ts';
import { autoscalingCard } from './card.ts';
import { isCount, readProblem, readRuns, readSeed } from './options.ts';
import { baselineNames, choosePolicies } from './policies.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
/** What a checkpoint must have been learned from. */
const FEATURES = 'autoscaling-1';
const VALIDATIONS = 40;
const USUAL_STEPS = 1_600_000;

/** What a training is begun anew from: enough for a resume, with the words that it was asked for in. */
interface Request extends AutoscalingTraining {
  readonly command: string;
}

/** `kisimd autoscale --train` */
export async function runTrain(context: CommandContext): Promise<number> {
  const { options, stdout, stderr, signal } = context;
  const { folder, checkpoint } = open(context);
  const { command, ...training } = checkpoint.request;
  const { problem, seed, steps } = training;
  const clock = () => performance.now();
  const { agent, validate } = autoscalingLearner(training);
  const progress = new ProgressLine(stderr, clock);
  const trained = await trainAgent({
    folder,
    checkpoint,
    agent,
    steps,
    validateEvery: Math.max(1, Math.ceil(steps / VALIDATIONS)),
    validate,
    signal,
    clock,
    onProgress: ({ step, last, best }) =>
      progress.count(
        step,
        steps,
        'decisions',
        `, return ${last.score.toFixed(2)} (best ${best.score.toFixed(2)} at ${best.step})`,
      ),
  }).finally(() => progress.end());
  if (trained === undefined) {
    stderr.write(`stopped; go on with: kisimd autoscale --train --resume ${folder.path}\n`);
    return STOPPED_STATUS;
  }
  const model = autoscalingModel(training, agent);
  folder.write('model.onnx', model.onnx);
  stderr.write('comparing with the baselines on workloads that nothing was chosen by\n');
  const own = learnedPolicyOf(readNetworkModel(model.onnx, 'model.onnx'), 'model.onnx');
  const others = choosePolicies({}, problem, ['fixed', 'fixed-best', 'hpa', 'threshold'], (says) =>
    progress.say(says),
  );
  progress.end();
  const results = await evaluateAutoscaling({
    problem,
    policies: [...others.policies, own],
    baselines: baselineNames,
    runs: readRuns(options),
    seed,
  });
  const card = autoscalingCard(training, trained, model, results, {
    command,
    code: versionWithCommit(version()),
    finished: new Date().toISOString(),
    machine: machine(),
  });
  const cardText = `${JSON.stringify(card, undefined, 2)}\n`;
  folder.write('card.json', cardText);
  stdout.write(
    options['json'] === true
      ? cardText
      : `${evaluationText(results)}${[...others.notes, `model  ${join(folder.path, 'model.onnx')}`, `sha256 ${model.sha256}`, `again  ${command}`].join('\n')}\n`,
  );
  return exitStatus.ok;
}

function open({ options }: CommandContext): {
  readonly folder: TrainingFolder<Request>;
  readonly checkpoint: Checkpoint<Request>;
} {
  const folderAt = (path: string) => new TrainingFolder<Request>(resolve(path), replaceFile, FEATURES);
  const resumed = textOption(options, 'resume');
  if (resumed !== undefined) {
    if (textOption(options, 'out') !== undefined || textOption(options, 'problem') !== undefined)
      throw cliErrors.KISIM_E_USAGE('--resume together with --out or --problem', {
        expected: 'a training that goes on as it was begun',
      });
    const folder = folderAt(resumed);
    return { folder, checkpoint: folder.load() };
  }
  const { problem, agent, episodes } = readProblem(options);
  const algorithm = algorithmOf(textOption(options, 'algorithm') ?? 'ppo');
  const seed = readSeed(options);
  // A file may say how many episodes; the command line goes before it.
  const usual =
    episodes === undefined
      ? USUAL_STEPS
      : Math.round((episodes * problem.episodeSeconds) / problem.intervalSeconds);
  const steps = numberOption(options, 'steps', usual, isCount);
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const folder = folderAt(
    textOption(options, 'out') ?? join('kisimd-training', `autoscale-${algorithm}-${time}`),
  );
  const file = textOption(options, 'problem');
  const patterns = textOption(options, 'patterns');
  const command = [
    'kisimd autoscale --train',
    `--algorithm ${algorithm} --seed ${seed} --steps ${steps}`,
    ...(file === undefined ? [] : [`--problem ${file}`]),
    ...(patterns === undefined ? [] : [`--patterns ${patterns}`]),
  ].join(' ');
  return {
    folder,
    checkpoint: folder.create({ problem, algorithm, settings: agent, seed, steps, command }),
  };
}

function algorithmOf(name: string): AutoscalingAlgorithm {
  const found = autoscalingAlgorithms.find((one) => one === name);
  if (found === undefined)
    throw cliErrors.KISIM_E_USAGE(`--algorithm ${name}`, { expected: autoscalingAlgorithms.join(', ') });
  return found;
}
