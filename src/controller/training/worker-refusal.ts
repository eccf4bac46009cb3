import type { WorkerPod } from '../../kubernetes/training/worker-states.ts';

/** Reasons of a container that waits for what does not come by itself. */
const cannotStart: ReadonlySet<string> = new Set([
  'InvalidImageName',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
]);
/** Reasons of a container that ended before its program began. */
const neverStarted: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun']);

/**
 * Why no worker of a Job can be started; undefined where one runs or ran, or may still come. What only some pods have is the
 * trouble of their nodes.
 */
export function workerRefusal(pods: readonly WorkerPod[]): string | undefined {
  const reasons = pods.map(({ waits, ended, isRunning }) => {
    if (isRunning) return undefined;
    if (waits !== undefined && cannotStart.has(waits.reason)) return `${waits.reason}: ${waits.message}`;
    if (ended !== undefined && neverStarted.has(ended.reason)) return `${ended.reason}: ${ended.message}`;
    return undefined;
  });
  return reasons.length > 0 && reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
}
