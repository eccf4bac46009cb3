import type { PatchOperation } from '../../src/kubernetes/json-patch.ts';
import type { Fields, StoredObject } from './fake-api/objects.ts';
import { checkJobUpdate } from './fake-api/other-rules.ts';
import { jsonPatch } from './fake-api/patches.ts';
import { checkPodUpdate } from './fake-api/pod-rules.ts';

/** An object as the API server keeps it, around the parts that a test is about. */
export function stored(kind: string, parts: Fields = {}): StoredObject {
  const { metadata, ...rest } = parts as { metadata?: Fields };
  return {
    apiVersion: 'v1',
    kind,
    ...rest,
    metadata: { name: 'one', namespace: 'default', uid: 'uid-1', resourceVersion: '7', ...metadata },
  };
}

/** What becomes of a pod by a patch. @throws Refusal, as the API server refuses it */
export function patchedPod(pod: StoredObject, patch: readonly PatchOperation[]): StoredObject {
  const after = jsonPatch(pod, patch) as StoredObject;
  checkPodUpdate(after, pod);
  return after;
}

export function patchedJob(job: StoredObject, patch: readonly PatchOperation[]): StoredObject {
  const after = jsonPatch(job, patch) as StoredObject;
  checkJobUpdate(after, job);
  return after;
}

export function patched(object: StoredObject, patch: readonly PatchOperation[]): StoredObject {
  return jsonPatch(object, patch) as StoredObject;
}
