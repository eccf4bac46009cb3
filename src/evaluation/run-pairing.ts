import { SERVER_MODEL_LABEL } from '../cluster/labels.ts';
import type { Node } from '../cluster/node.ts';
import { choosePolicy } from '../learning/portfolio.ts';
import type { SimulationResult, Situation } from '../simulation/simulation.ts';
import { KisimError } from '../util/errors.ts';
import type { Laboratory } from './laboratory.ts';
import {
  type LoggedRecord,
  type NodeType,
  type OfflineRecord,
  type PairingRecord,
  type RunRecord,
  type SeriesRecord,
  WAIT_EDGES,
} from './records.ts';
import {
  cellName,
  isRule,
  OFFLINE,
  type Pairing,
  PORTFOLIO,
  pairingSeeds,
  policiesOf,
  type Suite,
  trainingSeed,
} from './suite.ts';

/** Points of a time series; kept of the first workload on the first cluster of each cell. */
const SERIES_POINTS = 96;

/** How many digits a plot can show; the figures of a run keep all of theirs. */
const SERIES_DIGITS = 6;

/**
 * Runs policies on one workload of one cluster. Records come as they are made: what the pairing ran on, then each run.
 *
 * @throws whatever the scenario, a policy or the engine throws
 */
export function* runPairing(
  laboratory: Laboratory,
  suite: Suite,
  pairing: Pairing,
  policies: readonly string[],
): Generator<LoggedRecord> {
  const { scenario, load } = suite.cells[pairing.cell]!;
  const seeds = pairingSeeds(suite, pairing);
  const place = { cell: cellName({ scenario, load }), cluster: pairing.cluster, seed: pairing.seed };
  const request = { scenario, load, clusterSeed: seeds.cluster, workloadSeed: seeds.workload };
  const situation = laboratory.situation(request);
  yield describe(situation, place, seeds);
  const sleeps = situation.nodes.some((node) => node.sleep !== undefined);
  const withSeries = pairing.cluster === 0 && pairing.seed === 0;
  const options = {
    ...situation.options,
    seriesSeconds: withSeries ? situation.workload.windowSeconds / SERIES_POINTS : 0,
  };
  const energies = new Map<string, number>();
  for (const policy of policies) {
    if (policy === OFFLINE) {
      const rules = policiesOf(suite, pairing.cell).filter((rule) => isRule(rule) && !waits(rule));
      yield offlineRecord(laboratory, situation, { place, rules, sleeps, energies, seed: seeds.policy });
      continue;
    }
    const ranAs =
      policy === PORTFOLIO
        ? chosenRule(laboratory, suite, pairing, sleeps)
        : sleeps
          ? withAwakeFirst(policy)
          : policy;
    const result = laboratory.simulate({
      nodes: situation.nodes,
      workload: situation.workload,
      policy: laboratory.policy(ranAs),
      seed: seeds.policy,
      options,
    });
    energies.set(policy, result.energyJoules);
    yield runRecord(place, policy, ranAs, result);
  }
}

/** Workloads that the portfolio tries the rules on; some of them with all rules, all of them with the best. */
const TRAINING_WORKLOADS = 6;
const FIRST_WORKLOADS = 2;

/** The rule that other workloads of the same cluster speak for; the one to be placed is not among them. */
function chosenRule(laboratory: Laboratory, suite: Suite, pairing: Pairing, sleeps: boolean): string {
  const { scenario, load } = suite.cells[pairing.cell]!;
  const names = policiesOf(suite, pairing.cell)
    .filter(isRule)
    .map((rule) => (sleeps ? withAwakeFirst(rule) : rule));
  const policies = names.map((name) => laboratory.policy(name));
  const { cluster: clusterSeed } = pairingSeeds(suite, pairing);
  const situations = Array.from({ length: TRAINING_WORKLOADS }, (_, i) =>
    laboratory.situation({ scenario, load, clusterSeed, workloadSeed: trainingSeed(suite, pairing, i) }),
  );
  const { policy } = choosePolicy(policies, {
    situations,
    simulate: (input) => laboratory.simulate(input),
    firstSituations: FIRST_WORKLOADS,
  });
  return names[policies.indexOf(policy)]!;
}

const waits = (rule: string) => rule.includes('+wait');

interface OfflineStart {
  readonly place: Pick<RunRecord, 'cell' | 'cluster' | 'seed'>;
  readonly rules: readonly string[];
  readonly sleeps: boolean;
  /** Of the runs made so far; what a resumed benchmark lacks is run again. */
  readonly energies: ReadonlyMap<string, number>;
  readonly seed: number;
}

