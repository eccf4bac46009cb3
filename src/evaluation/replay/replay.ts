import { type BaseLoad, BaseLoaded } from '../../cluster/base-load.ts';
import type { Node } from '../../cluster/node.ts';
import type { ClusterHistory, StoredPodRun } from '../../history/cluster-reader.ts';
import { policyByName } from '../../policy/registry.ts';
import { simulate } from '../../simulation/engine.ts';
import type { SimulationOptions, SimulationResult, SimulationSeries } from '../../simulation/simulation.ts';
import type { Workload } from '../../simulation/workload.ts';
import { KisimError } from '../../util/errors.ts';
import type { Joules } from '../../util/units.ts';
import { type Calibration, calibrate } from './calibration.ts';
import { replayErrors } from './errors.ts';
import { cordonedByTaint } from './pinned.ts';
import { type RebuiltCounts, rebuild } from './rebuild.ts';
import type { Stretch } from './stretch.ts';

export interface ReplayInput {
  readonly history: ClusterHistory;
  readonly stretch: Stretch;
  /** With their power, by whatever tells it; in any order. */
  readonly nodes: readonly Node[];
  readonly policies: readonly string[];
  readonly keepRunning: boolean;
  /** Also with nodes that sleep, where they can. */
  readonly sleep: boolean;
  readonly assumedUse: number;
  readonly seed: number;
  /** Between points of the series; 0: none. */
  readonly seriesSeconds: number;
}

export interface ReplayedRule {
  readonly policy: string;
  /** Whether nodes that are described with a sleep went to sleep when they were empty. */
  readonly sleeps: boolean;
  readonly joules: Joules;
  readonly idleJoules: Joules;
  /** Less than as it was; negative: more. */
  readonly savedJoules: Joules;
  readonly savedShare: number;
  /**
   * CPU time that pods were given, against as it was. Less than 1: some waited for room until the end or beyond, and energy that
   * was not used for want of work is no saving.
   */
  readonly workShare: number;
  /** Whether the difference is greater than what the model was wrong by; undefined: that is not known. */
  readonly isTold: boolean | undefined;
  readonly meanWaitSeconds: number;
  readonly p95WaitSeconds: number;
  readonly wakes: number;
  readonly series: SimulationSeries | undefined;
}

export interface FailedRule {
  readonly policy: string;
  readonly sleeps: boolean;
  /** It could not place these pods on these nodes. */
  readonly why: string;
}

export interface ReplayReport {
  readonly stretch: Stretch;
  readonly counts: RebuiltCounts;
  readonly calibration: Calibration;
  readonly asItWas: {
    readonly joules: Joules;
    readonly idleJoules: Joules;
    readonly meanWaitSeconds: number | undefined;
    readonly p95WaitSeconds: number | undefined;
    readonly series: SimulationSeries | undefined;
  };
  readonly rules: readonly (ReplayedRule | FailedRule)[];
}

/**
 * What each rule would have used for the pods that really ran, against what the simulation says of how it was: both from the
 * same model, so that its error partly cancels. How wrong it is on the whole is told by `calibration`.
 *
 * @throws KISIM_E_REPLAY_POWER, KISIM_E_POLICY_UNKNOWN
 */
