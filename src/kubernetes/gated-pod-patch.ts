import { type NodeChoice, requiresAnotherNode, setNodeAffinity, withChoice } from './affinity.ts';
import type { ApiPod } from './api-objects.ts';
import { type PatchOperation, pointer, sameObject, setEntries } from './json-patch.ts';
import { DECIDED_BY_ANNOTATION, NODE_ANNOTATION, PLACEMENT_GATE } from './names.ts';

/** Whether the program holds this pod. Other programs' gates are theirs. */
export function isGated(pod: ApiPod): boolean {
  return gateIndex(pod) >= 0;
}

function gateIndex(pod: ApiPod): number {
  return pod.spec?.schedulingGates?.findIndex(({ name }) => name === PLACEMENT_GATE) ?? -1;
}

/**
 * The one write that places a gated pod and frees it: affinity, annotations and the removal of the gate together, so that
 * no reader ever sees one without the other. Without a choice the pod is freed as it was. Other programs' gates, and all
 * that the pod asked for, stay.
 *
 * The patch holds for exactly the version of the pod that it is made from. It is refused with 409 where the pod has changed
 * since, and with 422 where it is another pod, is not gated any more, or the server finds the affinity not allowed; 422 comes
 * with one text for all of these.
 *
 * @param pod as the API server gave it: metadata, gates and node affinity in full
 * @param choice left out, and one that contradicts the pod's own required names: freed unmodified
 * @param decidedBy holder of the lease and fencing token
 * @returns undefined where the pod does not wait at our gate
 * @example
 * const pod = { metadata: { uid: 'u', resourceVersion: '7' }, spec: { schedulingGates: [{ name: 'kisimd.io/placement' }] } };
 * gatedPodPatch(pod, undefined)?.at(-1); // { op: 'remove', path: '/spec/schedulingGates/0' }
 */
export function gatedPodPatch(
  pod: ApiPod,
  choice: NodeChoice | undefined,
  decidedBy?: string,
): readonly PatchOperation[] | undefined {
  const gate = gateIndex(pod);
  if (gate < 0) return undefined;
  const metadata = pod.metadata ?? {};
  const taken = choice !== undefined && !requiresAnotherNode(pod, choice.node) ? choice : undefined;
  const annotations = {
    ...(taken === undefined ? {} : { [NODE_ANNOTATION]: taken.node }),
    ...(decidedBy === undefined ? {} : { [DECIDED_BY_ANNOTATION]: decidedBy }),
  };
  const affinity = pod.spec?.affinity;
  return [
    ...sameObject(metadata),
    { op: 'test', path: pointer('spec', 'schedulingGates', gate, 'name'), value: PLACEMENT_GATE },
    ...setEntries(['metadata', 'annotations'], metadata.annotations, annotations),
    ...(taken === undefined
      ? []
      : [
          setNodeAffinity(
            ['spec'],
            affinity,
            withChoice(affinity?.nodeAffinity, { nodes: [taken.node], strength: taken.strength }),
          ),
        ]),
    { op: 'remove', path: pointer('spec', 'schedulingGates', gate) },
  ];
}
