import type { LoadTrendForm } from '../../autoscaling/load-history.ts';
import type { AutoscalingPolicy, ReplicaLimits } from '../../autoscaling/policy.ts';
import {
  type AutoscalingCounts,
  AutoscalingLoop,
  type AutoscalingRound,
} from '../../controller/autoscaling/autoscaling-loop.ts';
import { LiveObserver, type ScalingTargets } from '../../controller/autoscaling/live-observer.ts';
import type {
  MetricSource,
  PodMetricSource,
  RequestRouter,
  ScalingSink,
} from '../../controller/autoscaling/ports.ts';
import type { LeaseTimes } from '../../kubernetes/lease.ts';
import { AUTOSCALE_LEASE_NAME } from '../../kubernetes/names.ts';
import { DeploymentScaler } from '../../kubernetes/scale/deployment-scale.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { ClusterConnection } from '../placement/live-session.ts';
import { LoopElection } from './loop-election.ts';

export interface LiveAutoscaleOptions {
  readonly connection: ClusterConnection;
  /** Of the program itself, where its lease is. */
  readonly ownNamespace: string;
  readonly identity: string;
  readonly policy: AutoscalingPolicy;
  readonly limits: ReplicaLimits;
  readonly targets: ScalingTargets;
  readonly sources: readonly MetricSource[];
  readonly podSources: readonly PodMetricSource[];
  readonly intervalSeconds: number;
  readonly episodeSeconds: number;
  readonly trendForm: LoadTrendForm;
  /** Carries out how a policy places requests; left out: nobody does. */
  readonly router?: RequestRouter | undefined;
  readonly mode: 'act' | 'dry-run';
  readonly sink: ScalingSink;
  readonly round?: (round: AutoscalingRound) => void;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly leaseTimes?: LeaseTimes;
}

/**
 * Autoscales Deployments of a live cluster until the signal is aborted or something is missing; the lease is handed back in
 * the end, and the connection closed.
 *
 * @throws what `AutoscalingLoop.run` throws; KISIM_E_AUTOSCALE_SOURCE, KISIM_E_AUTOSCALE_TARGET
 */
export async function runLiveAutoscale(
  options: LiveAutoscaleOptions,
  signal: AbortSignal,
): Promise<AutoscalingCounts> {
  const { connection, ownNamespace, identity, clock, sleep, random, log, mode, policy, leaseTimes } = options;
  const election = new LoopElection({
    api: connection.electionApi,
    namespace: ownNamespace,
    lease: AUTOSCALE_LEASE_NAME,
    identity,
    clock,
    sleep,
    random,
    log,
    times: leaseTimes,
  });
  const { leadership, stillLeader } = election;
  const acts = mode === 'act';
  try {
    const scaler = new DeploymentScaler({ api: connection.api, sleep, random, stillLeader });
    const observer = new LiveObserver({
      needs: policy.needs,
      targets: options.targets,
      scaler,
      sources: options.sources,
      podSources: options.podSources,
      monotonicSeconds: () => clock.monotonicNanoseconds() / 1e9,
      episodeSeconds: options.episodeSeconds,
      trendForm: options.trendForm,
    });
    // A name that is wrong is told now, not after an interval.
    await observer.replicas(signal);
    const loop = new AutoscalingLoop({
      policy,
      limits: options.limits,
      targets: options.targets,
      observer,
      scaler,
      router: acts ? options.router : undefined,
      sink: options.sink,
      leadership: acts ? leadership : undefined,
      mode,
      intervalSeconds: options.intervalSeconds,
      clock,
      sleep,
      log,
      ...(options.round === undefined ? {} : { round: options.round }),
    });
    if (acts) election.start();
    await loop.run(signal);
    return loop.counts;
  } finally {
    await election.stop();
    connection.close();
  }
}
