import type { Node } from '../../cluster/node.ts';
import { DurationLaw } from '../../simulation/generators/duration.ts';
import { type PredictionModel, predict } from '../../simulation/generators/prediction-error.ts';
import { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';
import type { JobWorkload, SimulatedJob } from './job.ts';
import { arrivals, type Mood, overWeek, type Strategy } from './strategies.ts';
import { defaultTemplates, type JobTemplate, meanCoreSeconds } from './templates.ts';

const GIB = 2 ** 30;

/** How jobs know their own duration. `over`: the truth times 1 to this factor, never less, as limits that users set are. */
export type EstimateModel = PredictionModel | { readonly kind: 'over'; readonly factor: number };

/** People are wrong by a factor of two as often as not (Tsafrir, Etsion and Feitelson, TPDS 2007, find worse). */
export const DEFAULT_ESTIMATES: EstimateModel = { kind: 'log-normal', sigma: 0.5 };

export interface WorkloadRequest {
  readonly strategy: Strategy;
  readonly templates?: readonly JobTemplate[];
  /** Mean share of the cluster's CPU that is asked for; `as-said`: the strategy's rates are jobs an hour. */
  readonly load: number | 'as-said';
  readonly capacityMilli: number;
  /** No pod asks for more than one node has: draws that do are drawn again. */
  readonly largestNode: { readonly cpuMilli: number; readonly memoryBytes: number };
  readonly windowSeconds: number;
  readonly estimates?: EstimateModel;
  readonly seed: number;
}

/**
 * Jobs by templates and a strategy, everything from the seed. The rate is set so that the mean of the process asks for the load;
 * a single week asks for more or less of it.
 *
 * @throws KISIM_E_QUEUE_WORKLOAD
 */
export function generateJobs(request: WorkloadRequest): JobWorkload {
  const { strategy, load, capacityMilli, windowSeconds, seed } = request;
  const templates = request.templates ?? defaultTemplates;
  if (load !== 'as-said' && !(load > 0 && load <= 3))
    throw errors.KISIM_E_QUEUE_WORKLOAD(`a load of ${load}`);
  if (!(windowSeconds > 0)) throw errors.KISIM_E_QUEUE_WORKLOAD(`a window of ${windowSeconds} s`);
  const work = new Map(templates.map((template) => [template.name, meanCoreSeconds(template)]));
  const meanWork = (mood: Mood) => {
    const known = Object.entries(mood.weights).filter(([name]) => work.has(name));
    const total = known.reduce((sum, [, weight]) => sum + weight, 0);
    if (!(total > 0))
      throw errors.KISIM_E_QUEUE_WORKLOAD(
        `${strategy.name} names no template of ${[...work.keys()].join(', ')}`,
      );
    return known.reduce((sum, [name, weight]) => sum + weight * work.get(name)!, 0) / total;
  };
  const week = overWeek(strategy, meanWork);
  const random = new RandomStream(seed).fork('jobs');
  const perSecond = load === 'as-said' ? 1 / 3600 : rateFor(strategy, (load * capacityMilli) / 1000, week);
  const times = arrivals(strategy, perSecond, windowSeconds, random.fork('arrivals'));
  const drawer = new JobDrawer(templates, request, random);
  return {
    name: strategy.name,
    jobs: times.map(({ seconds, mood }, id) => drawer.draw(id, seconds, mood)),
    windowSeconds,
    notes: [],
  };
}

/** Jobs a second where the relative rate is 1, so that they and the bursts ask for so many cores in the mean. */
function rateFor(
  { bursts }: Strategy,
  cores: number,
  week: { readonly rate: number; readonly mean: number },
): number {
  const ofBursts = bursts === undefined ? 0 : (bursts.jobs / bursts.everySeconds) * week.mean;
  if (!(cores > ofBursts))
    throw errors.KISIM_E_QUEUE_WORKLOAD(`${cores} cores asked for, of which bursts alone take ${ofBursts}`);
  return (cores - ofBursts) / (week.rate * week.mean);
}

/** What a request says of the nodes that the jobs are for. */
export function generatorFor(nodes: readonly Node[]): Pick<WorkloadRequest, 'capacityMilli' | 'largestNode'> {
  const greatest = (of: (node: Node) => number) => nodes.reduce((most, node) => Math.max(most, of(node)), 0);
  return {
    capacityMilli: nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0),
    largestNode: {
      cpuMilli: greatest(({ cpuMilli }) => cpuMilli),
      memoryBytes: greatest(({ memoryBytes }) => memoryBytes),
    },
  };
}

class JobDrawer {
  readonly #templates: readonly JobTemplate[];
  readonly #laws: readonly { readonly law: DurationLaw; readonly meanSeconds: number }[];
  readonly #request: WorkloadRequest;
  readonly #truth: RandomStream;
  readonly #estimate: RandomStream;

  constructor(templates: readonly JobTemplate[], request: WorkloadRequest, random: RandomStream) {
    this.#templates = templates;
    this.#laws = templates.map(({ duration }) => {
      const law = new DurationLaw(duration.medianSeconds, duration.sigma);
      return { law, meanSeconds: law.meanSeconds };
    });
    this.#request = request;
    this.#truth = random.fork('truth');
    this.#estimate = random.fork('estimates');
  }

  draw(id: number, arrivalSeconds: number, mood: Mood): SimulatedJob {
    const truth = this.#truth;
    const which = truth.weighted(this.#templates.map(({ name }) => mood.weights[name] ?? 0));
    const template = this.#templates[which]!;
    const { law, meanSeconds } = this.#laws[which]!;
    const { largestNode } = this.#request;
    const { coresPerPod, gibPerPod, priority, memoryOfRequest } = template;
    const cores = coresPerPod.filter((each) => each * 1000 <= largestNode.cpuMilli);
    const gib = gibPerPod.filter((each) => each * GIB <= largestNode.memoryBytes);
    if (cores.length === 0 || gib.length === 0)
      throw errors.KISIM_E_QUEUE_WORKLOAD(`pods of ${template.name} are larger than every node`);
    const seconds = law.draw(truth);
    const cpuMilliPerPod = Math.round(truth.pick(cores) * 1000);
    const memoryBytesPerPod = Math.round(truth.pick(gib) * GIB);
    return {
      id,
      name: `${template.name}-${id}`,
      namespace: 'default',
      type: template.type,
      priority: priority[0] + truth.integer(priority[1] - priority[0] + 1),
      arrivalSeconds,
      pods: truth.pick(template.pods),
      cpuMilliPerPod,
      memoryBytesPerPod,
      gpusPerPod: 0,
      useMilliPerPod: cpuMilliPerPod * template.cpuOfRequest,
      peakMemoryBytesPerPod: Math.round(
        memoryBytesPerPod * truth.logNormal(memoryOfRequest.median, memoryOfRequest.sigma),
      ),
      peakAtShare: truth.uniform(0.1, 1),
      seconds,
      estimatedSeconds: estimate(
        this.#request.estimates ?? DEFAULT_ESTIMATES,
        seconds,
        meanSeconds,
        this.#estimate,
      ),
      estimateOrigin: 'simulated',
    };
  }
}

export function estimate(model: EstimateModel, truth: number, ofKind: number, random: RandomStream): number {
  if (model.kind !== 'over') return predict(model, truth, ofKind, random);
  const factor = random.uniform(1, model.factor);
  return truth * factor;
}
