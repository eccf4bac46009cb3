import type { Clock } from '../../util/clock.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { KubeApi } from '../kube-api.ts';
import { BLOCK_LABEL } from '../manifests/blocker-job.ts';
import { refusal } from '../refusal.ts';
import { deleteObject, succeeded } from '../setup/calls.ts';
import { blockerErrors } from './errors.ts';
import { type BlockerPod, podState } from './pod-state.ts';

export interface BlockerRun {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  readonly job: object;
  readonly startWithinMilliseconds: Milliseconds;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
  /** Called once, when the pod is seen to run or to have run. */
  readonly onRunning?: (pod: string, node: string) => void;
}

export interface BlockerOutcome {
  readonly end: 'ended' | 'asked';
  /** Of its container. */
  readonly succeeded: boolean;
  readonly why: string;
  /** Everything that it wrote; undefined where it was stopped before its end. */
  readonly log: string | undefined;
}

const LOOK_MILLISECONDS = 500;
/** A pod that is deleted has ten seconds to end, and the kubelet some to say so. */
const GONE_MILLISECONDS = 60_000;

/**
 * Makes the Job, waits until its pod has ended or the signal is aborted, reads what the pod wrote, and deletes both,
 * whatever happens.
 *
 * @throws KISIM_E_BLOCK_POD_START, KISIM_E_BLOCK_POD_GONE, KISIM_E_KUBE_...
 */
export async function runBlockerJob(run: BlockerRun): Promise<BlockerOutcome> {
  const { api, namespace, name, job } = run;
  const request = { method: 'POST', path: `/apis/batch/v1/namespaces/${namespace}/jobs`, body: job } as const;
  const made = (await api.request(request).then((answer) => succeeded(request, answer))) as {
    readonly metadata: { readonly uid: string };
  };
  let outcome: BlockerOutcome;
  try {
    outcome = await waitForEnd(run);
  } catch (error) {
    await remove(run, made.metadata.uid).catch((second: unknown) => {
      throw new AggregateError([error, second], `Job ${namespace}/${name} was left behind`);
    });
    throw error;
  }
  await remove(run, made.metadata.uid);
  return outcome;
}

async function waitForEnd(run: BlockerRun): Promise<BlockerOutcome> {
  const { clock, sleep, signal, startWithinMilliseconds, onRunning } = run;
  const begin = clock.monotonicNanoseconds();
  let running = false;
  let seen = false;
  let lastWhy = 'the Job has no pod yet';
  while (!signal.aborted) {
    const pod = await ownPod(run);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) {
      if (seen) throw blockerErrors.KISIM_E_BLOCK_POD_GONE(`a pod of Job ${run.namespace}/${run.name}`);
    } else {
      seen = true;
      const state = podState(pod);
      // A kubelet may tell the beginning together with the end.
      if (!running && (state.kind === 'running' || hasEndedContainer(pod))) {
        running = true;
        onRunning?.(pod.metadata.name, pod.spec?.nodeName ?? '');
      }
      if (state.kind === 'ended') {
        return { end: 'ended', succeeded: state.succeeded, why: state.why, log: await logOf(run, pod) };
      }
      if (state.kind === 'hopeless') throw notStarted(pod, state.why);
      if (state.kind === 'waiting') lastWhy = `pod ${pod.metadata.name}: ${state.why}`;
    }
    const waitedMilliseconds = (clock.monotonicNanoseconds() - begin) / 1e6;
    if (!running && waitedMilliseconds > startWithinMilliseconds) {
      throw blockerErrors.KISIM_E_BLOCK_POD_START(
        `${lastWhy}, ${Math.round(waitedMilliseconds / 1000)} s long`,
      );
    }
    await sleep(LOOK_MILLISECONDS, signal);
  }
  return { end: 'asked', succeeded: false, why: '', log: undefined };
}

function hasEndedContainer({ status }: BlockerPod): boolean {
  return status?.containerStatuses?.[0]?.state?.terminated !== undefined;
}

function notStarted(pod: BlockerPod, why: string) {
  return blockerErrors.KISIM_E_BLOCK_POD_START(`pod ${pod.metadata.name}: ${why}`);
}

async function ownPod({ api, namespace, name }: BlockerRun): Promise<BlockerPod | undefined> {
  const query = { labelSelector: `${BLOCK_LABEL}=${name}` };
  const request = { method: 'GET', path: `/api/v1/namespaces/${namespace}/pods`, query } as const;
  const list = (await api.request(request).then((answer) => succeeded(request, answer))) as {
    readonly items: readonly BlockerPod[];
  };
  return list.items[0];
}

async function logOf({ api, namespace }: BlockerRun, pod: BlockerPod): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log`;
  const request = { method: 'GET', path } as const;
  const answer = await api.request(request);
  if (answer.status !== 200) throw refusal(request, answer);
  // A log of one JSON line may be taken for a JSON answer.
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}

/** The Job, its pod with it, and waits until the pod has let go. */
async function remove(run: BlockerRun, uid: string): Promise<void> {
  const { api, namespace, name, clock, sleep } = run;
  await deleteObject(api, `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`, uid);
  const begin = clock.monotonicNanoseconds();
  // Without the signal: what asked us to stop must not keep us from letting go.
  while ((await ownPod(run)) !== undefined) {
    if ((clock.monotonicNanoseconds() - begin) / 1e6 > GONE_MILLISECONDS) {
      throw blockerErrors.KISIM_E_BLOCK_POD_GONE(`the pod of Job ${namespace}/${name} is still there`, {
        expected: 'a pod that is gone within a minute of its deletion',
        action: `see \`kubectl describe pod -l ${BLOCK_LABEL}=${name}\`; its node may be away`,
      });
    }
    await sleep(LOOK_MILLISECONDS);
  }
}
