import type { LabelRequirement, LabelSelector, Labels } from '../../../cluster/labels.ts';
import type {
  NodeAffinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../../cluster/pod.ts';
import type { Located } from './located.ts';

const labelOperators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
const nodeOperators = [...labelOperators, 'Gt', 'Lt'] as const;

/** The selector that equal labels make. */
export function selectorOf(labels: Labels): LabelSelector {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
}

function readRequirement<Operator extends string>(
  requirement: Located,
  operators: readonly Operator[],
): { readonly key: string; readonly operator: Operator; readonly values: readonly string[] } {
  const operator = requirement.get('operator').oneOf(operators);
  const values = requirement.get('values').texts();
  const most = operator === 'Gt' || operator === 'Lt' ? 1 : Number.POSITIVE_INFINITY;
  const takesNone = operator === 'Exists' || operator === 'DoesNotExist';
  const right = takesNone ? values.length === 0 : values.length > 0 && values.length <= most;
  if (!right) throw requirement.get('values').invalid(`${values.length} values for ${operator}`);
  return { key: requirement.get('key').text(), operator, values };
}

/** `metav1.LabelSelector`; undefined where it is absent, which selects nothing. */
export function readLabelSelector(selector: Located): LabelSelector | undefined {
  if (!selector.present) return undefined;
  return [
    ...selectorOf(selector.get('matchLabels').textMap()),
    ...selector
      .get('matchExpressions')
      .items()
      .map((each): LabelRequirement => readRequirement(each, labelOperators)),
  ];
}

function readNodeSelectorTerm(term: Located): NodeSelectorTerm {
  const read = (field: string): readonly NodeSelectorRequirement[] =>
    term
      .get(field)
      .items()
      .map((each) => readRequirement(each, nodeOperators));
  return { matchExpressions: read('matchExpressions'), matchFields: read('matchFields') };
}

export function readNodeAffinity(affinity: Located): NodeAffinity | undefined {
  if (!affinity.present) return undefined;
  const required = affinity.get('requiredDuringSchedulingIgnoredDuringExecution');
  return {
    required: required.present
      ? required.get('nodeSelectorTerms').items().map(readNodeSelectorTerm)
      : undefined,
    preferred: affinity
      .get('preferredDuringSchedulingIgnoredDuringExecution')
      .items()
      .map((each) => ({
        weight: each.get('weight').integer(1, 100),
        term: readNodeSelectorTerm(each.get('preference')),
      })),
  };
}

function readPodAffinityTerm(term: Located): PodAffinityTerm {
  return {
    topologyKey: term.get('topologyKey').text(),
    selector: readLabelSelector(term.get('labelSelector')),
    namespaces: term.get('namespaces').texts(),
    namespaceSelector: readLabelSelector(term.get('namespaceSelector')),
    matchLabelKeys: term.get('matchLabelKeys').texts(),
    mismatchLabelKeys: term.get('mismatchLabelKeys').texts(),
  };
}

/** Of podAffinity and podAntiAffinity. */
export function readPodAffinity(affinity: Located): PodAffinity | undefined {
  if (!affinity.present) return undefined;
  return {
    required: affinity.get('requiredDuringSchedulingIgnoredDuringExecution').items().map(readPodAffinityTerm),
    preferred: affinity
      .get('preferredDuringSchedulingIgnoredDuringExecution')
      .items()
      .map((each) => ({
        weight: each.get('weight').integer(1, 100),
        term: readPodAffinityTerm(each.get('podAffinityTerm')),
      })),
  };
}
