import { canonical, type Fields, fieldsOf, listOf, type StoredObject, sameJson } from './objects.ts';
import { refusals } from './status.ts';

const POD_UPDATES =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
  'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
const GATED = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

function gatesOf(pod: StoredObject): readonly string[] {
  return listOf(pod, 'spec', 'schedulingGates').map((gate) => String(fieldsOf(gate)['name']));
}

function invalid(pod: StoredObject, says: string) {
  return refusals.invalid('Pod', pod.metadata.name, says);
}

/** What the API server makes of a new pod. */
export function newPod(pod: StoredObject): StoredObject {
  const spec = fieldsOf(pod, 'spec');
  if (listOf(spec, 'containers').length === 0) throw invalid(pod, 'spec.containers: Required value');
  const gates = gatesOf(pod);
  if (gates.length > 0 && (spec['nodeName'] ?? '') !== '')
    throw invalid(pod, 'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared');
  const twice = gates.findIndex((gate, i) => gates.indexOf(gate) !== i);
  if (twice >= 0)
    throw invalid(pod, `spec.schedulingGates[${twice}]: Duplicate value: {"name":"${gates[twice]}"}`);
  return {
    ...pod,
    spec: { schedulerName: 'default-scheduler', priority: 0, restartPolicy: 'Always', ...spec },
    status: { phase: 'Pending', ...(gates.length > 0 ? { conditions: [GATED] } : {}) },
  };
}

/** ValidatePodUpdate in pkg/apis/core/validation, as far as placement goes. */
export function checkPodUpdate(pod: StoredObject, old: StoredObject): void {
  const before = gatesOf(old);
  const added = gatesOf(pod).findIndex((gate) => !before.includes(gate));
  if (added >= 0) {
    const says = `Forbidden: only deletion is allowed, but found new scheduling gate '${gatesOf(pod)[added]}'`;
    throw invalid(pod, `spec.schedulingGates[${added}].name: ${says}`);
  }
  checkTolerations(pod, old);
  if (before.length > 0) checkDirectives(pod, old);
  if (!sameJson(immutablePart(pod, before.length > 0), immutablePart(old, before.length > 0)))
    throw invalid(pod, POD_UPDATES);
}

function immutablePart(pod: StoredObject, gated: boolean): Fields {
  const {
    schedulingGates: _gates,
    tolerations: _tolerations,
    activeDeadlineSeconds: _,
    ...spec
  } = fieldsOf(pod, 'spec');
  const withoutImages = (list: string) =>
    listOf(spec, list).map((container) => ({ ...fieldsOf(container), image: '' }));
  const part: Fields = {
    ...spec,
    containers: withoutImages('containers'),
    initContainers: withoutImages('initContainers'),
  };
  if (!gated) return part;
  const { nodeAffinity: _affinity, ...affinity } = fieldsOf(spec, 'affinity');
  const { nodeSelector: _selector, ...rest } = part;
  return { ...rest, affinity };
}

function checkTolerations(pod: StoredObject, old: StoredObject): void {
  const now = listOf(pod, 'spec', 'tolerations').map(canonical);
  if (!listOf(old, 'spec', 'tolerations').every((each) => now.includes(canonical(each))))
    throw invalid(
      pod,
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    );
}

/** Of a gated pod, whose directives may only be made narrower (KEP-3838). */
function checkDirectives(pod: StoredObject, old: StoredObject): void {
  const selector = fieldsOf(pod, 'spec', 'nodeSelector');
  const kept = Object.entries(fieldsOf(old, 'spec', 'nodeSelector')).every(
    ([key, value]) => selector[key] === value,
  );
  if (!kept)
    throw invalid(
      pod,
      `spec.nodeSelector: Invalid value: ${canonical(selector)}: only additions to spec.nodeSelector are allowed ` +
        '(no mutations or deletions)',
    );
  const required = ['spec', 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'];
  const before = listOf(old, ...required, 'nodeSelectorTerms');
  const terms = listOf(pod, ...required, 'nodeSelectorTerms');
  if (before.length === 0) return;
  const field = `${required.join('.')}.nodeSelectorTerms`;
  if (terms.length !== before.length)
    throw invalid(
      pod,
      `${field}: Invalid value: ${canonical(terms)}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
    );
  before.forEach((term, i) => {
    if (!isPrefix(term, terms[i]))
      throw invalid(
        pod,
        `${field}[${i}]: Invalid value: ${canonical(terms[i])}: only additions are allowed (no mutations or deletions)`,
      );
  });
}

/** An empty term matches nothing, and with an expression it would match something. */
function isPrefix(before: unknown, now: unknown): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  if (lists.every((list) => listOf(before, list).length === 0)) return sameJson(before, now);
  return lists.every((list) => {
    const old = listOf(before, list);
    return sameJson(old, listOf(now, list).slice(0, old.length));
  });
}

/** The pod that a binding makes of one. */
export function boundPod(pod: StoredObject, binding: unknown): StoredObject {
  const { name, uid, resourceVersion } = pod.metadata;
  const refuse = (says: string) => refusals.conflict('pods/binding', name, says);
  const wanted = fieldsOf(binding, 'metadata');
  for (const [field, own] of [
    ['uid', uid],
    ['resourceVersion', resourceVersion],
  ] as const) {
    if ((wanted[field] ?? '') !== '' && wanted[field] !== own)
      throw refuse(
        `Precondition failed: ${field} in precondition: ${wanted[field]}, ${field} in object meta: ${own}`,
      );
  }
  const node = fieldsOf(binding, 'target')['name'];
  if (typeof node !== 'string' || node === '')
    throw refusals.invalid('Binding', name, 'target.name: Required value');
  if (pod.metadata['deletionTimestamp'] !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  const bound = fieldsOf(pod, 'spec')['nodeName'];
  if ((bound ?? '') !== '') throw refuse(`pod ${name} is already assigned to node "${String(bound)}"`);
  if (gatesOf(pod).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  return {
    ...pod,
    spec: { ...fieldsOf(pod, 'spec'), nodeName: node },
    status: { ...fieldsOf(pod, 'status'), conditions: [{ type: 'PodScheduled', status: 'True' }] },
  };
}
