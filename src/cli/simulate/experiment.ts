import type { Node } from '../../cluster/node.ts';
import type { Pod } from '../../cluster/pod.ts';
import { type TypicalPod, typicalPods } from '../../policy/gpu/typical-pods.ts';
import type { Policy, TieRule } from '../../policy/policy.ts';
import { policyByName } from '../../policy/registry.ts';
import { PWR_SOCKETS, SocketCurve } from '../../power-model/socket-curve.ts';
import { readSpecTable } from '../../power-model/spec-table.ts';
import { describedMachines } from '../../simulation/inputs/machines.ts';
import { locatedDocuments } from '../../simulation/inputs/manifests/located.ts';
import { manifestTexts, readManifests } from '../../simulation/inputs/manifests.ts';
import { readOpenbNodes, readOpenbPods } from '../../simulation/inputs/openb.ts';
import { readSchedulerConfig, schedulerPolicy } from '../../simulation/inputs/simon/scheduler-config.ts';
import {
  isSimonConfig,
  readSimonConfig,
  type SimonConfig,
} from '../../simulation/inputs/simon/simon-config.ts';
import { readSwf } from '../../simulation/inputs/swf.ts';
import { factorForLoad, scale, type Trace } from '../../simulation/inputs/trace.ts';
import { readTraceFile } from '../../simulation/inputs/trace-files.ts';
import { DEFAULT_ASSUMPTIONS, traceWorkload } from '../../simulation/inputs/trace-workload.ts';
import { openbExperiment } from '../../simulation/openb-protocol.ts';
import { scenarioByName } from '../../simulation/scenarios/scenarios.ts';
import type { SimulationInput, SimulationOptions } from '../../simulation/simulation.ts';
import { cliErrors } from '../errors.ts';
import type { SimulateOptions } from './options.ts';

/** Pods without times, placed one after another. */
export interface FillExperiment {
  readonly kind: 'fill';
  readonly title: string;
  readonly nodes: readonly Node[];
  /** A node by the name that its list gives it; experiments of the openb studies put numbers before it. */
  readonly nameOf: (node: Node) => string;
  readonly pods: readonly Pod[];
  readonly typical: readonly TypicalPod[];
  readonly ties: TieRule;
  readonly seed: number;
  readonly notes: readonly string[];
}

/** Pods that come and go. */
export interface TimedExperiment {
  readonly kind: 'timed';
  readonly title: string;
  readonly input: Omit<SimulationInput, 'policy'>;
  readonly ties: TieRule;
  readonly notes: readonly string[];
}

export type Experiment = FillExperiment | TimedExperiment;

const TRACE_OPTIONS: SimulationOptions = {
  tickSeconds: 300,
  reconsider: 'departure',
  unplaced: 'queue',
  beginAsleep: true,
  seriesSeconds: 0,
  sloSeconds: 600,
};
const USUAL_LOAD = 0.6;
const USUAL_COVERAGE = 0.95;
const REPLICA = { cpuMilli: 1000, memoryBytes: 2 ** 30, useOfRequest: 0.6, downSeconds: 300 };

/** Reads whatever is to be simulated. @throws coded errors of the inputs, with file and line */
export function openExperiment(options: SimulateOptions): Experiment {
  const { source } = options;
  switch (source.kind) {
    case 'files':
      return openFiles(source.paths, options);
    case 'openb':
      return openOpenb(source, options);
    case 'scenario':
      return openScenario(source.name, options);
    default:
      return openTrace(source, options);
  }
}

/** The policy that the options ask for. */
export function policyFor(options: SimulateOptions, experiment: Experiment): Policy {
  const { ties } = experiment;
  const typical = experiment.kind === 'fill' ? { typical: experiment.typical } : {};
  if (options.schedulerConfig !== undefined) {
    const config = readSchedulerConfig(options.schedulerConfig);
    return schedulerPolicy(config, experiment.kind === 'fill' ? experiment.typical : [], ties);
  }
  return policyByName(options.policy ?? 'kube-scheduler', { ties, ...typical });
}

