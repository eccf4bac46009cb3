import type { Node } from '../../cluster/node.ts';
import type { KisimError } from '../../util/errors.ts';
import { errors } from '../errors.ts';
import { joulesPerCoreSecond } from '../node-cost.ts';

export interface NodeCosts {
  /** Joules of the work of a core-second of the reference machine, by node; undefined where it is not known. */
  readonly byNode: ReadonlyMap<string, number | undefined>;
  /** Names the nodes whose cost is not known; undefined: all are known. */
  readonly missing: KisimError | undefined;
}

/**
 * What work costs on each node. A curve that is only estimated from the number of CPUs says nothing of one node beside another,
 * so that it counts as unknown: nobody is to be advised by it.
 */
export function nodeCosts(nodes: Iterable<Node>): NodeCosts {
  const byNode = new Map<string, number | undefined>();
  const unknown: string[] = [];
  for (const node of nodes) {
    const joules = node.power?.provenance === 'estimated' ? undefined : joulesPerCoreSecond(node);
    byNode.set(node.name, joules === undefined ? undefined : joules / (node.speed ?? 1));
    if (joules === undefined) unknown.push(node.name);
  }
  return { byNode, missing: unknown.length === 0 ? undefined : noCost(unknown, byNode.size) };
}

function noCost(names: readonly string[], of: number): KisimError {
  const some = names.slice(0, 5).join(', ');
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return errors.KISIM_E_CONTROLLER_NO_COST(`${some}${more}, of ${of} nodes`);
}
