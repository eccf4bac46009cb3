import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { NodeSleep } from '../../cluster/node.ts';
import { KubeResidents } from '../../controller/kube-residents.ts';
import type { Resident } from '../../controller/resident.ts';
import { sleepErrors } from '../../controller/sleep/errors.ts';
import { KubeNodes } from '../../controller/sleep/kube-nodes.ts';
import { NodeSleeper } from '../../controller/sleep/node-sleeper.ts';
import type { NodeNews } from '../../controller/sleep/node-transitions.ts';
import { SpawnedPower } from '../../controller/sleep/spawned-power.ts';
import type { UnplacedPod } from '../../controller/sleep/unplaced-pods.ts';
import { KubeEvictions } from '../../kubernetes/evictions.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import { KisimError } from '../../util/errors.ts';
import type { Service } from '../supervisor.ts';
import { evictionRecord } from './eviction-record.ts';
import type { LiveParts } from './live-parts.ts';

/**
 * Puts empty nodes to sleep and wakes them for pods that wait. Where sleep is switched off and there is a command to wake nodes, it
 * wakes those that still sleep; undefined where there is none. Commands that are not usable are told, and hold up nothing else.
 */
export function sleepingNodes(parts: LiveParts): Service | undefined {
  const { enabled, wakeCommand } = parts.config.sleep;
  if (!enabled && wakeCommand === undefined) return undefined;
  try {
    return serviceOf(parts, powerOf(parts));
  } catch (error) {
    if (!(error instanceof KisimError)) throw error;
    parts.log.error('sleep-not-started', { error });
    return undefined;
  }
}

/** @throws KISIM_E_SLEEP_COMMAND */
function powerOf({ config: { sleep }, log }: LiveParts): SpawnedPower {
  const { sleepCommand, wakeCommand, enabled, wakeTimeoutSeconds } = sleep;
  if (wakeCommand === undefined) throw sleepErrors.KISIM_E_SLEEP_COMMAND('no sleep.wake-command');
  if (enabled && sleepCommand === undefined)
    throw sleepErrors.KISIM_E_SLEEP_COMMAND('no sleep.sleep-command');
  return new SpawnedPower({ sleepCommand, wakeCommand, limitMilliseconds: wakeTimeoutSeconds * 1000, log });
}

function serviceOf(parts: LiveParts, power: SpawnedPower): Service {
  const { sleep, kubernetes, node, placement } = parts.config;
  const { api, guard, clock, log, random, time, watcher, book, sink } = parts;
  const nodes = new KubeNodes({
    guard,
    random,
    clock,
    trouble: troubleLog(log, 'watch-trouble', clock, { kind: 'sleeping nodes' }),
  });
  const sleepOf = sleepsByName(book);
  const sleeper = new NodeSleeper({
    nodes,
    writes: nodes,
    residents: new KubeResidents(api, watcher),
    evictions: new KubeEvictions({ api, stillLeader: guard.stillLeader }),
    power,
    unplaced: () => unplaced(parts),
    book,
    requests: parts.wakeRequests,
    leadership: parts.leadership,
    paused: parts.paused,
    time,
    log,
    mode: placement.mode,
    rules: {
      emptyMilliseconds: (name) => (sleepOf(name)?.emptySeconds ?? sleep.emptySeconds) * 1000,
      wakeMilliseconds: (name) => (sleepOf(name)?.wakeSeconds ?? sleep.wakeTimeoutSeconds) * 1000,
      minimumAwakeMilliseconds: sleep.minimumAwakeSeconds * 1000,
      minimumAsleepMilliseconds: sleep.minimumAsleepSeconds * 1000,
      wakeTimeoutMilliseconds: sleep.wakeTimeoutSeconds * 1000,
      spareNodes: sleep.spareNodes,
      drain: sleep.drain,
      restores: !sleep.enabled,
      ownNode: node.name,
      ownNamespace: kubernetes.namespace,
    },
    decidedBy: parts.decidedBy,
    told: ({ name, uid }, { what, message }) =>
      parts.events.record({
        subject: { apiVersion: 'v1', kind: 'Node', name, uid },
        type: what === 'failed' ? 'Warning' : 'Normal',
        reason: eventReasons[what],
        message,
      }),
    evicted: (pod: Resident, from: string) =>
      sink.record(
        evictionRecord(pod, {
          unixMilliseconds: time.unixMilliseconds(),
          mode: placement.mode,
          policy: 'sleep',
          reason: `${from} is to sleep`,
        }),
      ),
  });
  let started: Promise<void> | undefined;
  return {
    name: 'sleeping-nodes',
    start() {
      nodes.start();
      // A server that does not list nodes holds up nothing else.
      started = nodes.synced.then((isSynced) => {
        if (isSynced) sleeper.start();
      });
    },
    async stop() {
      await nodes.stop();
      await started;
      sleeper.stop();
    },
  };
}

const eventReasons: Readonly<Record<NodeNews['what'], string>> = {
  asleep: 'NodeAsleep',
  waking: 'NodeWaking',
  awake: 'NodeAwake',
  failed: 'NodeSleepFailed',
};

/** What the table of nodes says of their sleep, looked up once for each cluster. */
function sleepsByName(book: Pick<LiveParts['book'], 'cluster'>): (name: string) => NodeSleep | undefined {
  let of: ClusterState | undefined;
  let sleeps = new Map<string, NodeSleep>();
  return (name) => {
    const { cluster } = book;
    if (cluster !== of) {
      of = cluster;
      sleeps = new Map(
        cluster?.nodes.flatMap(({ name, sleep }) => (sleep === undefined ? [] : [[name, sleep] as const])),
      );
    }
    return sleeps.get(name);
  };
}

/** Pods that wait for the scheduler: those at our gate are the loop's, and those at others' gates wait for others. */
function* unplaced({ watcher }: Pick<LiveParts, 'watcher'>): Iterable<UnplacedPod> {
  for (const { uid, pod, isGated, isDeleting, ownerKinds, object } of watcher.list()) {
    const gates = object?.spec?.schedulingGates?.length ?? 0;
    if (isGated || gates > 0 || isDeleting || ownerKinds.includes('DaemonSet')) continue;
    yield { uid, pod };
  }
}
