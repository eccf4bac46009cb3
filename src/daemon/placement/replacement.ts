import { KubeResidents } from '../../controller/kube-residents.ts';
import type { Move } from '../../controller/replacement/move-plan.ts';
import { Replacer } from '../../controller/replacement/replacer.ts';
import type { Resident } from '../../controller/resident.ts';
import { isControlPlane } from '../../controller/sleep/kube-nodes.ts';
import type { ApiPod } from '../../kubernetes/api-objects.ts';
import { controllerUid } from '../../kubernetes/controller-uid.ts';
import { KubeEvictions } from '../../kubernetes/evictions.ts';
import type { KubeRequest } from '../../kubernetes/kube-api.ts';
import { refusal } from '../../kubernetes/refusal.ts';
import type { Service } from '../supervisor.ts';
import { evictionRecord } from './eviction-record.ts';
import type { LiveParts } from './live-parts.ts';

/** Moves running pods where that saves more than it costs. Undefined where `replacement.enabled` is off. */
export function replacement(parts: LiveParts): Service | undefined {
  const { replacement: given, kubernetes, placement, sleep, node } = parts.config;
  if (!given.enabled) return undefined;
  const { api, guard, log, time, watcher, book, sink, intentions } = parts;
  const nodeOf = (name: string) => book.cluster?.nodes.find((each) => each.name === name);
  const replacer = new Replacer({
    book,
    residents: new KubeResidents(api, watcher),
    evictions: new KubeEvictions({ api, stillLeader: guard.stillLeader }),
    controllerOf: (pod, signal) => readController(parts, pod, signal),
    intentions,
    isAnyWaiting: () => isAnyWaiting(parts),
    leadership: parts.leadership,
    paused: parts.paused,
    time,
    log,
    mode: placement.mode,
    evictionsPerHour: given.evictionsPerHour,
    rules: {
      restartJoules: given.restartJoules,
      paybackSeconds: given.paybackSeconds,
      ownNamespace: kubernetes.namespace,
      spareNodes: sleep.spareNodes,
      maySleep: (name) => {
        const found = nodeOf(name);
        return (
          sleep.enabled && found?.sleep !== undefined && name !== node.name && !isControlPlane(found.labels)
        );
      },
    },
    moved: (move, empties) => sink.record(recordOf(move, empties)),
  });
  const recordOf = (move: Move, empties: string | undefined) =>
    evictionRecord(move.pod, {
      unixMilliseconds: time.unixMilliseconds(),
      mode: placement.mode,
      policy: 're-placement',
      node: move.to,
      reason: reasonOf(move, empties, given.paybackSeconds),
      terms: [
        { term: 'restart', amount: move.costJoules, unit: 'J' },
        { term: 'saved', amount: -move.savedJoules, unit: 'J' },
      ],
    });
  let end: (() => void) | undefined;
  return {
    name: 'replacement',
    start() {
      // What became of the plan: the node of the pod that came, in the record of the one that went.
      end = watcher.subscribe({
        pending: () => undefined,
        settled: (uid, on) => {
          const intention = intentions.settle(uid);
          if (intention !== undefined && on !== undefined) sink.bound(intention.evicted, on);
        },
      });
      replacer.start();
    },
    stop() {
      end?.();
      replacer.stop();
    },
  };
}

function reasonOf(
  { from, to, savedJoules, costJoules }: Move,
  empties: string | undefined,
  seconds: number,
): string {
  const why = empties === undefined ? '' : `, ${empties} can sleep then`;
  return `from ${from} to ${to}: ${rounded(savedJoules)} J in ${seconds} s for ${rounded(costJoules)} J${why}`;
}

function rounded(joules: number): number {
  return Number(joules.toPrecision(4));
}

/** Pods that wait at others' gates wait for others, and not for room. */
function isAnyWaiting({ watcher }: Pick<LiveParts, 'watcher'>): boolean {
  for (const { isGated, isDeleting, object } of watcher.list()) {
    const gates = object?.spec?.schedulingGates?.length ?? 0;
    if (!isDeleting && (isGated || gates === 0)) return true;
  }
  return false;
}

/** @throws KISIM_E_KUBE_... */
async function readController(
  { api }: Pick<LiveParts, 'api'>,
  { uid, namespace, name }: Resident,
  signal: AbortSignal,
): Promise<string | undefined> {
  const request: KubeRequest = {
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${name}`,
    signal,
    timeoutMilliseconds: 4_000,
  };
  const response = await api.request(request);
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refusal(request, response);
  const pod = response.body as ApiPod;
  return pod.metadata?.uid === uid ? controllerUid(pod) : undefined;
}