/** Sets out from the rule that uses least; where pods queue under it, from the next one. */
function offlineRecord(
  laboratory: Laboratory,
  situation: Situation,
  { place, rules, sleeps, energies, seed }: OfflineStart,
): OfflineRecord {
  const { nodes, workload, options } = situation;
  const name = (rule: string) => (sleeps ? withAwakeFirst(rule) : rule);
  const energy = (rule: string) =>
    energies.get(rule) ??
    laboratory.simulate({ nodes, workload, policy: laboratory.policy(name(rule)), seed, options })
      .energyJoules;
  const best = rules
    .map((rule) => ({ rule, joules: energy(rule) }))
    .sort((a, b) => a.joules - b.joules)
    .map(({ rule }) => rule);
  let reason: string | null = 'no rule to start from';
  for (const rule of best) {
    try {
      const policy = laboratory.policy(name(rule));
      const { joules, startJoules, moves, accepted } = laboratory.anneal(situation, { policy, seed });
      const found = { energyJoules: joules, reason: null, startedFrom: rule, startJoules, moves, accepted };
      return { kind: 'offline', ...place, policy: OFFLINE, ...found };
    } catch (error) {
      if (!(error instanceof KisimError && expectedOffline.includes(error.code))) throw error;
      reason = `${error.code}: ${error.message}`;
      if (error.code !== 'KISIM_E_OFFLINE_QUEUES') break;
    }
  }
  const nothing = { energyJoules: null, reason, startedFrom: null, startJoules: null, moves: 0, accepted: 0 };
  return { kind: 'offline', ...place, policy: OFFLINE, ...nothing };
}

/** What the annealer says of situations that are beyond it. */
const expectedOffline: readonly string[] = ['KISIM_E_OFFLINE_QUEUES', 'KISIM_E_OFFLINE_UNSUPPORTED'];

/**
 * Where nodes sleep no policy wakes one while a node that is awake has room, as cluster-autoscaler does. Without it the
 * spreading rules keep waking nodes, and beating them would be no merit.
 */
export function withAwakeFirst(policy: string): string {
  return policy.split('+').includes('awake-first') ? policy : `${policy}+awake-first`;
}

function describe(
  { nodes, workload }: Situation,
  place: Pick<PairingRecord, 'cell' | 'cluster' | 'seed'>,
  seeds: { readonly cluster: number; readonly workload: number },
): PairingRecord {
  return {
    kind: 'pairing',
    ...place,
    clusterSeed: seeds.cluster,
    workloadSeed: seeds.workload,
    nodes: nodes.length,
    cpuMilli: nodes.reduce((sum, node) => sum + node.cpuMilli, 0),
    memoryBytes: nodes.reduce((sum, node) => sum + node.memoryBytes, 0),
    sleeps: nodes.some((node) => node.sleep !== undefined),
    types: nodeTypes(nodes),
    pods: workload.items.length,
    windowSeconds: workload.windowSeconds,
  };
}

function nodeTypes(nodes: readonly Node[]): NodeType[] {
  const types = new Map<string, NodeType>();
  for (const { labels, cpuMilli, memoryBytes, power } of nodes) {
    const model = labels[SERVER_MODEL_LABEL] ?? null;
    const idleWatts = power?.idleWatts ?? null;
    const fullWatts = power?.fullWatts ?? null;
    const key = `${model} ${cpuMilli} ${memoryBytes} ${idleWatts} ${fullWatts}`;
    const count = (types.get(key)?.count ?? 0) + 1;
    types.set(key, { model, count, cpuMilli, memoryBytes, idleWatts, fullWatts });
  }
  return [...types.values()];
}

function runRecord(
  place: Pick<RunRecord, 'cell' | 'cluster' | 'seed'>,
  policy: string,
  ranAs: string,
  result: SimulationResult,
): RunRecord {
  const { waits, series } = result;
  let longest = 0;
  for (const wait of waits) longest = Math.max(longest, wait);
  return {
    kind: 'run',
    ...place,
    policy,
    ranAs,
    energyJoules: result.energyJoules,
    activeJoules: result.activeJoules,
    idleJoules: result.idleJoules,
    sleepJoules: result.sleepJoules,
    wakeJoules: result.wakeJoules,
    gpuJoules: result.gpuJoules,
    wakes: result.wakes,
    placed: result.placed,
    completed: result.completed,
    dropped: result.dropped,
    workCoreSeconds: result.workCoreSeconds,
    digest: result.completedDigest,
    meanWaitSeconds: result.meanWaitSeconds,
    p95WaitSeconds: result.p95WaitSeconds,
    longestWaitSeconds: longest,
    waits: waitClasses(waits),
    sloMisses: result.sloMisses,
    meanStretch: result.meanStretch,
    decisions: result.decisions,
    ...(series === undefined ? {} : { series: shortened(series) }),
  };
}

export function waitClasses(waits: Float64Array): number[] {
  const classes = new Array<number>(WAIT_EDGES.length + 1).fill(0);
  for (const wait of waits) {
    let at = 0;
    while (at < WAIT_EDGES.length && wait > WAIT_EDGES[at]!) at++;
    classes[at]!++;
  }
  return classes;
}

function shortened(series: SeriesRecord): SeriesRecord {
  const short = (values: readonly number[]) =>
    values.map((value) => Number(value.toPrecision(SERIES_DIGITS)));
  return {
    seconds: short(series.seconds),
    watts: short(series.watts),
    used: short(series.used),
    requested: short(series.requested),
    awakeNodes: short(series.awakeNodes),
    pending: short(series.pending),
  };
}
