import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { ApiNode, ApiPod } from '../api-objects.ts';
import { gatedPodPatch } from '../gated-pod-patch.ts';
import { type GuardedWrites, guardedPatch } from '../guarded-patch.ts';
import { type PatchOperation, pointer, sameObject } from '../json-patch.ts';
import type { KubeApi } from '../kube-api.ts';
import { SLEEP_ANNOTATION } from '../names.ts';
import { deleteObject, readObject } from './calls.ts';
import { demandGoingOn, label, type Progress } from './carry-out.ts';
import { setupErrors } from './errors.ts';
import { waitForGating } from './gating-probe.ts';
import {
  gatedPods,
  type OwnObject,
  ownMarks,
  type Remains,
  type RemovalPlan,
  remains,
} from './removal-plan.ts';

export interface RemovalTools {
  readonly api: KubeApi;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly monotonicMilliseconds: () => Milliseconds;
}

/** How long the server may go on gating by what it remembers. */
const STILL_GATING_MILLISECONDS: Milliseconds = 30_000;
/** How long a namespace may take to go. */
const NAMESPACE_MILLISECONDS: Milliseconds = 60_000;
const AGAIN_MILLISECONDS: Milliseconds = 500;
const NO_OTHER_PATCH = 0;

/**
 * Removes all that is in the plan. No pod is left behind gated: what gates goes first and is seen to be gone, then pods are
 * freed until none is found, and only then the opt-in, the rights and the marks on nodes go. Stopped or broken in the middle it can be run again.
 *
 * @throws KISIM_E_SETUP_STOPPED, KISIM_E_SETUP_STILL_GATING, KISIM_E_KUBE_...
 */
export async function carryOutRemoval(
  tools: RemovalTools,
  plan: RemovalPlan,
  progress: Progress,
): Promise<void> {
  const { api } = tools;
  const { done, signal } = progress;
  const remove = async ({ kind, name, path, uid }: OwnObject): Promise<void> => {
    demandGoingOn(signal, `removal of ${kind} ${name}`);
    await deleteObject(api, path, uid);
    done({ outcome: 'deleted', what: `${kind} ${name}` });
  };
  for (const object of plan.gating) await remove(object);
  await seeGatingEnd(tools, plan, progress);
  await freePods(tools, progress);
  for (const namespace of plan.optedIn) {
    demandGoingOn(signal, `opt-in of namespace ${namespace}`);
    await label(api, namespace, undefined);
    done({ outcome: 'changed', what: `namespace ${namespace}: no longer opted in` });
  }
  for (const object of plan.accounts) await remove(object);
  // A daemon that still runs has no rights any more to write them again.
  for (const node of plan.nodes) await clean(tools, node, progress);
  const { namespace } = plan;
  if (namespace === undefined || plan.keepsNamespace.length > 0) return;
  await remove(namespace);
  await seeNamespaceEnd(tools, namespace, signal);
}

async function seeGatingEnd(
  tools: RemovalTools,
  { optedIn, gating }: RemovalPlan,
  { signal }: Progress,
): Promise<void> {
  const [namespace] = optedIn;
  if (namespace === undefined || gating.length === 0) return;
  const { api, sleep, monotonicMilliseconds } = tools;
  const seen = await waitForGating(api, namespace, 'not-gated', {
    sleep,
    signal,
    monotonicMilliseconds,
    forMilliseconds: STILL_GATING_MILLISECONDS,
  });
  demandGoingOn(signal, 'freeing pods');
  if (seen.state === 'gated') throw setupErrors.KISIM_E_SETUP_STILL_GATING(`a pod in ${namespace}`);
}

/** Until none is found any more: what was being made while the gating ended comes a moment later. */
async function freePods(tools: RemovalTools, { done, signal }: Progress): Promise<void> {
  for (let pods = await gatedPods(tools.api); pods.length > 0; pods = await gatedPods(tools.api)) {
    for (const pod of pods) {
      const what = `pod ${pod.metadata?.namespace}/${pod.metadata?.name}`;
      demandGoingOn(signal, `freeing of ${what}`);
      if (await free(tools, pod)) done({ outcome: 'freed', what });
    }
  }
}

