import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import type { SeedState } from '../../controller/training/seed-state.ts';
import { TrainingJobFollower } from '../../controller/training/training-job-follower.ts';
import type { ClientNodeApi } from '../../kubernetes/client-node-api.ts';
import { demandTrainingAccess } from '../../kubernetes/training/access.ts';
import { trainingErrors } from '../../kubernetes/training/errors.ts';
import {
  isTrainingJobThere,
  removeTrainingJob,
  startTrainingJob,
  tryTrainingJob,
} from '../../kubernetes/training/job-calls.ts';
import { encodeOrder, type TrainingOrder } from '../../learning/remote/order.ts';
import type { CheckedParcel } from '../../learning/remote/parcel.ts';
import { type RemotePlace, SeedsFolder } from '../../learning/remote/seeds-folder.ts';
import { KisimError } from '../../util/errors.ts';
import { seededRandom } from '../../util/rng.ts';
import type { CommandContext } from '../command.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { planAndPath } from './begin.ts';
import {
  type ClusterTrainOptions,
  type JobFate,
  readClusterOptions,
  readJobFate,
} from './cluster-options.ts';
import { ClusterProgress, errorText } from './cluster-progress.ts';
import { finishSeeds, reportOf } from './finish-seeds.ts';
import type { TrainOptions } from './options.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
/** Jobs that seeds are trained in again whose results were lost, before it is given up. */
const MOST_JOBS = 3;

const clock = () => performance.now();

/**
 * `kisimd train --on kubernetes`: one worker a seed, in a Job of the cluster; or, with --resume, goes on with one.
 *
 * @throws KISIM_E_TRAINING_..., KISIM_E_KUBE_..., KISIM_E_LEARNING_...
 */
export async function trainOnCluster(context: CommandContext, options: TrainOptions): Promise<number> {
  const { config } = loadConfig({ env: context.env, flags: context.options });
  const fate = readJobFate(context.options);
  const settings = clusterSettings(context, config);
  const wanted =
    options.begin === undefined ? undefined : readClusterOptions(context.options, options.begin.seed);
  const api = await connectCluster(settings, context.env);
  try {
    const training =
      wanted === undefined
        ? resumed(api, options.out!)
        : await begun(api, settings.namespace, wanted, context, options);
    const run = new ClusterTraining(api, training, context, options, fate);
    return fate.cancel && wanted === undefined ? await run.cancel() : await run.run(wanted === undefined);
  } finally {
    api.close();
  }
}

interface Training {
  readonly folder: SeedsFolder;
  readonly order: TrainingOrder;
  readonly place: RemotePlace;
}

async function begun(
  api: ClientNodeApi,
  namespace: string,
  { seeds, image, parallelism, threads, memory }: ClusterTrainOptions,
  context: CommandContext,
  { begin, out }: TrainOptions,
): Promise<Training> {
  await demandTrainingAccess(api, namespace);
  const id = randomBytes(4).toString('hex');
  const name = `kisimd-train-${id}`;
  // What the cluster does not take is told before anything is made, here or there.
  await tryTrainingJob(api, {
    name,
    namespace,
    id,
    image,
    seeds: seeds.length,
    parallelism,
    threads,
    memory,
  });
  const { plan, path } = await planAndPath(context, begin!, out);
  const { algorithm, steps } = begin!;
  const hardware = plan.kind === 'scenario' ? plan.hardware?.path : undefined;
  const order: TrainingOrder = {
    request: { plan, algorithm, steps },
    seeds,
    threads,
    ...(hardware === undefined ? {} : { hardware: readFileSync(hardware, 'utf8') }),
  };
  const folder = new SeedsFolder(path);
  const place = { id, server: api.address.server, namespace, image, parallelism, memory, jobs: [] };
  folder.create(order, place);
  return { folder, order, place };
}

function resumed(api: ClientNodeApi, path: string): Training {
  const folder = new SeedsFolder(resolve(path));
  const { order, place } = folder.load();
  const { server } = api.address;
  if (server !== place.server)
    throw cliErrors.KISIM_E_USAGE(`the cluster ${server}`, {
      expected: `the cluster that the training runs on: ${place.server}`,
      action: 'name its kubeconfig and context by --kubeconfig and --context',
    });
  return { folder, order, place };
}

class ClusterTraining {
  readonly #api: ClientNodeApi;
  readonly #folder: SeedsFolder;
  readonly #order: TrainingOrder;
  #place: RemotePlace;
  readonly #context: CommandContext;
  readonly #options: TrainOptions;
  readonly #fate: JobFate;
  readonly #progress: ClusterProgress;
  readonly #results: Map<number, CheckedParcel>;

  constructor(
    api: ClientNodeApi,
    { folder, order, place }: Training,
    context: CommandContext,
    options: TrainOptions,
    fate: JobFate,
  ) {
    this.#api = api;
    this.#folder = folder;
    this.#order = order;
    this.#place = place;
    this.#context = context;
    this.#options = options;
    this.#fate = fate;
    this.#progress = new ClusterProgress(context.stderr, clock, place.parallelism);
    this.#results = new Map(folder.kept(order));
  }

