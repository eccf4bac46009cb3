import type { Labels } from '../../cluster/labels.ts';
import type { Node } from '../../cluster/node.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm, PodScheduling } from '../../cluster/pod.ts';
import { labelOf } from './label-match.ts';

const INT64_MAX = 9223372036854775807n;

/** What Go's ParseInt(text, 10, 64) reads, or undefined where it fails. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const parsed = BigInt(text.replace('+', ''));
  return parsed > INT64_MAX || parsed < -INT64_MAX - 1n ? undefined : parsed;
}

function isValidExpression({ operator, values }: NodeSelectorRequirement): boolean {
  if (operator === 'In' || operator === 'NotIn') return values.length > 0;
  if (operator === 'Exists' || operator === 'DoesNotExist') return values.length === 0;
  return values.length === 1 && parseInt64(values[0]!) !== undefined;
}

function isValidField({ operator, values }: NodeSelectorRequirement): boolean {
  return (operator === 'In' || operator === 'NotIn') && values.length === 1;
}

/** Kubernetes refuses a term that it cannot parse: as a required term it matches nothing, as a preferred one it fails the pod. */
export function isValidTerm(term: NodeSelectorTerm): boolean {
  return term.matchExpressions.every(isValidExpression) && term.matchFields.every(isValidField);
}

export function isEmptyTerm(term: NodeSelectorTerm): boolean {
  return term.matchExpressions.length === 0 && term.matchFields.length === 0;
}

function matchesExpression({ key, operator, values }: NodeSelectorRequirement, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default: {
      const has = value === undefined ? undefined : parseInt64(value);
      const asked = parseInt64(values[0]!);
      if (has === undefined || asked === undefined) return false;
      return operator === 'Gt' ? has > asked : has < asked;
    }
  }
}

function matchesField({ key, operator, values }: NodeSelectorRequirement, node: Node): boolean {
  // The only field of a node that can be selected; others read as empty.
  const value = key === 'metadata.name' ? node.name : '';
  return (operator === 'In') === (value === values[0]);
}

/** Whether a term that is valid and not empty matches a node. */
export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  return (
    term.matchExpressions.every((expression) => matchesExpression(expression, node.labels)) &&
    term.matchFields.every((field) => matchesField(field, node))
  );
}

/** The nodes that a pod's nodeSelector and required node affinity leave it. */
export class RequiredNodes {
  /** Equal for pods that are left the same nodes. Empty: every node. */
  readonly key: string;
  readonly #selector: readonly (readonly [string, string])[];
  readonly #terms: readonly NodeSelectorTerm[] | undefined;

  constructor(scheduling: PodScheduling) {
    this.#selector = Object.entries(scheduling.nodeSelector);
    this.#terms = scheduling.nodeAffinity?.required?.filter(
      (term) => !isEmptyTerm(term) && isValidTerm(term),
    );
    this.key =
      this.#selector.length === 0 && this.#terms === undefined
        ? ''
        : JSON.stringify([this.#selector, this.#terms ?? null]);
  }

  matches(node: Node): boolean {
    if (!this.#selector.every(([key, value]) => labelOf(node.labels, key) === value)) return false;
    return this.#terms?.some((term) => matchesTerm(term, node)) ?? true;
  }
}

/**
 * The names of the nodes that required node affinity names by the field metadata.name, so that Kubernetes looks at
 * those alone; undefined where one of the terms names none.
 */
export function namedNodes(required: readonly NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  if (required.length === 0) return undefined;
  const names = new Set<string>();
  for (const term of required) {
    let ofTerm: readonly string[] | undefined;
    for (const { key, operator, values } of term.matchFields)
      if (key === 'metadata.name' && operator === 'In')
        ofTerm = ofTerm?.filter((name) => values.includes(name)) ?? values;
    if (ofTerm === undefined) return undefined;
    for (const name of ofTerm) names.add(name);
  }
  return names;
}
