import type { Pod } from '../cluster/pod.ts';
import { tryParseDuration } from '../util/duration.ts';
import type { ApiPod } from './api-objects.ts';
import { DURATION_ANNOTATION, SLACK_ANNOTATION } from './names.ts';

/**
 * Adds to a pod what its owner says of it by annotations: how long it may be held back and how long it is expected to run.
 * Text that is no duration says nothing: a pod is never refused for the sake of a hint.
 */
export function podHints(pod: Pod, { metadata }: ApiPod): Pod {
  const slack = secondsIn(metadata?.annotations?.[SLACK_ANNOTATION]);
  const duration = secondsIn(metadata?.annotations?.[DURATION_ANNOTATION]);
  if (slack === undefined && duration === undefined) return pod;
  return {
    ...pod,
    slackSeconds: slack ?? pod.slackSeconds,
    predictedSeconds: duration ?? pod.predictedSeconds,
  };
}

function secondsIn(text: string | undefined): number | undefined {
  const milliseconds = text === undefined ? undefined : tryParseDuration(text);
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
