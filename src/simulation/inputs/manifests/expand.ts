import type { LabelSelector, Labels } from '../../../cluster/labels.ts';
import type { Located } from './located.ts';
import { controllerSelector } from './owners.ts';

export const controllerKinds = [
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'Job',
] as const;

export type ControllerKind = (typeof controllerKinds)[number];

const MAX_PODS = 1_000_000;

/** What a controller makes of its template. */
export interface Expansion {
  /** The kind and name that the pods have as their owner: a Deployment's pods belong to a ReplicaSet. */
  readonly ownerKind: string;
  readonly ownerName: string;
  readonly selector: LabelSelector | undefined;
  readonly template: Located;
  readonly pods: readonly { readonly name: string; readonly labels: Labels }[];
}

/** Tells templates apart, as the controller's hash does; its value is ours. */
function templateHash(template: Located): string {
  let hash = 2166136261;
  for (const letter of JSON.stringify(template.value))
    hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619);
  return (hash >>> 0).toString(36).padStart(7, '0');
}

/** How many pods there are at once: a Job works through its completions some at a time. */
function podCount(kind: ControllerKind, spec: Located): number {
  if (kind !== 'Job') return spec.get('replicas').integerOr(0, MAX_PODS, 1);
  if (spec.get('suspend').boolean()) return 0;
  const parallelism = spec.get('parallelism').integerOr(0, MAX_PODS, 1);
  return Math.min(parallelism, spec.get('completions').integerOr(0, MAX_PODS, MAX_PODS));
}

/** The pods that a controller's template stands for, with the labels that their controller adds. */
export function expand(kind: ControllerKind, manifest: Located): Expansion {
  const spec = manifest.get('spec');
  const template = spec.get('template');
  const name = manifest.get('metadata').get('name').text();
  const labels = template.get('metadata').get('labels').textMap();
  const count = podCount(kind, spec);
  const numbered = (prefix: string, own: (index: number) => Labels) =>
    Array.from({ length: count }, (_, i) => ({ name: `${prefix}-${i}`, labels: { ...labels, ...own(i) } }));
  if (kind === 'Job') {
    const own = { 'batch.kubernetes.io/job-name': name, 'job-name': name };
    const pods = numbered(name, () => own);
    return { ownerKind: kind, ownerName: name, selector: undefined, template, pods };
  }
  const selector = controllerSelector(kind, manifest);
  if (kind === 'Deployment') {
    const hash = templateHash(template);
    const own = { 'pod-template-hash': hash };
    return {
      ownerKind: 'ReplicaSet',
      ownerName: `${name}-${hash}`,
      selector: [...selector, { key: 'pod-template-hash', operator: 'In', values: [hash] }],
      template,
      pods: numbered(`${name}-${hash}`, () => own),
    };
  }
  const numberedLabels = (index: number): Labels =>
    kind === 'StatefulSet'
      ? {
          'apps.kubernetes.io/pod-index': String(index),
          'statefulset.kubernetes.io/pod-name': `${name}-${index}`,
        }
      : {};
  return { ownerKind: kind, ownerName: name, selector, template, pods: numbered(name, numberedLabels) };
}