  async cancel(): Promise<number> {
    for (const name of await this.#removeJobs()) this.#context.stdout.write(`removed  Job ${name}\n`);
    return exitStatus.ok;
  }

  async run(isResumed: boolean): Promise<number> {
    const failed = new Map<number, string>();
    let follows = isResumed && (await this.#isUnderWay());
    for (let jobs = 0; this.#missing(failed).length > 0; jobs++) {
      if (jobs === MOST_JOBS)
        throw trainingErrors.KISIM_E_TRAINING_LOST(`seeds ${this.#missing(failed).join(', ')}`);
      if (!follows) {
        // All that it had is gathered, failed or lost.
        if (!this.#fate.keep) await this.#removeJobs();
        await this.#startJob(this.#missing(failed));
      }
      const states = await this.#follow();
      if (states === undefined) return await this.#stopped();
      // What had failed before it was gone on with is what it is gone on with for.
      for (const [seed, state] of states)
        if (state.kind === 'failed' && !follows) failed.set(seed, errorText(state.error));
      follows = false;
    }
    this.#progress.end();
    await finishSeeds({
      folder: this.#folder,
      order: this.#order,
      results: this.#results,
      failed,
      context: this.#context,
      options: this.#options,
    });
    if (!this.#fate.keep) await this.#removeJobs();
    return exitStatus.ok;
  }

  #missing(failed: ReadonlyMap<number, string>): readonly number[] {
    return this.#order.seeds.filter((seed) => !this.#results.has(seed) && !failed.has(seed));
  }

  /** Whether the last Job is there still, made whole where the call that made it was cut short. */
  async #isUnderWay(): Promise<boolean> {
    const last = this.#place.jobs.at(-1);
    if (last === undefined) return false;
    const { namespace, id } = this.#place;
    if (!(await isTrainingJobThere(this.#api, namespace, last.name, id))) return false;
    await this.#make(last);
    return true;
  }

  async #startJob(missing: readonly number[]): Promise<void> {
    const [first, ...rest] = missing as [number, ...number[]];
    const { id, jobs } = this.#place;
    const name = `kisimd-train-${id}${jobs.length === 0 ? '' : `-${jobs.length + 1}`}`;
    const job = { name, seeds: [first, ...rest] as const };
    this.#place = { ...this.#place, jobs: [...jobs, job] };
    // Before it is made: whatever happens, it can be found and removed.
    this.#folder.save(this.#place);
    await this.#make(job);
    const { namespace } = this.#place;
    this.#progress.note(`Job ${namespace}/${name}: ${missing.length} seeds; files in ${this.#folder.path}`);
  }

  async #make({ name, seeds }: RemotePlace['jobs'][number]): Promise<void> {
    const { namespace, id, image, parallelism, memory } = this.#place;
    const order = { ...this.#order, seeds };
    const { threads } = order;
    const wanted = { name, namespace, id, image, seeds: seeds.length, parallelism, threads, memory };
    await this.#orRemoved(async () => void (await startTrainingJob(this.#api, wanted, encodeOrder(order))));
  }

  async #follow(): Promise<ReadonlyMap<number, SeedState> | undefined> {
    const { name, seeds } = this.#place.jobs.at(-1)!;
    const follower = new TrainingJobFollower({
      api: this.#api,
      namespace: this.#place.namespace,
      name,
      order: { ...this.#order, seeds },
      gathered: new Set(this.#results.keys()),
      gather: (seed, parcel) => {
        this.#folder.keep(seed, parcel, reportOf);
        this.#results.set(seed, parcel);
      },
      onStates: (states) => this.#progress.tell(states),
      trouble: (_, error) => this.#progress.trouble(error),
      signal: this.#context.signal,
      random: seededRandom(process.pid),
    });
    try {
      return await this.#orRemoved(() => follower.follow());
    } finally {
      this.#progress.end();
    }
  }

  /** A Job that cannot begin is not left behind. */
  async #orRemoved<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isHopeless =
        error instanceof KisimError &&
        ['KISIM_E_TRAINING_IMAGE', 'KISIM_E_TRAINING_REFUSED', 'KISIM_E_TRAINING_ORDER_SIZE'].includes(
          error.code,
        );
      if (isHopeless && !this.#fate.keep) await this.#removeJobs();
      throw error;
    }
  }

  async #stopped(): Promise<number> {
    const { namespace, jobs } = this.#place;
    const { stderr } = this.#context;
    if (this.#fate.cancel) {
      for (const name of await this.#removeJobs()) stderr.write(`removed Job ${name}\n`);
      return STOPPED_STATUS;
    }
    const again = `kisimd train --resume ${this.#folder.path}`;
    stderr.write(
      `stopped; Job ${namespace}/${jobs.at(-1)!.name} goes on. Gather it with: ${again}; end it with: ${again} --cancel\n`,
    );
    return STOPPED_STATUS;
  }

  /** Those that were there. */
  async #removeJobs(): Promise<readonly string[]> {
    const { namespace, jobs } = this.#place;
    const removed: string[] = [];
    for (const { name } of jobs) {
      if (await removeTrainingJob(this.#api, namespace, name)) removed.push(`${namespace}/${name}`);
    }
    return removed;
  }
}