function openFiles(paths: readonly string[], options: SimulateOptions): FillExperiment {
  const texts = manifestTexts(paths);
  const config = texts.length === 1 ? locatedDocuments(texts[0]!)[0] : undefined;
  if (config !== undefined && isSimonConfig(config))
    return openSimon(readSimonConfig(texts[0]!.file), options);
  const { nodes, pods, passedOver } = readManifests(texts);
  const notes = [...passedOver].map(([kind, count]) => `${count} ${kind} passed over: no part in placement`);
  return {
    ...fill(nodes, pods, options),
    title: `manifests ${paths.join(' ')}`,
    typical: typicalPods(pods, USUAL_COVERAGE),
    ties: options.ties ?? 'random',
    notes,
  };
}

function openSimon(config: SimonConfig, options: SimulateOptions): FillExperiment {
  const read = readManifests(manifestTexts([config.cluster]));
  const cluster = { ...read, nodes: read.nodes.map(withSockets) };
  const apps = config.apps.flatMap(({ path }) => readManifests(manifestTexts([path])).pods);
  const listed = [...cluster.pods, ...apps].map((pod, id) => ({ ...pod, id }));
  const { withCpuPods, coverage } = config.typicalPods;
  const typical = typicalPods(
    listed.filter((pod) => withCpuPods || pod.gpu !== undefined),
    coverage,
  );
  const common = {
    title: `${config.name} (${config.cluster})`,
    typical,
    ties: options.ties ?? ('lexicographic' as const),
    notes: [...config.notes, "power: PWR's for every node, sockets of 16 cores at 15 W idle and 120 W"],
  };
  if (config.tuning === undefined && !config.shufflePods)
    return { ...fill(cluster.nodes, listed, options), ...common };
  const seed = config.tuning?.seed ?? options.seed;
  const ratio = config.tuning?.ratio;
  const tuned = openbExperiment(cluster.nodes, listed, {
    ratio: ratio ?? askedRatio(cluster.nodes, listed),
    seed,
  });
  const pods = config.shufflePods ? tuned.pods : inListedOrder(tuned.pods, listed);
  return { ...fill(tuned.nodes, pods, options), ...common, nameOf: ({ name }) => name.slice(5) };
}

/** Manifests say nothing of power; the studies that use these files take one processor for all nodes. */
function withSockets(node: Node): Node {
  const power = new SocketCurve({ ...PWR_SOCKETS, threads: node.cpuMilli / 1000 }, 'published');
  return { ...node, power };
}

/** The ratio at which nothing is added or taken away. */
function askedRatio(nodes: readonly Node[], pods: readonly Pod[]): number {
  const asked = pods.reduce((sum, { gpu }) => sum + (gpu === undefined ? 0 : gpu.count * gpu.milliEach), 0);
  const capacity = nodes.reduce((sum, { gpus }) => sum + (gpus?.count ?? 0) * 1000, 0);
  return asked / capacity;
}

/** Without shuffling, pods come as they are listed, those that tuning added behind them. */
function inListedOrder(pods: readonly Pod[], listed: readonly Pod[]): readonly Pod[] {
  const place = new Map(listed.map(({ namespace, name }, i) => [`${namespace}/${name}`, i]));
  const at = ({ namespace, name }: Pod) => place.get(`${namespace}/${name}`) ?? listed.length;
  return [...pods].sort((a, b) => at(a) - at(b)).map((pod, id) => ({ ...pod, id }));
}

function openOpenb(
  source: { readonly nodes: string; readonly pods: string; readonly tune: number | undefined },
  options: SimulateOptions,
): FillExperiment {
  const nodes = readOpenbNodes(source.nodes);
  const { pods } = readOpenbPods(source.pods);
  const common = {
    title: `openb ${source.pods}`,
    typical: typicalPods(pods, USUAL_COVERAGE),
    ties: options.ties ?? ('lexicographic' as const),
    notes: [],
  };
  if (source.tune === undefined) return { ...fill(nodes, pods, options), ...common };
  const tuned = openbExperiment(nodes, pods, { ratio: source.tune, seed: options.seed });
  return { ...fill(tuned.nodes, tuned.pods, options), ...common, nameOf: ({ name }) => name.slice(5) };
}

function fill(
  nodes: readonly Node[],
  pods: readonly Pod[],
  { seed }: SimulateOptions,
): Pick<FillExperiment, 'kind' | 'nodes' | 'pods' | 'seed' | 'nameOf'> {
  return { kind: 'fill', nodes, pods, seed, nameOf: ({ name }) => name };
}