/** As it was but for our gate. @returns false where somebody else freed or deleted it */
async function free(tools: RemovalTools, pod: ApiPod): Promise<boolean> {
  const result = await guardedPatch(writesOf(tools), {
    path: `/api/v1/namespaces/${pod.metadata?.namespace}/pods/${pod.metadata?.name}`,
    object: pod,
    propose: (current) => gatedPodPatch(current, undefined),
    mostRefusals: 1,
  });
  if (result.outcome === 'failed') throw result.error;
  return result.outcome === 'written';
}

async function clean(tools: RemovalTools, node: ApiNode, { done, signal }: Progress): Promise<void> {
  const name = node.metadata?.name ?? '';
  demandGoingOn(signal, `labels and taints of node ${name}`);
  const result = await guardedPatch(writesOf(tools), {
    path: `/api/v1/nodes/${name}`,
    object: node,
    propose: withoutMarks,
    mostRefusals: NO_OTHER_PATCH,
  });
  if (result.outcome === 'failed') throw result.error;
  done({
    outcome: result.outcome === 'written' ? 'changed' : 'unchanged',
    what: `node ${name}: without what kisimd wrote on it`,
  });
}

/** From the last taint to the first, so that the places of those before it stay. */
function withoutMarks(node: ApiNode): readonly PatchOperation[] | undefined {
  const { labels, taints, sleep } = ownMarks(node);
  if (labels.length + taints.length === 0 && sleep === undefined) return undefined;
  return [
    ...sameObject(node.metadata ?? {}),
    ...labels.map((name) => ({ op: 'remove', path: pointer('metadata', 'labels', name) }) as const),
    ...taints.toReversed().map((at) => ({ op: 'remove', path: pointer('spec', 'taints', at) }) as const),
    ...(sleep === undefined
      ? []
      : [{ op: 'remove', path: pointer('metadata', 'annotations', SLEEP_ANNOTATION) } as const]),
    // Another's cordon stays.
    ...(sleep === 'cordoned' ? [{ op: 'remove', path: '/spec/unschedulable' } as const] : []),
  ];
}

/** A set-up has no lease: what it takes away the leader of the moment may take away too, and each write is guarded. */
function writesOf({ api, sleep, random }: RemovalTools): GuardedWrites {
  return { api, sleep, random, stillLeader: () => true };
}

async function seeNamespaceEnd(
  tools: RemovalTools,
  { path, uid }: OwnObject,
  signal: AbortSignal,
): Promise<void> {
  const { api, sleep, monotonicMilliseconds } = tools;
  const end = monotonicMilliseconds() + NAMESPACE_MILLISECONDS;
  while (!signal.aborted && monotonicMilliseconds() < end) {
    const found = await readObject(api, path);
    if (found === undefined || found.metadata.uid !== uid) return;
    await sleep(AGAIN_MILLISECONDS, signal);
  }
}

/**
 * Looks whether anything of the program is left.
 *
 * @throws KISIM_E_SETUP_LEFT with what is, KISIM_E_KUBE_...
 */
export async function demandNothingLeft(
  api: KubeApi,
  namespace: string,
  keepsNamespace: boolean,
): Promise<void> {
  const left = describeRemains(await remains(api, namespace), keepsNamespace);
  if (left.length > 0) throw setupErrors.KISIM_E_SETUP_LEFT(left.join(', '));
}

export function describeRemains(found: Remains, keepsNamespace = false): readonly string[] {
  const objects = [...found.gating, ...found.accounts];
  if (found.namespace !== undefined && !keepsNamespace) objects.push(found.namespace);
  return [
    ...objects.map(({ kind, name }) => `${kind} ${name}`),
    ...found.gatedPods.map(({ metadata }) => `gated pod ${metadata?.namespace}/${metadata?.name}`),
    ...found.optedIn.map((name) => `opted-in namespace ${name}`),
    ...found.nodes.map(({ metadata }) => `marks on node ${metadata?.name}`),
  ];
}