export function replay(input: ReplayInput): ReplayReport {
  const { history, stretch, policies, seed, sleep } = input;
  for (const { name, power } of input.nodes)
    if (power === undefined) throw replayErrors.KISIM_E_REPLAY_POWER(`node ${name}`);
  const rules = policies.map((name) => policyByName(name));
  const awake = input.nodes.map(({ sleep: _, ...node }) => cordonedByTaint(node));
  const rebuilt = rebuild(history.pods, {
    from: stretch.from,
    to: stretch.to,
    nodes: awake,
    keepRunning: input.keepRunning,
    assumedUse: input.assumedUse,
  });
  const options = optionsFor(input.seriesSeconds);
  const anywhere = policyByName('round-robin');
  // Pinned pods leave a rule no choice.
  const pinned = (workload: Workload, seriesSeconds = 0) =>
    simulate({ nodes: awake, workload, policy: anywhere, seed, options: { ...options, seriesSeconds } });
  const calibration = calibrate(awake, pinned(rebuilt.seen).energyByNode, history.energy, stretch);
  const asItWas = pinned(rebuilt.asItWas, input.seriesSeconds);
  const judge = (policy: string, sleeps: boolean, run: () => SimulationResult): ReplayedRule | FailedRule => {
    let result: SimulationResult;
    try {
      result = run();
    } catch (error) {
      if (error instanceof KisimError && error.code.startsWith('KISIM_E_SIM_'))
        return { policy, sleeps, why: error.message };
      throw error;
    }
    const workShare = asItWas.workCoreSeconds === 0 ? 1 : result.workCoreSeconds / asItWas.workCoreSeconds;
    const savedJoules = asItWas.energyJoules - result.energyJoules;
    return {
      policy,
      sleeps,
      joules: result.energyJoules,
      idleJoules: result.idleJoules,
      savedJoules,
      savedShare: asItWas.energyJoules === 0 ? 0 : savedJoules / asItWas.energyJoules,
      workShare,
      isTold:
        calibration.error === undefined
          ? undefined
          : Math.abs(savedJoules) > Math.abs(calibration.error.joules),
      meanWaitSeconds: result.meanWaitSeconds,
      p95WaitSeconds: result.p95WaitSeconds,
      wakes: result.wakes,
      series: result.series,
    };
  };
  const judged = rules.map((policy) =>
    judge(policy.name, false, () =>
      simulate({ nodes: awake, workload: rebuilt.anew, policy, seed, options }),
    ),
  );
  if (sleep) {
    const sleeping = sleepingSituation(input, awake);
    for (const policy of rules)
      judged.push(judge(policy.name, true, () => simulate({ ...sleeping, policy, seed, options })));
  }
  const { waits } = rebuilt;
  return {
    stretch,
    counts: rebuilt.counts,
    calibration,
    asItWas: {
      joules: asItWas.energyJoules,
      idleJoules: asItWas.idleJoules,
      meanWaitSeconds:
        waits.length === 0 ? undefined : waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
      p95WaitSeconds:
        waits.length === 0 ? undefined : waits.slice().sort()[Math.ceil(0.95 * waits.length) - 1],
      series: asItWas.series,
    },
    rules: judged,
  };
}

function optionsFor(seriesSeconds: number): SimulationOptions {
  return {
    tickSeconds: 60,
    reconsider: 'departure',
    unplaced: 'queue',
    beginAsleep: true,
    seriesSeconds,
    sloSeconds: 600,
  };
}

/** Pods that run on every node, such as those of DaemonSets, would keep all of them awake: they are part of the nodes here. */
function sleepingSituation(
  input: ReplayInput,
  awake: readonly Node[],
): { readonly nodes: readonly Node[]; readonly workload: Workload } {
  const { history, stretch } = input;
  const bases = baseLoads(input);
  const loaded = new BaseLoaded();
  const nodes = awake.map((node, i) => {
    const { sleep } = input.nodes[i]!;
    const sleeping = sleep === undefined ? node : { ...node, sleep };
    const base = bases.get(node.name);
    return base === undefined ? sleeping : loaded.node(sleeping, base);
  });
  const { anew } = rebuild(
    history.pods.filter((run) => !isOnEveryNode(run)),
    {
      from: stretch.from,
      to: stretch.to,
      nodes,
      keepRunning: input.keepRunning,
      assumedUse: input.assumedUse,
    },
  );
  return { nodes, workload: anew };
}

/** As sleeping nodes are chosen: pods that belong to the node do not keep it awake, others do. */
function isOnEveryNode({ owner = '' }: Pick<StoredPodRun, 'owner'>): boolean {
  return owner.split(',').some((kind) => kind === 'DaemonSet' || kind === 'Node');
}

/** By node: what pods that belong to it took of it, as a mean over the stretch. */
function baseLoads({ history, stretch, assumedUse }: ReplayInput): ReadonlyMap<string, BaseLoad> {
  const span = stretch.to - stretch.from;
  const bases = new Map<string, BaseLoad>();
  for (const { node, cpu, ...run } of history.pods) {
    if (!isOnEveryNode(run) || node === undefined) continue;
    const begin = Math.max(stretch.from, run.boundUnixMilliseconds ?? run.createdUnixMilliseconds);
    const end = Math.min(stretch.to, run.endedUnixMilliseconds ?? stretch.to);
    const share = Math.max(0, end - begin) / span;
    const isMetered = cpu !== undefined && cpu.meteredMilliseconds > 0;
    const use = isMetered ? cpu.usedMicroseconds / cpu.meteredMilliseconds : run.cpuMilli * assumedUse;
    const base = bases.get(node) ?? { useMilli: 0, cpuMilli: 0, memoryBytes: 0, pods: 0 };
    bases.set(node, {
      useMilli: base.useMilli + share * use,
      cpuMilli: base.cpuMilli + share * run.cpuMilli,
      memoryBytes: base.memoryBytes + share * run.memoryBytes,
      pods: base.pods + share,
    });
  }
  return bases;
}