function openScenario(name: string, options: SimulateOptions): TimedExperiment {
  const scenario = scenarioByName(name);
  const load = options.load ?? USUAL_LOAD;
  const { hardware } = options;
  const generated = scenario.generate({
    clusterSeed: options.clusterSeed,
    workloadSeed: options.seed,
    load,
    ...(hardware === undefined ? {} : { hardware: readSpecTable(hardware) }),
  });
  const notes = scenario.sleeps
    ? ['nodes sleep: rules that spread are to be compared with +awake-first']
    : [];
  return {
    kind: 'timed',
    title: `scenario ${name} (${scenario.summary}), load ${load}, cluster ${options.clusterSeed}`,
    input: {
      ...generated,
      options: { ...generated.options, seriesSeconds: options.seriesSeconds },
      seed: options.seed,
    },
    ties: options.ties ?? 'random',
    notes,
  };
}

function openTrace(
  source: { readonly kind: 'swf' | 'trace'; readonly path: string },
  options: SimulateOptions,
): TimedExperiment {
  const nodes = nodesForTrace(options);
  const { trace, notes } = source.kind === 'swf' ? openSwf(source.path) : openCsv(source.path, options);
  const capacity =
    trace.unit === 'GPUs'
      ? nodes.reduce((sum, { gpus }) => sum + (gpus?.count ?? 0), 0)
      : nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli / 1000, 0);
  const factor = options.load === undefined ? 1 : factorForLoad(trace, capacity, options.load);
  const scaled = options.load === undefined ? trace : scale(trace, factor, options.grow);
  const assumptions = {
    ...DEFAULT_ASSUMPTIONS,
    maxCpuMilli: Math.max(...nodes.map(({ cpuMilli }) => cpuMilli)),
    maxGpus: Math.max(1, ...nodes.map(({ gpus }) => gpus?.count ?? 0)),
  };
  const workload = traceWorkload(
    scaled,
    {
      ...(options.fromSeconds === undefined ? {} : { fromSeconds: options.fromSeconds }),
      ...(options.windowSeconds === undefined ? {} : { windowSeconds: options.windowSeconds }),
    },
    assumptions,
    options.seed,
  );
  return {
    kind: 'timed',
    title: `${source.kind} ${source.path}, ${nodes.length} nodes`,
    input: {
      nodes,
      workload,
      options: { ...TRACE_OPTIONS, seriesSeconds: options.seriesSeconds },
      seed: options.seed,
    },
    ties: options.ties ?? 'random',
    notes: [
      ...notes,
      ...(options.load === undefined
        ? []
        : [`demand times ${factor.toPrecision(4)} (${factor < 1 ? 'thin' : options.grow})`]),
      ...assumed(scaled),
    ],
  };
}

/** What the trace does not tell and was assumed, in words. */
function assumed({ jobs, unit }: Trace): readonly string[] {
  const notes: string[] = [];
  if (unit === 'GPUs')
    notes.push(`assumed: ${DEFAULT_ASSUMPTIONS.cpuMilliPerGpu / 1000} cores beside each GPU`);
  if (jobs.some(({ useOfRequest }) => useOfRequest === undefined))
    notes.push('assumed: jobs without measured use take all that they ask for');
  if (jobs.some(({ memoryBytes }) => memoryBytes === undefined))
    notes.push('jobs without known memory are placed by CPU and GPUs alone');
  notes.push('assumed: durations and use are predicted with a log-normal error of 0.3');
  return notes;
}

function openSwf(path: string): { readonly trace: Trace; readonly notes: readonly string[] } {
  const trace = readSwf(path);
  return {
    trace,
    notes: trace.dropped > 0 ? [`${trace.dropped} jobs of unknown length or size left out`] : [],
  };
}

function openCsv(path: string, { vms, perReplica }: SimulateOptions) {
  return readTraceFile(path, {
    ...(vms === undefined ? {} : { vms }),
    ...(perReplica === undefined ? {} : { replicas: { ...REPLICA, amountPerReplica: perReplica } }),
  });
}

function nodesForTrace({ machines, nodes, sleep }: SimulateOptions): readonly Node[] {
  if (machines !== undefined && nodes === undefined) return describedMachines(machines, sleep);
  if (nodes !== undefined && machines === undefined) return readOpenbNodes(nodes);
  throw cliErrors.KISIM_E_USAGE('a trace without nodes, or with two kinds of them', {
    action: 'give one of --machines 50x64 and --nodes FILE',
  });
}
