import { join, resolve } from 'node:path';
import { trainAgent } from '../../learning/train-agent.ts';
import { type Checkpoint, TrainingFolder } from '../../learning/training-folder.ts';
import { policyByName } from '../../policy/registry.ts';
import { queueCluster } from '../../queueing/clusters.ts';
import { VIEW_NAMES } from '../../queueing/learned/learned-admission.ts';
import { QUEUE_FEATURES, queueModel } from '../../queueing/learned/model.ts';
import { SKRUEUE_WEIGHTS, type SkrueueWeights } from '../../queueing/learned/rewards.ts';
import { defaultScenario, type QueueScenario } from '../../queueing/learned/scenario.ts';
import {
  DEFAULT_ENERGY_WEIGHT,
  type QueueAlgorithm,
  type QueueTrainingRequest,
  queueAlgorithms,
  queueLearner,
} from '../../queueing/learned/training.ts';
import { DEFAULT_ESTIMATES } from '../../queueing/workload/generate.ts';
import { replaceFile } from '../../util/atomic-file.ts';
import { OPSET } from '../../util/onnx/model.ts';
import { machine, versionWithCommit } from '../benchmark/machine.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { ProgressLine } from '../progress-line.ts';
import { numberOption, textOption } from '../replay/options.ts';
import { version } from '../version.ts';
import { isCount, readCluster, readPlacement, readSeed, readWorkload } from './options.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
const VALIDATIONS = 12;
/** A validation takes as long as some ten thousand decisions of a training. */
const LEAST_BETWEEN = 10_000;
const VALIDATED_WEEKS = 2;

/** What a training is begun anew from, with the words that it was asked for in. */
interface Request extends QueueTrainingRequest {
  readonly cluster: { readonly machines: string; readonly sleep: boolean };
  readonly scenario: Omit<QueueScenario, 'nodes'>;
  readonly command: string;
}

/** `kisimd queue --train` */
export async function runTrain(context: CommandContext): Promise<number> {
  const { stdout, stderr, signal, options } = context;
  const { folder, checkpoint } = open(context);
  const { cluster, scenario, command, ...request } = checkpoint.request;
  const nodes = queueCluster(cluster.machines, cluster.sleep);
  const learner = queueLearner(request, { ...scenario, nodes });
  const clock = () => performance.now();
  const progress = new ProgressLine(stderr, clock);
  const agreement = checkpoint.trainer === undefined ? learner.begin() : undefined;
  if (agreement !== undefined)
    stderr.write(
      `begins at the rule reserving, with which it agrees in ${(100 * agreement).toFixed(1)} % of decisions\n`,
    );
  const trained = await trainAgent({
    folder,
    checkpoint,
    agent: learner.agent,
    steps: request.steps,
    validateEvery: Math.max(LEAST_BETWEEN, Math.ceil(request.steps / VALIDATIONS)),
    validate: () => -learner.validate(VALIDATED_WEEKS).score,
    signal,
    clock,
    onProgress: ({ step, steps, last, best }) =>
      progress.count(
        step,
        steps,
        'decisions',
        `, cost ${(-last.score).toFixed(4)} (best ${(-best.score).toFixed(4)} at ${best.step})`,
      ),
  }).finally(() => progress.end());
  if (trained === undefined) {
    stderr.write(`stopped; go on with: kisimd queue --train --resume ${folder.path}\n`);
    return STOPPED_STATUS;
  }
  const model = queueModel(request.algorithm, request.state, learner.network());
  const validation = learner.validate(VALIDATED_WEEKS);
  folder.write('model.onnx', model.onnx);
  const card = {
    kind: 'queue-admission-policy',
    format: 1,
    model: { file: 'model.onnx', sha256: model.sha256, opset: OPSET },
    trained: {
      ...request,
      settings: learner.agent.settings,
      cluster,
      scenario: { ...scenario, strategies: scenario.strategies.map(({ name }) => name) },
      seconds: Number(trained.seconds.toFixed(1)),
      /** Cost: mean bounded slowdown plus the priced energy, on weeks of no episode; less is better. */
      best: { step: trained.best.step, cost: -trained.best.score },
      last: { step: trained.last.step, cost: -trained.last.score },
      validation,
    },
    origin: {
      command,
      code: versionWithCommit(version()),
      finished: new Date().toISOString(),
      machine: machine(),
    },
  };
  const text = `${JSON.stringify(card, undefined, 2)}\n`;
  folder.write('card.json', text);
  stdout.write(
    options['json'] === true
      ? text
      : [
          `cost       ${validation.score.toFixed(4)} (of step ${trained.best.step})`,
          `slowdown   ${validation.meanBoundedSlowdown.toFixed(4)}`,
          `energy     ${validation.energyKwh.toFixed(3)} kWh a week`,
          `model      ${join(folder.path, 'model.onnx')}`,
          `sha256     ${model.sha256}`,
          `compare    kisimd queue --evaluate --model ${join(folder.path, 'model.onnx')}`,
          `again      ${command}`,
          '',
        ].join('\n'),
  );
  return exitStatus.ok;
}

