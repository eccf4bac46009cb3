import type { ApiNodeAffinity, ApiNodeSelectorTerm, ApiPod, ApiRequirement } from './api-objects.ts';
import { NODE_ANNOTATION } from './names.ts';

/** The pod as it was before the program chose a node for it: what it asks of nodes by itself. */
export function withoutOwnChoice<T extends Pick<ApiPod, 'metadata' | 'spec'>>(pod: T): T {
  const node = pod.metadata?.annotations?.[NODE_ANNOTATION];
  const affinity = pod.spec?.affinity?.nodeAffinity;
  if (node === undefined || affinity === undefined) return pod;
  const nodeAffinity = withoutChoice(affinity, node);
  return { ...pod, spec: { ...pod.spec, affinity: { ...pod.spec?.affinity, nodeAffinity } } };
}

/** Undoes `withChoice` of one node; undefined where nothing else was there. */
export function withoutChoice(affinity: ApiNodeAffinity, node: string): ApiNodeAffinity | undefined {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, ...others } = affinity;
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred, ...rest } = others;
  const terms = required?.nodeSelectorTerms.map((term) => withoutName(term, node));
  // A term of its own was only made where there was none.
  const isAllOurs = terms?.every(isEmpty) === true && !required!.nodeSelectorTerms.some(isEmpty);
  const wishes = preferred?.filter(({ preference }) => !isOurs(preference, node));
  const left = {
    ...rest,
    ...(terms === undefined || isAllOurs
      ? {}
      : { requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms: terms } }),
    ...(wishes === undefined || wishes.length === 0
      ? {}
      : { preferredDuringSchedulingIgnoredDuringExecution: wishes }),
  };
  return Object.keys(left).length === 0 ? undefined : left;
}

/** The choice was put behind all else that the term asks for. */
function withoutName(term: ApiNodeSelectorTerm, node: string): ApiNodeSelectorTerm {
  const { matchFields = [], ...rest } = term;
  const last = matchFields.at(-1);
  if (last === undefined || !names(last, node)) return term;
  return matchFields.length === 1 ? rest : { ...rest, matchFields: matchFields.slice(0, -1) };
}

function isOurs({ matchFields = [], matchExpressions = [] }: ApiNodeSelectorTerm, node: string): boolean {
  return matchExpressions.length === 0 && matchFields.length === 1 && names(matchFields[0]!, node);
}

function names({ key, operator, values = [] }: ApiRequirement, node: string): boolean {
  return key === 'metadata.name' && operator === 'In' && values.length === 1 && values[0] === node;
}

function isEmpty({ matchExpressions = [], matchFields = [] }: ApiNodeSelectorTerm): boolean {
  return matchExpressions.length === 0 && matchFields.length === 0;
}
