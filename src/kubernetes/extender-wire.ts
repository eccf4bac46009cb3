import { actionErrors } from './action-errors.ts';
import type { ApiNode, ApiPod } from './api-objects.ts';

/** What kube-scheduler asks for one pod (kube-scheduler/extender/v1, ExtenderArgs; Go writes its keys capitalised). */
export interface ExtenderRequest {
  readonly pod: ApiPod;
  readonly nodeNames: readonly string[];
  /** Whole nodes, where the extender is not configured with `nodeCacheCapable`: the answer then must hold nodes too. */
  readonly nodes: readonly ApiNode[] | undefined;
}

/** ExtenderFilterResult. */
export interface FilterResult {
  readonly Nodes: { readonly items: readonly ApiNode[] } | null;
  readonly NodeNames: readonly string[] | null;
  readonly FailedNodes: Readonly<Record<string, string>>;
  readonly Error: string;
}

/** HostPriorityList. */
export type HostPriorities = readonly { readonly Host: string; readonly Score: number }[];

/** Of extenderv1.MaxExtenderPriority. */
export const GREATEST_SCORE = 10;

/** @throws KISIM_E_EXTENDER_REQUEST */
export function readExtenderRequest(text: string): ExtenderRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw actionErrors.KISIM_E_EXTENDER_REQUEST((cause as Error).message, { cause });
  }
  if (!isObject(body)) throw actionErrors.KISIM_E_EXTENDER_REQUEST('the body is no object');
  const { Pod: pod, Nodes: list, NodeNames: names } = body;
  if (!isObject(pod)) throw actionErrors.KISIM_E_EXTENDER_REQUEST('no Pod');
  if (isObject(list)) {
    const nodes = list['items'] ?? [];
    if (!Array.isArray(nodes) || !nodes.every((node) => typeof node?.metadata?.name === 'string'))
      throw actionErrors.KISIM_E_EXTENDER_REQUEST('Nodes.items must be nodes with names');
    return { pod, nodes, nodeNames: nodes.map(({ metadata }: ApiNode) => metadata!.name!) };
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw actionErrors.KISIM_E_EXTENDER_REQUEST('neither Nodes nor NodeNames');
  return { pod, nodes: undefined, nodeNames: names };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** In the form in which the nodes were sent: in the other the scheduler finds none left. */
export function filterResult(
  { nodeNames, nodes }: ExtenderRequest,
  refused: ReadonlyMap<string, string>,
): FilterResult {
  const left = <T>(items: readonly T[]) => items.filter((_, i) => !refused.has(nodeNames[i]!));
  return {
    Nodes: nodes === undefined ? null : { items: left(nodes) },
    NodeNames: nodes === undefined ? left(nodeNames) : null,
    FailedNodes: Object.fromEntries(refused),
    Error: '',
  };
}

export function filterError(error: string): FilterResult {
  return { Nodes: null, NodeNames: null, FailedNodes: {}, Error: error };
}

/** Whole numbers from 0 to 10, as the scheduler reads them; a node without a score gets the least. */
export function priorities(
  nodeNames: readonly string[],
  scores: ReadonlyMap<string, number>,
): HostPriorities {
  return nodeNames.map((Host) => {
    const score = scores.get(Host) ?? 0;
    // NaN is no score either, and Go would refuse the whole answer for it.
    return { Host, Score: score > 0 ? Math.round(Math.min(score, GREATEST_SCORE)) : 0 };
  });
}
