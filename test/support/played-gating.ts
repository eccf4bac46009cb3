import { OPT_IN_LABEL, OPT_IN_VALUE, PLACEMENT_GATE } from '../../src/kubernetes/names.ts';
import { fieldsOf, listOf } from './fake-api/objects.ts';
import type { FakeApiServer } from './fake-api-server.ts';

/** Makes the fake server gate pods as a real one does: where policy and binding are there, in opted-in namespaces. */
export function playGating(server: FakeApiServer): void {
  server.operations.admission = (resource, object) => {
    const gates = ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'].every(
      (kind) => server.find(kind, 'kisimd-gate') !== undefined,
    );
    const namespace = server.find('Namespace', object.metadata.namespace ?? '');
    const isIn = fieldsOf(namespace, 'metadata', 'labels')[OPT_IN_LABEL] === OPT_IN_VALUE;
    if (resource.kind !== 'Pod' || !gates || !isIn) return object;
    const schedulingGates = [...listOf(object, 'spec', 'schedulingGates'), { name: PLACEMENT_GATE }];
    return { ...object, spec: { ...fieldsOf(object, 'spec'), schedulingGates } };
  };
}
