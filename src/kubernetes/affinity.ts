import type {
  ApiAffinity,
  ApiNodeAffinity,
  ApiNodeSelectorTerm,
  ApiPod,
  ApiPreferredTerm,
  ApiRequirement,
} from './api-objects.ts';
import { type PatchOperation, pointer } from './json-patch.ts';

/**
 * Where a pod should run. `preferred` is advice: the scheduler adds at most 200 of about 1200 points for it, and the pod
 * survives the loss of the node. `required` is a guarantee, and leaves the pod pending where the node cannot take it.
 */
export interface NodeChoice {
  /** Name of the Node object. */
  readonly node: string;
  readonly strength: 'preferred' | 'required';
}

/** The same for all pods of a template, best node first; where required, each node will do. */
export interface TemplateChoice {
  readonly nodes: readonly [string, ...string[]];
  readonly strength: 'preferred' | 'required';
}

/** Of the first choice. The scheduler normalises by the greatest sum of weights, so that only ratios count. */
const GREATEST_WEIGHT = 100;

/** By name of the object, not by hostname label: the scheduler then looks at this one node only (nodeaffinity PreFilter). */
function named(node: string): ApiRequirement {
  return { key: 'metadata.name', operator: 'In', values: [node] };
}

function isEmpty(term: ApiNodeSelectorTerm): boolean {
  return (term.matchExpressions?.length ?? 0) === 0 && (term.matchFields?.length ?? 0) === 0;
}

/** One requirement of the API server holds a single name, so that several nodes take several terms. */
function restrictedTo(
  terms: readonly ApiNodeSelectorTerm[] | undefined,
  nodes: readonly string[],
): readonly ApiNodeSelectorTerm[] {
  if (terms === undefined || terms.length === 0) return nodes.map((node) => ({ matchFields: [named(node)] }));
  return terms.flatMap((term) =>
    // An empty term matches nothing; with a requirement it would match, which the pod never asked for.
    isEmpty(term)
      ? [term]
      : nodes.map((node) => ({ ...term, matchFields: [...(term.matchFields ?? []), named(node)] })),
  );
}

/** Weights fall evenly from 100 over the nodes and stay at least 1. */
function preferences(nodes: readonly string[]): readonly ApiPreferredTerm[] {
  return nodes.map((node, i) => ({
    weight: Math.max(1, Math.round(GREATEST_WEIGHT * (1 - i / nodes.length))),
    preference: { matchFields: [named(node)] },
  }));
}

/**
 * What was asked before, and the choice. Terms are ORed, therefore a required node goes into every term; it is appended,
 * as the API server lets a gated pod's terms only grow at their ends (ValidatePodUpdate, KEP-3838). Nothing that was there
 * is changed or left out.
 */
export function withChoice(
  affinity: ApiNodeAffinity | undefined,
  { nodes, strength }: TemplateChoice,
): ApiNodeAffinity {
  if (strength === 'required') {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
    return {
      ...affinity,
      requiredDuringSchedulingIgnoredDuringExecution: {
        ...required,
        nodeSelectorTerms: restrictedTo(required?.nodeSelectorTerms, nodes),
      },
    };
  }
  return {
    ...affinity,
    preferredDuringSchedulingIgnoredDuringExecution: [
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
      ...preferences(nodes),
    ],
  };
}

/**
 * Writes node affinity, and no more of the affinity than has to be written.
 *
 * @param at path of the pod spec, as steps: `['spec']`
 */
export function setNodeAffinity(
  at: readonly string[],
  present: ApiAffinity | undefined,
  nodeAffinity: ApiNodeAffinity,
): PatchOperation {
  return present === undefined
    ? { op: 'add', path: pointer(...at, 'affinity'), value: { nodeAffinity } }
    : { op: 'add', path: pointer(...at, 'affinity', 'nodeAffinity'), value: nodeAffinity };
}

/** Whether the pod itself says that it must be on another node: no choice can change that. */
export function requiresAnotherNode(pod: ApiPod, node: string): boolean {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (terms === undefined) return false;
  return terms.nodeSelectorTerms.every(
    (term) => isEmpty(term) || (term.matchFields ?? []).some((field) => excludes(field, node)),
  );
}

/** The only field that the API server knows here is metadata.name. */
function excludes({ operator, values = [] }: ApiRequirement, node: string): boolean {
  return operator === 'NotIn' ? values.includes(node) : !values.includes(node);
}
