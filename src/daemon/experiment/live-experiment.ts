import { GuestPodsSink } from '../../attribution/guest-pods-sink.ts';
import type { IntervalSink } from '../../attribution/interval.ts';
import type { NodeEnergyCounters } from '../../cluster/node-energy.ts';
import type { Config } from '../../config/config.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import type { SwitchbackPlan } from '../../evaluation/switchback/plan.ts';
import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import { RandomStream } from '../../util/rng.ts';
import { type Sleep, systemSleep } from '../../util/sleep.ts';
import { createMetering } from '../create-metering.ts';
import { daemonErrors } from '../errors.ts';
import type { Metering } from '../metering.ts';
import { readHostIdentity } from '../placement/host-identity.ts';
import type { LiveParts } from '../placement/live-parts.ts';
import { LivePlacement, type LivePlacementOptions } from '../placement/live-placement.ts';
import { MeteredCounters } from '../placement/metered-counters.ts';
import { livePolicy } from '../placement/policies.ts';
import { type Service, Supervisor } from '../supervisor.ts';
import { ExperimentHistory } from './experiment-history.ts';
import type { ExperimentJournal } from './journal.ts';
import { LeaderWatch } from './leader-watch.ts';
import { PodLives } from './pod-lives.ts';
import { type ExperimentProgress, ExperimentRunner, type Hindrance, type RunnerTimes } from './runner.ts';
import { UseByPolicy } from './use-by-policy.ts';

export interface LiveExperimentOptions {
  readonly config: Config;
  readonly journal: ExperimentJournal;
  /** Where a history of its own goes while the usual one is another program's. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (progress: ExperimentProgress) => void;
  readonly sleep?: Sleep;
  readonly times?: Partial<RunnerTimes>;
  /** Replaced by tests: how the cluster is reached, and counters that are played. */
  readonly connect?: LivePlacementOptions['connect'];
  readonly energy?: NodeEnergyCounters;
}

/** How long a cluster may take to be listed before the experiment gives up, and how long if something is known to be wrong. */
const REACH_MILLISECONDS = 60_000;
const TROUBLE_MILLISECONDS = 10_000;
const LOOK_MILLISECONDS = 1_000;

/**
 * An experiment on the cluster of the configuration: meter, history, placement loop and runner in one process, which leads for
 * as long as it runs. Resolves as `ExperimentRunner.run`.
 *
 * @throws KISIM_E_EXPERIMENT_..., what the history, the meter and the cluster throw; nothing is left running then
 */
export async function runLiveExperiment(
  options: LiveExperimentOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { journal, clock, log, env, connect, sleep = systemSleep } = options;
  const { a } = journal.header.plan;
  // Whoever starts an experiment wants pods to be placed, whatever the daemon is set to.
  const config: Config = {
    ...options.config,
    placement: { ...options.config.placement, mode: 'act', policy: a },
  };
  const counters = new MeteredCounters({ host: readHostIdentity(config), clock, log });
  const sinks: IntervalSink[] = [];
  const guestPods = new GuestPodsSink({ next: sinks, nodeOf: (guest) => counters.nodeOf(guest), log });
  const history = new ExperimentHistory(config, options, (keeps) => sinks.push(keeps));
  let runner: ExperimentRunner | undefined;
  const sink: DecisionSink = {
    record: (decision) => {
      history.record(decision);
      runner?.record(decision);
    },
    bound: (uid, node) => history.bound(uid, node),
  };
  const placement = new LivePlacement({
    config,
    sink,
    clock,
    log,
    env,
    host: { counters, guestPods },
    ...(connect === undefined ? {} : { connect }),
  });
  const meter = hostMeter(config, { clock, log, sinks: [counters, guestPods] });
  const services = [history, ...(options.energy === undefined ? [meter] : []), placement];
  const supervisor = new Supervisor(log);
  const ended: (() => void)[] = [];
  try {
    await supervisor.start(services);
    const parts = await reached(placement, sleep, signal);
    if (parts === undefined) return false;
    const leader = new LeaderWatch(parts, sleep);
    ended.push(() => leader.stop());
    checkPolicies(parts, journal.header.plan);
    const use = new UseByPolicy();
    for (const event of journal.events()) use.observe(event);
    if (options.energy === undefined) ended.push(parts.energy.listen(use.cpu));
    runner = new ExperimentRunner({
      journal,
      policies: { use: (name) => placement.usePolicy(name) },
      energy: options.energy ?? parts.energy.reader(),
      pods: new PodLives({
        api: parts.api,
        clock,
        random: parts.random,
        trouble: (place, error) => log.warn('experiment-pods-not-watched', { place, error }),
      }),
      used: (nodes, now) => use.cpu.read(nodes, now),
      observe: (event) => use.observe(event),
      hindrance: () => hindranceOf(parts, leader.holder),
      clock,
      sleep,
      log,
      progress: options.progress,
      ...(options.times === undefined ? {} : { times: options.times }),
    });
    return await runner.run(signal);
  } finally {
    for (const end of ended) end();
    // Decisions on pods that are freed at the end belong to the history too.
    await supervisor.stop();
  }
}

function hindranceOf({ leadership, paused }: LiveParts, holder: string | undefined): Hindrance | undefined {
  if (!leadership.isLeader)
    return {
      kind: 'not-leading',
      says: holder === undefined ? 'the lease is not held yet' : `${holder} leads`,
    };
  return paused.reason === undefined ? undefined : { kind: 'paused', says: `paused: ${paused.reason}` };
}

/** Undefined where the signal came first. @throws KISIM_E_EXPERIMENT_NO_CLUSTER */
async function reached(
  placement: LivePlacement,
  sleep: Sleep,
  signal: AbortSignal,
): Promise<LiveParts | undefined> {
  for (let waited = 0; !signal.aborted; waited += LOOK_MILLISECONDS) {
    const { parts, status } = placement;
    if (parts !== undefined) return parts;
    const { trouble } = status;
    const isLate = waited >= (trouble === undefined ? REACH_MILLISECONDS : TROUBLE_MILLISECONDS);
    if (isLate)
      throw daemonErrors.KISIM_E_EXPERIMENT_NO_CLUSTER(trouble ?? `no answer in ${waited / 1000} s`);
    await Promise.race([placement.synced, sleep(LOOK_MILLISECONDS, signal)]);
  }
  return undefined;
}

/** A policy that cannot start on this cluster would be found out after a day only. @throws KISIM_E_EXPERIMENT_POLICY */
function checkPolicies({ book }: LiveParts, { a, b }: SwitchbackPlan): void {
  const { cluster } = book;
  if (cluster === undefined) return;
  for (const name of new Set([a, b])) {
    try {
      livePolicy(name)?.start({ cluster, random: new RandomStream(1) });
    } catch (cause) {
      if (!(cause instanceof KisimError)) throw cause;
      throw daemonErrors.KISIM_E_EXPERIMENT_POLICY(`${name}: ${cause.message}`, {
        cause,
        action: cause.action,
      });
    }
  }
}

/** A host that cannot be metered leaves its nodes to Prometheus and to models. */
function hostMeter(
  config: Config,
  {
    clock,
    log,
    sinks,
  }: { readonly clock: Clock; readonly log: Logger; readonly sinks: readonly IntervalSink[] },
): Service {
  let metering: Metering | undefined;
  return {
    name: 'metering',
    start: () => {
      try {
        metering = createMetering(config, { clock, log });
      } catch (error) {
        log.warn('experiment-does-not-meter', { error });
        return;
      }
      for (const sink of sinks) metering.addSink(sink);
      metering.start();
    },
    stop: () => metering?.stop(),
  };
}