function open({ options }: CommandContext): {
  readonly folder: TrainingFolder<Request>;
  readonly checkpoint: Checkpoint<Request>;
} {
  const folderAt = (path: string) => new TrainingFolder<Request>(resolve(path), replaceFile, QUEUE_FEATURES);
  const resumed = textOption(options, 'resume');
  if (resumed !== undefined) {
    if (textOption(options, 'out') !== undefined)
      throw cliErrors.KISIM_E_USAGE('--resume together with --out', {
        expected: 'a training that goes on as it was begun',
      });
    const folder = folderAt(resumed);
    return { folder, checkpoint: folder.load() };
  }
  const request = requestOf(options);
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const folder = folderAt(
    textOption(options, 'out') ?? join('kisimd-training', `queue-${request.algorithm}-${time}`),
  );
  return { folder, checkpoint: folder.create(request) };
}

function requestOf(options: CommandContext['options']): Request {
  const source = readWorkload(options);
  if (source.kind === 'trace')
    throw cliErrors.KISIM_E_USAGE('--train with a log as --workload', {
      expected: 'a strategy or a YAML file, of which every episode is another draw',
    });
  const { file } = source;
  readCluster(options);
  const cluster = { machines: textOption(options, 'cluster') ?? 'skrueue', sleep: options['sleep'] === true };
  const algorithm = (textOption(options, 'algorithm') ?? file.skrueue?.algorithm ?? 'ppo') as QueueAlgorithm;
  const state = textOption(options, 'state') ?? 'own';
  if (!queueAlgorithms.includes(algorithm) || !(VIEW_NAMES as readonly string[]).includes(state))
    throw cliErrors.KISIM_E_USAGE(`--algorithm ${algorithm} --state ${state}`, {
      expected: `${queueAlgorithms.join(', ')} with ${VIEW_NAMES.join(' or ')}`,
    });
  const seed = readSeed(options);
  const steps = numberOption(options, 'steps', file.skrueue?.trainingSteps ?? 400_000, isCount);
  const energyWeight = numberOption(options, 'energyWeight', DEFAULT_ENERGY_WEIGHT, (weight) => weight >= 0);
  const workload = textOption(options, 'workload');
  const placement = readPlacement(options);
  policyByName(placement);
  const fixedLoad =
    options['load'] === undefined
      ? file.load
      : numberOption(options, 'load', 1, (load) => load > 0 && load <= 3);
  const weights = { ...SKRUEUE_WEIGHTS, ...file.skrueue?.rewardWeights } as SkrueueWeights;
  return {
    algorithm,
    state,
    seed,
    steps,
    energyWeight,
    weights,
    cluster,
    scenario: {
      ...defaultScenario,
      ...(workload === undefined ? {} : { strategies: [file.strategy] }),
      ...(fixedLoad === undefined ? {} : { loads: [fixedLoad, fixedLoad] as const }),
      ratesAreJobsPerHour: file.ratesAreJobsPerHour && fixedLoad === undefined,
      placement,
      templates: file.templates,
      estimates: DEFAULT_ESTIMATES,
    },
    command: [
      `kisimd queue --train --algorithm ${algorithm} --state ${state} --seed ${seed} --steps ${steps} --energy-weight ${energyWeight}`,
      ...['workload', 'load', 'cluster', 'placement']
        .filter((name) => options[name] !== undefined)
        .map((name) => `--${name} ${String(options[name])}`),
      ...(cluster.sleep ? ['--sleep'] : []),
    ].join(' '),
  };
}
