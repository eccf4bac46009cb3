/** Nodes that are preferred at all: a template with more says nothing. */
const MOST_NODES = 8;
/** A node is as good as the cheapest within a tenth, as the tier `best` has it. */
const BEST_UNTIL = 1.1;
/** Preferences are kept while none of their nodes costs more than this, beside the cheapest: each change replaces all pods. */
const KEPT_UNTIL = 1.25;

export type PreferredNodes = readonly [string, ...string[]];

/**
 * The nodes that a Deployment's template should prefer, or undefined where it should stay as it is: the present nodes are still
 * good, or all nodes cost the same and nothing is to be saved.
 *
 * @param costs joules of the work of a core-second on each node that could take its pods; undefined: not known
 * @param present the nodes that it prefers now, by the program's own doing
 */
export function betterNodes(
  costs: ReadonlyMap<string, number | undefined>,
  present: readonly string[] | undefined,
): PreferredNodes | undefined {
  const known = [...costs].filter((each): each is [string, number] => each[1] !== undefined && each[1] > 0);
  const cheapest = known.reduce((least, [, cost]) => Math.min(least, cost), Number.POSITIVE_INFINITY);
  const best = known.filter(([, cost]) => cost <= cheapest * BEST_UNTIL);
  if (best.length === 0 || best.length === known.length) return undefined;
  if (
    present !== undefined &&
    present.length > 0 &&
    present.every((name) => (costs.get(name) ?? Infinity) <= cheapest * KEPT_UNTIL)
  )
    return undefined;
  best.sort(([a, costA], [b, costB]) => costA - costB || (a < b ? -1 : 1));
  return best.slice(0, MOST_NODES).map(([name]) => name) as unknown as PreferredNodes;
}
